"""The store on SQLite and on PostgreSQL: what is kept, who wins, what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from pid.drawing import Drawing, SheetInfo, Source, Symbol
from pid.errors import InputError
from pid.web.models import Document, Job, Page, Project, Table, utc_now
from pid.web.store import (
    MAX_TRIES,
    Claim,
    LeaseLost,
    NameTakenError,
    NotFoundError,
    PageResult,
    RevisionConflict,
    Store,
)

OpenStore = Callable[[], Store]


def make_drawing(tag: str = "V-1") -> Drawing:
    symbol = Symbol(id="s1", group="valve", box=(1, 1, 9, 9), tag=tag)
    return Drawing(source=Source(name="a.png", sha256=""), sheet=SheetInfo(width=90, height=60), symbols=(symbol,))


def upload(store: Store, *, name: str = "a.png", data: bytes = b"content") -> tuple[Project, Document, Job]:
    project = store.add_project("Plant", "anna")
    return project, *store.add_document(project.id, name, data, "anna")


def claim(store: Store, **options: float) -> Claim:
    claimed = store.claim_job("w", **options)
    assert claimed is not None
    return claimed


def result(tag: str = "V-1") -> PageResult:
    return PageResult(make_drawing(tag), image_key="aa/image", thumbnail_key="aa/thumbnail")


def read_page(store: Store) -> Page:
    """A page with one revision."""
    _, document, _ = upload(store)
    claimed = claim(store)
    store.store_page(claimed, 1, result())
    store.finish_job(claimed)
    return store.pages(document.id)[0]


def test_tables_are_what_the_migrations_make(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_many_open_an_empty_database_at_once(open_store: OpenStore) -> None:
    failed: list[BaseException] = []

    def open_one() -> None:
        try:
            open_store().add_project("p", "anna")
        except BaseException as error:  # told to the test's thread
            failed.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert len(open_store().projects().items) == 4


def test_times_are_utc_and_ids_are_long(store: Store) -> None:
    project = store.project(store.add_project("p", "anna").id)
    assert project.created.utcoffset() == timedelta(0)
    assert abs((utc_now() - project.created).total_seconds()) < 60
    assert len(project.id) == 32


def test_a_document_is_kept_with_its_job_and_read_by_another_process(open_store: OpenStore) -> None:
    project, document, job = upload(open_store(), name="sheet 1.PNG")
    other = open_store()
    kept = other.document(document.id)
    assert (kept.name, kept.suffix, kept.size) == ("sheet 1.PNG", ".png", 7)
    assert other.files.read(kept.file_key) == b"content"
    assert other.job(job.id).state == "queued"
    assert [d.id for d in other.documents(project.id).items] == [document.id]
    assert other.last_jobs([document.id])[document.id].id == job.id


def test_names_of_files_are_shown_and_never_paths(store: Store) -> None:
    project = store.add_project("p", "anna")
    for name in ("../../etc/passwd.png", "C:\\temp\\passwd.png", "/etc/passwd.png", "x\0\n/passwd.png"):
        document, _ = store.add_document(project.id, name, b"content", "anna")
        assert document.name == "passwd.png"
        assert ".." not in document.file_key
    document, _ = store.add_document(project.id, "n" * 1000 + ".png", b"content", "anna")
    assert len(document.name) == 200
    assert document.suffix == ".png"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.dwg", b"x", "is a DWG file"),
        ("a.exe", b"x", "is not of a kind that is read"),
        ("a", b"x", "is not of a kind that is read"),
        ("a.png", b"", "is empty"),
        ("a.png", b"x" * 11, "is larger than"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(store: Store, name: str, data: bytes, reason: str) -> None:
    project = store.add_project("p", "anna")
    with pytest.raises(InputError, match=reason):
        store.add_document(project.id, name, data, "anna", limit=10)
    assert not store.documents(project.id).items
    assert not store.jobs().items


def test_the_same_key_gives_the_same_document_whoever_is_faster(open_store: OpenStore) -> None:
    project = open_store().add_project("p", "anna")
    given: list[str] = []

    def add() -> None:
        document, job = open_store().add_document(project.id, "a.png", b"content", "anna", idempotency_key="k")
        given.append(f"{document.id} {job.id}")

    threads = [threading.Thread(target=add) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(given) == 5
    assert len(set(given)) == 1
    assert len(open_store().documents(project.id).items) == 1


def test_a_member_sees_the_project_and_nobody_else(store: Store) -> None:
    anna, ben = store.add_user("anna", "hash", "reviewer"), store.add_user("ben", None, "viewer")
    project = store.add_project("p", "anna")
    store.add_member(project.id, anna.id)
    store.add_member(project.id, anna.id)
    assert [u.name for u in store.members(project.id)] == ["anna"]
    assert [p.id for p in store.projects(anna.id).items] == [project.id]
    assert not store.projects(ben.id).items
    assert not store.is_member(project.id, ben.id)
    store.remove_member(project.id, anna.id)
    assert not store.projects(anna.id).items
    with pytest.raises(NotFoundError):
        store.add_member("nothing", anna.id)


def test_users_and_tokens(store: Store) -> None:
    anna = store.add_user("anna", "hash", "viewer")
    with pytest.raises(NameTakenError):
        store.add_user("anna", "other", "admin")
    changed = store.change_user(anna.id, role="admin", active=False)
    assert (changed.role, changed.active, changed.password_hash) == ("admin", False, "hash")
    token = store.add_token(anna.id, "cad", ["read", "write"], "hash-1")
    store.add_token(anna.id, "old", ["read"], "hash-2", utc_now() - timedelta(seconds=1))
    found = store.token_by_hash("hash-1")
    assert found is not None
    assert found.scopes == ["read", "write"]
    assert store.token_by_hash("hash-2") is None
    store.revoke_token(token.id)
    assert store.token_by_hash("hash-1") is None
    store.remove_user(anna.id)
    assert store.user_by_name("anna") is None
    with pytest.raises(NotFoundError):
        store.tokens(store.user(anna.id).id)


def test_lists_go_on_where_they_ended_whatever_was_added(store: Store) -> None:
    names = [str(i) for i in range(25)]
    for name in names:
        store.add_project(name, "anna")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        part = store.projects(None, cursor, 10)
        seen += [p.name for p in part.items]
        cursor = part.next_cursor
        if cursor is None:
            break
        store.add_project("late", "anna")
    assert seen == names[::-1]
    with pytest.raises(InputError, match="cursor"):
        store.projects(None, "?", 10)


def test_every_revision_is_kept_and_only_the_latest_can_be_changed(open_store: OpenStore) -> None:
    store = open_store()
    page = read_page(store)
    operations = [{"op": "remove", "part": "symbols", "id": "s1"}]
    assert store.add_revision(page.id, 1, make_drawing("V-2"), "anna", note="retagged", operations=operations) == 2
    with pytest.raises(RevisionConflict) as conflict:
        store.add_revision(page.id, 1, make_drawing("V-3"), "ben")
    assert (conflict.value.base, conflict.value.head) == (1, 2)
    assert store.add_revision(page.id, 2, store.revision(page.id, 1)[1], "anna", note="restored") == 3
    other = open_store()
    revision, drawing = other.head(page.id)
    assert (revision.number, revision.author, drawing) == (3, "anna", make_drawing("V-1"))
    assert other.revision(page.id, 2)[1] == make_drawing("V-2")
    listed = other.revisions(page.id, limit=2)
    assert [r.number for r in listed.items] == [3, 2]
    assert listed.items[1].operations == operations
    assert [r.number for r in other.revisions(page.id, listed.next_cursor).items] == [1]
    assert [e.action for e in other.audit(subject=page.id).items] == ["edit", "edit"]
    assert other.page(page.id).counts["symbols"] == 1


def test_of_edits_made_at_once_one_wins(open_store: OpenStore) -> None:
    page = read_page(open_store())
    outcome: list[str] = []

    def edit(tag: str) -> None:
        store = open_store()
        try:
            store.add_revision(page.id, 1, make_drawing(tag), "anna")
            outcome.append("won")
        except RevisionConflict:
            outcome.append("lost")

    threads = [threading.Thread(target=edit, args=(f"V-{i}",)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(outcome) == ["lost"] * 5 + ["won"]
    assert open_store().page(page.id).head == 2


def test_a_job_is_given_to_one_worker(open_store: OpenStore) -> None:
    store = open_store()
    project = store.add_project("p", "anna")
    for i in range(30):
        store.add_document(project.id, f"{i}.png", b"content", "anna")
    claimed: list[str] = []

    def work(name: str) -> None:
        mine = open_store()
        while (one := mine.claim_job(name)) is not None:
            claimed.append(one.job_id)

    threads = [threading.Thread(target=work, args=(f"w{i}",)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(claimed) == 30
    assert len(set(claimed)) == 30


def test_jobs_are_done_in_the_order_of_upload(store: Store) -> None:
    project = store.add_project("p", "anna")
    for i in range(5):
        store.add_document(project.id, f"{i}.png", b"content", "anna")
    assert [claim(store).name for _ in range(5)] == [f"{i}.png" for i in range(5)]


def test_a_silent_worker_loses_its_job_and_can_store_nothing_more(store: Store) -> None:
    _, document, job = upload(store)
    silent = claim(store, lease_s=-1)
    again = claim(store)
    assert (again.job_id, again.tries) == (job.id, 2)
    for late in (
        lambda: store.heartbeat(silent, "x", 0.5),
        lambda: store.store_page(silent, 1, result("late")),
        lambda: store.fail_page(silent, 1, "late"),
        lambda: store.finish_job(silent),
        lambda: store.fail_job(silent, "late"),
        lambda: store.give_back(silent, "late"),
        lambda: store.release_job(silent),
        lambda: store.set_page_count(silent, 9),
    ):
        with pytest.raises(LeaseLost):
            late()
    store.store_page(again, 1, result("in time"))
    store.finish_job(again)
    assert store.job(job.id).state == "done"
    assert store.head(store.pages(document.id)[0].id)[1] == make_drawing("in time")


def test_heartbeats_keep_a_job(store: Store) -> None:
    upload(store)
    held = claim(store, lease_s=-1)
    store.heartbeat(held, "reading words", 0.7)
    assert store.claim_job("other") is None
    row = store.job(held.job_id)
    assert (row.stage, row.share, row.worker) == ("reading words", 0.7, "w")


def test_what_kills_its_workers_is_given_up(store: Store) -> None:
    _, _, job = upload(store, name="bomb.png")
    for _ in range(MAX_TRIES):
        claim(store, lease_s=-1)
    assert store.claim_job("w") is None
    row = store.job(job.id)
    assert row.state == "failed"
    assert row.error == f"bomb.png stopped its worker {MAX_TRIES} times and was given up."
    assert store.retry_job(job.id).state == "queued"
    assert claim(store).tries == 1


def test_given_back_jobs_count_as_tried_and_released_ones_do_not(store: Store) -> None:
    _, _, job = upload(store)
    for _ in range(5):
        store.release_job(claim(store))
    for _ in range(MAX_TRIES):
        store.give_back(claim(store), "It was too much.")
    assert (store.job(job.id).state, store.job(job.id).error) == ("failed", "It was too much.")


def test_a_page_is_stored_once_for_a_job_and_again_for_another(store: Store) -> None:
    _, document, _ = upload(store)
    first = claim(store)
    store.store_page(first, 1, result("V-1"))
    store.store_page(first, 1, result("twice"))
    assert store.pages_done(first) == {1}
    store.finish_job(first)
    page = store.pages(document.id)[0]
    store.add_revision(page.id, 1, make_drawing("edited"), "anna")
    job = store.add_job(document.id, "anna", page_id=page.id)
    assert store.add_job(document.id, "ben", page_id=page.id).id == job.id
    second = claim(store)
    assert second.page == 1
    assert store.pages_done(second) == set()
    store.store_page(second, 1, result("V-9"))
    store.finish_job(second)
    assert [store.revision(page.id, n)[1].symbols[0].tag for n in (1, 2, 3)] == ["V-1", "edited", "V-9"]
    assert store.head(page.id)[0].author == "recognition"


def test_cancelled_jobs_end_and_are_not_resumed(store: Store) -> None:
    upload(store)
    _, _, waiting = upload(store)
    running = claim(store)
    store.cancel_job(running.job_id)
    store.cancel_job(waiting.id)
    with pytest.raises(LeaseLost):
        store.heartbeat(running, "x", 0.1)
    assert store.claim_job("w") is None
    assert store.job_counts() == {"cancelled": 2}


def test_a_failed_page_is_told_and_leaves_its_siblings(store: Store) -> None:
    project, document, job = upload(store)
    held = claim(store)
    store.set_page_count(held, 2)
    store.store_page(held, 1, result())
    store.fail_page(held, 2, "Page 2 is damaged.")
    store.finish_job(held, left_out="Page 2 is damaged.")
    first, second = store.pages(document.id)
    assert (first.head, second.head, second.error) == (1, 0, "Page 2 is damaged.")
    assert [page.number for page, _ in store.heads(project.id)] == [1]
    assert store.document(document.id).page_count == 2
    with pytest.raises(NotFoundError):
        store.head(second.id)
    assert store.job(job.id).error == "Page 2 is damaged."


def test_hooks_are_told_with_what_they_are_told_of(store: Store) -> None:
    project, document, job = upload(store)
    store.add_hook(project.id, "http://127.0.0.1/all", "secret", ["*"])
    some = store.add_hook(project.id, "http://127.0.0.1/some", "secret", ["job.failed"])
    held = claim(store)
    store.store_page(held, 1, result())
    store.finish_job(held)
    due = store.due_deliveries()
    assert [(d.event, d.hook.url) for d in due] == [
        ("page.revision", "http://127.0.0.1/all"),
        ("job.done", "http://127.0.0.1/all"),
    ]
    assert due[1].body == {"job": job.id, "document": document.id, "state": "done", "error": None}
    assert not store.due_deliveries()
    store.delivered(due[0].id)
    store.delivery_failed(due[1].id, "refused", again_in_s=-1)
    (again,) = store.due_deliveries()
    assert (again.id, again.tries) == (due[1].id, 2)
    store.delivery_failed(again.id, "refused", again_in_s=None)
    assert not store.due_deliveries()
    store.remove_hook(some.id)
    assert len(store.hooks(project.id)) == 1


def test_answers_are_remembered_for_their_user(store: Store) -> None:
    kept = store.remember("k", "u1", "hash", {"status": 202})
    assert store.remember("k", "u1", "other", {"status": 500}).response == kept.response
    found = store.recall("k", "u1")
    assert found is not None
    assert (found.request_hash, found.response) == ("hash", {"status": 202})
    assert store.recall("k", "u2") is None


def test_settings_of_a_project_stand_beside_those_of_all(store: Store) -> None:
    project = store.add_project("p", "anna")
    store.set_setting("prices", "all")
    store.set_setting("prices", "one", project_id=project.id)
    store.set_setting("prices", "all, changed")
    assert (store.setting("prices"), store.setting("prices", project_id=project.id)) == ("all, changed", "one")
    assert store.settings() == {"prices": "all, changed"}
    store.set_setting("prices", None)
    assert store.setting("prices") is None


def test_what_is_deleted_takes_all_of_its_own_along_and_its_files_go_later(store: Store) -> None:
    project, document, _ = upload(store, data=b"only here")
    shared, _ = store.add_document(project.id, "b.png", b"in both", "anna")
    store.add_document(store.add_project("q", "anna").id, "c.png", b"in both", "anna")
    held = claim(store)
    store.store_page(held, 1, result())
    page = store.pages(document.id)[0]
    store.delete_project(project.id)
    for gone in (
        lambda: store.project(project.id),
        lambda: store.document(document.id),
        lambda: store.page(page.id),
        lambda: store.revision(page.id, 1),
        lambda: store.job(held.job_id),
    ):
        with pytest.raises(NotFoundError):
            gone()
    with pytest.raises(LeaseLost):
        store.finish_job(held)
    assert store.sweep_files() == 0, "an upload may be about to write its row"
    assert store.sweep_files(older_than=timedelta(seconds=-1)) == 1
    assert store.files.read(shared.file_key) == b"in both"
    with pytest.raises(FileNotFoundError):
        store.files.read(document.file_key)


def test_a_url_that_names_no_store_is_refused(tmp_path: str) -> None:
    for url in ("mysql://x/y", "sqlite://", "nonsense"):
        with pytest.raises(InputError):
            Store(url, f"file://{tmp_path}")
    for url in ("ftp://x", "file://host/x", "nonsense"):
        with pytest.raises(InputError):
            Store(f"sqlite:///{tmp_path}/x.db", url)

"""The API does what it says: uploads, edits, revisions, lists in parts, requests sent twice."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from .serving import Service, png, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path)


def upload(service: Service, *files: tuple[bytes, str], **options: object) -> object:
    data = {"files": [(io.BytesIO(content), name) for content, name in files]}
    return service.call("POST", f"/projects/{service.project.id}/documents", data=data, **options)


def test_an_upload_is_taken_file_by_file(service: Service) -> None:
    answer = upload(service, (png(), "a.png"), (b"PK\x03\x04", "b.pdf"), (b"", "c.png"), (png(), "d.exe"))
    assert answer.status_code == 202
    assert [item["document"]["name"] for item in answer.json["items"]] == ["a.png"]
    assert [item["name"] for item in answer.json["refused"]] == ["b.pdf", "c.png", "d.exe"]
    listed = service.call("GET", f"/projects/{service.project.id}/documents").json["items"]
    assert [(item["document"]["name"], item["job"]["state"]) for item in listed] == [("a.png", "queued")]


def test_an_upload_of_nothing_usable_is_an_error(service: Service) -> None:
    answer = upload(service, (b"PK\x03\x04", "b.pdf"))
    assert answer.status_code == 422
    assert answer.json["error"]["details"]["refused"][0]["name"] == "b.pdf"


def test_an_upload_sent_twice_is_done_once(service: Service) -> None:
    key = {"Idempotency-Key": "one"}
    first = upload(service, (png(), "a.png"), headers=key)
    again = upload(service, (png(), "a.png"), headers=key)
    other = upload(service, (png((9, 9)), "a.png"), headers=key)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json["error"]["code"]) == (409, "key-used")
    assert len(service.call("GET", f"/projects/{service.project.id}/documents").json["items"]) == 1


def test_lists_come_in_parts(service: Service) -> None:
    names = [f"p{n}" for n in range(7)]
    for name in names:
        service.call("POST", "/projects", json={"name": name})
    seen, cursor = [], None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = service.call("GET", "/projects", query_string=query).json
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == [*reversed(names), "Unit 100"]
    assert service.call("GET", "/projects?cursor=nonsense").status_code == 422


def test_an_edit_and_its_undo(service: Service) -> None:
    _, page = service.add_page()
    drawing = service.call("GET", f"/pages/{page.id}/drawing")
    assert drawing.headers["ETag"] == '"1"'
    change = {"op": "change", "part": "symbols", "id": "s1", "value": {"tag": "HV-999"}}
    edit = service.call("PATCH", f"/pages/{page.id}/drawing", json={"base": 1, "operations": [change]}, by="reviewer")
    assert (edit.status_code, edit.json["revision"]) == (200, 2)
    assert edit.json["drawing"]["symbols"][0]["tag"] == "HV-999"
    undo = {"base": 2, "operations": edit.json["undo"], "note": "undo"}
    undone = service.call("PATCH", f"/pages/{page.id}/drawing", json=undo).json["drawing"]
    assert undone["symbols"] == drawing.json["symbols"]
    revisions = service.call("GET", f"/pages/{page.id}/revisions").json["items"]
    assert [(r["number"], r["author"], r["note"]) for r in revisions] == [
        (3, "admin", "undo"),
        (2, "reviewer", ""),
        (1, "recognition", ""),
    ]
    restored = service.call("POST", f"/pages/{page.id}/revisions/2/restore", json={"base": 3})
    assert restored.json == {"revision": 4}
    again = service.call("GET", f"/pages/{page.id}/drawing").json
    assert again == service.call("GET", f"/pages/{page.id}/revisions/2").json


@pytest.mark.parametrize(
    ("headers", "base", "status"),
    [
        ({}, 1, 409),
        ({}, None, 428),
        ({"If-Match": '"1"'}, None, 412),
        ({"If-Match": '"2"'}, None, 200),
        ({"If-Match": '"2"'}, 1, 400),
        ({"If-Match": "*"}, 2, 400),
    ],
)
def test_an_edit_of_an_old_revision_is_refused(
    service: Service, headers: dict[str, str], base: int | None, status: int
) -> None:
    _, page = service.add_page()
    accept = [{"op": "accept", "part": "symbols", "ids": ["s1"]}]
    assert service.call("PATCH", f"/pages/{page.id}/drawing", json={"base": 1, "operations": accept}).status_code == 200
    body = {"operations": accept, **({} if base is None else {"base": base})}
    answer = service.call("PATCH", f"/pages/{page.id}/drawing", json=body, headers=headers)
    assert answer.status_code == status
    if status == 409:
        assert answer.json["error"]["details"] == {"base": 1, "head": 2}


def test_a_drawing_that_has_not_changed_is_not_sent_again(service: Service) -> None:
    _, page = service.add_page()
    answer = service.call("GET", f"/pages/{page.id}/drawing", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_an_operation_that_cannot_be_done_is_named(service: Service) -> None:
    _, page = service.add_page()
    operations = [
        {"op": "accept", "part": "symbols", "ids": ["s1"]},
        {"op": "remove", "part": "lines", "id": "nowhere"},
    ]
    answer = service.call("PATCH", f"/pages/{page.id}/drawing", json={"base": 1, "operations": operations})
    assert answer.status_code == 422
    assert answer.json["error"]["details"] == {"operation": 1}
    assert service.call("GET", f"/pages/{page.id}").json["revision"] == 1


def test_waiting_for_drawings_ends_with_the_time(service: Service) -> None:
    answer = upload(service, (png(), "a.png"), query_string={"wait": 0.3})
    assert answer.status_code == 202
    assert answer.json["items"][0]["pages"] is None

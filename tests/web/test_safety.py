"""What the service refuses: forged requests, paths in names, bombs, scripts in names and tags, old and foreign keys."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pid.web.auth import LINK_SECONDS, SignInLinks, hash_password, new_token
from pid.web.config import secret_key
from pid.web.downloads import download_headers
from pid.web.jobs import Pool
from pid.web.models import utc_now
from pid.web.worker import WorkerSetup

from .serving import API, PASSWORD, Service, png, small_drawing, start_service

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path / "data")


# Sessions, forged requests


def test_a_browsers_change_needs_the_token_of_a_page(service: Service) -> None:
    client, headers = service.browser("admin")
    other, others_headers = service.browser("reviewer")
    new = {"json": {"name": "A"}}
    for wrong in ({}, {"X-CSRFToken": "nonsense"}, others_headers):
        answer = client.post(f"{API}/projects", headers=wrong, **new)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")
    assert client.post(f"{API}/projects", headers=headers, **new).status_code == 201
    form = {"name": "A"}
    assert other.post(f"{API}/projects", data=form, headers=others_headers).status_code == 415
    assert [p.name for p in service.store.projects().items] == ["A", "Unit 100"]


def test_every_change_by_a_session_is_guarded(service: Service) -> None:
    """From the list of routes: none changes anything for a cookie alone."""
    client, _ = service.browser("admin")
    for rule in service.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            if rule.endpoint == "account.sign_in_by_password":
                continue
            values = {n: {"number": 1, "name": "rules"}.get(n, "0" * 32) for n in rule.arguments}
            with service.app.test_request_context():
                _, path = rule.build(values) or ("", "")
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf"), rule


def test_a_session_is_kept_from_scripts_and_other_sites(tmp_path: Path) -> None:
    for https in (False, True):
        service = start_service(tmp_path / str(https), https=https)
        answer = service.app.test_client().post(f"{API}/sign-in", json={"name": "admin", "password": PASSWORD})
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is https
        assert ("Strict-Transport-Security" in answer.headers) is https


def test_a_session_ends_with_the_password_and_the_account(service: Service) -> None:
    client, _ = service.browser("reviewer")
    user = service.users["reviewer"].id
    assert client.get(f"{API}/me").status_code == 200
    service.call("PATCH", f"/users/{user}", json={"password": "another password"})
    assert client.get(f"{API}/me").status_code == 401
    assert client.post(f"{API}/sign-in", json={"name": "reviewer", "password": PASSWORD}).status_code == 401
    new = {"name": "reviewer", "password": "another password"}
    assert client.post(f"{API}/sign-in", json=new).status_code == 200
    service.call("PATCH", f"/users/{user}", json={"active": False})
    assert client.get(f"{API}/me").status_code == 401
    assert service.call("GET", "/me", by="reviewer").status_code == 401
    assert client.post(f"{API}/sign-in", json=new).status_code == 401


def test_signing_out_ends_the_session(service: Service) -> None:
    client, headers = service.browser("viewer")
    assert client.post(f"{API}/sign-out", headers=headers).status_code == 204
    assert client.get(f"{API}/me").status_code == 401


def test_a_token_counts_alone_beside_a_cookie(service: Service) -> None:
    client, _ = service.browser("admin")
    wrong = {"Authorization": "Bearer pid_wrong"}
    assert client.get(f"{API}/me", headers=wrong).status_code == 401
    viewer = {"Authorization": f"Bearer {service.tokens['viewer']}"}
    assert client.get(f"{API}/me", headers=viewer).json["user"]["name"] == "viewer"


def test_tokens_end_and_give_no_more_than_their_maker_has(service: Service) -> None:
    assert service.call("POST", "/tokens", json={"name": "x", "scopes": ["admin"]}, by="viewer").status_code == 403
    made = service.call("POST", "/tokens", json={"name": "x", "scopes": ["read"], "days": 1}, by="estimator").json
    service.tokens["made"] = made["secret"]
    assert service.call("GET", "/me", by="made").json["permissions"] == ["read"]
    wider = service.call("POST", "/tokens", json={"name": "y", "scopes": ["edit"]}, by="made")
    assert wider.status_code == 403
    listed = service.call("GET", "/tokens", by="estimator")
    assert made["secret"] not in listed.text
    assert service.call("DELETE", f"/tokens/{made['token']['id']}", by="viewer").status_code == 404
    assert service.call("DELETE", f"/tokens/{made['token']['id']}", by="estimator").status_code == 204
    assert service.call("GET", "/me", by="made").status_code == 401
    secret, hashed = new_token()
    service.store.add_token(service.users["viewer"].id, "old", ["read"], hashed, utc_now() - timedelta(seconds=1))
    service.tokens["old"] = secret
    assert service.call("GET", "/me", by="old").status_code == 401


def test_a_sign_in_link_works_once_and_not_for_long(service: Service) -> None:
    now = [0.0]
    links = SignInLinks(lambda: now[0])
    code = links.new("u1")
    assert links.use("nonsense") is None
    assert links.use(code) == "u1"
    assert links.use(code) is None
    late = links.new("u1")
    now[0] = LINK_SECONDS + 1
    assert links.use(late) is None
    code = service.app.extensions["pid"].links.new(service.users["admin"].id)
    client = service.app.test_client()
    assert client.get(f"/sign-in/{code}").status_code == 302
    assert client.get(f"{API}/me").json["user"]["name"] == "admin"
    assert service.app.test_client().get(f"{API}/me").status_code == 401
    again = service.app.test_client()
    again.get(f"/sign-in/{code}")
    assert again.get(f"{API}/me").status_code == 401


def test_passwords_are_kept_as_argon2_and_never_shown(service: Service) -> None:
    hashed = hash_password("a long password")
    assert hashed.startswith("$argon2id$")
    assert hashed != hash_password("a long password")
    for path in ("/users", "/me", "/audit", f"/projects/{service.project.id}/members"):
        assert "argon2" not in service.call("GET", path).text
    assert service.call("POST", "/users", json={"name": "n", "password": "short", "role": "viewer"}).status_code == 422


def test_the_key_of_sessions_is_its_owners_alone(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert secret_key(tmp_path) == key
    assert len(key) == 32
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_only_the_names_of_the_service_are_answered(tmp_path: Path) -> None:
    service = start_service(tmp_path, hosts=("127.0.0.1",))
    client = service.app.test_client()
    assert client.get("/healthz", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_every_answer_bears_the_headers(service: Service) -> None:
    for path in ("/api/v1/me", "/api/v1/nowhere", "/healthz", "/sign-in", "/nowhere", "/static/nowhere"):
        answer = service.app.test_client().get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_attempts_to_sign_in_are_written_down(service: Service) -> None:
    service.call("POST", "/sign-in", json={"name": "admin", "password": "wrong"}, by=None)
    entry = service.call("GET", "/audit").json["items"][0]
    assert (entry["user"], entry["action"]) == ("admin", "sign-in refused")


# Names, paths, scripts


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.png", "..\\..\\boot.png", "/etc/passwd.png", "a/../../b.png", "%2e%2e%2fx.png", "C:\\x.png"],
)
def test_no_path_comes_of_a_files_name(service: Service, tmp_path: Path, name: str) -> None:
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    data = {"files": (io.BytesIO(png((7, 7))), name)}
    answer = service.call("POST", f"/projects/{service.project.id}/documents", data=data)
    assert answer.status_code == 202
    document = answer.json["items"][0]["document"]
    assert not set("/\\") & set(document["name"])
    new = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    kept = [p for p in new if "pid.sqlite" not in p.name]
    assert all((tmp_path / "data" / "files") in p.parents for p in kept)
    assert all(re.fullmatch(r"[0-9a-f]{64}", p.name) for p in kept)
    got = service.call("GET", f"/documents/{document['id']}/file")
    assert got.data == png((7, 7))


@pytest.mark.parametrize("path", ["../secret-key", "..%2fsecret-key", "....//secret-key", "%00", "x" * 65, "a b", "*"])
def test_nothing_but_an_id_is_an_id(service: Service, path: str) -> None:
    for start in ("documents/{}/file", "pages/{}/thumbnail.jpg", "pages/{}/exports/json", "projects/{}"):
        answer = service.app.test_client().get(
            f"{API}/{start.format(path)}", headers={"Authorization": f"Bearer {service.tokens['admin']}"}
        )
        assert answer.status_code in (400, 404)
    for query in ("/audit?subject=%00", "/jobs?project=%00", "/projects?cursor=%00"):
        assert service.call("GET", query).status_code == 400
    for name in ("../secret-key", "..%2f..%2fsecret-key", "/etc/passwd"):
        assert service.app.test_client().get(f"/static/{name}").status_code in (308, 404)


def test_scripts_in_names_tags_and_notes_stay_text(service: Service) -> None:
    drawing = small_drawing()
    evil = drawing.symbols[0].model_copy(update={"tag": SCRIPT, "kind": SCRIPT})
    word = drawing.words[0].model_copy(update={"text": SCRIPT})
    drawing = drawing.model_copy(update={"symbols": (evil, *drawing.symbols[1:]), "words": (word,)})
    document, page = service.add_page(drawing, name=f"{SCRIPT}.png".replace("/", "_"))
    service.call("PATCH", f"/projects/{service.project.id}", json={"name": f"</title>{SCRIPT}"})
    edit = {"base": 1, "operations": [{"op": "accept", "part": "words", "ids": ["w1"]}], "note": SCRIPT}
    assert service.call("PATCH", f"/pages/{page.id}/drawing", json=edit).status_code == 200
    client, _ = service.browser("admin")
    both = f"/compare?old={page.id}&new={page.id}"
    of_project = (f"/projects/{service.project.id}", f"/pages/{page.id}", both)
    for path in ("/", *of_project, "/admin", "/admin/audit", f"/nowhere/{SCRIPT}", f"/sign-in?next=%22{SCRIPT}"):
        answer = client.get(path)
        assert answer.mimetype == "text/html"
        assert "<script>alert" not in answer.text, path
    for path in (f"/pages/{page.id}/drawing", f"/documents/{document.id}", f"/pages/{page.id}/revisions"):
        answer = client.get(f"{API}{path}")
        assert answer.mimetype == "application/json"
    for name in ("svg", "json", "dexpi", "graphml", "pdf"):
        answer = client.get(f"{API}/pages/{page.id}/exports/{name}")
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert name in ("json", "pdf") or b"<script>alert" not in answer.data
    upload = client.get(f"{API}/documents/{document.id}/file", buffered=True)
    assert upload.mimetype == "application/octet-stream"
    assert upload.headers["Content-Disposition"].startswith("attachment;")
    assert "<" not in upload.headers["Content-Disposition"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_a_name_is_one_plain_header_whatever_it_is(name: str) -> None:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in name):
        return
    line = download_headers(name)["Content-Disposition"]
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9._ ()+-]+\"; filename\*=UTF-8''[A-Za-z0-9._~%-]+", line)
    assert ".." not in line.split('"')[1][:2]


strange = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.just("\ud800") | st.just("\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=strange, place=st.sampled_from(["tag", "attributes", "box", "ports", "x"]))
def test_whatever_an_edit_holds_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: object, place: str
) -> None:
    service, page = _shared(tmp_path_factory)
    head = service.store.page(page).head
    change = {"op": "change", "part": "symbols", "id": "s1", "value": {place: value}}
    body = json.dumps({"base": head, "operations": [change]})
    answer = service.call("PATCH", f"/pages/{page}/drawing", data=body, content_type="application/json")
    assert answer.status_code in (200, 400, 422), answer.text
    assert service.call("GET", f"/pages/{page}/drawing").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"name":' * 60 + "1" + "}" * 60, '{"name": "\\u0000"}', '{"name": "\\ud800"}', '{"name": NaN}'],
)
def test_json_that_nothing_could_hold_is_refused(service: Service, text: str) -> None:
    answer = service.call("POST", "/projects", data=text, content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad-request")


_kept: list[tuple[Service, str]] = []


def _shared(factory: pytest.TempPathFactory) -> tuple[Service, str]:
    if not _kept:
        service = start_service(factory.mktemp("edits"))
        _kept.append((service, service.add_page()[1].id))
    return _kept[0]


# Bombs


@pytest.fixture
def working(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service whose worker reads documents of at most 20 pages, cheaply."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    store = service.store
    setup = WorkerSetup(
        store.url,
        store.files.url,
        recognizer="cheap_recognizer:CheapRecognizer",
        threads=1,
        memory_bytes=1 << 30,
        max_pages=20,
    )
    pool = Pool(store, 1, setup=setup, page_s=60)
    service.app.extensions["pid"].workers = pool
    pool.start()
    yield service
    pool.stop()


def pixel_bomb() -> bytes:
    """A PNG of a few bytes that says it has 60000 x 60000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    """A PNG whose remarks swell to 200 MB."""
    plain = png((90, 60))
    data = b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return plain[:33] + chunk + plain[33:]


def page_bomb() -> bytes:
    """A TIFF of 30 pages."""
    pages = [Image.new("1", (9, 9)) for _ in range(30)]
    data = io.BytesIO()
    pages[0].save(data, "tiff", save_all=True, append_images=pages[1:])
    return data.getvalue()


def memory_bomb() -> bytes:
    """A small PNG of 380 million pixels, which may be read if there is memory for it."""
    data = io.BytesIO()
    Image.new("1", (19_000, 20_000)).save(data, "png")
    return data.getvalue()


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (pixel_bomb, "pixels.png", "too large: 60000 x 60000 pixels"),
        (page_bomb, "pages.tif", "has 30 pages; at most 20 are read"),
        (text_bomb, "text.png", None),
        (memory_bomb, "memory.png", None),
    ],
)
def test_a_bomb_harms_neither_service_nor_worker(
    working: Service, make: Callable[[], bytes], name: str, says: str | None
) -> None:
    path = f"/projects/{working.project.id}/documents"
    answer = working.call("POST", path, data={"files": (io.BytesIO(make()), name)}, query_string={"wait": 60})
    job = working.call("GET", f"/jobs/{answer.json['items'][0]['job']['id']}").json
    assert job["state"] in ("done", "failed")
    if says is not None:
        assert job["state"] == "failed"
        assert says in job["error"]
        assert job["error"].startswith(name)
    after = working.call("POST", path, data={"files": (io.BytesIO(png((90, 60))), "a.png")}, query_string={"wait": 60})
    assert after.json["items"][0]["pages"][0]["drawing"]["symbols"][0]["id"] == "s1"


def test_an_archive_is_not_opened(service: Service) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pdf", b"0" * 10_000_000)
    for name in ("a.zip", "a.pdf", "a.png", "a.dxf", "a.docx"):
        files = {"files": (io.BytesIO(data.getvalue()), name)}
        assert service.call("POST", f"/projects/{service.project.id}/documents", data=files).status_code == 422

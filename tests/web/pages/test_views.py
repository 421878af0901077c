"""Who is shown which page, and where addresses lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..serving import Service, start_service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return start_service(tmp_path)


def test_strangers_are_sent_to_the_door_and_on_from_there(service: Service) -> None:
    client = service.app.test_client()
    path = f"/projects/{service.project.id}"
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, f"/sign-in?next={path}")
    assert f'data-target="{path}"' in client.get(answer.location).get_data(as_text=True)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_address_leads_out_of_the_service(service: Service, target: str) -> None:
    client = service.app.test_client()
    page = client.get("/sign-in", query_string={"next": target}).get_data(as_text=True)
    assert 'data-target="/"' in page
    assert client.get("/language/ko", query_string={"next": target}).location == "/"


def test_the_link_of_this_machine_signs_in_once(service: Service) -> None:
    client = service.app.test_client()
    code = service.app.extensions["pid"].links.new(service.users["admin"].id)
    answer = client.get(f"/sign-in/{code}")
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").status_code == 200
    other = service.app.test_client()
    assert other.get(f"/sign-in/{code}").status_code == 302
    assert other.get("/").status_code == 302  # still outside


def test_projects_are_seen_by_their_members_alone(service: Service) -> None:
    document, page = service.add_page(name="secret name.png")
    member, _ = service.browser("viewer")
    stranger, _ = service.browser("stranger")
    for path in (f"/projects/{service.project.id}", f"/pages/{page.id}", f"/compare?new={page.id}"):
        assert member.get(path).status_code == 200
        refused = stranger.get(path)
        assert refused.status_code == 404
        assert "secret name" not in refused.get_data(as_text=True)
    assert "Unit 100" not in stranger.get("/").get_data(as_text=True)
    assert "Unit 100" in member.get("/").get_data(as_text=True)
    assert document.name in member.get(f"/projects/{service.project.id}").get_data(as_text=True)


def test_what_a_role_may_not_do_is_not_offered(service: Service) -> None:
    shown = {}
    for role in ("viewer", "reviewer", "estimator", "admin"):
        client, _ = service.browser(role)
        shown[role] = client.get(f"/projects/{service.project.id}").get_data(as_text=True)
    assert [role for role, text in shown.items() if 'id="files"' in text] == ["reviewer", "estimator", "admin"]
    assert [role for role, text in shown.items() if "estimate.xlsx" in text] == ["estimator", "admin"]
    assert [role for role, text in shown.items() if 'id="delete-project"' in text] == ["admin"]


def test_the_administration_is_for_administrators(service: Service) -> None:
    viewer, _ = service.browser("viewer")
    assert viewer.get("/admin").status_code == 200  # everybody has tokens
    assert viewer.get("/admin/users").status_code == 403
    assert viewer.get("/admin/audit").status_code == 403
    assert viewer.get("/admin/nothing").status_code == 404
    admin, _ = service.browser("admin")
    assert admin.get("/admin/users").status_code == 200


def test_a_page_that_failed_says_why(service: Service) -> None:
    _, job = service.store.add_document(service.project.id, "bad.png", b"x", "admin")
    claim = service.store.claim_job("test")
    assert claim is not None and claim.job_id == job.id
    service.store.fail_page(claim, 1, "bad.png is no picture.")
    service.store.finish_job(claim)
    client, _ = service.browser("reviewer")
    assert "bad.png is no picture." in client.get(f"/projects/{service.project.id}").get_data(as_text=True)
    page = service.store.pages(claim.document_id)[0]
    assert "bad.png is no picture." in client.get(f"/pages/{page.id}").get_data(as_text=True)


def test_stages_are_told_in_the_readers_language(service: Service) -> None:
    service.store.add_document(service.project.id, "many.pdf", b"x", "admin")
    claim = service.store.claim_job("test")
    assert claim is not None
    service.store.heartbeat(claim, "page 2 of 3: finding symbols", 0.5)
    client, _ = service.browser("viewer")
    path = f"/projects/{service.project.id}"
    assert "page 2 of 3: finding symbols" in client.get(path).get_data(as_text=True)
    client.get("/language/ko")
    assert "3페이지 중 2페이지: 심벌 찾는 중" in client.get(path).get_data(as_text=True)


def test_pages_carry_no_script_and_no_style_of_their_own(service: Service) -> None:
    _, page = service.add_page()
    client, _ = service.browser("admin")
    paths = ["/", f"/projects/{service.project.id}", f"/pages/{page.id}", f"/compare?old={page.id}&new={page.id}"]
    for path in [*paths, "/admin/users", "/sign-in"]:
        text = client.get(path).get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, path

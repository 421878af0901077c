"""Projects, members, users, tokens and settings by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Site


def test_a_token_is_shown_once_and_works(site: Site, sign_in: Callable[..., Any]) -> None:
    page = sign_in("reviewer")
    page.goto(f"{site.address}/admin/tokens")
    page.wait_for_selector("body[data-ready]")
    page.fill("[name=name]", "CAD")
    page.click("text=Make token")
    secret = page.inner_text(".secret code")
    page.goto(f"{site.address}/admin/tokens")
    page.wait_for_selector("th >> text=CAD")
    assert secret not in page.content()
    client = site.service.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me", headers=headers).json["user"]["name"] == "reviewer"


def test_users_are_added_and_closed(site: Site, sign_in: Callable[..., Any]) -> None:
    page = sign_in("admin")
    page.goto(f"{site.address}/admin/users")
    page.fill(".formline [name=name]", "kim")
    page.fill(".formline [name=password]", "long enough 1")
    page.select_option(".formline [name=role]", "estimator")
    page.click("text=Add user")
    row = page.locator("tbody tr", has_text="kim")
    row.wait_for()
    kim = site.service.store.user_by_name("kim")
    assert kim is not None and kim.role == "estimator"
    row.locator("input[type=checkbox]").click()
    page.wait_for_selector("text=Changed.")
    assert not site.service.store.user(kim.id).active


def test_settings_are_checked_before_they_are_kept(site: Site, sign_in: Callable[..., Any]) -> None:
    page = sign_in("admin")
    page.goto(f"{site.address}/admin/settings")
    rules = page.locator("section.panel", has_text="Take-off rules")
    shipped = rules.locator("textarea").input_value()
    rules.locator("textarea").fill("this is not TOML")
    rules.locator("text=Keep").click()
    page.wait_for_selector(".remark.error")
    assert site.service.store.setting("rules") is None
    assert any("422" in trouble for trouble in page.troubles)
    page.troubles.clear()
    rules.locator("textarea").fill(f"# ours\n{shipped}")
    rules.locator("text=Keep").click()
    page.wait_for_selector("text=Take-off rules is kept.")
    assert str(site.service.store.setting("rules")).startswith("# ours")


def test_members_are_added_and_removed(site: Site, sign_in: Callable[..., Any]) -> None:
    page = sign_in("estimator")
    page.goto(f"{site.address}/projects/{site.service.project.id}")
    page.click("summary >> text=Project")
    page.click("#members")
    page.select_option("#add-member select", label="stranger")
    page.click("#add-member button")
    page.wait_for_selector("#member-list >> text=stranger")
    store, project = site.service.store, site.service.project.id
    assert "stranger" in {user.name for user in store.members(project)}
    page.locator("#member-list li", has_text="reviewer").locator("button").click()
    page.wait_for_selector("#member-list >> text=reviewer", state="detached")
    assert "reviewer" not in {user.name for user in store.members(project)}


def test_compared_pages_lead_to_their_changes(site: Site, sign_in: Callable[..., Any]) -> None:
    operations = [{"op": "change", "part": "symbols", "id": "s9", "value": {"tag": "NEW-1"}}]
    answer = site.service.call("PATCH", f"/pages/{site.page_id}/drawing", json={"base": 1, "operations": operations})
    assert answer.status_code == 200
    page = sign_in("viewer")
    page.goto(f"{site.address}/compare?old={site.page_id}&old_revision=1&new={site.page_id}")
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#changes .change").count() == 1
    page.click("#changes .change")
    page.locator("#swipe").fill("20")
    assert page.evaluate("document.querySelector('#swipe-line').style.left") == "20%"
    with page.expect_download() as workbook:
        page.click("#workbook")
    assert workbook.value.path().read_bytes()[:2] == b"PK"

"""The pages by address. What they do goes through the API: a view only draws, and shows what its reader may see."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pid.web.access import page_of, project_of
from pid.web.app_state import store
from pid.web.auth import actor, sign_in_by_link
from pid.web.models import Page, Project
from pid.web.pages.i18n import COOKIE, LANGUAGES, language, translate, words
from pid.web.pages.page_data import kinds_data, may, review_data, review_modules, version_of
from pid.web.pages.review_texts import KEYS, TABS, TOOLS
from pid.web.permissions import public, requires
from pid.web.refusals import refusal

routes = Blueprint("pages", __name__)
LANGUAGE_SECONDS = 365 * 24 * 3600
DOCUMENTS = 50
"""Documents shown at once; the rest by the button below them."""
SECTIONS = {
    "users": "Users", "tokens": "Tokens", "settings": "Rules and prices", "taught": "Taught symbols",
    "models": "Models", "audit": "Audit",
}  # fmt: skip
"""Sections of the administration."""
_OF_PAGES = re.compile(r"page (\d+) of (\d+): (.+)")
FOR_ADMINS = ("users", "audit")


@routes.app_context_processor
def _for_templates() -> dict[str, object]:
    return {
        "t": translate, "language": language(), "languages": LANGUAGES, "words": words(language()),
        "may": may(), "date": _date, "stage": _stage, "version": version_of, "here": request.full_path.rstrip("?"),
    }  # fmt: skip


def _stage(stage: str) -> str:
    """What a worker is doing, as it says it (``page 2 of 3: finding symbols``), in the reader's language."""
    found = _OF_PAGES.fullmatch(stage)
    if found is None:
        return translate(stage)
    return translate("page {n} of {all}: {stage}", n=found[1], all=found[2], stage=translate(found[3]))


def _date(when: datetime | None) -> str:
    return when.strftime("%Y-%m-%d %H:%M") if when else ""


@routes.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Name and password."""
    target = _own(request.args.get("next", ""))
    if current_user.is_authenticated:
        return redirect(target)
    return render_template("sign_in.html", target=target)


@routes.get("/sign-in/<code>")
@public
def sign_in_once(code: str) -> ResponseReturnValue:
    """The link that `pid serve` prints: signs in once."""
    sign_in_by_link(code)
    return redirect(url_for("pages.projects"))


@routes.get("/language/<code>")
@public
def choose_language(code: str) -> ResponseReturnValue:
    """Keep the language and go back."""
    answer = make_response(redirect(_own(request.args.get("next", ""))))
    if code in LANGUAGES:
        answer.set_cookie(
            COOKIE, code, max_age=LANGUAGE_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure
        )
    return answer


def _own(target: str) -> str:
    """A path of this service; anything else becomes the first page."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return target if safe else url_for("pages.projects")


@routes.get("/")
@requires("read")
def projects() -> str:
    """The projects."""
    who = actor()
    found = store().projects(None if who.is_admin else who.id, request.args.get("cursor"), DOCUMENTS)
    return render_template("projects.html", projects=found.items, next_cursor=found.next_cursor)


@routes.get("/projects/<id:project_id>")
@requires("read")
def project(project_id: str) -> str:
    """Upload, and what has become of the documents."""
    found = project_of(project_id)
    return render_template("project.html", **_documents(found))


@routes.get("/projects/<id:project_id>/documents")
@requires("read")
def documents(project_id: str) -> str:
    """The list of documents alone, as it is now."""
    return render_template("documents.html", **_documents(project_of(project_id)))


def _documents(found: Project) -> dict[str, object]:
    part = store().documents(found.id, request.args.get("cursor"), DOCUMENTS)
    jobs = store().last_jobs([document.id for document in part.items])
    rows = [(document, jobs.get(document.id), store().pages(document.id)) for document in part.items]
    working = any(job is not None and job.state in ("queued", "running") for _, job, _ in rows)
    return {"project": found, "rows": rows, "next_cursor": part.next_cursor, "working": working}


@routes.get("/pages/<id:page_id>")
@requires("read")
def review(page_id: str) -> str:
    """A sheet under review; ``?element=ID`` goes to an element."""
    page = page_of(page_id)
    found = store().project(page.document.project_id)
    siblings = store().pages(page.document_id)
    data = review_data(page, found) if page.head else None
    return render_template(
        "review.html", page=page, project=found, siblings=siblings, data=data, kinds=kinds_data() if data else [],
        tools=TOOLS, tabs=TABS, key_help=KEYS, modules=review_modules(),
    )  # fmt: skip


@routes.get("/compare")
@requires("read")
def compare() -> str:
    """Two sheets over each other."""
    old, new = (_page_or_none(request.args.get(name, "")) for name in ("old", "new"))
    first = new or old
    if first is None:
        raise refusal(404, "Name a page to compare.")
    found = project_of(first.document.project_id)
    choices = [page for page in store().project_pages(found.id) if page.head]
    chosen = {name: _compared(name, page, found) if page else None for name, page in (("old", old), ("new", new))}
    return render_template("compare.html", project=found, choices=choices, old=old, new=new, data=chosen)


def _compared(name: str, page: Page, found: Project) -> dict[str, object]:
    """A page to compare, at the revision that the address names, or at its latest."""
    number = request.args.get(f"{name}_revision", "")
    return {**review_data(page, found), "revision": int(number) if number.isdecimal() else page.head}


def _page_or_none(page_id: str) -> Page | None:
    return page_of(page_id) if page_id else None


@routes.get("/admin")
@routes.get("/admin/<section>")
@requires("read")
def admin(section: str = "") -> ResponseReturnValue:
    """What concerns the whole installation, and everybody's own tokens."""
    allowed = may()
    open_to = {name: title for name, title in SECTIONS.items() if name not in FOR_ADMINS or allowed["admin"]}
    section = section or next(iter(open_to))
    if section not in SECTIONS:
        raise refusal(404, "There is no such page.")
    if section not in open_to:
        raise refusal(403, "This is open to administrators alone.")
    return render_template("admin.html", section=section, sections=open_to, user=actor().user)


@routes.get("/favicon.ico")
@public
def favicon() -> Response:
    """The sign of the service, where browsers look for it by themselves."""
    return redirect(url_for("static", filename="icon.svg"))  # type: ignore[return-value]

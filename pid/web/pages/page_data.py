"""What pages hand to their modules: plain data, put into the page as JSON."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask_login import current_user

from pid.catalog import load_catalog
from pid.web.models import Page, Project
from pid.web.tiles import TILE_PX, deepest_zoom

API = "/api/v1"
_SCRIPTS = Path(__file__).parents[1] / "static" / "js"


def may() -> dict[str, bool]:
    """What the reader may do."""
    known = current_user.is_authenticated
    return {name: bool(known and current_user.may(name)) for name in ("edit", "estimate", "admin")}


def version_of(key: str | None) -> str:
    """What tells versions of a picture apart in its address: the end of its key, which is made of its content."""
    return (key or "")[-12:]


def review_data(page: Page, project: Project) -> dict[str, object]:
    """A page as the review shows it; the drawing itself is fetched by its revision."""
    return {
        "id": page.id,
        "name": page.document.name,
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "revision": page.head,
        "tiles": f"{API}/pages/{page.id}/tiles/{{z}}/{{x}}/{{y}}.jpg?v={version_of(page.tiles_key)}",
        "tile_px": TILE_PX,
        "deepest_zoom": deepest_zoom(page.width, page.height),
        "project": {"id": project.id, "name": project.name},
        "thresholds": {"accept": project.accept_score, "review": project.review_score},
        "takeoff": f"projects/{project.id}/takeoff?page={page.id}",
        "may": may(),
    }


@cache
def kinds_data() -> list[dict[str, str]]:
    """The catalogue's kinds, by group and title."""
    kinds = sorted(load_catalog().values(), key=lambda kind: (kind.group, kind.title))
    return [{"name": kind.name, "title": kind.title, "group": kind.group} for kind in kinds] + [
        {"name": "unknown", "title": "Unknown", "group": "other"}
    ]


@cache
def review_modules() -> list[str]:
    """The modules of the review page, named beforehand: a browser then fetches all at once, not one after the other."""
    shared = ("api.js", "dom.js", "words.js")
    return [*shared, *(f"review/{path.name}" for path in sorted((_SCRIPTS / "review").glob("*.js")))]

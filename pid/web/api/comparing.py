"""Two pages, or two revisions of one, compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import cv2
from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from pid.compare_files import Difference, compare_drawings
from pid.drawing import Drawing
from pid.estimate.revision_book import draw_overlay, write_changes
from pid.web.access import page_of
from pid.web.app_state import store
from pid.web.auth import actor
from pid.web.downloads import file_answer
from pid.web.files import temporary_folder
from pid.web.office_settings import price_book, tag_grammar, takeoff_rules
from pid.web.permissions import requires
from pid.web.store_errors import NotFoundError

routes = APIBlueprint("comparing", __name__, tag="Compare")
BINARY = FileSchema(type="string", format="binary")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Id = Annotated[str, Field(max_length=64)]
RevisionNumber = Annotated[int | None, Field(ge=1, le=2**31 - 1)]


class Pair(BaseModel):
    """Two pages; of each the latest revision where none is named. Prices are those of the new page's project."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    old: Id
    new: Id
    old_revision: RevisionNumber = None
    new_revision: RevisionNumber = None


class ChangeBody(BaseModel):
    """One difference: what kind of, on what, where; ids are empty where the page has no such thing."""

    what: str
    subject: str
    old: str
    new: str
    zone: str
    old_id: str
    new_id: str


class AlignmentBody(BaseModel):
    """From the old page's pixels to the new one's: x' = scale x + offset, per axis."""

    scale: tuple[float, float]
    offset: tuple[float, float]


class Differences(BaseModel):
    """Changes, the rows of the take-off whose quantity changed, and the change of cost (0 without the right to see).

    By `alignment` the pages lie over each other.
    """

    alignment: AlignmentBody
    changes: list[ChangeBody]
    take_off: list[dict[str, Any]]
    cost: float


@routes.post("/compare")
@routes.input(Pair, arg_name="body")
@routes.output(Differences)
@requires("read")
def compare(body: Pair) -> dict[str, Any]:
    """What changed between two pages."""
    difference = _compare(body)[2]
    return {**difference.as_json(), "alignment": asdict(difference.comparison.alignment)}


@routes.post("/compare.xlsx")
@routes.input(Pair, arg_name="body")
@routes.output(BINARY, content_type=XLSX)
@requires("read")
def compare_as_workbook(body: Pair) -> Response:
    """The changes as a workbook."""
    difference = _compare(body)[2]
    with temporary_folder() as folder:
        path = folder / "changes.xlsx"
        write_changes(difference.comparison, difference.delta, path)
        return file_answer(path.read_bytes(), XLSX, "changes.xlsx")


@routes.post("/compare.png")
@routes.input(Pair, arg_name="body")
@routes.output(BINARY, content_type="image/png")
@requires("read")
def compare_as_picture(body: Pair) -> Response:
    """Both pages in two colours: red is old only, blue new only."""
    old, new, difference = _compare(body)
    done, data = cv2.imencode(".png", draw_overlay(old, new, difference.comparison))
    if not done:
        raise NotFoundError
    return file_answer(data.tobytes(), "image/png", "overlay.png")


def _compare(body: Pair) -> tuple[Drawing, Drawing, Difference]:
    old, new = _drawing(body.old, body.old_revision), _drawing(body.new, body.new_revision)
    project = page_of(body.new).document.project_id
    kept = store()
    book = price_book(kept, project) if actor().may("estimate") else None
    difference = compare_drawings(
        old, new, book=book, rules=takeoff_rules(kept, project), grammar=tag_grammar(kept, project)
    )
    return old, new, difference


def _drawing(page_id: str, number: int | None) -> Drawing:
    page = page_of(page_id)
    if not (number or page.head):
        raise NotFoundError
    return store().revision(page_id, number or page.head)[1]

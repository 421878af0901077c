"""The take-off of a project, its lists and its estimate, counted anew from the latest drawings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field

from pid.drawing import Drawing
from pid.estimate.spreadsheet import write_csv
from pid.estimate.takeoff import sheet_name
from pid.estimate.workbook import write_estimate
from pid.estimate_files import CountedDrawings, estimate_drawings
from pid.web.access import page_of, project_of
from pid.web.app_state import store
from pid.web.downloads import file_answer
from pid.web.files import temporary_folder
from pid.web.models import Project
from pid.web.office_settings import price_book, tag_grammar, takeoff_rules
from pid.web.permissions import requires
from pid.web.store_errors import NotFoundError

routes = APIBlueprint("estimates", __name__, tag="Estimates")
BINARY = FileSchema(type="string", format="binary")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class OfPage(BaseModel):
    """Whether one page alone is wanted."""

    page: Annotated[str | None, Field(description="Id of a page of the project.", max_length=64)] = None


class ItemBody(BaseModel):
    """A row of the bill of materials; `ids` are ``sheet#symbol`` of each counted symbol, `score` the lowest of them."""

    code: str
    kind: str
    group: str
    description: str
    size: str
    spec: str
    scope: str
    quantity: int
    tags: list[str]
    line_numbers: list[str]
    sheets: list[str]
    zones: list[str]
    score: float
    ids: list[str]


class AnyObject(BaseModel):
    """An object as `pid estimate` writes it."""

    model_config = ConfigDict(extra="allow")


class Takeoff(BaseModel):
    """The bill of materials."""

    items: list[ItemBody]


@routes.get("/projects/<id:project_id>/takeoff")
@routes.input(OfPage, location="query", arg_name="query")
@routes.output(Takeoff)
@requires("read")
def get_takeoff(project_id: str, query: OfPage) -> dict[str, object]:
    """What is to be bought, by kind and size, over all pages or one."""
    counted = _count(project_id, _drawings(project_id, query.page), priced=False)
    return {"items": [_without_parts(asdict(item)) for item in counted.items]}


@routes.get("/projects/<id:project_id>/lists")
@routes.input(OfPage, location="query", arg_name="query")
@routes.output(AnyObject)
@requires("read")
def get_lists(project_id: str, query: OfPage) -> Response:
    """Equipment, valves, instruments, lines, signals, nozzles, connectors, special items, drawings."""
    return jsonify(_count(project_id, _drawings(project_id, query.page), priced=False).lists.as_json())


@routes.get("/projects/<id:project_id>/estimate.json")
@routes.input(OfPage, location="query", arg_name="query")
@routes.output(AnyObject)
@requires("estimate")
def get_estimate(project_id: str, query: OfPage) -> Response:
    """The priced bill of materials with its total and range."""
    return jsonify(_count(project_id, _drawings(project_id, query.page)).estimate.as_json())


@routes.get("/projects/<id:project_id>/estimate.xlsx")
@routes.input(OfPage, location="query", arg_name="query")
@routes.output(BINARY, content_type=XLSX)
@requires("estimate")
def get_workbook(project_id: str, query: OfPage) -> Response:
    """The estimate as a workbook that computes; its zones lead to the review page."""
    project = project_of(project_id)
    found = _drawings(project_id, query.page)
    counted = _count(project_id, found)
    pages = {sheet_name(drawing): page_id for page_id, drawing in found}

    def link(name: str) -> str:
        sheet, _, element = name.rpartition("#")
        return url_for("pages.review", page_id=pages[sheet], element=element, _external=True)

    priced_by = "the project's price book" if price_book(store(), project_id).prices else ""

    def write(path: Path) -> None:
        write_estimate(counted.estimate, counted.lists, counted.drawings, path, priced_by=priced_by, link=link)

    return _download(project, "estimate.xlsx", XLSX, write)


@routes.get("/projects/<id:project_id>/bom.csv")
@routes.input(OfPage, location="query", arg_name="query")
@routes.output(BINARY, content_type="text/csv")
@requires("read")
def get_csv(project_id: str, query: OfPage) -> Response:
    """The bill of materials as CSV."""
    project = project_of(project_id)
    counted = _count(project_id, _drawings(project_id, query.page), priced=False)
    return _download(project, "bom.csv", "text/csv", lambda path: write_csv(counted.items, path))


def _count(project_id: str, found: Sequence[tuple[str, Drawing]], *, priced: bool = True) -> CountedDrawings:
    kept = store()
    return estimate_drawings(
        [drawing for _, drawing in found],
        book=price_book(kept, project_id) if priced else None,
        rules=takeoff_rules(kept, project_id),
        grammar=tag_grammar(kept, project_id),
    )


def _drawings(project_id: str, page_id: str | None) -> list[tuple[str, Drawing]]:
    """Pages of a project, or one of them, each with its latest drawing."""
    project_of(project_id)
    if page_id is None:
        heads = list(store().heads(project_id))
        named = with_names_of_their_own([drawing for _, drawing in heads])
        return [(page.id, drawing) for (page, _), drawing in zip(heads, named, strict=True)]
    page = page_of(page_id)
    if page.document.project_id != project_id or not page.head:
        raise NotFoundError
    return [(page_id, store().revision(page_id, page.head)[1])]


def with_names_of_their_own(drawings: list[Drawing]) -> list[Drawing]:
    """Drawings of several files that have one name get a number each: rows lead back to their sheet by its name."""
    seen: Counter[tuple[str, int]] = Counter()
    out = []
    for drawing in drawings:
        source = drawing.source
        seen[source.name, source.page] += 1
        number = seen[source.name, source.page]
        own = source if number == 1 else source.model_copy(update={"name": f"{source.name} ({number})"})
        out.append(drawing.model_copy(update={"source": own}))
    return out


def _without_parts(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "parts"}


def _download(project: Project, ending: str, kind: str, write: Callable[[Path], object]) -> Response:
    with temporary_folder() as folder:
        path = folder / ending
        write(path)
        return file_answer(path.read_bytes(), kind, f"{project.name} {ending}")

"""Symbols taught by one example, and all like it found."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from pid.drawing import Drawing, Group, Symbol
from pid.errors import InputError
from pid.graph.check import with_checks
from pid.sheet import Sheet
from pid.structure.wishes import Wish
from pid.teach import catalog_kind, forget, teach_on_sheet
from pid.web.access import page_of, project_of
from pid.web.app_state import state, store
from pid.web.auth import actor
from pid.web.edits import apply_operations
from pid.web.find_alike import find_alike, library_folder, merge_found, taught_examples
from pid.web.models import Page
from pid.web.office_settings import check_rules
from pid.web.page_image import page_sheet
from pid.web.permissions import requires
from pid.web.refusals import refusal
from pid.web.store_errors import NotFoundError, RevisionConflict

routes = APIBlueprint("teaching", __name__, tag="Teach")
_lock = threading.Lock()
"""Reading and matching take all of a processor and hundreds of megabytes; and a library has one writer."""
PATIENCE_S = 20.0
MOST_ATTEMPTS = 3
Coordinate = Annotated[float, Field(ge=0, le=100_000)]
BoxBody = tuple[Coordinate, Coordinate, Coordinate, Coordinate]
TaughtName = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]


class Example(BaseModel):
    """A symbol to be taught: what it is called, and where one is (sheet pixels, loosely drawn)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: TaughtName
    box: BoxBody
    group: Group | None = None
    code: Annotated[str | None, Field(max_length=40)] = None
    title: Annotated[str | None, Field(max_length=200)] = None


class TaughtBody(BaseModel):
    """A taught kind."""

    name: str
    title: str
    group: Group
    code: str
    examples: int


class TaughtList(BaseModel):
    """What a project has been taught."""

    items: list[TaughtBody]


class LessonBody(BaseModel):
    """What became of an example, and what to look at."""

    name: str
    outcome: str
    remarks: list[str]


class Alike(BaseModel):
    """What to look for: a taught name, or a box with an example, which is taught first (under `name`, if given)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: TaughtName | None = None
    box: BoxBody | None = None


class FoundBody(BaseModel):
    """How many symbols were added or renamed, and the revision that has them (the old one where there are none)."""

    name: str
    found: int
    revision: int
    remarks: list[str]


@routes.post("/pages/<id:page_id>/teach")
@routes.input(Example, arg_name="body")
@routes.output(LessonBody, status_code=201)
@requires("estimate")
def teach(page_id: str, body: Example) -> LessonBody:
    """Teach the project a symbol by one example on a page."""
    page = page_of(page_id)
    with _one_at_a_time():
        return _teach(page, _sheet(page)[0], body)


@routes.post("/pages/<id:page_id>/find")
@routes.input(Alike, arg_name="body")
@routes.output(FoundBody)
@requires("estimate")
def find(page_id: str, body: Alike) -> dict[str, object]:
    """Find all symbols like an example on a page; what is found is added as a new revision."""
    page = page_of(page_id)
    if body.box is None and body.name is None:
        raise refusal(422, "Say the name of a taught symbol, or the box of an example.", code="nothing-named")
    with _one_at_a_time():
        sheet, drawing = _sheet(page)
        name = body.name or ""
        remarks: list[str] = []
        if body.box is not None:
            lesson = _teach(page, sheet, Example(name=body.name or _free_name(page), box=body.box))
            name, remarks = lesson.name, lesson.remarks
        library = library_folder(state().config.data, page.document.project_id)
        kind = _kind(name)
        if not any(example.kind == kind for example in taught_examples(library)):
            raise InputError(f"Nothing called {name!r} has been taught.")
        found = find_alike(sheet, drawing, library, kind)
    changed, number = _add_found(page, found, kind)
    return {"name": kind, "found": changed, "revision": number, "remarks": remarks}


def _add_found(page: Page, found: Sequence[Symbol], kind: str) -> tuple[int, int]:
    """Add found symbols to the latest drawing, whoever has edited it meanwhile; how many, and the revision."""
    rules = check_rules(store(), page.document.project_id)
    for attempt in range(MOST_ATTEMPTS):
        revision, drawing = store().head(page.id)
        operations = merge_found(drawing, found)
        if not operations:
            break
        edited = with_checks(apply_operations(drawing, operations)[0], rules=rules)
        done = [operation.model_dump(mode="json") for operation in operations]
        note = f"Find {kind}"
        try:
            number = store().add_revision(page.id, revision.number, edited, actor().name, note=note, operations=done)
        except RevisionConflict:
            if attempt == MOST_ATTEMPTS - 1:
                raise
        else:
            return len(operations), number
    return 0, revision.number


@routes.get("/projects/<id:project_id>/taught")
@routes.output(TaughtList)
@requires("read")
def list_taught(project_id: str) -> dict[str, object]:
    """What a project has been taught."""
    project_of(project_id)
    examples = taught_examples(library_folder(state().config.data, project_id))
    counts = Counter(example.kind for example in examples)
    first = {example.kind: example for example in reversed(examples)}
    items = [
        {"name": kind, "title": e.name, "group": e.group, "code": e.bom_code, "examples": counts[kind]}
        for kind, e in sorted(first.items())
    ]
    return {"items": items}


@routes.delete("/projects/<id:project_id>/taught/<name>")
@routes.output({}, status_code=204)
@requires("estimate")
def forget_taught(project_id: str, name: str) -> ResponseReturnValue:
    """Forget a taught symbol; what was found by it stays."""
    project_of(project_id)
    library = library_folder(state().config.data, project_id)
    with _one_at_a_time():
        if all(example.kind != name for example in taught_examples(library)):
            raise NotFoundError
        forget(library, name)
    store().note(actor().name, "symbol forgotten", project_id, {"name": name})
    return "", 204


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for the turn, but not so long that waiting requests hold all threads of the server."""
    if not _lock.acquire(timeout=PATIENCE_S):
        raise refusal(503, "Other symbols are being looked for; try again in a moment.", headers={"Retry-After": "20"})
    try:
        yield
    finally:
        _lock.release()


def _sheet(page: Page) -> tuple[Sheet, Drawing]:
    if not page.head or page.image_key is None:
        raise NotFoundError
    drawing = store().revision(page.id, page.head)[1]
    return page_sheet(store().files, page.image_key, drawing), drawing


def _teach(page: Page, sheet: Sheet, body: Example) -> LessonBody:
    project_id = page.document.project_id
    lesson = teach_on_sheet(
        body.name, sheet, body.box, library_folder(state().config.data, project_id),
        source=f"{page.id} page {page.number}", wish=Wish(body.group, body.code, body.title),
    )  # fmt: skip
    example, outcome = lesson.taught[0]
    store().note(actor().name, "symbol taught", page.id, {"name": example.kind, "outcome": outcome})
    return LessonBody(name=example.kind, outcome=outcome, remarks=list(lesson.remarks))


def _kind(name: str) -> str:
    """What a library calls a symbol of this name."""
    known = catalog_kind(name)
    return known.name if known else "".join(name.split())


def _free_name(page: Page) -> str:
    taken = {e.kind for e in taught_examples(library_folder(state().config.data, page.document.project_id))}
    number = 1
    while f"symbol-{number}" in taken:
        number += 1
    return f"symbol-{number}"

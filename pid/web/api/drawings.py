"""The drawing of a page, its edits and its revisions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import TypeAdapter

from pid.drawing import Drawing
from pid.graph.check import with_checks
from pid.web.access import page_of
from pid.web.api.bodies import (
    Base,
    EditAnswer,
    EditBody,
    JobBody,
    NumberBody,
    Paging,
    RevisionBody,
    RevisionList,
)
from pid.web.app_state import store, wake_workers
from pid.web.auth import actor
from pid.web.edits import apply_operations
from pid.web.models import Job, Revision
from pid.web.office_settings import check_rules
from pid.web.operations import Operation
from pid.web.paging import Slice
from pid.web.permissions import requires
from pid.web.refusals import refusal
from pid.web.store_errors import NotFoundError, RevisionConflict

routes = APIBlueprint("drawings", __name__, tag="Drawings")
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_operations = TypeAdapter(Sequence[Operation])


@routes.get("/pages/<id:page_id>/drawing")
@routes.output(Drawing)
@requires("read")
def get_drawing(page_id: str) -> Response:
    """The latest drawing of a page. The header `ETag` is the number of its revision, in quotes."""
    head = page_of(page_id).head
    if not head:
        raise NotFoundError
    if request.if_none_match.contains_weak(str(head)):
        return _tagged(Response(status=304), head)
    return _drawing(store().revision(page_id, head)[1], head)


@routes.patch("/pages/<id:page_id>/drawing")
@routes.input(EditBody, arg_name="body")
@routes.output(EditAnswer)
@requires("edit")
def edit_drawing(page_id: str, body: EditBody) -> Response:
    """Edit the latest drawing: all operations are done, or none.

    The edit names the revision that it starts from, as `base` or as the header If-Match. Where somebody else was
    faster, the answer is 409 (412 for If-Match). `undo` holds the operations that take the edit back: send them as an
    edit of the revision that this one has made. Findings are checked anew.
    """
    project_id = page_of(page_id).document.project_id
    base, by_header = _base(body.base)
    revision, drawing = store().head(page_id)
    try:
        if revision.number != base:
            raise RevisionConflict(base, revision.number)
        edited, undo = apply_operations(drawing, body.operations)
        edited = with_checks(edited, rules=check_rules(store(), project_id))
        done = [operation.model_dump(mode="json") for operation in body.operations]
        number = store().add_revision(page_id, base, edited, actor().name, note=body.note, operations=done)
    except RevisionConflict as conflict:
        if by_header:
            raise refusal(412, str(conflict), head=conflict.head) from conflict
        raise
    return _tagged(_edit_answer(number, edited, undo), number)


def _base(from_body: int | None) -> tuple[int, bool]:
    """The revision that an edit starts from, and whether the header alone has said so."""
    header = request.headers.get("If-Match")
    if header is None:
        if from_body is None:
            raise refusal(428, "Say which revision the edit starts from: `base`, or the header If-Match.")
        return from_body, False
    match = _ETAG.fullmatch(header.strip())
    if match is None:
        raise refusal(400, "If-Match must be one ETag of this drawing.")
    if from_body is not None and from_body != int(match[1]):
        raise refusal(400, "`base` and If-Match name different revisions.")
    return int(match[1]), from_body is None


@routes.get("/pages/<id:page_id>/revisions")
@routes.input(Paging, location="query", arg_name="part")
@routes.output(RevisionList)
@requires("read")
def list_revisions(page_id: str, part: Paging) -> Slice[Revision]:
    """The revisions of a page, latest first."""
    page_of(page_id)
    return store().revisions(page_id, part.cursor, part.limit)


@routes.get("/pages/<id:page_id>/revisions/<int:number>")
@routes.output(Drawing)
@requires("read")
def get_revision(page_id: str, number: int) -> Response:
    """The drawing as it was at a revision."""
    page_of(page_id)
    return _drawing(store().revision(page_id, number)[1], number)


@routes.get("/pages/<id:page_id>/revisions/<int:number>/record")
@routes.output(RevisionBody)
@requires("read")
def get_revision_record(page_id: str, number: int) -> Revision:
    """Who made a revision, when, and by which operations."""
    page_of(page_id)
    return store().revision(page_id, number)[0]


@routes.post("/pages/<id:page_id>/revisions/<int:number>/restore")
@routes.input(Base, arg_name="body")
@routes.output(NumberBody, status_code=201)
@requires("edit")
def restore_revision(page_id: str, number: int, body: Base) -> dict[str, int]:
    """Make an earlier drawing the latest again, as a new revision."""
    page_of(page_id)
    _, drawing = store().revision(page_id, number)
    note = f"Revision {number} again"
    return {"revision": store().add_revision(page_id, body.base, drawing, actor().name, note=note)}


@routes.post("/pages/<id:page_id>/recognize")
@routes.output(JobBody, status_code=202)
@requires("edit")
def recognize_again(page_id: str) -> Job:
    """Read a page anew. What comes out is a new revision; earlier ones, with their edits, stay."""
    page = page_of(page_id)
    store().note(actor().name, "recognise again", page_id, {})
    job = store().add_job(page.document_id, actor().name, page_id=page_id)
    wake_workers()
    return job


def _drawing(drawing: Drawing, number: int) -> Response:
    """A drawing's own JSON, which is not taken apart and put together again."""
    return _tagged(Response(drawing.to_json(indent=None), mimetype="application/json"), number)


def _edit_answer(number: int, drawing: Drawing, undo: Sequence[Operation]) -> Response:
    back = _operations.dump_json(undo).decode()
    text = f'{{"revision":{number},"drawing":{drawing.to_json(indent=None)},"undo":{back}}}'
    return Response(text, mimetype="application/json")


def _tagged(answer: Response, number: int) -> Response:
    answer.set_etag(str(number))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer

"""Uploads, and the documents and pages that come of them."""

from __future__ import annotations

import time

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from pid.errors import InputError
from pid.web.access import document_of, page_of, project_of
from pid.web.api.bodies import (
    DocumentList,
    DocumentWithJob,
    PageBody,
    PageChange,
    PageList,
    Paging,
    UploadAnswer,
    Wait,
)
from pid.web.app_state import state, store, wake_workers
from pid.web.auth import actor
from pid.web.downloads import download_headers
from pid.web.idempotency import idempotency_key
from pid.web.models import Document, Job, Page
from pid.web.permissions import UPLOAD_BODY, requires, takes
from pid.web.refusals import refusal
from pid.web.signatures import HEAD_BYTES, check_signature

routes = APIBlueprint("documents", __name__, tag="Documents")
ENDED = ("done", "failed", "cancelled")
BINARY = FileSchema(type="string", format="binary")
LOOK_EVERY_S = 0.25
RETRY_AFTER_S = 60


@routes.post("/projects/<id:project_id>/documents")
@routes.input(Wait, location="query", arg_name="query")
@routes.output(UploadAnswer, status_code=202)
@takes(UPLOAD_BODY)
@requires("edit")
def upload_documents(project_id: str, query: Wait) -> ResponseReturnValue:
    """Upload drawings (form field `files`, once or many times).

    What was taken is safe when this answers (202), and waits to be recognised. With `wait`, the answer comes when all
    is recognised (200, with the drawings) or the time is over (202). A file that is not taken does not keep the others
    from being taken; where none is taken the answer is 422.
    """
    project_of(project_id)
    files = [file for file in request.files.getlist("files") if file.filename]
    _check_amount(len(files))
    taken: list[tuple[Document, Job]] = []
    refused: list[dict[str, str]] = []
    for number, file in enumerate(files):
        try:
            taken.append(_take(project_id, file, number))
        except InputError as error:
            refused.append({"name": file.filename or "", "error": str(error)})
    wake_workers()
    if not taken:
        raise refusal(422, refused[0]["error"], code="unusable-input", refused=refused)
    pages = _wait(taken, query.wait) if query.wait else None
    jobs = [(document, store().job(job.id) if pages else job) for document, job in taken]
    items = [{"document": d, "job": j, "pages": pages[d.id] if pages else None} for d, j in jobs]
    return {"items": items, "refused": refused}, 200 if pages else 202


def _check_amount(files: int) -> None:
    limits = state().config.limits
    if not files:
        raise refusal(422, "Send drawings as files of the form field `files`.", code="no-files")
    if files > limits.files:
        raise refusal(413, f"At most {limits.files} files are taken at one time.", most_files=limits.files)
    if store().job_counts().get("queued", 0) + files > limits.waiting_jobs:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise refusal(503, "Too many drawings wait to be read; try again later.", headers=headers)


def _take(project_id: str, file: FileStorage, number: int) -> tuple[Document, Job]:
    """Keep a file and queue its recognition."""
    name = file.filename or ""
    check_signature(name, file.stream.read(HEAD_BYTES))
    file.stream.seek(0)
    key = idempotency_key()
    document, job = store().add_document(
        project_id, name, file.stream, actor().name,  # type: ignore[arg-type]  # a binary stream
        idempotency_key=f"{actor().id} {key} {number}" if key else None, limit=state().config.limits.file_bytes,
    )  # fmt: skip
    store().note(actor().name, "uploaded", document.id, {"name": document.name, "sha256": document.sha256})
    return document, job


def _wait(taken: list[tuple[Document, Job]], seconds: float) -> dict[str, list[dict[str, object]]] | None:
    """The pages with their drawings by document, if all jobs end in time; None if not, or if too many wait already."""
    if not state().waiting.acquire(blocking=False):
        return None
    try:
        end = time.monotonic() + min(seconds, state().config.limits.wait_seconds)
        while any(store().job(job.id).state not in ENDED for _, job in taken):
            if time.monotonic() >= end:
                return None
            time.sleep(LOOK_EVERY_S)
    finally:
        state().waiting.release()
    return {document.id: _drawings(document.id) for document, _ in taken}


def _drawings(document_id: str) -> list[dict[str, object]]:
    return [{"page": p, "drawing": store().head(p.id)[1]} for p in store().pages(document_id) if p.head]


@routes.get("/projects/<id:project_id>/documents")
@routes.input(Paging, location="query", arg_name="part")
@routes.output(DocumentList)
@requires("read")
def list_documents(project_id: str, part: Paging) -> dict[str, object]:
    """The documents of a project, latest first, each with its latest job."""
    project_of(project_id)
    found = store().documents(project_id, part.cursor, part.limit)
    jobs = store().last_jobs([d.id for d in found.items])
    items = [{"document": d, "job": jobs.get(d.id)} for d in found.items]
    return {"items": items, "next_cursor": found.next_cursor}


@routes.get("/documents/<id:document_id>")
@routes.output(DocumentWithJob)
@requires("read")
def get_document(document_id: str) -> dict[str, object]:
    """A document and its latest job."""
    document = document_of(document_id)
    return {"document": document, "job": store().last_jobs([document_id]).get(document_id)}


@routes.delete("/documents/<id:document_id>")
@routes.output({}, status_code=204)
@requires("edit")
def delete_document(document_id: str) -> ResponseReturnValue:
    """Delete a document with its pages and all their revisions."""
    document = document_of(document_id)
    store().delete_document(document_id)
    store().note(actor().name, "document deleted", document_id, {"name": document.name})
    return "", 204


@routes.get("/documents/<id:document_id>/file")
@routes.output(BINARY, content_type="application/octet-stream")
@requires("read")
def get_file(document_id: str) -> Response:
    """The file as it was uploaded. It is always downloaded, never shown: nobody knows what is in it."""
    document = document_of(document_id)
    answer = send_file(store().files.open(document.file_key), mimetype="application/octet-stream")
    answer.headers.update(download_headers(document.name))
    return answer


@routes.get("/documents/<id:document_id>/pages")
@routes.output(PageList)
@requires("read")
def list_pages(document_id: str) -> dict[str, object]:
    """The pages of a document in order, as far as they have been read."""
    document_of(document_id)
    return {"items": store().pages(document_id)}


@routes.get("/pages/<id:page_id>")
@routes.output(PageBody)
@requires("read")
def get_page(page_id: str) -> Page:
    """A page."""
    return page_of(page_id)


@routes.patch("/pages/<id:page_id>")
@routes.input(PageChange, arg_name="body")
@routes.output(PageBody)
@requires("edit")
def change_page(page_id: str, body: PageChange) -> Page:
    """Mark a page as reviewed, or take the mark away."""
    page_of(page_id)
    return store().set_reviewed(page_id, body.reviewed, by=actor().name)

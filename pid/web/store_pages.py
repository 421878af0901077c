"""Pages and their revisions.

A revision is never changed. A new one names the revision that it starts from and is refused unless that is the latest
(optimistic locking). A job adds one revision to a page at most, whatever happens to its worker.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from pid.drawing import Drawing
from pid.web.models import RECOGNITION, AuditEntry, Document, Page, Revision
from pid.web.paging import MAX_LIMIT, Slice
from pid.web.store_errors import NotFoundError, RevisionConflict
from pid.web.store_hooks import tell_hooks
from pid.web.store_jobs import Claim, JobStore

PARTS = ("symbols", "lines", "words", "connections", "tables", "findings")


@dataclass(frozen=True)
class PageResult:
    """What a worker has made of a page: the drawing, and the keys of the pictures that were wanted."""

    drawing: Drawing
    image_key: str | None = None
    thumbnail_key: str | None = None
    tiles_key: str | None = None
    annotated_key: str | None = None


class PageStore(JobStore):
    """The part of the store that knows pages."""

    def pages(self, document_id: str) -> Sequence[Page]:
        """The pages of a document in order."""
        with self.reading() as session:
            return session.scalars(select(Page).where(Page.document_id == document_id).order_by(Page.number)).all()

    def page(self, page_id: str) -> Page:
        """A page by id, with its document."""
        with self.reading() as session:
            return self._get(session, Page, page_id)

    def project_pages(self, project_id: str) -> Sequence[Page]:
        """All pages of a project in the order of upload."""
        with self.reading() as session:
            query = select(Page).join(Document).where(Document.project_id == project_id)
            return session.scalars(query.order_by(Document.created, Document.id, Page.number)).all()

    def heads(self, project_id: str) -> Iterator[tuple[Page, Drawing]]:
        """The latest drawing of each page that has one, one in memory at a time, in the order of upload."""
        for page in self.project_pages(project_id):
            if page.head:
                yield page, self.revision(page.id, page.head)[1]

    def set_reviewed(self, page_id: str, reviewed: bool, *, by: str) -> Page:
        """Mark a page as reviewed, or take the mark away."""
        with self.writing() as session:
            page = self._get(session, Page, page_id)
            page.reviewed = reviewed
            session.add(AuditEntry(user=by, action="review", subject=page_id, detail={"reviewed": reviewed}))
        return page

    def head(self, page_id: str) -> tuple[Revision, Drawing]:
        """The latest revision of a page; raises `NotFoundError` where the page could not be read."""
        return self.revision(page_id, self.page(page_id).head)

    def revision(self, page_id: str, number: int) -> tuple[Revision, Drawing]:
        """A revision and its drawing."""
        with self.reading() as session:
            query = select(Revision).where(Revision.page_id == page_id, Revision.number == number)
            found = session.scalar(query.options(undefer(Revision.content)))
        if found is None:
            raise NotFoundError(f"The page {page_id} has no revision {number}.")
        return found, Drawing.from_json(zlib.decompress(found.content))

    def revisions(self, page_id: str, cursor: str | None = None, limit: int = MAX_LIMIT) -> Slice[Revision]:
        """The revisions of a page, latest first, without drawings. A cursor is the number of the last seen."""
        limit = max(1, min(limit, MAX_LIMIT))
        with self.reading() as session:
            query = select(Revision).where(Revision.page_id == page_id).order_by(Revision.number.desc())
            if cursor:
                query = query.where(Revision.number < (int(cursor) if cursor.isdecimal() else 0))
            rows = session.scalars(query.limit(limit + 1)).all()
        return Slice(rows[:limit], str(rows[limit - 1].number) if len(rows) > limit else None)

    def add_revision(
        self,
        page_id: str,
        base: int,
        drawing: Drawing,
        by: str,
        *,
        note: str = "",
        operations: Sequence[dict[str, Any]] = (),
    ) -> int:
        """Keep an edited drawing as the page's latest; its number. When this returns, it cannot be lost.

        Raises:
            RevisionConflict: `base` is not the latest revision.
        """
        revision = Revision(author=by, note=note, operations=list(operations), content=_pack(drawing))
        with self.writing() as session:
            page = self._get(session, Page, page_id, lock=True)
            if page.head != base:
                raise RevisionConflict(base, page.head)
            _append(session, page, revision, drawing)
            detail = {"revision": page.head, "operations": len(revision.operations), "note": note}
            session.add(AuditEntry(user=by, action="edit", subject=page_id, detail=detail))
            return page.head

    def pages_done(self, claim: Claim) -> set[int]:
        """Numbers of the pages that the job has read already, maybe by a worker that died since."""
        with self.reading() as session:
            query = select(Page.number).join(Revision, Revision.page_id == Page.id)
            return set(session.scalars(query.where(Revision.job_id == claim.job_id)))

    def set_page_count(self, claim: Claim, count: int) -> None:
        """Say how many pages the document has; raises `LeaseLost`."""
        with self.writing() as session:
            self._held(session, claim)
            session.get_one(Document, claim.document_id).page_count = count

    def store_page(self, claim: Claim, number: int, result: PageResult) -> None:
        """Keep what was read on a page, once: again for the same job changes nothing. Raises `LeaseLost`."""
        revision = Revision(author=RECOGNITION, job_id=claim.job_id, content=_pack(result.drawing))
        with self.writing() as session:
            self._held(session, claim)
            page = _page_of(session, claim, number)
            query = select(Revision.number).where(Revision.page_id == page.id, Revision.job_id == claim.job_id)
            if session.scalar(query) is not None:
                return
            page.image_key, page.thumbnail_key = result.image_key, result.thumbnail_key
            page.tiles_key, page.annotated_key = result.tiles_key, result.annotated_key
            page.reviewed, page.error = False, None
            _append(session, page, revision, result.drawing)

    def fail_page(self, claim: Claim, number: int, sentence: str) -> None:
        """Say why a page could not be read; its siblings are not concerned. Raises `LeaseLost`."""
        with self.writing() as session:
            self._held(session, claim)
            _page_of(session, claim, number).error = sentence


def _page_of(session: Session, claim: Claim, number: int) -> Page:
    """The page of a claimed document, made where it is missing."""
    query = select(Page).where(Page.document_id == claim.document_id, Page.number == number)
    page = session.scalar(query.with_for_update(of=Page))
    if page is None:
        page = Page(document_id=claim.document_id, number=number, head=0)
        session.add(page)
        session.flush()
    return page


def _append(session: Session, page: Page, revision: Revision, drawing: Drawing) -> None:
    """Make a revision the page's latest."""
    page.head += 1
    page.width, page.height = drawing.sheet.width, drawing.sheet.height
    page.counts = {part: len(getattr(drawing, part)) for part in PARTS}
    revision.page_id, revision.number = page.id, page.head
    session.add(revision)
    document = session.get_one(Document, page.document_id)
    body = {"page": page.id, "document": document.id, "revision": page.head, "author": revision.author}
    tell_hooks(session, document.project_id, "page.revision", body)


def _pack(drawing: Drawing) -> bytes:
    return zlib.compress(drawing.to_json(indent=None).encode())

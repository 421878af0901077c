"""Projects and the documents in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pid.document.load import SUFFIXES
from pid.errors import InputError
from pid.web.database import Database
from pid.web.files import Files
from pid.web.models import Document, Job, Member, Project
from pid.web.paging import DEFAULT_LIMIT, Slice, newest_first

ACCEPT_SCORE = 0.9
"""What scores more than this is taken for right until a project says otherwise."""
REVIEW_SCORE = 0.5
"""What scores less than this is left out until a project says otherwise."""
MAX_NAME = 200


class ProjectStore(Database):
    """The part of the store that knows projects and documents."""

    files: Files

    def add_project(self, name: str, by: str) -> Project:
        """A new project, made by the user of that name."""
        with self.writing() as session:
            project = Project(name=name, created_by=by, accept_score=ACCEPT_SCORE, review_score=REVIEW_SCORE)
            session.add(project)
        return project

    def projects(
        self, user_id: str | None = None, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Slice[Project]:
        """The projects that a user is a member of; all of them without a user."""
        query = select(Project)
        if user_id is not None:
            query = query.join(Member, Member.project_id == Project.id).where(Member.user_id == user_id)
        with self.reading() as session:
            return newest_first(session, query, created=Project.created, key=Project.id, cursor=cursor, limit=limit)

    def project(self, project_id: str) -> Project:
        """A project by id."""
        with self.reading() as session:
            return self._get(session, Project, project_id)

    def change_project(
        self,
        project_id: str,
        *,
        name: str | None = None,
        accept_score: float | None = None,
        review_score: float | None = None,
    ) -> Project:
        """Change what is given."""
        with self.writing() as session:
            project = self._get(session, Project, project_id)
            if name is not None:
                project.name = name
            if accept_score is not None:
                project.accept_score = accept_score
            if review_score is not None:
                project.review_score = review_score
        return project

    def delete_project(self, project_id: str) -> None:
        """Delete a project with everything in it; `sweep_files` frees the space later."""
        with self.writing() as session:
            session.delete(self._get(session, Project, project_id))

    def add_document(
        self,
        project_id: str,
        name: str,
        data: bytes | Path | BinaryIO,
        by: str,
        *,
        idempotency_key: str | None = None,
        limit: int | None = None,
    ) -> tuple[Document, Job]:
        """Take a file and queue its recognition. When this returns, neither can be lost.

        The same `idempotency_key` in a project gives the document that it gave before.

        Raises:
            InputError: a file of a kind that is not read, an empty one, or one of more than `limit` bytes.
        """
        name = _shown_name(name)
        suffix = _suffix_of(name)
        known = self._document_by_key(project_id, idempotency_key)
        if known is not None:
            return known
        stored = self.files.put(data, limit=limit)
        if not stored.size:
            raise InputError(f"{name} is empty.")
        document = Document(
            project_id=project_id, name=name, suffix=suffix, file_key=stored.key, sha256=stored.sha256,
            size=stored.size, created_by=by, idempotency_key=idempotency_key,
        )  # fmt: skip
        try:
            with self.writing() as session:
                self._get(session, Project, project_id)
                session.add(document)
                session.flush()
                job = Job(project_id=project_id, document_id=document.id, created_by=by)
                session.add(job)
        except IntegrityError:
            known = self._document_by_key(project_id, idempotency_key)  # somebody was faster with the same key
            if known is None:
                raise
            return known
        return document, job

    def documents(self, project_id: str, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Slice[Document]:
        """A project's documents, latest first."""
        query = select(Document).where(Document.project_id == project_id)
        with self.reading() as session:
            return newest_first(session, query, created=Document.created, key=Document.id, cursor=cursor, limit=limit)

    def document(self, document_id: str) -> Document:
        """A document by id."""
        with self.reading() as session:
            return self._get(session, Document, document_id)

    def delete_document(self, document_id: str) -> None:
        """Delete a document with its jobs, pages and revisions; `sweep_files` frees the space later."""
        with self.writing() as session:
            session.delete(self._get(session, Document, document_id))

    def drop_file(self, document_id: str) -> None:
        """Remove the upload of a document that will not be read again, unless another one has the same content."""
        with self.reading() as session:
            key = self._get(session, Document, document_id).file_key
            other = session.scalar(select(Document.id).where(Document.file_key == key, Document.id != document_id))
        if other is None:
            self.files.remove(key)

    def last_jobs(self, document_ids: Sequence[str]) -> dict[str, Job]:
        """The latest job of each document, by the document's id."""
        with self.reading() as session:
            query = select(Job).where(Job.document_id.in_(document_ids)).order_by(Job.created, Job.id)
            return {job.document_id: job for job in session.scalars(query)}

    def _document_by_key(self, project_id: str, key: str | None) -> tuple[Document, Job] | None:
        if key is None:
            return None
        with self.reading() as session:
            query = select(Document).where(Document.project_id == project_id, Document.idempotency_key == key)
            document = session.scalar(query)
            if document is None:
                return None
            jobs = select(Job).where(Job.document_id == document.id).order_by(Job.created).limit(1)
            return document, session.scalars(jobs).one()


def _shown_name(name: str) -> str:
    """The last part of an uploaded file's name, without characters that cannot be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() else "_" for c in last).strip()
    stem, dot, suffix = shown.rpartition(".")
    if not dot:
        return shown[:MAX_NAME] or "unnamed"
    return f"{stem[: MAX_NAME - len(suffix) - 1]}.{suffix}" if len(suffix) < MAX_NAME // 2 else shown[:MAX_NAME]


def _suffix_of(name: str) -> str:
    suffix = Path(name).suffix.lower()
    if suffix == ".dwg":
        raise InputError(f"{name} is a DWG file, which is not read; save it as DXF.")
    if suffix not in SUFFIXES:
        raise InputError(f"{name} is not of a kind that is read ({', '.join(SUFFIXES)}).")
    return suffix

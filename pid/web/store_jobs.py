"""Jobs: the table is the truth about what is to be done, is being done, and was done.

A worker *claims* a job, which gives it a *lease*: a secret that ends when the worker was silent for `LEASE_S`. Every
write of results asks for the lease in the same transaction, so that a worker that was thought dead and comes back
changes nothing. A claim is a *try*; after `MAX_TRIES` a document that kills its workers is given up.

Claims lock rows and skip locked ones on PostgreSQL (``FOR UPDATE SKIP LOCKED``); on SQLite one writer is at work at a
time anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from pid.web.database import Database, database_time
from pid.web.models import Document, Job, JobState, Page, new_id
from pid.web.paging import DEFAULT_LIMIT, Slice, newest_first
from pid.web.store_errors import LeaseLost
from pid.web.store_hooks import tell_hooks

LEASE_S = 30.0
"""Silence after which a worker counts as dead."""
MAX_TRIES = 3
OPEN: tuple[JobState, ...] = ("queued", "running")


@dataclass(frozen=True)
class Claim:
    """A job in a worker's hands: all that is needed to do it. `page` is the one page's number that is wanted."""

    job_id: str
    lease: str
    document_id: str
    name: str
    suffix: str
    file_key: str
    page: int | None
    tries: int


class JobStore(Database):
    """The part of the store that knows jobs."""

    def add_job(self, document_id: str, by: str, *, page_id: str | None = None) -> Job:
        """Queue a document, or one of its pages, to be read again; a job for the same that waits already is given."""
        with self.writing() as session:
            document = self._get(session, Document, document_id, lock=True)
            same = Job.page_id.is_(None) if page_id is None else Job.page_id == page_id
            waiting = session.scalar(
                select(Job).where(Job.document_id == document_id, same, Job.state == "queued").limit(1)
            )
            if waiting is not None:
                return waiting
            job = Job(project_id=document.project_id, document_id=document_id, page_id=page_id, created_by=by)
            session.add(job)
        return job

    def job(self, job_id: str) -> Job:
        """A job by id."""
        with self.reading() as session:
            return self._get(session, Job, job_id)

    def jobs(
        self,
        *,
        project_id: str | None = None,
        document_id: str | None = None,
        states: Sequence[JobState] = (),
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Slice[Job]:
        """Jobs, latest first."""
        query = select(Job)
        if project_id is not None:
            query = query.where(Job.project_id == project_id)
        if document_id is not None:
            query = query.where(Job.document_id == document_id)
        if states:
            query = query.where(Job.state.in_(states))
        with self.reading() as session:
            return newest_first(session, query, created=Job.created, key=Job.id, cursor=cursor, limit=limit)

    def job_counts(self, project_id: str | None = None) -> dict[JobState, int]:
        """How many jobs there are in each state."""
        query = select(Job.state, func.count()).group_by(Job.state)
        if project_id is not None:
            query = query.where(Job.project_id == project_id)
        with self.reading() as session:
            return {state: count for state, count in session.execute(query)}  # noqa: C416 (rows are typed, pairs are not)

    def count_waiting(self) -> int:
        """How many jobs could be claimed now: those queued, and those whose worker has been silent too long."""
        with self.reading() as session:
            return session.scalar(select(func.count()).select_from(Job).where(_can_be_claimed(session))) or 0

    def claim_job(self, worker: str, *, lease_s: float = LEASE_S) -> Claim | None:
        """The oldest job that waits, now held by `worker`; None where none does."""
        if not self.count_waiting():  # a read costs the others nothing
            return None
        with self.writing() as session:
            self._end_silent(session)
            job = session.scalar(_first(Job.state == "queued").limit(1))
            if job is None:
                return None
            now = database_time(session)
            job.state, job.worker, job.lease, job.tries = "running", worker, new_id(), job.tries + 1
            job.lease_until, job.started = now + timedelta(seconds=lease_s), now
            job.stage, job.share = "starting", 0.0
            document = session.get_one(Document, job.document_id)
            page = None if job.page_id is None else session.get_one(Page, job.page_id).number
            return Claim(
                job.id, job.lease, document.id, document.name, document.suffix, document.file_key, page, job.tries
            )

    def heartbeat(self, claim: Claim, stage: str, share: float, *, lease_s: float = LEASE_S) -> None:
        """Say what is being done and its share of the whole (0..1); raises `LeaseLost`."""
        with self.writing() as session:
            until = database_time(session) + timedelta(seconds=lease_s)
            held = session.execute(
                update(Job)
                .where(Job.id == claim.job_id, Job.lease == claim.lease, Job.state == "running")
                .values(stage=stage[:200], share=share, lease_until=until)
            )
            if not held.rowcount:  # type: ignore[attr-defined]
                raise LeaseLost

    def finish_job(self, claim: Claim, *, left_out: str | None = None) -> None:
        """The job is done; `left_out` says in a sentence what could not be. Raises `LeaseLost`."""
        self._end(claim, "done", left_out)

    def fail_job(self, claim: Claim, sentence: str) -> None:
        """The job cannot be done, and trying again would not help. Raises `LeaseLost`."""
        self._end(claim, "failed", sentence)

    def give_back(self, claim: Claim, sentence: str) -> None:
        """The worker died of the job: queue it again, or give it up after `MAX_TRIES`, when `sentence` says why."""
        with self.writing() as session:
            job = self._held(session, claim)
            if job.tries < MAX_TRIES:
                _requeue(job)
            else:
                _close(session, job, "failed", sentence)

    def release_job(self, claim: Claim) -> None:
        """The worker stops for reasons of its own: queue the job again; this was no try."""
        with self.writing() as session:
            job = self._held(session, claim)
            job.tries -= 1
            _requeue(job)

    def cancel_job(self, job_id: str) -> Job:
        """End a job that waits or runs; one that has ended stays as it is."""
        with self.writing() as session:
            job = self._get(session, Job, job_id, lock=True)
            if job.state in OPEN:
                _close(session, job, "cancelled", None)
        return job

    def retry_job(self, job_id: str) -> Job:
        """Queue a failed or cancelled job anew; any other stays as it is. Pages that it has read are kept."""
        with self.writing() as session:
            job = self._get(session, Job, job_id, lock=True)
            if job.state in {"failed", "cancelled"}:
                _requeue(job)
                job.tries, job.error, job.finished = 0, None, None
        return job

    def end_silent_jobs(self) -> None:
        """Queue again, or give up, what workers hold that have been silent too long; `claim_job` does so as well."""
        with self.writing() as session:
            self._end_silent(session)

    def _end_silent(self, session: Session) -> None:
        for job in session.scalars(_first(Job.state == "running", Job.lease_until < database_time(session))):
            if job.tries < MAX_TRIES:
                _requeue(job)
            else:
                name = session.get_one(Document, job.document_id).name
                _close(session, job, "failed", given_up(name, job.tries))

    def _held(self, session: Session, claim: Claim) -> Job:
        """The job of a claim, locked; raises `LeaseLost` where the claim no longer holds."""
        held = (Job.id == claim.job_id, Job.lease == claim.lease, Job.state == "running")
        job = session.scalar(select(Job).where(*held).with_for_update())
        if job is None:
            raise LeaseLost
        return job

    def _end(self, claim: Claim, state: JobState, error: str | None) -> None:
        with self.writing() as session:
            _close(session, self._held(session, claim), state, error)


def given_up(name: str, tries: int) -> str:
    """What a user reads about a document that stopped its worker every time."""
    return f"{name} stopped its worker {tries} times and was given up."


def _first(*conditions: object) -> Select[Job]:
    """Jobs to take hold of, oldest first, without those that others hold at the moment."""
    query = select(Job).where(*conditions)  # type: ignore[arg-type]
    return query.order_by(Job.created, Job.id).with_for_update(skip_locked=True)


def _can_be_claimed(session: Session) -> ColumnElement[bool]:
    silent = and_(Job.state == "running", Job.lease_until < database_time(session))
    return or_(Job.state == "queued", silent)


def _requeue(job: Job) -> None:
    job.state, job.worker, job.lease, job.lease_until = "queued", None, None, None
    job.stage, job.share = "", 0.0


def _close(session: Session, job: Job, state: JobState, error: str | None) -> None:
    job.state, job.error, job.finished = state, error, database_time(session)
    job.lease, job.lease_until = None, None
    if state == "done":
        job.stage, job.share = "done", 1.0
    body = {"job": job.id, "document": job.document_id, "state": state, "error": error}
    tell_hooks(session, job.project_id, f"job.{state}", body)

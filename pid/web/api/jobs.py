"""Jobs: how far recognitions are."""

from __future__ import annotations

from apiflask import APIBlueprint

from pid.web.access import document_of, job_of, project_of
from pid.web.api.bodies import JobBody, JobList, JobQuery
from pid.web.app_state import store, wake_workers
from pid.web.auth import actor
from pid.web.models import Job
from pid.web.paging import Slice
from pid.web.permissions import requires
from pid.web.refusals import refusal

routes = APIBlueprint("jobs", __name__, tag="Jobs")


@routes.get("/jobs")
@routes.input(JobQuery, location="query", arg_name="query")
@routes.output(JobList)
@requires("read")
def list_jobs(query: JobQuery) -> Slice[Job]:
    """Jobs of a project or a document, latest first; of all projects for an administrator."""
    if query.document is not None:
        document_of(query.document)
    if query.project is not None:
        project_of(query.project)
    elif query.document is None and not actor().is_admin:
        raise refusal(403, "Name a project or a document.", code="too-much-wanted")
    return store().jobs(
        project_id=query.project, document_id=query.document, states=[query.state] if query.state else (),
        cursor=query.cursor, limit=query.limit,
    )  # fmt: skip


@routes.get("/jobs/<id:job_id>")
@routes.output(JobBody)
@requires("read")
def get_job(job_id: str) -> Job:
    """A job."""
    return job_of(job_id)


@routes.post("/jobs/<id:job_id>/cancel")
@routes.output(JobBody)
@requires("edit")
def cancel_job(job_id: str) -> Job:
    """End a job that waits or runs; one that has ended stays as it is."""
    job_of(job_id)
    store().note(actor().name, "job cancelled", job_id, {})
    return store().cancel_job(job_id)


@routes.post("/jobs/<id:job_id>/retry")
@routes.output(JobBody)
@requires("edit")
def retry_job(job_id: str) -> Job:
    """Queue a failed or cancelled job again; any other stays as it is."""
    job_of(job_id)
    store().note(actor().name, "job retried", job_id, {})
    job = store().retry_job(job_id)
    wake_workers()
    return job

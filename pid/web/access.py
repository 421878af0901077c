"""Things by id, for those who may see them: to anybody else they do not exist."""

from __future__ import annotations

from pid.web.app_state import store
from pid.web.auth import actor
from pid.web.models import Document, Hook, Job, Page, Project
from pid.web.store_errors import NotFoundError


def sees_project(project_id: str) -> bool:
    """Whether whoever calls is a member or an administrator."""
    return actor().is_admin or store().is_member(project_id, actor().id)


def project_of(project_id: str) -> Project:
    """A project. This and the other functions here raise `NotFoundError`."""
    found = store().project(project_id)
    _check(project_id)
    return found


def document_of(document_id: str) -> Document:
    """A document."""
    found = store().document(document_id)
    _check(found.project_id)
    return found


def job_of(job_id: str) -> Job:
    """A job."""
    found = store().job(job_id)
    _check(found.project_id)
    return found


def page_of(page_id: str) -> Page:
    """A page, with its document."""
    found = store().page(page_id)
    _check(found.document.project_id)
    return found


def hook_of(hook_id: str) -> Hook:
    """A web hook."""
    found = store().hook(hook_id)
    _check(found.project_id)
    return found


def _check(project_id: str) -> None:
    if not sees_project(project_id):
        raise NotFoundError

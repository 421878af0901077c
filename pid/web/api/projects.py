"""Projects and their members."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from pid.web.access import project_of
from pid.web.api.bodies import MemberChange, NewProject, Paging, ProjectBody, ProjectChange, ProjectList, UserList
from pid.web.app_state import state, store
from pid.web.auth import actor
from pid.web.find_alike import forget_project
from pid.web.models import Project
from pid.web.office_settings import thresholds
from pid.web.paging import Slice
from pid.web.permissions import requires

routes = APIBlueprint("projects", __name__, tag="Projects")


@routes.post("/projects")
@routes.input(NewProject, arg_name="body")
@routes.output(ProjectBody, status_code=201)
@requires("edit")
def add_project(body: NewProject) -> Project:
    """Make a project. Its maker is its first member."""
    project = store().add_project(body.name, actor().name)
    usual = thresholds(store())
    if (usual.accept, usual.review) != (project.accept_score, project.review_score):
        project = store().change_project(project.id, accept_score=usual.accept, review_score=usual.review)
    store().add_member(project.id, actor().id)
    store().note(actor().name, "project made", project.id, {"name": body.name})
    return project


@routes.get("/projects")
@routes.input(Paging, location="query", arg_name="part")
@routes.output(ProjectList)
@requires("read")
def list_projects(part: Paging) -> Slice[Project]:
    """The caller's projects; all of them for an administrator."""
    return store().projects(None if actor().is_admin else actor().id, part.cursor, part.limit)


@routes.get("/projects/<id:project_id>")
@routes.output(ProjectBody)
@requires("read")
def get_project(project_id: str) -> Project:
    """A project."""
    return project_of(project_id)


@routes.patch("/projects/<id:project_id>")
@routes.input(ProjectChange, arg_name="body")
@routes.output(ProjectBody)
@requires("edit")
def change_project(project_id: str, body: ProjectChange) -> Project:
    """Rename a project, or set its thresholds."""
    project_of(project_id)
    changes = body.model_dump(exclude_none=True)
    project = store().change_project(project_id, **changes)
    store().note(actor().name, "project changed", project_id, changes)
    return project


@routes.delete("/projects/<id:project_id>")
@routes.output({}, status_code=204)
@requires("admin")
def delete_project(project_id: str) -> ResponseReturnValue:
    """Delete a project with all its documents."""
    project = project_of(project_id)
    store().delete_project(project_id)
    forget_project(state().config.data, project_id)
    store().note(actor().name, "project deleted", project_id, {"name": project.name})
    return "", 204


@routes.get("/projects/<id:project_id>/members")
@routes.output(UserList)
@requires("read")
def list_members(project_id: str) -> dict[str, object]:
    """The members of a project."""
    project_of(project_id)
    return {"items": store().members(project_id)}


@routes.post("/projects/<id:project_id>/members")
@routes.input(MemberChange, arg_name="body")
@routes.output(UserList, status_code=201)
@requires("estimate")
def add_member(project_id: str, body: MemberChange) -> dict[str, object]:
    """Let a user see a project."""
    project_of(project_id)
    user = store().user(body.user)
    store().add_member(project_id, user.id)
    store().note(actor().name, "member added", project_id, {"user": user.name})
    return {"items": store().members(project_id)}


@routes.delete("/projects/<id:project_id>/members/<id:user_id>")
@routes.output({}, status_code=204)
@requires("estimate")
def remove_member(project_id: str, user_id: str) -> ResponseReturnValue:
    """End a membership."""
    project_of(project_id)
    store().remove_member(project_id, user_id)
    store().note(actor().name, "member removed", project_id, {"user": user_id})
    return "", 204

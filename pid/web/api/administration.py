"""What concerns the whole installation: accounts, settings, networks, the audit."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from pid.errors import InputError
from pid.resources import data_path
from pid.web.access import project_of
from pid.web.api.bodies import NewUser, Paging, UserBody, UserChange, UserList
from pid.web.app_state import store
from pid.web.auth import actor, hash_password
from pid.web.models import AuditEntry, User
from pid.web.office_settings import SettingName, keep_setting, setting_text
from pid.web.paging import Slice
from pid.web.permissions import requires
from pid.web.refusals import refusal
from pid.web.security import check

routes = APIBlueprint("administration", __name__, tag="Administration")
SETTING_PATH = "/settings/<any(rules,prices,lexicons,checks,thresholds):name>"


class AuditBody(BaseModel):
    """Who did what to what, when."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    created: datetime
    user: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditList(BaseModel):
    """Part of the audit, latest first."""

    model_config = ConfigDict(from_attributes=True)
    items: list[AuditBody]
    next_cursor: str | None


class AuditQuery(Paging):
    """Which part of the audit is wanted."""

    subject: Annotated[str | None, Field(description="Id of what things were done to.", max_length=200)] = None


class OfProject(BaseModel):
    """Whose setting is meant."""

    project: Annotated[
        str | None, Field(description="A project's own; the installation's without it.", max_length=64)
    ] = None


class SettingBody(BaseModel):
    """A setting: a text, or for `thresholds` an object."""

    value: str | dict[str, Any]


class SettingChange(BaseModel):
    """A new text or object; null goes back to what held before."""

    model_config = ConfigDict(extra="forbid")
    value: str | dict[str, Any] | None


class ModelList(BaseModel):
    """The networks at work, each with what its card says."""

    items: list[dict[str, Any]]


@routes.get("/users")
@routes.output(UserList)
@requires("estimate")
def list_users() -> dict[str, object]:
    """All accounts by name."""
    return {"items": store().users()}


@routes.post("/users")
@routes.input(NewUser, arg_name="body")
@routes.output(UserBody, status_code=201)
@requires("admin")
def add_user(body: NewUser) -> User:
    """Make an account."""
    user = store().add_user(body.name, hash_password(body.password), body.role)
    store().note(actor().name, "user made", user.id, {"name": user.name, "role": user.role})
    return user


@routes.patch("/users/<id:user_id>")
@routes.input(UserChange, arg_name="body")
@routes.output(UserBody)
@requires("admin")
def change_user(user_id: str, body: UserChange) -> User:
    """Set a password or a role, or close an account. Its sessions end with a new password."""
    store().user(user_id)
    if user_id == actor().id and (body.active is False or body.role not in (None, "admin")):
        raise refusal(409, "An administrator cannot close or demote their own account.", code="own-account")
    hashed = hash_password(body.password) if body.password else None
    user = store().change_user(user_id, password_hash=hashed, role=body.role, active=body.active)
    what = {"role": body.role, "active": body.active, "password": "set" if hashed else None}
    store().note(actor().name, "user changed", user_id, {k: v for k, v in what.items() if v is not None})
    return user


@routes.delete("/users/<id:user_id>")
@routes.output({}, status_code=204)
@requires("admin")
def remove_user(user_id: str) -> ResponseReturnValue:
    """Delete an account; what it did stays signed with its name."""
    user = store().user(user_id)
    if user_id == actor().id:
        raise refusal(409, "An administrator cannot delete their own account.", code="own-account")
    store().remove_user(user_id)
    store().note(actor().name, "user deleted", user_id, {"name": user.name})
    return "", 204


@routes.get(SETTING_PATH)
@routes.input(OfProject, location="query", arg_name="query")
@routes.output(SettingBody)
@requires("read")
def get_setting(name: SettingName, query: OfProject) -> dict[str, object]:
    """`rules` (take-off, TOML), `prices` (CSV), `lexicons` (how tags are written), `checks` (TOML), `thresholds`."""
    if query.project is not None:
        project_of(query.project)
    if name == "prices":
        check("estimate")
    return _shown(name, query.project)


@routes.put(SETTING_PATH)
@routes.input(OfProject, location="query", arg_name="query")
@routes.input(SettingChange, arg_name="body")
@routes.output(SettingBody)
@requires("estimate")
def put_setting(name: SettingName, query: OfProject, body: SettingChange) -> dict[str, object]:
    """Set a text, which is read before it is kept.

    An estimator may set the prices of a project. All else is for administrators: rules hold patterns that can take for
    ever to match.
    """
    if query.project is not None:
        project_of(query.project)
    if query.project is None or name != "prices":
        check("admin")
    if isinstance(body.value, dict) != (name == "thresholds") and body.value is not None:
        raise InputError("`thresholds` is an object; every other setting is a text.")
    value = json.dumps(body.value) if isinstance(body.value, dict) else body.value
    keep_setting(store(), name, value, query.project)
    store().note(actor().name, "setting changed", query.project or "", {"name": name})
    return _shown(name, query.project)


def _shown(name: SettingName, project_id: str | None) -> dict[str, object]:
    text = setting_text(store(), name, project_id)
    return {"value": json.loads(text) if name == "thresholds" else text}


@routes.get("/models")
@routes.output(ModelList)
@requires("read")
def list_models() -> dict[str, object]:
    """The networks that read drawings, with their cards."""
    cards = sorted(data_path("models").glob("*.json"))
    return {"items": [{"name": path.stem, **json.loads(path.read_text("utf-8"))} for path in cards]}


@routes.get("/audit")
@routes.input(AuditQuery, location="query", arg_name="query")
@routes.output(AuditList)
@requires("admin")
def list_audit(query: AuditQuery) -> Slice[AuditEntry]:
    """Who did what, latest first."""
    return store().audit(query.cursor, query.limit, subject=query.subject)

"""Web hooks of a project."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from pid.web.access import hook_of, project_of
from pid.web.app_state import store
from pid.web.auth import actor
from pid.web.hook_sender import LONGEST_URL, check_url
from pid.web.permissions import requires
from pid.web.refusals import refusal

routes = APIBlueprint("hooks", __name__, tag="Web hooks")
Event = Literal["job.done", "job.failed", "job.cancelled", "page.revision", "*"]
MOST_HOOKS = 20


class NewHook(BaseModel):
    """An address to be told of events (``*``: of all)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: Annotated[str, Field(min_length=8, max_length=LONGEST_URL, examples=["https://cad.example.com/pid"])]
    events: Annotated[list[Event], Field(min_length=1, max_length=10)]


class HookBody(BaseModel):
    """A web hook without its secret."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    project_id: str
    url: str
    events: list[str]
    created: datetime


class HookList(BaseModel):
    """The web hooks of a project."""

    model_config = ConfigDict(from_attributes=True)
    items: list[HookBody]


class FreshHook(BaseModel):
    """A new web hook; the secret that its requests are signed with is shown this once."""

    model_config = ConfigDict(from_attributes=True)
    hook: HookBody
    secret: str


@routes.get("/projects/<id:project_id>/hooks")
@routes.output(HookList)
@requires("estimate")
def list_hooks(project_id: str) -> dict[str, object]:
    """The web hooks of a project."""
    project_of(project_id)
    return {"items": store().hooks(project_id)}


@routes.post("/projects/<id:project_id>/hooks")
@routes.input(NewHook, arg_name="body")
@routes.output(FreshHook, status_code=201)
@requires("estimate")
def add_hook(project_id: str, body: NewHook) -> dict[str, object]:
    """Have events posted to an address, as JSON with the header X-Pid-Signature.

    `t=SECONDS,v1=HEX`: HEX is the HMAC-SHA256 of `SECONDS.BODY` under the hook's secret. What is not answered by 2xx is
    posted again, at growing intervals, for half an hour.
    """
    project_of(project_id)
    check_url(body.url)
    if len(store().hooks(project_id)) >= MOST_HOOKS:
        raise refusal(409, f"A project has at most {MOST_HOOKS} web hooks.", code="too-many-hooks")
    secret = secrets.token_urlsafe(32)
    hook = store().add_hook(project_id, body.url, secret, list(dict.fromkeys(body.events)))
    store().note(actor().name, "web hook added", project_id, {"url": body.url, "events": body.events})
    return {"hook": hook, "secret": secret}


@routes.delete("/hooks/<id:hook_id>")
@routes.output({}, status_code=204)
@requires("estimate")
def remove_hook(hook_id: str) -> ResponseReturnValue:
    """Remove a web hook and what is on its way to it."""
    hook = hook_of(hook_id)
    store().remove_hook(hook_id)
    store().note(actor().name, "web hook removed", hook.project_id, {"url": hook.url})
    return "", 204

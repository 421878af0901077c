"""The caller: signing in and out by JSON, tokens."""

from __future__ import annotations

from datetime import timedelta

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from pid.web.api.bodies import FreshToken, Me, NewToken, SignIn, TokenList
from pid.web.app_state import store
from pid.web.auth import SESSION, Actor, actor, end_session, new_token, sign_in
from pid.web.models import utc_now
from pid.web.permissions import PERMISSIONS, public, requires
from pid.web.refusals import refusal
from pid.web.store_errors import NotFoundError

routes = APIBlueprint("account", __name__, tag="Account")


@routes.post("/sign-in")
@routes.input(SignIn, arg_name="body")
@routes.output(Me)
@public
def sign_in_by_password(body: SignIn) -> dict[str, object]:
    """Begin a session in a browser. Programs send a token instead."""
    return _me(sign_in(body.name, body.password))


@routes.post("/sign-out")
@routes.output({}, status_code=204)
@requires("read")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    end_session()
    return "", 204


@routes.get("/me")
@routes.output(Me)
@requires("read")
def get_me() -> dict[str, object]:
    """Who is calling, and what that allows."""
    return _me(actor())


@routes.get("/tokens")
@routes.output(TokenList)
@requires("read")
def list_tokens() -> dict[str, object]:
    """The caller's tokens."""
    return {"items": store().tokens(actor().id)}


@routes.post("/tokens")
@routes.input(NewToken, arg_name="body")
@routes.output(FreshToken, status_code=201)
@requires("read")
def add_token(body: NewToken) -> dict[str, object]:
    """Make a token. It may not do what the caller may not."""
    beyond = [scope for scope in body.scopes if not actor().may(scope)]
    if beyond:
        raise refusal(403, f"You may not give the scopes {', '.join(beyond)}.", scopes=beyond)
    secret, hashed = new_token()
    expires = utc_now() + timedelta(days=body.days) if body.days else None
    scopes = [scope for scope in PERMISSIONS if scope in body.scopes]
    token = store().add_token(actor().id, body.name, scopes, hashed, expires)
    store().note(actor().name, "token made", token.id, {"name": body.name, "scopes": scopes})
    return {"token": token, "secret": secret}


@routes.delete("/tokens/<id:token_id>")
@routes.output({}, status_code=204)
@requires("read")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """End one of the caller's tokens."""
    if all(token.id != token_id for token in store().tokens(actor().id)):
        raise NotFoundError
    store().revoke_token(token_id)
    store().note(actor().name, "token revoked", token_id, {})
    return "", 204


def _me(who: Actor) -> dict[str, object]:
    permissions = [permission for permission in PERMISSIONS if who.may(permission)]
    return {
        "user": who.user,
        "permissions": permissions,
        "csrf_token": generate_csrf() if who.via == SESSION else None,
    }

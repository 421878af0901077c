"""The application: `create_app` puts its parts together, in the order in which a request meets them."""

from __future__ import annotations

import threading
from datetime import timedelta

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from pid import __version__
from pid.web.api import register_api
from pid.web.app_state import EXTENSION, AppState
from pid.web.auth import SignInLinks, register_auth
from pid.web.config import WebConfig, secret_key
from pid.web.idempotency import register_idempotency
from pid.web.jobs import Workers
from pid.web.logs import register_logs
from pid.web.monitoring import register_monitoring
from pid.web.openapi import register_openapi
from pid.web.pages.views import routes as page_routes
from pid.web.refusals import register_refusals
from pid.web.security import limit_view, register_security
from pid.web.store import Store
from pid.web.strict_json import StrictJson

SESSION_LASTS = timedelta(days=7)


def create_app(config: WebConfig, *, store: Store | None = None, workers: Workers | None = None) -> APIFlask:
    """The web service as a WSGI application.

    Args:
        config: how to run it.
        store: the store, if it is open already; opened as `config` says otherwise.
        workers: told of each new job, if they are this process's.
    """
    app = APIFlask("pid.web", title="pid", version=__version__, docs_path=None, spec_path=None)
    app.config.update(
        SECRET_KEY=secret_key(config.data),
        SESSION_COOKIE_NAME="pid-session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.https,
        PERMANENT_SESSION_LIFETIME=SESSION_LASTS,
        TRUSTED_HOSTS=list(config.hosts) or None,
        PREFERRED_URL_SCHEME="https" if config.https else "http",
    )
    app.json = StrictJson(app)
    app.extensions[EXTENSION] = AppState(
        config=config,
        store=store or Store(config.database, config.files),
        links=SignInLinks(),
        workers=workers,
        waiting=threading.BoundedSemaphore(config.limits.waiting_requests),
    )
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies, x_host=config.proxies)  # type: ignore[method-assign]
    register_logs(app)
    register_refusals(app)
    register_auth(app)
    limiter = register_security(app, config.limits)
    register_idempotency(app)
    register_api(app)
    register_openapi(app)
    register_monitoring(app)
    app.register_blueprint(page_routes)
    limit_view(app, limiter, "account.sign_in_by_password", config.limits.sign_ins)
    return app

"""Puts the API together: routes, the one answer shape, authentication before all but the public."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from flask import Flask, Response, current_app, jsonify, request
from flask.json.provider import DefaultJSONProvider

from videngine.capabilities import known_capabilities
from videngine.jobs.redaction import set_up_logging
from videngine.server import answers, http, jobs, openapi, outputs
from videngine.server.auth import require_token
from videngine.server.models import Capabilities, Health
from videngine.server.operation import Operation, described, operation, read_query
from videngine.server.service import Service, service
from videngine.settings import Settings


class _InOrder(DefaultJSONProvider):
    """Prints objects in the order in which they were made."""

    sort_keys = False


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. ``app.extensions["videngine"].close()`` lets go of the database.

    Args:
        settings: the operator's; by default read from variables and ``videngine.toml``.
    """
    settings = settings or Settings()
    app = Flask("videngine.server", static_folder="static", static_url_path="/static")
    app.json = _InOrder(app)
    app.url_map.merge_slashes = False  # no redirects: an address is right or wrong
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["videngine"] = Service.open(settings)
    answers.install(app)
    app.register_blueprint(jobs.blueprint)
    app.register_blueprint(outputs.blueprint)
    app.add_url_rule("/healthz", view_func=_healthz, methods=["GET"])
    app.add_url_rule("/capabilities", view_func=_capabilities, methods=["GET"])
    app.add_url_rule("/openapi.json", view_func=_openapi, methods=["GET"])
    app.before_request(_admit)
    app.after_request(_harden)
    return app


def serve(settings: Settings, *, sockets: Sequence[socket.socket] = ()) -> None:
    """Serve the API in the foreground until the process is told to end.

    Args:
        settings: the operator's.
        sockets: bound sockets to listen on instead of ``host`` and ``port``.
    """
    set_up_logging()
    app = create_app(settings)
    try:
        http.run(app, settings, sockets)
    finally:
        app.extensions["videngine"].close()


@operation(Operation(summary="Whether the API reaches its database.", result=Health, public=True))
def _healthz() -> Response:
    with service().database.read() as connection:
        connection.exec_driver_sql("SELECT 1 FROM tc_jobs LIMIT 1")
    return answers.success("ok", {"status": "ok"})


@operation(Operation(summary="What this machine can make.", result=Capabilities))
def _capabilities() -> Response:
    return answers.success("ok", known_capabilities())


@operation(Operation(summary="This description of the API.", public=True))
def _openapi() -> Response:
    return jsonify(openapi.document(current_app))


def _admit() -> None:
    """Who asks, and is the query one that the route knows? Nothing is ignored in silence."""
    if request.endpoint == "static":
        return
    view = current_app.view_functions.get(request.endpoint or "")
    description = described(view)
    if description is None or not description.public:
        require_token()
    if description is not None and description.query is not None:
        read_query(description.query)


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.is_json and request.path != "/openapi.json":
        response.headers.setdefault("Cache-Control", "no-store")
    return response

"""The HTTP server under the application: waitress, its own failures in the one answer shape too."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from videngine.errors import Fault
from videngine.server.answers import CODE_BY_STATUS, envelope
from videngine.settings import Settings

_THREADS = 8


class _EnvelopeErrorTask(ErrorTask):
    """Answers what never reaches the application: too large bodies, malformed requests."""

    def execute(self) -> None:
        request: Any = self.request  # the stub takes it for the error that it holds
        error = request.error
        code = CODE_BY_STATUS.get(error.code, "bad_request")
        message = f"{error.reason}: {error.body}"
        body = json.dumps(envelope([Fault(path="", code=code, message=message)])).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):
    error_task_class = _EnvelopeErrorTask


def run(app: Flask, settings: Settings, sockets: Sequence[socket.socket] = ()) -> None:
    """Serve until `KeyboardInterrupt` or `SystemExit` ends it.

    Args:
        app: the application.
        settings: where to listen, and how much to read.
        sockets: bound sockets to listen on instead of ``host`` and ``port``.
    """
    where: dict[str, Any] = (
        {"sockets": list(sockets)} if sockets else {"host": settings.host, "port": settings.port}
    )
    parts: dict[int, Any] = {}
    server = create_server(
        app,
        map=parts,
        threads=_THREADS,
        ident="videngine",
        # Read no more than the application would take; one byte above, and it says so itself.
        max_request_body_size=settings.max_body_bytes + 1,
        clear_untrusted_proxy_headers=True,
        **where,
    )
    for part in parts.values():
        if isinstance(part, BaseWSGIServer):
            part.channel_class = _Channel
    server.run()

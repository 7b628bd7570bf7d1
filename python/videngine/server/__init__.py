"""The HTTP API: a Flask application that accepts, shows and steers jobs, without the engine."""

from __future__ import annotations

from videngine.server.app import create_app, serve

__all__ = ["create_app", "serve"]

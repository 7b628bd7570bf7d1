"""Fixtures of the whole service."""

from __future__ import annotations

from service import api, settings, worker, workers

__all__ = ["api", "settings", "worker", "workers"]

"""Fixtures of the whole service."""

from __future__ import annotations

from service import api, lease_s, settings, worker, workers

__all__ = ["api", "lease_s", "settings", "worker", "workers"]

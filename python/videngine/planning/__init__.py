"""`JobSpec` + `MediaInfo` → `JobPlan`: what the engine encodes, and what each output shows of it.

Pure: no file is opened, no process asked. Read ``job.py`` first.
"""

from __future__ import annotations

from videngine.planning.job import JobPlan, plan_job

__all__ = ["JobPlan", "plan_job"]

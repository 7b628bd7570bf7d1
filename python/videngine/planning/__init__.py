"""`JobSpec` + `MediaInfo` → `JobPlan`: what the engine encodes, and what each output shows of it.

Pure: no file is opened, no process asked. Read ``job.py`` first.
"""

from __future__ import annotations

from videngine.planning.job import JobPlan, plan_job, with_gains
from videngine.planning.reel import Reel, splice

__all__ = ["JobPlan", "Reel", "plan_job", "splice", "with_gains"]

"""What a job tells of itself: `Progress` while it runs, a `Report` when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from videngine.errors import Fault
from videngine.outputs import OutputReport


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is; ``fraction`` is of the whole job, 0 to 1, and never goes back.

    ``phase`` is downloading, probing, encoding, packaging or uploading; ``outputs`` holds (index,
    status, fraction).
    """

    phase: str
    fraction: float
    outputs: tuple[tuple[int, str, float], ...] = ()


@dataclass(kw_only=True)
class Report:
    """The end of a job: what was made of what, and what it took.

    ``partial`` says that outputs which may fail did. ``duration`` is the source's in seconds,
    ``size`` all outputs' and ``raw_size`` the source's bytes; ``timings`` holds seconds by stage;
    ``stats`` counts decodes and encodes; ``payload`` is the caller's.
    """

    status: str  # completed, failed
    partial: bool = False
    outputs: list[OutputReport] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    error: dict[str, str] | None = None
    source_info: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    duration: float = 0.0
    size: int = 0
    raw_size: int = 0
    stats: dict[str, int] = field(default_factory=dict)
    payload: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            **vars(self),
            "outputs": [output.to_json() for output in self.outputs],
            "warnings": [warning.to_json() for warning in self.warnings],
        }

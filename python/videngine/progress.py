"""Progress of a local run: a bar on a terminal, JSON lines everywhere else."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Self, TextIO

from videngine.report import Progress

_BAR_WIDTH = 30
_LINE_EVERY_S = 1.0


class ProgressPrinter:
    """Redraws one line on a terminal, else writes a JSON object a second and one per phase."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._terminal = to.isatty()
        self._phase = ""
        self._written_at = 0.0

    def __enter__(self) -> Self:
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the cursor on a line of its own."""
        if self._terminal and self._phase:
            print(file=self._to)

    def show(self, progress: Progress) -> None:
        """Write one step, unless the last was written a moment ago."""
        now = time.monotonic()
        same = progress.phase == self._phase and progress.fraction < 1
        if same and now - self._written_at < (0.1 if self._terminal else _LINE_EVERY_S):
            return
        self._phase, self._written_at = progress.phase, now
        if self._terminal:
            full = round(progress.fraction * _BAR_WIDTH)
            bar = "█" * full + "░" * (_BAR_WIDTH - full)
            print(f"\r{bar} {progress.fraction:6.1%}  {progress.phase:<12}", end="", file=self._to)
        else:
            line = {
                "event": "progress",
                "phase": progress.phase,
                "progress": round(progress.fraction * 100, 1),
            }
            print(json.dumps(line), file=self._to)
        self._to.flush()

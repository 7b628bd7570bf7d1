"""Turns what the stages of a job tell into one number that only goes up."""

from __future__ import annotations

from typing import Protocol

from videngine.report import Progress

# Where each phase begins and ends within the whole job: encoding is what takes time.
_SPANS = {
    "downloading": (0.0, 0.05),
    "probing": (0.05, 0.05),
    "analyzing": (0.05, 0.10),
    "encoding": (0.10, 0.90),
    "packaging": (0.90, 0.90),
    "uploading": (0.90, 1.0),
}


class Listener(Protocol):
    """Who is told."""

    def report(self, progress: Progress) -> None:
        """Take note."""
        ...


class Tracker:
    """Progress of one run of a job. Not thread-safe: the flow's thread alone calls it."""

    def __init__(self, listener: Listener, *, outputs: int) -> None:
        self._listener = listener
        self._phase = "downloading"
        self._fraction = 0.0
        self._outputs = [("queued", 0.0)] * outputs

    def stage(self, phase: str, done: float) -> None:
        """``phase`` is ``done`` (0 to 1)."""
        begin, end = _SPANS[phase]
        if phase == "encoding":
            share = min(max(done, 0.0), 1.0) * 0.9
            self._outputs = [
                ("processing", share) if status in ("queued", "processing") else (status, fraction)
                for status, fraction in self._outputs
            ]
        self._tell(phase, begin + (end - begin) * min(max(done, 0.0), 1.0))

    def upload(self, index: int, done: float) -> None:
        """Output ``index`` has brought ``done`` (0 to 1) of its bytes to the destination."""
        self._outputs[index] = ("processing", 0.9 + 0.1 * done)
        self._tell("uploading", self._uploaded())

    def output_done(self, index: int, status: str) -> None:
        """Output ``index`` has come to its end."""
        self._outputs[index] = (status, 1.0 if status == "completed" else self._outputs[index][1])
        self._tell("uploading", self._uploaded())

    def _uploaded(self) -> float:
        begin, end = _SPANS["uploading"]
        shares = [
            1.0 if status in ("completed", "failed") else max(0.0, (fraction - 0.9) * 10)
            for status, fraction in self._outputs
        ]
        return begin + (end - begin) * sum(shares) / len(shares)

    def _tell(self, phase: str, fraction: float) -> None:
        self._fraction = max(self._fraction, fraction)
        outputs = tuple((i, status, done) for i, (status, done) in enumerate(self._outputs))
        self._listener.report(Progress(phase=phase, fraction=self._fraction, outputs=outputs))

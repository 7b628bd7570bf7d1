"""A flow that stands in for transcoding: its jobs take time, fail and die as a test needs.

The video id says what to do, as words: ``steps=3 sleep=0.2 fail=upload_failed*2``.

steps=N        take N steps (default 2); each is noted in the job's journal when it is done
sleep=S        every step takes S seconds, looking for a wish to stop all the while
fail=CODE*N    in the last step, fail in the first N attempts with this retryable error
refuse=CODE    in the last step, fail with this error, which no retry helps
die=I*N        in step I, kill the own process in the first N attempts
wait=I         in step I of the first attempt, wait for the wish to stop
linger=S       take S seconds after the last step
soft=1         the report is partial: one output has failed

At the end the output is published by create-if-absent: a second one is noted as ``double``.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videngine.errors import Cancelled, Fault, InputError, OutputError
from videngine.settings import Settings


@dataclass
class Progress:
    """What the flow reports."""

    phase: str
    fraction: float
    outputs: list[tuple[int, str, float]]


@dataclass
class Report:
    """What the flow returns."""

    partial: bool = False
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "status": "completed",
            "partial": self.partial,
            "outputs": self.outputs,
            "warnings": [],
            "error": None,
            "source_info": {"format": "mov"},
            "timings": {"encode": 1.5},
            "duration": 20.02,
            "size": 1000,
            "raw_size": 5000,
            "stats": {},
        }


def journal_of(settings: Settings, job_id: str) -> list[str]:
    """What was really done for a job, in order."""
    path = _folder(settings) / f"{job_id}.journal"
    return path.read_text().split("\n")[:-1] if path.exists() else []


def output_of(settings: Settings, job_id: str) -> Path:
    """The output of a job."""
    return _folder(settings) / f"{job_id}.output"


def run_job(spec: Any, run: Any) -> Report:
    """Do what the video id says."""
    words = dict(word.split("=") for word in spec.video_id.split() if "=" in word)
    count = int(words.get("steps", 2))
    _note(run, "attempt")
    for i in range(count):
        run.step(f"step{i}", lambda i=i: _step(run, words, i, last=i == count - 1))
    time.sleep(float(words.get("linger", 0)))
    _publish(run)
    outputs = [
        {
            "index": i,
            "output": output.output,
            "status": "failed" if "soft" in words and i == 0 else "completed",
            "progress": 100.0,
            "urls": [],
            "files": [],
            "duration": 20.02,
            "size": 1000,
            "renditions": [],
            "detected_language": "",
            "error": None,
            "warnings": [],
        }
        for i, output in enumerate(spec.format)
    ]
    return Report(partial="soft" in words, outputs=outputs)


def _step(run: Any, words: dict[str, str], i: int, *, last: bool) -> Any:
    (run.scratch / f"step{i}").write_text("begun")
    attempts = journal_of(run.settings, run.job_id).count("attempt")
    run.report(
        Progress("encoding", (i + 0.5) / (int(words.get("steps", 2)) + 1), [(0, "processing", 0.5)])
    )
    if words.get("wait") == str(i) and attempts == 1:
        _sleep(run, 3600)
    place, _, times = words.get("die", "-").partition("*")
    if place == str(i) and attempts <= int(times):
        os.kill(os.getpid(), signal.SIGKILL)
    _sleep(run, float(words.get("sleep", 0)))
    if last and "refuse" in words:
        raise InputError(words["refuse"], "It is no use.")
    code, _, times = words.get("fail", "-").partition("*")
    if last and code != "-" and attempts <= int(times):
        run.warn(Fault(path="format[0]", code="tried", message="That did not work."))
        raise OutputError(code, "The destination went away.", retryable=True)
    _note(run, f"step{i}")
    return {"step": i}


def _sleep(run: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if run.cancelled():
            _note(run, "stopped")
            raise Cancelled()
        time.sleep(0.01)


def _publish(run: Any) -> None:
    target = output_of(run.settings, run.job_id)
    temporary = target.with_suffix(f".{os.getpid()}")
    temporary.write_text(f"output of {run.job_id}\n")
    try:
        os.link(temporary, target)
    except FileExistsError:
        _note(run, "double")
    temporary.unlink()


def _note(run: Any, line: str) -> None:
    folder = _folder(run.settings)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{run.job_id}.journal").open("a") as journal:
        journal.write(line + "\n")


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "journal"

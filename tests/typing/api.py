"""What the public names promise to a type checker; checked by mypy, never run."""

from __future__ import annotations

from fractions import Fraction
from typing import assert_type

import videngine


def run_a_job(job: dict[str, object]) -> None:
    report = videngine.transcode(job, cancelled=lambda: False, on_progress=print)
    assert_type(report, videngine.Report)
    assert_type(report.outputs[0].urls, list[str])


def read_facts() -> None:
    media = videngine.probe("clip.mp4")
    assert_type(media, videngine.MediaInfo)
    assert_type(media.duration_s, Fraction)


def catch() -> None:
    try:
        videngine.transcode("{}")
    except videngine.SpecError as error:
        assert_type(error.faults, list[videngine.Fault])

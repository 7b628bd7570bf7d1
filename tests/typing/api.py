"""What the public names promise to a type checker; checked by mypy, never run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import videngine


def run_a_job(job: dict[str, object]) -> None:
    report = videngine.transcode(job, cancelled=lambda: False, on_progress=print)
    assert_type(report, videngine.Report)
    assert_type(report.outputs[0].urls, list[str])


def read_facts() -> None:
    media = videngine.probe("clip.mp4")
    assert_type(media, videngine.MediaInfo)
    assert_type(media.duration_s, Fraction)


def read_frames() -> None:
    with videngine.open("clip.mp4", stream="v:0", threads=2, damaged="skip") as src:
        assert_type(src[0], videngine.Frame)
        assert_type(src[0:5], list[videngine.Frame])
        assert_type(src.frames([5, 900, 5]), list[videngine.Frame])
        assert_type(next(src.batches(32)), list[videngine.Frame])
        assert_type(src.audio(1, 2.5, rate=48_000, channels=None), NDArray[np.float32])
        for frame in src:
            assert_type(frame.planes, tuple[NDArray[Any], ...])
            assert_type(frame.pts, int)


def write_frames() -> None:
    frame = videngine.open("clip.mp4")[0]
    with videngine.Encoder("copy.mp4", fps=25, codec="hevc", keyframe="2s") as enc:
        enc.write(frame, pts=5)
        enc.write(frame.planes, key=True)
        enc.write(frame.to_rgb())
        assert_type(enc.in_place, int)


def tap_a_job(job: dict[str, object]) -> None:
    with videngine.tap(job, every=10, at="720p", full="drop") as frames:
        for frame in frames:
            assert_type(frame, videngine.Frame)
    assert_type(frames.report, videngine.Report)


def catch() -> None:
    try:
        videngine.transcode("{}")
    except videngine.SpecError as error:
        assert_type(error.faults, list[videngine.Fault])

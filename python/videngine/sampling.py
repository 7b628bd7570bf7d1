"""The trials of a title: short windows of it are encoded at a few CRFs and compared with it.

What they come to is all that `planning.per_title` chooses CRFs and rungs from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import gcd
from pathlib import Path
from statistics import mean
from typing import Any

from videngine import engine
from videngine.children import Stop
from videngine.errors import VidengineError
from videngine.packaging.boxes import sample_sizes
from videngine.planning.curves import Curve, Point
from videngine.planning.trials import TrialRun
from videngine.quality.vmaf import compare

_EVERY = 5  # of so many frames one is judged; see `judged_one_of`
_GOP_S = 3  # as long as titles' usually are
_DEARER = 1.2  # windows lack the bits that look-ahead spends on what is seen for long; measured
_ENCODING = 0.5  # of the time of a run


@dataclass(kw_only=True)
class _Tally:
    """What one trial at one CRF came to so far, over the windows."""

    frame_rate: float
    scores: list[tuple[float, int]] = field(default_factory=list)  # VMAF, and of how many frames
    key_bytes: list[int] = field(default_factory=list)
    other_bytes: list[int] = field(default_factory=list)

    def point(self, crf: float) -> Point:
        """As the title would have it, which has fewer key frames than windows have."""
        key = mean(self.key_bytes)
        other = mean(self.other_bytes) if self.other_bytes else key
        gop = max(1.0, self.frame_rate * _GOP_S)
        return Point(
            crf=crf,
            bps=_DEARER * 8 * self.frame_rate * (key + (gop - 1) * other) / gop,
            vmaf=sum(vmaf * n for vmaf, n in self.scores) / sum(n for _, n in self.scores),
        )


def sample(
    runs: Sequence[TrialRun],
    *,
    program: str,
    progress: Callable[[float], None],
    stop: Stop,
    timeout_s: float,
) -> dict[int, Curve]:
    """Make all runs; the curves of their trials, by number.

    Args:
        runs: what to try; the folders of their files are there.
        program: an FFmpeg with libvmaf.
        progress: told the part that is done, 0 to 1.
        stop: asked whether to.
        timeout_s: of each encode and of each comparison.

    Raises:
        VidengineError: a trial cannot be encoded or compared. Cancelled: ``stop`` said so.
    """
    tallies: dict[tuple[int, float], _Tally] = {}
    for done, run in enumerate(runs):
        progress(done / len(runs))
        _encode(run, stop=stop, timeout_s=timeout_s)
        files = {video.id: Path(video.path) for video in run.plan.video}
        for part, (reference, size) in enumerate(run.sizes.items()):
            of_encoding = _ENCODING + (1 - _ENCODING) * part / len(run.sizes)
            progress((done + of_encoding) / len(runs))
            encodes = [one for one in run.encodes if one.reference == reference]
            scores = compare(
                files[reference],
                [files[one.video] for one in encodes],
                size=size,
                n_subsample=judged_one_of(run.window_frames, len(run.plan.clips)),
                program=program,
                stop=stop,
                timeout_s=timeout_s,
            )
            for one, vmaf in zip(encodes, scores, strict=True):
                tally = tallies.setdefault(
                    (one.trial, one.crf), _Tally(frame_rate=float(run.frame_rate))
                )
                windows = sample_sizes(files[one.video].read_bytes())
                tally.scores.append((vmaf, sum(map(len, windows))))
                for first, *others in windows:
                    tally.key_bytes.append(first)
                    tally.other_bytes += others
        for path in files.values():
            path.unlink()
    curves: dict[int, list[Point]] = {}
    for (number, crf), tally in sorted(tallies.items()):
        curves.setdefault(number, []).append(tally.point(crf))
    return {number: Curve(tuple(points)) for number, points in curves.items()}


def judged_one_of(window_frames: int, windows: int) -> int:
    """Of how many frames one is judged.

    No part of a window is judged more often than another: a step that has a factor in common with
    windows would find the same places in all of them. (4 of 12 made a third of what was judged key
    frames, and scores up to 3 too high or too low.)
    """
    step = next(n for n in count(_EVERY) if gcd(n, window_frames) == 1)
    return step if windows * window_frames > 2 * step else 1


def _encode(run: TrialRun, *, stop: Stop, timeout_s: float) -> None:
    def on_event(event: dict[str, Any]) -> None:
        if event["event"] == "rendition_failed":
            raise VidengineError.from_json(event["error"])

    engine.transcode(run.plan, on_event=on_event, stop=stop, timeout_s=timeout_s)

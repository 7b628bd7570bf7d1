"""Small ladders as `planning` would plan them: what packaging is fed in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from videngine.outputs import OutputPlan, RungPlan, TrackPlan
from videngine.plan import (
    AudioRenditionPlan,
    PicturePlan,
    Plan,
    RenditionResult,
    VideoRenditionPlan,
)


@dataclass(frozen=True, kw_only=True)
class Rung:
    width_px: int
    height_px: int
    bitrate_bps: int
    frame_rate: Fraction


@dataclass(frozen=True)
class Ladder:
    """A plan, what came of it, and the outputs that can be made from it."""

    plan: Plan
    results: dict[str, RenditionResult]
    rungs: tuple[RungPlan, ...]
    tracks: tuple[TrackPlan, ...]
    segment_s: Fraction

    def output(self, kind: str, name: str, **changes: object) -> OutputPlan:
        values = {
            "index": 0,
            "output": kind,
            "root": "",
            "name": name,
            "rungs": self.rungs,
            "tracks": self.tracks,
            "segment_s": self.segment_s,
        }
        values |= changes
        sounds = 0 if values["tracks"] else None  # all of them are one group
        values["rungs"] = tuple(replace(rung, sounds=sounds) for rung in values["rungs"])  # type: ignore[attr-defined]
        return OutputPlan(**values)  # type: ignore[arg-type]  # a test's shorthand


def plan_ladder(
    source: Path,
    folder: Path,
    *,
    rungs: Sequence[Rung],
    languages: Sequence[str],
    duration_s: Fraction,
    segment_s: Fraction,
    gop_frames: int,
) -> Plan:
    """A plan for one ladder; the audio streams of the source stand behind its picture."""
    grid_rate = min(rung.frame_rate for rung in rungs)
    pictures = [
        PicturePlan(
            id=f"picture_{n}",
            parent=None,
            width_px=rung.width_px,
            height_px=rung.height_px,
            frame_rate=rung.frame_rate,
            duration_s=duration_s,
        )
        for n, rung in enumerate(rungs)
    ]
    video = [
        VideoRenditionPlan(
            id=f"video_{n}",
            picture=f"picture_{n}",
            codec="libx264",
            preset="veryfast",
            crf=None,
            bitrate_bps=rung.bitrate_bps,
            max_bitrate_bps=rung.bitrate_bps * 3 // 2,
            buffer_size_bits=rung.bitrate_bps * 2,
            gop_frames=gop_frames,
            segment_s=segment_s,
            grid_rate=grid_rate,
            threads=1,
            path=str(folder / f"v{n}.mp4"),
        )
        for n, rung in enumerate(rungs)
    ]
    audio = [
        AudioRenditionPlan(
            id=f"audio_{n}",
            stream=n + 1,
            codec="aac",
            bitrate_bps=96_000,
            sample_rate_hz=48_000,
            layout="stereo",
            segment_s=segment_s,
            language=language,
            path=str(folder / f"a{n}.mp4"),
            duration_s=duration_s,
        )
        for n, language in enumerate(languages)
    ]
    return Plan(
        source_path=str(source),
        video_stream=0,
        rotation_deg=0,
        decoder_threads=1,
        pictures=tuple(pictures),
        video=tuple(video),
        audio=tuple(audio),
    )


def ladder_of(plan: Plan, results: Sequence[RenditionResult]) -> Ladder:
    """The outputs' view of a plan that was carried out; the first sound is the default."""
    sizes = {picture.id: picture for picture in plan.pictures}
    return Ladder(
        plan=plan,
        results={result.id: result for result in results},
        rungs=tuple(
            RungPlan(
                video=video.id,
                width_px=sizes[video.picture].width_px,
                height_px=sizes[video.picture].height_px,
                frame_rate=sizes[video.picture].frame_rate,
            )
            for video in plan.video
        ),
        tracks=tuple(
            TrackPlan(audio=audio.id, language=audio.language, name=f"Sound {n}", default=n == 1)
            for n, audio in enumerate(plan.audio, 1)
        ),
        segment_s=plan.video[0].segment_s,
    )

"""Plans of jobs for sources that are only described."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from videngine.media import MediaInfo, Stream
from videngine.plan import Plan
from videngine.planning import plan_job
from videngine.spec import parse_job


def plan_of_film(
    *outputs: dict[str, Any], preset: str = "medium", size: tuple[int, int] = (1920, 1080)
) -> Plan:
    """What the engine is told of outputs of a silent minute at 25 pictures a second."""
    video = Stream(
        index=0,
        type="video",
        codec="h264",
        width_px=size[0],
        height_px=size[1],
        duration_s=Fraction(60),
        frame_rate=Fraction(25),
    )
    media = MediaInfo(
        format="mp4",
        size_bytes=1,
        duration_s=Fraction(60),
        bit_rate_bps=1,
        start_s=Fraction(0),
        streams=(video,),
    )
    return plan_job(
        parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec,
        media,
        source_path="/source",
        work_dir="/scratch",
        default_preset=preset,
        cores=2,
    ).engine

"""Ladders for packaging, made once a session from a source that is generated here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from tests.packaging.ladders import Ladder, Rung, ladder_of, plan_ladder

from videngine import engine

NTSC = Fraction(30000, 1001)
MakeLadder = Callable[..., Ladder]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of a moving picture with three sounds."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    sounds = [f"sine=frequency={hz}:sample_rate=48000:duration=12" for hz in (440, 660, 880)]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin"]
        + ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=60:duration=12"]
        + [word for sound in sounds for word in ("-f", "lavfi", "-i", sound)]
        + [word for n in range(4) for word in ("-map", f"{n}:0")]
        + ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path],
        check=True,
    )
    return path


@pytest.fixture(scope="session")
def make_ladder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeLadder:
    """Encodes a ladder of the source."""

    def make(
        *rungs: Rung,
        languages: tuple[str, ...] = (),
        duration_s: Fraction = Fraction(10),
        segment_s: Fraction = Fraction(4),
        gop_frames: int = 240,
    ) -> Ladder:
        plan = plan_ladder(
            source,
            tmp_path_factory.mktemp("tracks"),
            rungs=rungs,
            languages=languages,
            duration_s=duration_s,
            segment_s=segment_s,
            gop_frames=gop_frames,
        )
        results = engine.transcode(plan, on_event=lambda _: None, stop=lambda: False)
        return ladder_of(plan, results)

    return make


@pytest.fixture(scope="session")
def ladder(make_ladder: MakeLadder) -> Ladder:
    """Three rungs at 30000/1001, the dearest in the middle, and sounds in two languages."""
    return make_ladder(
        Rung(width_px=320, height_px=180, bitrate_bps=200_000, frame_rate=NTSC),
        Rung(width_px=640, height_px=360, bitrate_bps=900_000, frame_rate=NTSC),
        Rung(width_px=480, height_px=270, bitrate_bps=400_000, frame_rate=NTSC),
        languages=("en", "fra"),
    )


@pytest.fixture(scope="session")
def silent_ladder(make_ladder: MakeLadder) -> Ladder:
    """One rung without sound that is shorter than its segment."""
    return make_ladder(
        Rung(width_px=320, height_px=180, bitrate_bps=200_000, frame_rate=Fraction(25)),
        duration_s=Fraction(5, 2),
        segment_s=Fraction(6),
    )


@pytest.fixture(scope="session")
def odd_ladder(make_ladder: MakeLadder) -> Ladder:
    """12 and 24 frames a second, and GOPs that do not divide segments."""
    return make_ladder(
        Rung(width_px=160, height_px=90, bitrate_bps=100_000, frame_rate=Fraction(12)),
        Rung(width_px=320, height_px=180, bitrate_bps=300_000, frame_rate=Fraction(24)),
        languages=("",),
        duration_s=Fraction(76, 12),
        segment_s=Fraction(21, 10),
        gop_frames=11,
    )


@pytest.fixture(scope="session")
def fast_ladder(make_ladder: MakeLadder) -> Ladder:
    """60 frames a second, two GOPs a segment."""
    return make_ladder(
        Rung(width_px=160, height_px=90, bitrate_bps=150_000, frame_rate=Fraction(60)),
        Rung(width_px=320, height_px=180, bitrate_bps=300_000, frame_rate=Fraction(60)),
        languages=("de",),
        duration_s=Fraction(5),
        segment_s=Fraction(2),
        gop_frames=60,
    )


@pytest.fixture(scope="session")
def tall_ladder(make_ladder: MakeLadder) -> Ladder:
    """Twenty rungs."""
    return make_ladder(
        *(
            Rung(
                width_px=32 * n,
                height_px=18 * n,
                bitrate_bps=20_000 * n,
                frame_rate=Fraction(25),
            )
            for n in range(20, 0, -1)
        ),
        languages=("en",),
        duration_s=Fraction(3),
        segment_s=Fraction(2),
    )

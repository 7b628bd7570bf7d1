"""Outputs that the browser plays, packaged once a session from what the engine encodes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.packaging.ladders import Rung, ladder_of, plan_ladder

from videngine import engine
from videngine.packaging import package

FILM = Path(__file__).parents[1] / "data/media/bbb_720p24_20s.mp4"
RATE = Fraction(24)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``hls`` (CMAF), ``ts`` and ``dash`` with six seconds of the film in two rungs."""
    root = tmp_path_factory.mktemp("browser")
    plan = plan_ladder(
        FILM,
        root,
        rungs=(
            Rung(width_px=320, height_px=180, bitrate_bps=200_000, frame_rate=RATE),
            Rung(width_px=640, height_px=360, bitrate_bps=700_000, frame_rate=RATE),
        ),
        languages=("en",),
        duration_s=Fraction(6),
        segment_s=Fraction(2),
        gop_frames=48,
    )
    results = engine.transcode(plan, on_event=lambda _: None, stop=lambda: False)
    ladder = ladder_of(plan, results)
    for folder, kind, name, separate_audio in (
        ("hls", "advanced_hls", "playlist.m3u8", True),
        ("ts", "advanced_hls", "playlist.m3u8", False),
        ("dash", "advanced_dash", "playlist.mpd", True),
    ):
        output = ladder.output(kind, name, separate_audio=separate_audio)
        package(output, plan, ladder.results, root / folder, stop=lambda: False)
    return root

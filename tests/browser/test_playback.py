"""Packaged outputs in a real Chromium, by hls.js and Shaka Player; and that a damaged one fails."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Literal

import pytest
from tests.browser.playback import play

pytestmark = pytest.mark.browser

Player = Literal["hls", "shaka"]
HLS, DASH = "playlist.m3u8", "playlist.mpd"
RUNGS = [(320, 180), (640, 360)]
GOOD = [
    ("hls", HLS, "hls"),
    ("hls", HLS, "shaka"),
    ("ts", HLS, "hls"),
    ("ts", HLS, "shaka"),
    ("dash", DASH, "shaka"),
]
CMAF = [GOOD[0], GOOD[1], GOOD[4]]


@pytest.mark.parametrize(("folder", "manifest", "player"), GOOD)
def test_lowest_and_highest_rung_play_with_sound(
    outputs: Path, folder: str, manifest: str, player: Player
) -> None:
    verdict = play(outputs / folder, manifest, player=player)
    assert verdict.errors == []
    assert verdict.rungs == RUNGS
    assert verdict.sizes == set(RUNGS)
    assert verdict.audio_bytes > 4 * 96_000 / 8 / 2  # four seconds at half of 96 kb/s


@pytest.mark.parametrize(("folder", "manifest", "player"), CMAF)
def test_the_picture_goes_on_when_the_rung_changes_and_to_the_end(
    outputs: Path, folder: str, manifest: str, player: Player
) -> None:
    verdict = play(outputs / folder, manifest, player=player, seconds=60, rendition="switch")
    assert verdict.errors == []
    assert verdict.sizes == set(RUNGS)
    (seen,) = verdict.plays
    assert seen["ended"]
    assert seen["time"] == pytest.approx(6, abs=0.05)


@pytest.fixture
def damaged(outputs: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of an output to put a fault into."""
    folder = tmp_path / request.param
    shutil.copytree(outputs / request.param, folder)
    return folder


@pytest.mark.parametrize(("damaged", "manifest", "player"), CMAF, indirect=["damaged"])
def test_garbage_in_a_segment_fails(damaged: Path, manifest: str, player: Player) -> None:
    segment = damaged / "video_1/segment_1.m4s"
    segment.write_bytes(b"\x17garbage" * (segment.stat().st_size // 8))
    assert play(damaged, manifest, player=player, rendition="min").errors


@pytest.mark.parametrize(("damaged", "manifest", "player"), CMAF, indirect=["damaged"])
def test_a_missing_segment_fails(damaged: Path, manifest: str, player: Player) -> None:
    (damaged / "audio_1/segment_1.m4s").unlink()
    errors = play(damaged, manifest, player=player, rendition="min").errors
    assert "min: http 404 audio_1/segment_1.m4s" in errors


@pytest.mark.parametrize(("damaged", "manifest", "player"), CMAF, indirect=["damaged"])
def test_codecs_that_are_not_what_the_segments_hold_fail(
    damaged: Path, manifest: str, player: Player
) -> None:
    path = damaged / manifest
    path.write_text(re.sub(r"avc1\.\w{6}", "hvc1.1.6.L93.B0", path.read_text()))
    assert play(damaged, manifest, player=player, rendition="min").errors


@pytest.mark.parametrize("damaged", ["dash"], indirect=True)
def test_an_output_without_sound_is_noticed(damaged: Path) -> None:
    path = damaged / DASH
    silent = re.sub(r"(?s)<AdaptationSet[^>]*\"audio\".*?</AdaptationSet>", "", path.read_text())
    path.write_text(silent)
    assert play(damaged, DASH, player="shaka", seconds=1, rendition="min").errors == [
        "min: no sound was decoded"
    ]

"""Every kind of packaging plays in a real browser, and a protected one with the right key only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import pytest
from tests.browser.conftest import DASH, HLS, KEY, KEY_FILE, KEY_ID
from tests.browser.playback import Verdict, play

pytestmark = pytest.mark.browser

Player = Literal["hls", "shaka"]
RUNGS = {(320, 180), (640, 360)}
RIGHT, WRONG = f"{KEY_ID}:{KEY}", f"{KEY_ID}:{KEY[::-1]}"

CLEAR: list[tuple[str, str, Player]] = [
    ("files", HLS, "hls"),
    ("files", HLS, "shaka"),
    ("ts_apart", HLS, "hls"),
    ("flat", HLS, "hls"),
]
DRM: list[tuple[str, str, Player]] = [
    ("dash_cenc", DASH, "shaka"),
    ("both_cbcs", DASH, "shaka"),
    ("both_cbcs", HLS, "hls"),
    ("hls_cenc", HLS, "shaka"),
    ("files_cbcs", HLS, "hls"),
]


def assert_plays(verdict: Verdict) -> None:
    assert verdict.errors == []
    assert verdict.sizes == RUNGS
    assert verdict.audio_bytes > 2 * 96_000 / 8 / 2  # two seconds at half of 96 kb/s


@pytest.mark.parametrize(("folder", "manifest", "player"), CLEAR)
def test_kinds_of_packaging_play(kinds: Path, folder: str, manifest: str, player: Player) -> None:
    assert_plays(play(kinds / folder, manifest, player=player, seconds=2))


@pytest.mark.parametrize(
    ("folder", "player"), [("aes", "hls"), ("aes", "shaka"), ("aes_ts", "hls")]
)
def test_whole_segments_play_with_the_key_and_not_with_another(
    kinds: Path, tmp_path: Path, folder: str, player: Player
) -> None:
    shutil.copytree(kinds / folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / KEY_FILE).write_bytes(bytes.fromhex(KEY))
    assert_plays(play(tmp_path, HLS, player=player, seconds=2))
    (tmp_path / KEY_FILE).write_bytes(bytes.fromhex(KEY[::-1]))
    assert play(tmp_path, HLS, player=player, rendition="min").errors


@pytest.mark.parametrize(("folder", "manifest", "player"), DRM)
def test_samples_play_with_the_key_and_not_with_another(
    kinds: Path, folder: str, manifest: str, player: Player
) -> None:
    assert_plays(play(kinds / folder, manifest, player=player, seconds=2, key=RIGHT))
    verdict = play(kinds / folder, manifest, player=player, rendition="min", key=WRONG)
    assert verdict.errors


def test_samples_do_not_play_without_a_key(kinds: Path) -> None:
    assert play(kinds / "dash_cenc", DASH, player="shaka", rendition="min").errors

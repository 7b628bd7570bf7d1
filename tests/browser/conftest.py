"""Outputs that the browser plays, packaged once a session from what the engine encodes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.packaging.ladders import Ladder, Rung, ladder_of, plan_ladder

from videngine import engine
from videngine.packaging import package
from videngine.protection import CommonEncryption, SegmentEncryption

FILM = Path(__file__).parents[1] / "data/media/bbb_720p24_20s.mp4"
RATE = Fraction(24)
KEY, KEY_ID = "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff"
KEY_FILE = "key"  # beside the outputs: two folders above media playlists
HLS, DASH = "playlist.m3u8", "playlist.mpd"
AES = SegmentEncryption(key=bytes.fromhex(KEY), iv=None, key_url=f"../{KEY_FILE}")


def common(scheme: Literal["cenc", "cbcs"]) -> CommonEncryption:
    """ClearKey encryption."""
    return CommonEncryption(
        scheme=scheme,
        key=bytes.fromhex(KEY),
        key_id=bytes.fromhex(KEY_ID),
        iv=None,
        pssh=(),
        la_url="",
        fairplay_url="",
    )


ORDINARY: dict[str, dict[str, Any]] = {
    "hls": {"kind": "advanced_hls", "name": HLS},
    "ts": {"kind": "advanced_hls", "name": HLS, "changes": {"separate_audio": False}},
    "dash": {"kind": "advanced_dash", "name": DASH},
}
KINDS: dict[str, dict[str, Any]] = {
    "aes": {"kind": "advanced_hls", "name": HLS, "changes": {"protection": AES}},
    "aes_ts": {
        "kind": "advanced_hls",
        "name": HLS,
        "changes": {"protection": AES, "separate_audio": False},
    },
    "hls_cenc": {"kind": "advanced_hls", "name": HLS, "changes": {"protection": common("cenc")}},
    "dash_cenc": {"kind": "advanced_dash", "name": DASH, "changes": {"protection": common("cenc")}},
    "both_cbcs": {
        "kind": "advanced_dash",
        "name": DASH,
        "changes": {"protection": common("cbcs"), "hls_name": HLS, "i_frames": True},
    },
    "files": {"kind": "advanced_mp4", "name": HLS},
    "files_cbcs": {"kind": "advanced_mp4", "name": HLS, "changes": {"protection": common("cbcs")}},
    "ts_apart": {"kind": "advanced_hls", "name": HLS, "changes": {"fmp4": False}},
    "flat": {"kind": "advanced_hls", "name": HLS, "changes": {"one_folder": True}},
}


@pytest.fixture(scope="session")
def outputs(film_ladder: tuple[Path, Ladder]) -> Path:
    """Folders ``hls`` (CMAF), ``ts`` and ``dash`` with six seconds of the film in two rungs."""
    root = film_ladder[0]
    package_all(film_ladder, ORDINARY)
    return root


@pytest.fixture(scope="session")
def film_ladder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ladder]:
    """Six seconds of the film in two rungs with a sound, and a folder for outputs."""
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
    return root, ladder_of(plan, results)


@pytest.fixture(scope="session")
def kinds(film_ladder: tuple[Path, Ladder]) -> Path:
    """A folder for each kind of packaging and protection."""
    package_all(film_ladder, KINDS)
    (film_ladder[0] / KEY_FILE).write_bytes(bytes.fromhex(KEY))
    return film_ladder[0]


def package_all(ladder: tuple[Path, Ladder], outputs: dict[str, dict[str, Any]]) -> None:
    """Package each output into the folder of its name."""
    root, film = ladder
    for folder, fields in outputs.items():
        output = film.output(fields["kind"], fields["name"], **fields.get("changes", {}))
        package(output, film.plan, film.results, root / folder, stop=lambda: False)

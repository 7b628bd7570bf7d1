"""Subtitles in a real Chromium: on screen with the pictures that they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from tests.browser.playback import play

from videngine.local import transcode
from videngine.settings import Settings

pytestmark = pytest.mark.browser

FILM = Path(__file__).parents[1] / "data/media/bbb_720p24_20s.mp4"
START_S = 1
SRT = """1
00:00:01,500 --> 00:00:02,500
First

2
00:00:02,750 --> 00:00:04,250
Over a boundary

3
00:00:04,500 --> 00:00:05,500
Last
"""
TEXTS = [(0.5, 1.5, "First"), (1.75, 3.25, "Over a boundary"), (3.5, 4.5, "Last")]


@pytest.fixture(scope="module")
def subtitled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``cmaf``, ``ts``, ``ts_apart`` and ``dash``: five seconds from the first one on."""
    root = tmp_path_factory.mktemp("subtitled")
    (root / "a.srt").write_text(SRT)
    common: dict[str, Any] = {
        "stream": [{"height": 180}],
        "segment_duration": 2,
        "start_time": START_S,
        "duration": 5,
        "subtitles": {"sources": [{"source": (root / "a.srt").as_uri(), "language": "eng"}]},
    }
    kinds = {
        "cmaf": {"output": "hls"},
        "ts": {"output": "hls", "separate_audio": 0},
        "ts_apart": {"output": "hls", "fmp4": 0},
        "dash": {"output": "dash"},
    }
    outputs = [
        {**common, **kind, "destination": {"type": "file", "path": f"{root / name}/"}}
        for name, kind in kinds.items()
    ]
    request = {"video_id": "v", "source": FILM.as_uri(), "format": outputs}
    transcode(request, settings=Settings(state_dir=root / "state", default_preset="veryfast"))
    return root


@pytest.mark.parametrize(
    ("folder", "manifest", "player"),
    [
        ("cmaf", "playlist.m3u8", "hls"),
        ("cmaf", "playlist.m3u8", "shaka"),
        ("ts", "playlist.m3u8", "hls"),
        ("ts", "playlist.m3u8", "shaka"),
        ("ts_apart", "playlist.m3u8", "hls"),
        ("dash", "playlist.mpd", "shaka"),
    ],
)
def test_texts_are_shown_in_time(
    subtitled: Path, folder: str, manifest: str, player: Literal["hls", "shaka"]
) -> None:
    verdict = play(
        subtitled / folder, manifest, player=player, seconds=4.6, rendition="min", text="en"
    )
    assert verdict.errors == []
    # Players begin MPEG-TS with its first decoding time: the picture comes two frames later.
    (seen,) = verdict.plays
    begins = max(buffer["start"] for buffer in seen["buffers"] if "video" in buffer["type"])
    assert begins < 0.1
    found = sorted(
        {
            (round(start - begins, 3), round(end - begins, 3), text)
            for start, end, text in verdict.texts
        }
    )
    assert [text for _, _, text in found] == [text for _, _, text in TEXTS]
    for (start, end, _), (begin, until, _) in zip(found, TEXTS, strict=True):
        assert start == pytest.approx(begin, abs=0.05)
        assert end == pytest.approx(until, abs=0.05)

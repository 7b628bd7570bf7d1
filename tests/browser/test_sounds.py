"""Several languages, sound alone, WebM, and DASH in a third player, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.browser.playback import Player, play

from videngine.local import transcode
from videngine.settings import Settings

pytestmark = pytest.mark.browser

MEDIA = Path(__file__).parents[1] / "data/media/multitrack.mkv"
HLS, DASH = "playlist.m3u8", "playlist.mpd"
LANGUAGES = ["en", "fr"]
SRT = "1\n00:00:00,500 --> 00:00:02,000\nBonjour\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``hls``, ``dash``, ``hls_audio`` and ``webm``: four seconds, English and French."""
    root = tmp_path_factory.mktemp("sounds")
    (root / "fr.srt").write_text(SRT)
    tracks = [{"language": "eng", "label": "English"}, {"language": "fra", "label": "Français"}]
    text = {"subtitles": {"sources": [{"source": (root / "fr.srt").as_uri(), "language": "fra"}]}}
    ladder: dict[str, Any] = {
        "stream": [{"height": 90}, {"height": 180}],
        "segment_duration": 2,
        "audio_tracks": tracks,
        **text,
    }
    kinds: dict[str, dict[str, Any]] = {
        "hls": {"output": "hls", **ladder},
        "dash": {"output": "dash", **ladder},
        "hls_audio": {
            "output": "hls_audio",
            "stream": [{"audio_bitrate": 64}, {"audio_bitrate": 128}],
            "audio_tracks": tracks,
            "segment_duration": 2,
        },
        "webm": {"output": "webm", "height": 180, "video_codec": "libvpx-vp9"},
    }
    outputs = [
        {"duration": 4, **kind, "destination": {"type": "file", "path": f"{root / name}/"}}
        for name, kind in kinds.items()
    ]
    request = {"video_id": "v", "source": MEDIA.as_uri(), "format": outputs}
    transcode(request, settings=Settings(state_dir=root / "state", default_preset="ultrafast"))
    return root


def sounds_of(given: set[str]) -> set[str]:
    """The folders of sound that a player took segments from."""
    return {name.split("/")[0] for name in given if re.match(r"audio_\d+/segment", name)}


@pytest.mark.parametrize(
    ("folder", "manifest", "player"),
    [
        ("hls", HLS, "hls"),
        ("hls", HLS, "shaka"),
        ("dash", DASH, "shaka"),
        ("dash", DASH, "dash"),
    ],
)
def test_another_language_is_chosen(made: Path, folder: str, manifest: str, player: Player) -> None:
    first = play(made / folder, manifest, player=player, seconds=1.5, rendition="min", audio="en")
    second = play(made / folder, manifest, player=player, seconds=3.5, rendition="max", audio="fr")
    for verdict in (first, second):
        assert verdict.errors == []
        languages = [sound.split(":")[0] for sound in verdict.plays[0]["sounds"]]
        assert sorted(languages) == LANGUAGES
        assert verdict.audio_bytes > 0
    assert sounds_of(first.given) == {"audio_1"}
    assert sounds_of(second.given) == {"audio_2"}


# hls.js turns the choice of sounds off where no variant has pictures: it plays the default.
@pytest.mark.parametrize(("player", "language"), [("hls", ""), ("shaka", "en"), ("shaka", "fr")])
def test_sound_alone_plays(made: Path, player: Player, language: str) -> None:
    verdict = play(
        made / "hls_audio",
        HLS,
        player=player,
        seconds=3,
        rendition="min",
        pictures=False,
        audio=language,
    )
    assert verdict.errors == []
    assert verdict.sizes == set()
    assert verdict.audio_bytes > 3 * 64_000 / 8 / 2
    assert {s.split(":")[0] for s in verdict.plays[0]["sounds"]} == set(LANGUAGES)
    # Shaka Player may choose the better variant of the language.
    taken = sounds_of(verdict.given)
    assert taken
    assert taken <= ({"audio_2", "audio_4"} if language == "fr" else {"audio_1", "audio_3"})


@pytest.mark.parametrize("player", ["shaka", "dash"])
def test_dash_shows_its_subtitles(made: Path, player: Player) -> None:
    verdict = play(
        made / "dash", DASH, player=player, seconds=3, rendition="min", audio="fr", text="fr"
    )
    assert verdict.errors == []
    ((start, end, text),) = verdict.texts
    assert (start, end) == (pytest.approx(0.5, abs=0.1), pytest.approx(2, abs=0.1))
    assert text == "Bonjour"


def test_webm_plays_without_a_player(made: Path) -> None:
    (file,) = (made / "webm").glob("*.webm")
    verdict = play(made / "webm", file.name, player="native", seconds=60, rendition="auto")
    assert verdict.errors == []
    assert {height for _, height in verdict.sizes} == {180}
    (seen,) = verdict.plays
    assert seen["ended"]
    assert seen["time"] == pytest.approx(4, abs=0.1)
    assert verdict.audio_bytes > 0

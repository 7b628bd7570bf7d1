"""Several languages in several encodings: the groups that playlists and MPD make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser
from tests.engine.plans import transcode
from tests.packaging.inspect_dash import inspect_dash
from tests.packaging.inspect_hls import inspect_hls

MEDIA = Path(__file__).parents[1] / "data/media/multitrack.mkv"
HLS, DASH = "playlist.m3u8", "playlist.mpd"


@pytest.fixture(scope="module")
def ladders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``0`` (HLS) and ``1`` (DASH): two rungs, two encodings of sound, two languages."""
    root = tmp_path_factory.mktemp("groups")
    ladder: dict[str, Any] = {
        "stream": [
            {"height": 90, "audio_bitrate": 64},
            {"height": 180, "audio_bitrate": 128},
        ],
        "audio_tracks": [
            {"language": "fra", "label": "Français", "default": True},
            {"language": "eng", "label": "English"},
        ],
        "segment_duration": 2,
        "duration": 4,
    }
    transcode(MEDIA, root, {"output": "hls", **ladder}, {"output": "dash", **ladder})
    return root


def test_variants_of_hls_name_the_group_of_their_encoding(ladders: Path) -> None:
    assert inspect_hls(ladders / "0", HLS) == []
    playlist = m3u8.load(str(ladders / "0" / HLS))
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for media in playlist.media:
        entry = (media.language, media.name, media.default)
        groups.setdefault(media.group_id, []).append(entry)
    languages = [("fr", "Français", "YES"), ("en", "English", "NO")]
    assert list(groups.values()) == [languages, languages]
    assert len({media.uri for media in playlist.media}) == 4
    low, high = sorted(playlist.playlists, key=lambda v: v.stream_info.resolution)
    assert {low.stream_info.audio, high.stream_info.audio} == set(groups)
    assert sound_bytes(ladders / "0", playlist, low) * 1.5 < sound_bytes(
        ladders / "0", playlist, high
    )


def sound_bytes(folder: Path, playlist: m3u8.M3U8, variant: m3u8.Playlist) -> int:
    """Bytes of all sounds that go with a variant."""
    uris = [m.uri for m in playlist.media if m.group_id == variant.stream_info.audio]
    return sum(f.stat().st_size for uri in uris for f in (folder / uri).parent.glob("*.m4s"))


def test_dash_has_a_set_for_each_language_with_all_encodings(ladders: Path) -> None:
    assert inspect_dash(ladders / "1", DASH) == []
    (period,) = MPEGDASHParser.parse(str(ladders / "1" / DASH)).periods
    sets = [s for s in period.adaptation_sets if s.content_type == "audio"]
    assert {s.lang for s in sets} == {"fr", "en"}
    for one in sets:
        assert len(one.representations) == 2
        low, high = sorted(r.bandwidth for r in one.representations)
        assert low * 1.5 < high
        roles = [role.value for role in one.roles or ()]
        assert roles == (["main"] if one.lang == "fr" else ["alternate"])

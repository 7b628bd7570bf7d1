"""Rows of subtitles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.engine.captions import Caption, write_source
from tests.engine.measure import streams
from tests.fields.rows import Made, Row

from videngine.packaging.playlist import MultivariantPlaylist
from videngine.subtitles import Cue, read_cues

FILM = "bbb_720p24_20s.mp4"
SRT = """1
00:00:00,500 --> 00:00:02,500
Où <i>êtes</i>-vous ?

2
00:00:04,500 --> 00:00:06,500
{\\an8}Over
the boundary

3
00:00:09,000 --> 00:00:30,000
To the end & beyond
"""
SHIFTED = [
    Cue(0, 1500, "Où <i>êtes</i>-vous ?"),
    Cue(3500, 5500, "Over\nthe boundary", "line:0"),
]
TRACKS = [
    {"language": "fre", "default": True},
    {"language": "en-GB", "name": 'Forced "signs"', "forced": 1},
    {"language": "fr"},
]


def with_subtitles(folder: Path, *outputs: dict[str, Any]) -> dict[str, Any]:
    """A job whose outputs show six seconds from the first on, with one file in three tracks."""
    path = folder / "subtitles.txt"
    path.write_bytes(SRT.encode("cp1252"))
    sources = [{"source": path.as_uri(), **track} for track in TRACKS]
    common = {"start_time": 1, "duration": 6, "subtitles": {"sources": sources}}
    return {"source": FILM, "format": [{**common, **output} for output in outputs]}


def ladder(**fields: Any) -> dict[str, Any]:
    """A rung in segments of two seconds."""
    return {"stream": [{"height": 108}], "segment_duration": 2, **fields}


def hls_has_three_tracks(made: Made) -> None:
    playlist = MultivariantPlaylist.parse(made.path(0, "playlist.m3u8").read_text())
    texts = [media for media in playlist.media if media["TYPE"] == "SUBTITLES"]
    assert [(t["LANGUAGE"], t["NAME"], t["DEFAULT"], t["FORCED"]) for t in texts] == [
        ('"fr"', '"fre"', "YES", "NO"),
        ('"en-GB"', "\"Forced 'signs'\"", "NO", "YES"),
        ('"fr"', '"fr"', "NO", "NO"),
    ]
    assert [t["URI"] for t in texts] == [
        f'"subs_{name}/playlist.m3u8"' for name in ("fra", "eng", "fra_2")
    ]
    assert {v.attributes["SUBTITLES"] for v in playlist.variants} == {'"subs"'}
    picture, text = (
        re.findall(r"#EXTINF:([\d.]+),", made.path(0, f"{name}/playlist.m3u8").read_text())
        for name in ("video_1", "subs_fra")
    )
    assert picture == text == ["2.000000"] * 3
    parts = [read_cues(made.path(0, f"subs_fra/segment_{n}.vtt")) for n in (1, 2, 3)]
    assert parts == [SHIFTED[:1], SHIFTED[1:], SHIFTED[1:]]


def dash_has_three_tracks(made: Made) -> None:
    mpd = ElementTree.parse(made.path(0, "playlist.mpd"))
    dash = "{urn:mpeg:dash:schema:mpd:2011}"
    found = []
    for one in mpd.iter(f"{dash}AdaptationSet"):
        if one.get("contentType") == "text":
            roles = [role.get("value") for role in one.iter(f"{dash}Role")]
            found.append((one.get("lang"), one.findtext(f"{dash}Label"), roles))
    assert found == [
        ("fr", "fre", ["subtitle", "main"]),
        ("en-GB", 'Forced "signs"', ["forced-subtitle"]),
        ("fr", "fr", ["subtitle"]),
    ]
    assert read_cues(made.path(0, "subs_eng/subtitles.vtt")) == SHIFTED


def captions_are_carried(made: Made) -> None:
    playlist = MultivariantPlaylist.parse(made.path(0, "playlist.m3u8").read_text())
    (channel,) = [media for media in playlist.media if media["TYPE"] == "CLOSED-CAPTIONS"]
    assert (channel["GROUP-ID"], channel["INSTREAM-ID"]) == ('"cc"', '"CC1"')
    assert [v.attributes["CLOSED-CAPTIONS"] for v in playlist.variants] == ['"cc"', '"cc"']
    assert b"GA94" in made.path(0, "video_1/segment_1.m4s").read_bytes()
    mpd = made.path(1, ".mpd").read_text()
    assert '<Accessibility schemeIdUri="urn:scte:dash:cc:cea-608:2015" value="CC1"/>' in mpd
    assert "CLOSED-CAPTIONS=NONE" in made.path(2, "playlist.m3u8").read_text()
    assert b"GA94" not in made.path(2, "video_1/segment_1.m4s").read_bytes()


def captioned(folder: Path) -> dict[str, Any]:
    """A film with captions in three outputs, two of which carry them."""
    write_source(folder / "film.mp4", [Caption("HELLO", 1, 2)], seconds=3)
    two = {"stream": [{"height": 90}, {"height": 60}]}
    copied = {"subtitles": {"copy": 1}, **two}
    outputs = [{"output": "hls", **copied}, {"output": "dash", **copied}, {"output": "hls", **two}]
    return {"source": {"type": "file", "path": str(folder / "film.mp4")}, "format": outputs}


def own_subtitles_are_tracks(made: Made) -> None:
    found = [s for s in streams(made.path()) if s["codec_type"] == "subtitle"]
    assert [s["codec_name"] for s in found] == ["mov_text"] * 3
    assert [s["tags"]["language"] for s in found] == ["eng", "fra", "eng"]


ROWS = [
    Row(fields=("TextFields.subtitles", "Subtitles.sources", "SubtitleSource.source",
                "SubtitleSource.language", "SubtitleSource.name", "SubtitleSource.default",
                "SubtitleSource.forced"),
        name="subtitles in hls",
        job=lambda folder: with_subtitles(folder, ladder(output="hls")),
        check=hls_has_three_tracks),
    Row(fields=("TextFields.subtitles", "Subtitles.sources"), name="subtitles in dash",
        job=lambda folder: with_subtitles(folder, ladder(output="dash")),
        check=dash_has_three_tracks),
    Row(fields=("Subtitles.copy",), name="captions", job=captioned, check=captions_are_carried),
    Row(fields=("TextFields.subtitles_copy",), name="subtitles_copy",
        job={"source": "multitrack.mkv",
             "format": [{"output": "mp4", "height": 90, "duration": 3, "subtitles_copy": 1}]},
        check=own_subtitles_are_tracks),
]  # fmt: skip

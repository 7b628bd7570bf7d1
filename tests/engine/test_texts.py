"""Subtitles in MP4, and the source's own streams in every kind of output."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.engine.captions import FFMPEG
from tests.engine.measure import streams

from videngine.local import transcode
from videngine.report import Report
from videngine.settings import Settings
from videngine.subtitles import Cue, read_cues

MEDIA = Path(__file__).parents[1] / "data/media"
SRT = """1
00:00:00,500 --> 00:00:02,000
Hello <i>world</i> — café

2
00:00:01,500 --> 00:00:02,500
At the same time {not a tag} C:\\New

3
00:00:04,000 --> 00:00:09,000
Two
lines & <b>more</b>
"""
SHOWN = [
    Cue(500, 1500, "Hello <i>world</i> — café"),
    Cue(1500, 2000, "Hello <i>world</i> — café\nAt the same time {not a tag} C:\u2060\\\u2060New"),
    Cue(2000, 2500, "At the same time {not a tag} C:\u2060\\\u2060New"),
    Cue(4000, 5000, "Two\nlines &amp; <b>more</b>"),
]


def make(source: Path, folder: Path, **fields: Any) -> Report:
    """One output of a source, five seconds long."""
    output = {"output": "mp4", "height": 90, "duration": 5, **fields}
    output["destination"] = {"type": "file", "path": f"{folder / 'out'}/"}
    request = {"video_id": "v", "source": source.as_uri(), "format": [output]}
    settings = Settings(state_dir=folder / "state", default_preset="ultrafast")
    return transcode(request, settings=settings)


def texts(path: Path) -> list[dict[str, Any]]:
    return [s for s in streams(path) if s["codec_type"] == "subtitle"]


def read_track(path: Path, number: int, folder: Path) -> list[Cue]:
    """One subtitle track, as FFmpeg writes it down."""
    target = folder / "track.srt"
    subprocess.run(
        [*FFMPEG, "-i", str(path), "-map", f"0:s:{number}", "-f", "srt", str(target)],
        check=True,
    )
    return read_cues(target) if target.read_bytes().strip() else []


def test_an_mp4_has_tracks_of_timed_text(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(SRT)
    url = (tmp_path / "a.srt").as_uri()
    sources = [
        {"source": url, "language": "fr", "name": "Français", "default": 1},
        {"source": url, "language": "en-GB", "forced": 1},
    ]
    make(MEDIA / "bbb_720p24_20s.mp4", tmp_path, subtitles={"sources": sources})
    path = tmp_path / "out/video_90p.mp4"
    first, second = texts(path)
    assert first["codec_name"] == second["codec_name"] == "mov_text"
    assert (first["tags"]["language"], second["tags"]["language"]) == ("fra", "eng")
    assert first["tags"]["handler_name"] == "Français"
    assert (first["disposition"]["default"], second["disposition"]["default"]) == (1, 0)
    # tx3g's displayFlags: all of the second track's texts are forced.
    flags = [path.read_bytes().split(b"tx3g")[n][8:12].hex() for n in (1, 2)]
    assert flags == ["00000000", "c0000000"]
    assert read_track(path, 0, tmp_path) == SHOWN
    assert read_track(path, 1, tmp_path) == SHOWN


def test_the_sources_own_texts_are_in_an_mp4(tmp_path: Path) -> None:
    report = make(MEDIA / "multitrack.mkv", tmp_path, subtitles_copy=1)
    assert report.stats["decodes"] == 1
    path = tmp_path / "out/video_90p.mp4"
    assert [t["tags"]["language"] for t in texts(path)] == ["eng", "fra", "eng"]
    assert [t["disposition"]["default"] for t in texts(path)] == [1, 0, 0]
    english, french, styled = (read_track(path, number, tmp_path) for number in range(3))
    assert [(c.start_ms, c.end_ms) for c in english] == [(500, 2000), (2500, 5000)]
    assert [(c.start_ms, c.end_ms) for c in french] == [(500, 2000), (2500, 5000)]
    assert english[0].text == "Hello <i>world</i> — café"
    assert english[1].text == "Two\nlines &amp; more"
    assert [c.text for c in styled] == ["<b>Styled ASS line</b>", "<b>Top line</b>"]


def test_the_sources_own_texts_are_segments_in_hls(tmp_path: Path) -> None:
    fields = {"output": "hls", "stream": [{"height": 90}], "height": None, "segment_duration": 2}
    make(MEDIA / "multitrack.mkv", tmp_path, subtitles_copy=1, start_time=1, duration=3, **fields)
    found = [read_cues(tmp_path / f"out/subs_eng/segment_{n}.vtt") for n in (1, 2)]
    assert [[(c.start_ms, c.end_ms) for c in cues] for cues in found] == [
        [(0, 1000), (1500, 3000)],
        [(1500, 3000)],
    ]
    assert found[0][0].text == "Hello <i>world</i> — café"
    playlist = (tmp_path / "out/playlist.m3u8").read_text()
    assert playlist.count("TYPE=SUBTITLES") == 3
    assert playlist.count("FORCED=YES") == 1


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "mov_text"), ("mkv", "webvtt"), ("mkv", "ass"), ("mov", "mov_text")],
)
def test_every_kind_of_text_is_read(tmp_path: Path, container: str, codec: str) -> None:
    (tmp_path / "a.srt").write_text(SRT.replace("00:00:01,500", "00:00:02,000"))
    source = tmp_path / f"source.{container}"
    subprocess.run(
        [
            *(*FFMPEG, "-t", "6", "-i", str(MEDIA / "bbb_720p24_20s.mp4")),
            *("-i", str(tmp_path / "a.srt"), "-map", "0:v", "-map", "1:s", "-c:v", "copy"),
            *("-c:s", codec, str(source)),
        ],
        check=True,
    )
    make(source, tmp_path, output="dash", stream=[{"height": 90}], height=None, subtitles_copy=1)
    (path,) = (tmp_path / "out").rglob("subtitles.vtt")
    found = [(c.start_ms, c.end_ms, c.text.split("\n")[0]) for c in read_cues(path)]
    assert found[0] == (500, 2000, "Hello <i>world</i> — café")
    assert found[-1] == (4000, 5000, "Two")


def test_a_source_without_texts_is_told_of(tmp_path: Path) -> None:
    report = make(MEDIA / "bbb_720p24_20s.mp4", tmp_path, subtitles_copy=1)
    assert [(w.path, w.code) for w in report.warnings] == [
        ("format[0].subtitles_copy", "no_subtitles")
    ]

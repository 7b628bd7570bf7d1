"""Subtitles in HLS and DASH: times, boundaries, and what cannot be."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.packaging.ladders import Ladder

from videngine.errors import InputError
from videngine.outputs import TextPlan
from videngine.packaging import package
from videngine.packaging.playlist import read_media_playlist
from videngine.subtitles import Cue, read_cues, to_webvtt


def text(tmp_path: Path, cues: list[Cue], **changes: object) -> TextPlan:
    path = tmp_path / "source.vtt"
    path.write_text(to_webvtt(cues))
    plan = TextPlan(
        path=str(path),
        language="en",
        name="English",
        default=True,
        forced=False,
        start_s=Fraction(0),
        duration_s=Fraction(10),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # a test's shorthand


def make(
    ladder: Ladder, folder: Path, text: TextPlan, *, kind: str = "advanced_hls", ts: bool = False
) -> Path:
    name = "playlist.mpd" if kind == "advanced_dash" else "playlist.m3u8"
    output = ladder.output(kind, name, texts=(text,), separate_audio=not ts)
    package(output, ladder.plan, ladder.results, folder, stop=lambda: False)
    return folder


def first_pts(path: Path) -> int:
    """Of the first picture of an MPEG-TS file, as ffprobe reads it."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts"]
    done = subprocess.run(
        [*command, "-of", "json", path], check=True, capture_output=True, text=True
    )
    return min(packet["pts"] for packet in json.loads(done.stdout)["packets"])


@pytest.mark.parametrize("ts", [False, True])
def test_segments_lie_on_the_grid_of_the_pictures(ladder: Ladder, tmp_path: Path, ts: bool) -> None:
    cues = [Cue(0, 500, "a"), Cue(3900, 8100, "b"), Cue(9000, 99_000, "c")]
    folder = make(ladder, tmp_path / "out", text(tmp_path, cues), ts=ts)
    picture = read_media_playlist(folder / "video_1/playlist.m3u8")
    texts = read_media_playlist(folder / "subs_eng/playlist.m3u8")
    assert [s.duration_s for s in texts] == [s.duration_s for s in picture]
    shown = [read_cues(folder / f"subs_eng/{segment.uri}") for segment in texts]
    clipped = [cues[0], cues[1], Cue(9000, 10_000, "c")]
    for segment, found in zip(texts, shown, strict=True):
        begin_ms, end_ms = 1000 * segment.start_s, 1000 * (segment.start_s + segment.duration_s)
        assert found == [c for c in clipped if c.start_ms < end_ms and c.end_ms > begin_ms]
    pts = first_pts(folder / "video_1/segment_1.ts") if ts else 0
    assert bool(pts) == ts
    for segment in texts:
        head = (folder / f"subs_eng/{segment.uri}").read_text().split("\n")[:2]
        assert head == ["WEBVTT", f"X-TIMESTAMP-MAP=MPEGTS:{pts},LOCAL:00:00:00.000"]


@pytest.mark.parametrize("kind", ["advanced_hls", "advanced_dash"])
def test_a_part_without_words_has_an_empty_track(ladder: Ladder, tmp_path: Path, kind: str) -> None:
    plan = text(tmp_path, [Cue(0, 900, "before")], start_s=Fraction(1))
    folder = make(ladder, tmp_path / "out", plan, kind=kind)
    files = sorted((folder / "subs_eng").glob("*.vtt"))
    assert files
    assert all(read_cues(path) == [] for path in files)


def test_names_and_languages_cannot_break_an_mpd(ladder: Ladder, tmp_path: Path) -> None:
    name = 'A "<&>" \x01 name'
    plan = text(tmp_path, [Cue(0, 900, "a")], name=name, language='x"/><evil')
    folder = make(ladder, tmp_path / "out", plan, kind="advanced_dash")
    mpd = ElementTree.parse(folder / "playlist.mpd")
    dash = "{urn:mpeg:dash:schema:mpd:2011}"
    (label,) = [
        one.findtext(f"{dash}Label")
        for one in mpd.iter(f"{dash}AdaptationSet")
        if one.get("contentType") == "text"
    ]
    assert label == 'A "<&>"   name'
    assert (folder / "subs_und").is_dir()


def test_texts_that_would_fill_the_disk_are_refused(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videngine.packaging.texts._MAX_BYTES", 10_000)
    plan = text(tmp_path, [Cue(0, 10_000, "x" * 1000)] * 5)
    with pytest.raises(InputError, match="Too many texts") as caught:
        make(ladder, tmp_path / "out", plan)
    assert caught.value.code == "subtitle_invalid"

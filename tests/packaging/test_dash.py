"""DASH outputs, judged by `inspect_dash`, and what that cannot know: names, languages, keys."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from mpegdash.parser import MPEGDASHParser
from tests.packaging.inspect_dash import inspect_dash
from tests.packaging.ladders import Ladder

from videngine.outputs import PackagedFile
from videngine.packaging import package

LADDERS = ["ladder", "silent_ladder", "odd_ladder", "fast_ladder", "tall_ladder"]
NAME = "playlist.mpd"


def package_dash(ladder: Ladder, folder: Path, **changes: object) -> list[PackagedFile]:
    output = ladder.output("advanced_dash", NAME, **changes)
    return package(output, ladder.plan, ladder.results, folder, stop=lambda: False)


@pytest.mark.parametrize("fixture", LADDERS)
def test_the_mpd_tells_the_truth(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    package_dash(request.getfixturevalue(fixture), tmp_path)
    assert inspect_dash(tmp_path, NAME) == []


def test_every_rung_is_in_one_adaptation_set_and_every_sound_in_its_own(
    ladder: Ladder, tmp_path: Path
) -> None:
    package_dash(ladder, tmp_path)
    (period,) = MPEGDASHParser.parse(str(tmp_path / NAME)).periods
    found = {
        (s.content_type, s.lang): [(r.width, r.height) for r in s.representations]
        for s in period.adaptation_sets
    }
    assert found == {
        ("video", None): [(320, 180), (640, 360), (480, 270)],
        ("audio", "en"): [(None, None)],
        ("audio", "fr"): [(None, None)],
    }


def test_two_sounds_of_one_language_stay_apart(ladder: Ladder, tmp_path: Path) -> None:
    main, other = ladder.tracks
    tracks = (
        replace(main, name="Film & <more>; &lol; \ud800"),
        replace(other, language="en", name="Comments, by=x"),
    )
    package_dash(ladder, tmp_path, tracks=tracks, rungs=ladder.rungs[:1])
    assert inspect_dash(tmp_path, NAME) == []
    text = (tmp_path / NAME).read_text()
    assert "<Label>Film &amp; &lt;more&gt;; &amp;lol;</Label>" in text
    assert "<Label>Comments by x</Label>" in text


def test_media_come_before_the_mpd(ladder: Ladder, tmp_path: Path) -> None:
    files = package_dash(ladder, tmp_path, root="dash")
    assert (files[-1].key, files[-1].content_type) == ("dash/playlist.mpd", "application/dash+xml")
    assert [f.key for f in files if f.manifest] == ["dash/playlist.mpd"]
    assert {Path(f.key).suffix for f in files[:-1]} == {".mp4", ".m4s"}
    on_disk = {p for p in tmp_path.rglob("*") if p.is_file()}
    assert on_disk == {Path(f.path) for f in files}


def test_a_sound_in_no_known_language_has_no_lang(ladder: Ladder, tmp_path: Path) -> None:
    unknown = replace(ladder.tracks[0], language="klingon")
    package_dash(ladder, tmp_path, tracks=(unknown, ladder.tracks[1]), rungs=ladder.rungs[:1])
    (period,) = MPEGDASHParser.parse(str(tmp_path / NAME)).periods
    languages = [s.lang for s in period.adaptation_sets if s.content_type == "audio"]
    assert sorted(languages, key=str) == [None, "fr"]


def test_frame_rates_are_in_lowest_terms(
    ladder: Ladder, odd_ladder: Ladder, tmp_path: Path
) -> None:
    package_dash(ladder, tmp_path / "ntsc")
    assert ' frameRate="30000/1001"' in (tmp_path / "ntsc" / NAME).read_text()
    package_dash(odd_ladder, tmp_path / "odd")
    assert {' frameRate="12"', ' frameRate="24"'} == set(
        re.findall(r' frameRate="[^"]*"', (tmp_path / "odd" / NAME).read_text())
    )

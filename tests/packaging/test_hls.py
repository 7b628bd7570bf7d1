"""HLS outputs, judged by `inspect_hls`, and what that cannot know: names, languages, keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from tests.packaging.inspect_hls import inspect_hls
from tests.packaging.ladders import Ladder, Rung

from videngine.outputs import PackagedFile
from videngine.packaging import package

LADDERS = ["ladder", "silent_ladder", "odd_ladder", "fast_ladder", "tall_ladder"]
NAME = "playlist.m3u8"


def package_hls(ladder: Ladder, folder: Path, **changes: object) -> list[PackagedFile]:
    output = ladder.output("advanced_hls", NAME, **changes)
    return package(output, ladder.plan, ladder.results, folder, stop=lambda: False)


@pytest.fixture
def any_ladder(request: pytest.FixtureRequest) -> Ladder:
    ladder: Ladder = request.getfixturevalue(request.param)
    return ladder


@pytest.mark.parametrize("any_ladder", LADDERS, indirect=True)
def test_playlists_of_cmaf_tell_the_truth(any_ladder: Ladder, tmp_path: Path) -> None:
    package_hls(any_ladder, tmp_path)
    assert inspect_hls(tmp_path, NAME) == []


@pytest.mark.parametrize("any_ladder", LADDERS[:4], indirect=True)
def test_playlists_of_mpeg_ts_tell_the_truth(any_ladder: Ladder, tmp_path: Path) -> None:
    package_hls(any_ladder, tmp_path, separate_audio=False)
    assert inspect_hls(tmp_path, NAME) == []


def test_segments_end_where_the_plan_puts_boundaries(odd_ladder: Ladder, tmp_path: Path) -> None:
    package_hls(odd_ladder, tmp_path)
    slow, fast = (
        [s.duration for s in m3u8.load(str(tmp_path / f"video_{n}" / NAME)).segments]
        for n in (1, 2)
    )
    # 2.1 s are 25.2 frames of 12 a second: boundaries are the frames 0, 26, 51, 76 of 76
    assert slow == pytest.approx([26 / 12, 25 / 12, 25 / 12], abs=1e-6)
    assert fast == pytest.approx(slow, abs=1e-6)


def test_every_file_has_its_key_and_content_type(ladder: Ladder, tmp_path: Path) -> None:
    files = package_hls(ladder, tmp_path, rungs=ladder.rungs[:1], tracks=ladder.tracks[:1])
    assert [(f.key, f.content_type, f.manifest) for f in files] == [
        ("audio_1/init.mp4", "audio/mp4", False),
        ("audio_1/segment_1.m4s", "video/iso.segment", False),
        ("audio_1/segment_2.m4s", "video/iso.segment", False),
        ("audio_1/segment_3.m4s", "video/iso.segment", False),
        ("video_1/init.mp4", "video/mp4", False),
        ("video_1/segment_1.m4s", "video/iso.segment", False),
        ("video_1/segment_2.m4s", "video/iso.segment", False),
        ("video_1/segment_3.m4s", "video/iso.segment", False),
        ("audio_1/playlist.m3u8", "application/vnd.apple.mpegurl", True),
        ("video_1/playlist.m3u8", "application/vnd.apple.mpegurl", True),
        ("playlist.m3u8", "application/vnd.apple.mpegurl", True),
    ]
    assert [Path(f.path) for f in files] == [tmp_path / f.key for f in files]


def test_keys_stand_below_the_output_s_own_folder(ladder: Ladder, tmp_path: Path) -> None:
    files = package_hls(ladder, tmp_path, root="output_3", rungs=ladder.rungs[:1], tracks=())
    assert files[-1].key == "output_3/playlist.m3u8"
    assert {f.key.partition("/")[0] for f in files} == {"output_3"}


def test_mpeg_ts_has_sound_and_picture_in_every_segment(ladder: Ladder, tmp_path: Path) -> None:
    files = package_hls(ladder, tmp_path, separate_audio=False)
    assert {f.content_type for f in files if not f.manifest} == {"video/mp2t"}
    assert m3u8.load(str(tmp_path / NAME)).media == []
    assert not list(tmp_path.rglob("*.m4s"))


def test_sounds_carry_language_name_and_default(ladder: Ladder, tmp_path: Path) -> None:
    english, french = ladder.tracks
    tracks = (
        replace(english, name='The "director", commenting\r\n#EXT-X-ENDLIST', default=False),
        replace(french, name="Français", default=True),
    )
    package_hls(ladder, tmp_path, tracks=tracks, rungs=ladder.rungs[:1])
    first, second = m3u8.load(str(tmp_path / NAME)).media
    assert (first.language, first.default, first.group_id) == ("en", "NO", "audio")
    assert first.name == "The 'director', commenting #EXT-X-ENDLIST"
    assert (second.language, second.default, second.autoselect) == ("fr", "YES", "YES")
    assert (second.name, second.channels) == ("Français", "2")
    assert inspect_hls(tmp_path, NAME) == []


@pytest.mark.parametrize("language", ["und", "", "xx", "english,output=evil.mp4", "q-q-q"])
def test_a_language_that_says_nothing_is_left_out(
    ladder: Ladder, tmp_path: Path, language: str
) -> None:
    track = replace(ladder.tracks[0], language=language)
    package_hls(ladder, tmp_path, tracks=(track,), rungs=ladder.rungs[:1])
    (media,) = m3u8.load(str(tmp_path / NAME)).media
    assert (media.language, media.name) == (None, "Sound 1")
    assert not list(tmp_path.rglob("evil*"))


def test_one_rendition_may_serve_two_tracks(ladder: Ladder, tmp_path: Path) -> None:
    english = ladder.tracks[0]
    again = replace(english, language="de", name="Again", default=False)
    package_hls(ladder, tmp_path, tracks=(english, again), rungs=ladder.rungs[:1])
    assert [m.language for m in m3u8.load(str(tmp_path / NAME)).media] == ["en", "de"]
    assert inspect_hls(tmp_path, NAME) == []


def test_what_an_earlier_attempt_left_is_gone(ladder: Ladder, tmp_path: Path) -> None:
    stale = tmp_path / "video_1" / "segment_99.m4s"
    stale.parent.mkdir()
    stale.write_bytes(b"half a segment")
    files = package_hls(ladder, tmp_path, rungs=ladder.rungs[:1], tracks=())
    assert not stale.exists()
    assert not any("99" in f.key for f in files)


def test_peak_bandwidth_is_not_that_of_a_last_segment_of_one_frame(
    make_ladder: Callable[..., Ladder], tmp_path: Path
) -> None:
    rung = Rung(width_px=320, height_px=180, bitrate_bps=200_000, frame_rate=Fraction(25))
    short = make_ladder(rung, duration_s=Fraction(101, 25), segment_s=Fraction(2))
    package_hls(short, tmp_path)
    media = m3u8.load(str(tmp_path / "video_1" / NAME))
    last = media.segments[-1]
    assert last.duration == pytest.approx(0.04)
    last_bps = 8 * (tmp_path / "video_1" / last.uri).stat().st_size / last.duration
    (variant,) = m3u8.load(str(tmp_path / NAME)).playlists
    assert variant.stream_info.bandwidth < last_bps / 2
    assert inspect_hls(tmp_path, NAME) == []

"""The sums and texts of packaging: bandwidths, durations, boundaries, playlists, languages."""

from __future__ import annotations

from fractions import Fraction

import pytest

from videngine.languages import iso_639_2, language_tag
from videngine.packaging.cmaf import segment_starts
from videngine.packaging.playlist import MultivariantPlaylist, Variant, quoted
from videngine.packaging.segments import Segment, average_bps, peak_bps, target_duration_s
from videngine.packaging.shaka import _seconds
from videngine.plan import PicturePlan, VideoRenditionPlan


def segments(*sizes_and_durations: tuple[int, str]) -> list[Segment]:
    return [
        Segment(uri="", start_s=Fraction(0), duration_s=Fraction(duration), size_bytes=size)
        for size, duration in sizes_and_durations
    ]


def test_peak_is_that_of_the_dearest_whole_segment() -> None:
    assert peak_bps(segments((4000, "4"), (8000, "4"), (2000, "4")), 4) == 16_000


def test_a_tail_counts_only_with_its_neighbours() -> None:
    assert peak_bps(segments((4000, "4"), (4000, "4"), (2000, "1/25")), 4) == Fraction(
        8 * 6000 * 25, 101
    )


def test_half_a_target_duration_is_enough_to_count() -> None:
    assert peak_bps(segments((4000, "4"), (4000, "2")), 4) == 16_000


def test_a_stream_of_one_short_segment_peaks_at_its_average() -> None:
    assert peak_bps(segments((1000, "1/5")), 6) == average_bps(segments((1000, "1/5"))) == 40_000


@pytest.mark.parametrize(
    ("durations", "target_s"),
    [(["4.004", "2"], 4), (["4.5"], 5), (["4.4999"], 4), (["0.04"], 1), (["6", "6.006"], 6)],
)
def test_target_duration_is_the_longest_segment_rounded(
    durations: list[str], target_s: int
) -> None:
    assert target_duration_s(segments(*((1, d) for d in durations))) == target_s


@pytest.mark.parametrize(
    "duration_s",
    [Fraction(d) for d in ("6", "4.004", "2.002", "6.006", "1001/600", "0.1", "21/10")],
)
@pytest.mark.parametrize("timescale", [12_000, 24_000, 30_000, 44_100, 48_000, 60_000, 90_000])
def test_durations_stay_whole_ticks_in_the_packager(duration_s: Fraction, timescale: int) -> None:
    assert int(float(_seconds(duration_s)) * timescale) == int(duration_s * timescale)


def starts(rate: str, grid_rate: str, segment_s: str, duration_s: str) -> list[Fraction]:
    picture = PicturePlan(id="p", parent=None, width_px=16, height_px=16, frame_rate=Fraction(rate))
    video = VideoRenditionPlan(
        id="v",
        picture="p",
        codec="libx264",
        preset="medium",
        crf=23,
        bitrate_bps=None,
        max_bitrate_bps=None,
        buffer_size_bits=None,
        gop_frames=90,
        segment_s=Fraction(segment_s),
        grid_rate=Fraction(grid_rate),
        threads=1,
        path="",
    )
    return segment_starts(video, picture, Fraction(duration_s))


def test_boundaries_are_the_first_frames_at_or_after_the_grid() -> None:
    assert starts("25", "25", "2", "5") == [0, 2, 4]
    assert starts("30000/1001", "30000/1001", "4", "10") == [
        0,
        Fraction("4.004"),
        Fraction("8.008"),
    ]
    assert starts("12", "12", "2.1", "6") == [0, Fraction(26, 12), Fraction(51, 12)]


def test_a_faster_rung_switches_where_the_slower_one_does() -> None:
    assert starts("24", "12", "2.1", "6") == starts("12", "12", "2.1", "6")


def test_no_boundary_lies_at_or_after_the_end() -> None:
    assert starts("25", "25", "2", "4") == [0, 2]
    assert starts("25", "25", "6", "0.04") == [0]


def test_variants_are_written_in_order_of_bandwidth() -> None:
    playlist = MultivariantPlaylist(
        variants=[Variant({"BANDWIDTH": "900"}, "b"), Variant({"BANDWIDTH": "1000"}, "c")]
    )
    playlist.variants.append(Variant({"BANDWIDTH": "80", "CODECS": quoted("x,y")}, "a"))
    assert str(playlist).splitlines()[3:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=80,CODECS="x,y"',
        "a",
        "#EXT-X-STREAM-INF:BANDWIDTH=900",
        "b",
        "#EXT-X-STREAM-INF:BANDWIDTH=1000",
        "c",
    ]


def test_tags_that_we_do_not_touch_survive() -> None:
    text = (
        "#EXTM3U\n#EXT-X-VERSION:7\n## a comment\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://x,y"\n'
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="a/p.m3u8",NAME="A, B"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="a,b",AUDIO="audio"\nv/p.m3u8\n'
    )
    playlist = MultivariantPlaylist.parse(text)
    assert playlist.media == [{"TYPE": "AUDIO", "URI": '"a/p.m3u8"', "NAME": '"A, B"'}]
    assert str(playlist) == text.replace("VERSION:7", "VERSION:6").replace("## a comment\n", "")


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("eng", "en"),
        ("ger", "de"),
        ("haw", "haw"),
        ("mul", "mul"),
        ("EN-us", "en-us"),
        ("pt_BR", "pt-BR"),
        ("zh-Hant", "zh-Hant"),
        ("und", ""),
        ("xx", ""),
        ("", ""),
        ("english", ""),
        ("en,output=x", ""),
        ("en\n", "en"),
    ],
)
def test_language_tags(said: str, tag: str) -> None:
    assert language_tag(said) == tag


@pytest.mark.parametrize(
    ("said", "code"),
    [("en", "eng"), ("fre", "fra"), ("de-CH", "deu"), ("haw", "haw"), ("xx", ""), ("und", "")],
)
def test_languages_in_mp4_have_three_letters(said: str, code: str) -> None:
    assert iso_639_2(said) == code

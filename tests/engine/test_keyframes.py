"""Keyframes: IDRs on one segment grid, in every rung, whatever the source's frame rate."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from tests.engine.films import Film
from tests.engine.measure import coded_pictures, keyframes, probe_json, streams
from tests.engine.plans import MEDIA, picture, run, transcode, video

NTSC = Fraction(30000, 1001)
SEGMENT_S = Fraction(2)


def grid(rate: Fraction, segment_s: Fraction, frames: int) -> list[int]:
    """First frames at or after each boundary."""
    firsts = (ceil(k * segment_s * rate) for k in range(frames))
    return [n for n in firsts if n < frames]


@pytest.mark.parametrize("rate", [Fraction(12), Fraction(24), Fraction(25), NTSC])
@pytest.mark.parametrize("segment_s", [Fraction(2), Fraction(1001, 1000)])
def test_every_segment_begins_with_the_only_idr_in_it(
    film: Film, tmp_path: Path, rate: Fraction, segment_s: Fraction
) -> None:
    of = picture(rate=rate)
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of, segment_s=segment_s),))
    frames = made.results["v0"].frames
    assert frames == round(6 * rate)
    firsts = grid(rate, segment_s, frames)
    assert keyframes(made.path("v0")) == firsts
    # One fragment a segment: what packagers and players take for one.
    assert made.path("v0").read_bytes().count(b"moof") == len(firsts)


@pytest.mark.parametrize(
    "clip",
    ["bbb_720p24_20s.mp4", "phone_1080p_vfr_VID_20191220.mp4", "vfr_phone.mp4", "hello_720p30.mp4"],
)
def test_keyframes_of_all_rungs_agree_to_the_frame(clip: str, tmp_path: Path) -> None:
    stream = [{"height": 90, "bitrate": 60}, {"height": 120, "quality": 30}, {"height": 144}]
    cut = {"start_time": 0, "duration": 5} if clip.startswith("bbb") else {}
    hls = {"output": "advanced_hls", "segment_duration": 1, "stream": stream, **cut}
    dash = {"output": "advanced_dash", "segment_duration": 1, "stream": stream[:1], **cut}
    report = transcode(MEDIA / clip, tmp_path, hls, dash)
    assert report.status == "completed"
    playlists = sorted((tmp_path / "0").glob("video*/*.m3u8"))
    assert len(playlists) == 3
    found = [[p.time_s for p in coded_pictures(path) if p.key] for path in playlists]
    assert found[0] == found[1] == found[2]
    rate = Fraction(report.outputs[0].renditions[0]["frame_rate"])
    pictures = len(coded_pictures(playlists[0]))
    assert found[0] == [n / rate for n in grid(rate, Fraction(1), pictures)]


def test_segments_of_hls_are_within_one_frame_of_what_was_asked(film: Film, tmp_path: Path) -> None:
    for index, rate in enumerate((23.976, 25, 29.97)):
        folder = tmp_path / str(index)
        stream = [{"height": 64, "framerate": rate}]
        transcode(film.path, folder, {"output": "hls", "segment_duration": 2, "stream": stream})
        (playlist,) = (folder / "0").glob("video*/*.m3u8")
        lines = playlist.read_text().splitlines()
        lengths = [float(x[8:].split(",")[0]) for x in lines if x.startswith("#EXTINF:")]
        assert len(lengths) == 3
        assert all(abs(length - 2) <= 1 / rate + 1e-3 for length in lengths[:-1])


def test_a_keyframe_interval_sets_more_idrs_inside_segments(film: Film, tmp_path: Path) -> None:
    of = picture(rate=25)
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of, gop_frames=20),))
    expected = [s + n for s in (0, 50, 100) for n in (0, 20, 40)]
    assert keyframes(made.path("v0")) == expected


def test_a_keyframe_interval_in_a_job_reaches_the_bit_stream(film: Film, tmp_path: Path) -> None:
    output = {"output": "hls", "segment_duration": 2, "stream": [{"height": 64, "keyframe": "1s"}]}
    transcode(film.path, tmp_path, output)
    (playlist,) = (tmp_path / "0").glob("video*/*.m3u8")
    assert keyframes(playlist) == [0, 24, 48, 72, 96, 120]


def test_renditions_of_different_rates_switch_at_the_same_instants(
    film: Film, tmp_path: Path
) -> None:
    slow, fast = picture(rate=25), picture(rate=50, id="p1")
    renditions = (
        video(tmp_path, of=slow, segment_s=Fraction(13, 10)),
        video(tmp_path, of=fast, name="v1", segment_s=Fraction(13, 10), grid_rate=Fraction(25)),
    )
    made = run(film.path, pictures=(slow, fast), video=renditions)
    assert made.results["v1"].frames == 300
    slow_keys = keyframes(made.path("v0"))
    assert [2 * n for n in slow_keys] == keyframes(made.path("v1"))
    assert slow_keys == grid(Fraction(25), Fraction(13, 10), 150)


def test_scene_cuts_set_no_keyframe(tmp_path: Path) -> None:
    of = picture(160, 90, rate=24, start_s=Fraction(10), duration_s=Fraction(20))
    rendition = video(
        tmp_path, of=of, segment_s=Fraction(4), preset="veryfast", bitrate_bps=200_000
    )
    made = run(MEDIA / "bbb_720p24_60s.mp4", pictures=(of,), video=(rendition,))
    assert keyframes(made.path("v0")) == [0, 96, 192, 288, 384]


def test_gops_are_closed(film: Film, tmp_path: Path) -> None:
    of = picture()
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of, preset="medium"),))
    shown = coded_pictures(made.path("v0"))
    assert "B" in {p.kind for p in shown}
    # No picture that is shown before an IDR is coded behind it: decoding order keeps GOPs apart.
    assert streams(made.path("v0"))[0]["has_b_frames"] > 0
    data = _packets(made.path("v0"))
    for n, (pts, key) in enumerate(data):
        if key:
            assert all(before < pts for before, _ in data[:n])
            assert all(after > pts for after, _ in data[n + 1 :])


def _packets(path: Path) -> list[tuple[int, bool]]:
    packets = probe_json(path, "-show_packets", "-select_streams", "v")["packets"]
    return [(p["pts"], "K" in p["flags"]) for p in packets]

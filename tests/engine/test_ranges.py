"""Parts of a source: cut at the frame and the sample that were asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engine.films import AAC, X264, Film, every_second, make_film, picture_to_number
from tests.engine.measure import click_near, numbers, pictures, sound
from tests.engine.plans import audio, picture, run, still, transcode, video

from videngine.errors import InputError

RANGES = [("0", "1"), ("1", "2"), ("2.5", "1.25"), ("4.75", "1"), ("47/12", "1/24")]


@pytest.mark.parametrize(("start", "length"), RANGES)
def test_a_range_begins_and_ends_at_its_frame(
    film: Film, tmp_path: Path, start: str, length: str
) -> None:
    start_s, duration_s = Fraction(start), Fraction(length)
    of = picture(start_s=start_s, duration_s=duration_s)
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, start_s=start_s, duration_s=duration_s),),
    )
    first = int(start_s * 24)
    assert numbers(made.path("v0")) == list(range(first, first + int(duration_s * 24)))
    assert made.results["a0"].duration_s == duration_s
    samples = sound(made.path("a0"), 48_000)[0]
    for at in film.clicks:
        if start_s + Fraction(1, 10) <= at <= start_s + duration_s - Fraction(1, 10):
            expected = float(at - start_s)
            assert abs(click_near(samples, 48_000, expected) - expected) <= 0.005


@pytest.mark.parametrize("suffix", ["ts", "mpg", "mkv", "flv", "avi"])
def test_a_range_of_a_source_with_long_gops_begins_at_its_frame(
    tmp_path: Path, suffix: str
) -> None:
    """Formats without an index seek to any packet: the keyframe before has to be found."""
    codec = "mpeg2video" if suffix == "mpg" else "libx264"
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=500,
        rate=Fraction(25),
        clicks=every_second(20),
        video=("-c:v", codec, "-g", "150", "-bf", "0", "-b:v", "300k", "-sc_threshold", "0"),
        audio=("-c:a", "libmp3lame") if suffix in ("flv", "avi") else ("-c:a", "mp2"),
    )
    start_s = Fraction(29, 2)
    of = picture(rate=25, start_s=start_s, duration_s=Fraction(2))
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, start_s=start_s, duration_s=Fraction(2)),),
        stills=(still(tmp_path, start_s),),
    )
    first = 25 * 29 // 2
    shown = numbers(made.path("v0"))
    assert abs(shown[0] - first) <= 1
    assert shown == list(range(shown[0], shown[0] + 50))
    samples = sound(made.path("a0"), 48_000)[0]
    assert abs(click_near(samples, 48_000, 1.0) - 1.0) <= 0.05
    # Decoding began at a keyframe near by, not at the start of the film.
    assert made.stats["frames"] <= 250


@pytest.mark.parametrize("suffix", ["ts", "mpg", "mkv"])
def test_a_range_before_the_second_keyframe_begins_at_its_frame(
    tmp_path: Path, suffix: str
) -> None:
    """The first picture's packet comes before its time where pictures are coded out of order."""
    codec = "mpeg2video" if suffix == "mpg" else "libx264"
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=150,
        rate=Fraction(25),
        video=("-c:v", codec, "-g", "100", "-bf", "2", "-b:v", "300k", "-sc_threshold", "0"),
    )
    of = picture(rate=25, start_s=Fraction(3), duration_s=Fraction(1))
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    assert numbers(made.path("v0")) == list(range(75, 100))


def test_two_ranges_of_one_source_take_one_decode(film: Film, tmp_path: Path) -> None:
    early = picture(duration_s=Fraction(1))
    late = picture(id="p1", start_s=Fraction(4), duration_s=Fraction(1))
    made = run(
        film.path,
        pictures=(early, late),
        video=(video(tmp_path, of=early), video(tmp_path, of=late, name="v1")),
    )
    assert numbers(made.path("v0")) == list(range(24))
    assert numbers(made.path("v1")) == list(range(96, 120))
    assert made.stats["decodes"] == 1
    assert made.stats["frames"] <= 130


def test_a_range_that_outlasts_the_source_ends_with_it(film: Film, tmp_path: Path) -> None:
    of = picture(start_s=Fraction(5), duration_s=Fraction(10))
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, start_s=Fraction(5), duration_s=Fraction(10)),),
    )
    assert numbers(made.path("v0")) == list(range(120, 144))
    assert float(made.results["a0"].duration_s) == pytest.approx(1, abs=0.05)


def test_a_range_behind_the_end_is_refused_by_the_engine(film: Film, tmp_path: Path) -> None:
    of = picture(start_s=Fraction(7))
    with pytest.raises(InputError) as caught:
        run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    assert caught.value.code == "range_outside_source"


@pytest.mark.parametrize(
    "output",
    [
        {"output": "mp4", "start_time": 7},
        {"output": "thumbnail", "start_time": "00:00:06.5"},
        {"output": "hls", "start_time": 100, "stream": [{"height": 64}]},
    ],
)
def test_a_job_for_a_range_behind_the_end_fails_with_the_reason(
    film: Film, tmp_path: Path, output: dict[str, object]
) -> None:
    with pytest.raises(InputError) as caught:
        transcode(film.path, tmp_path, output)
    assert caught.value.code == "range_outside_source"
    assert "6" in caught.value.message


def test_a_job_cuts_picture_sound_and_still_at_the_same_place(film: Film, tmp_path: Path) -> None:
    cut = {"start_time": 2.25, "duration": "1.5s"}
    report = transcode(
        film.path,
        tmp_path,
        {"output": "mp4", **cut},
        {"output": "thumbnail", "time": 0, "image_format": "png", **cut},
        {"output": "thumbnail", "time": 1.0, "image_format": "png", **cut},
    )
    assert report.status == "completed"
    (path,) = (tmp_path / "0").glob("*.mp4")
    assert numbers(path) == list(range(54, 90))
    samples = sound(path, 48_000)[0]
    assert abs(click_near(samples, 48_000, 0.25) - 0.25) <= 0.005
    found = [
        picture_to_number(pictures(next((tmp_path / folder).glob("*.png")), 64, 64)[0])
        for folder in ("1", "2")
    ]
    assert found == [54, 89]


def test_sound_around_the_cut_is_whole(tmp_path: Path) -> None:
    """The decoder is given what lies before the cut, so that the first samples are right."""
    film = make_film(
        tmp_path / "film.mp4",
        frames=96,
        rate=Fraction(24),
        clicks=(Fraction(21, 10),),
        video=X264,
        audio=AAC,
    )
    start_s = Fraction(2)
    of = picture(start_s=start_s)
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, start_s=start_s),),
    )
    cut = sound(made.path("a0"), 48_000)[0]
    whole = sound(film.path, 48_000)[0][2 * 48_000 :]
    part = slice(2400, 12_000)
    match = np.corrcoef(cut[part], whole[part])[0, 1]
    assert match > 0.98

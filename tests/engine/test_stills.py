"""Stills: exactly the frame that was on screen, at the size and quality asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.engine.films import Film, make_film, picture_to_number
from tests.engine.measure import pictures, psnr, streams
from tests.engine.plans import MEDIA, picture, run, still, transcode, video


def number_in(path: Path) -> int:
    return picture_to_number(pictures(path, 64, 64)[0])


@pytest.mark.parametrize("frame", [0, 1, 48, 142, 143])
def test_a_still_shows_the_frame_on_screen(film: Film, tmp_path: Path, frame: int) -> None:
    begins = Fraction(frame, 24)
    made = run(
        film.path,
        stills=(
            still(tmp_path, begins, name="first"),
            still(tmp_path, begins + Fraction(1, 30), name="later"),
        ),
    )
    assert number_in(made.path("first")) == frame
    assert number_in(made.path("later")) == frame


@pytest.mark.parametrize("suffix", ["mkv", "ts", "flv"])
def test_rounded_timestamps_do_not_move_a_still(tmp_path: Path, suffix: str) -> None:
    film = make_film(tmp_path / f"film.{suffix}", frames=60, rate=Fraction(30000, 1001))
    moments = {n: n * Fraction(1001, 30000) for n in (1, 2, 7, 31, 59)}
    made = run(
        film.path,
        stills=tuple(still(tmp_path, at, name=f"s{n}") for n, at in moments.items()),
    )
    assert {n: number_in(made.path(f"s{n}")) for n in moments} == {n: n for n in moments}


@pytest.mark.parametrize(("time", "frame"), [("0", 0), ("0.5", 72), ("1.0", 143), ("2s", 48)])
def test_a_job_names_the_moment_as_a_fraction_or_in_seconds(
    film: Film, tmp_path: Path, time: str, frame: int
) -> None:
    output = {"output": "thumbnail", "time": time, "image_format": "png"}
    report = transcode(film.path, tmp_path, output)
    assert number_in(next((tmp_path / "0").glob("*.png"))) == frame
    assert report.stats["decodes"] == 1
    assert report.stats["encodes"] == 0


@pytest.mark.parametrize(("time_s", "most"), [(0, 4), (5, 250), (15, 250)])
def test_a_still_alone_decodes_from_the_keyframe_before_it(
    tmp_path: Path, time_s: int, most: int
) -> None:
    size = {"width_px": 160, "height_px": 90}
    made = run(MEDIA / "bbb_720p24_20s.mp4", stills=(still(tmp_path, Fraction(time_s), **size),))
    assert 0 < made.stats["frames"] <= most


def test_a_still_beside_renditions_takes_no_second_decode(film: Film, tmp_path: Path) -> None:
    of = picture()
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        stills=(still(tmp_path, Fraction(3)),),
    )
    assert made.stats == {"frames": 144, "decodes": 1, "encodes": 1}
    assert number_in(made.path("s0")) == 72


def test_a_moment_behind_the_end_shows_the_last_frame(film: Film, tmp_path: Path) -> None:
    made = run(film.path, stills=(still(tmp_path, Fraction(60)),))
    assert number_in(made.path("s0")) == 143


def test_more_quality_means_more_bytes_and_a_better_picture(tmp_path: Path) -> None:
    size = {"width_px": 640, "height_px": 360}
    at = Fraction(8)
    grades = (5, 30, 60, 85, 100)
    made = run(
        MEDIA / "bbb_720p24_20s.mp4",
        stills=(
            still(tmp_path, at, name="png", **size),
            *(still(tmp_path, at, name=f"q{q}", format="jpg", quality=q, **size) for q in grades),
        ),
    )
    exact = pictures(made.path("png"), 640, 360, pixel_format="rgb24")
    sizes = [made.results[f"q{q}"].size_bytes for q in grades]
    errors = [
        psnr(exact, pictures(made.path(f"q{q}"), 640, 360, pixel_format="rgb24")) for q in grades
    ]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(grades)
    assert errors == sorted(errors)
    assert errors[-1] >= 37
    assert [made.results[f"q{q}"].path[-4:] for q in grades] == [".jpg"] * len(grades)


@pytest.mark.parametrize("picture_format", ["png", "jpg"])
def test_an_odd_size_is_kept(tmp_path: Path, picture_format: str) -> None:
    output = {"output": "thumbnail", "time": 0, "image_format": picture_format}
    transcode(MEDIA / "odd_853x479.mkv", tmp_path, output)
    (stream,) = streams(next((tmp_path / "0").glob("*.*")))
    assert (stream["width"], stream["height"]) == (853, 479)
    assert stream["codec_name"] == {"png": "png", "jpg": "mjpeg"}[picture_format]


def test_a_missing_side_follows_from_the_shape(tmp_path: Path) -> None:
    output = {"output": "thumbnail", "time": 0, "height": 90, "image_format": "jpg", "quality": 90}
    transcode(MEDIA / "bbb_720p24_20s.mp4", tmp_path, output)
    (stream,) = streams(next((tmp_path / "0").glob("*.*")))
    assert (stream["width"], stream["height"]) == (160, 90)

"""Bits: constant quality, average rates, caps."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest
from tests.engine.films import ffmpeg
from tests.engine.measure import coded_pictures, pictures, psnr
from tests.engine.plans import MEDIA, picture, run, transcode, video

CLIP = MEDIA / "bbb_720p24_60s.mp4"
CUT = {"start_s": Fraction(20), "duration_s": Fraction(10)}


@pytest.fixture(scope="module")
def restless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of flat colour, two of noise, twice."""
    path = tmp_path_factory.mktemp("restless") / "restless.mkv"
    noise = "noise=alls=80:allf=t:enable='gte(mod(t,4),2)'"
    ffmpeg("-f", "lavfi", "-i", f"color=gray:s=160x90:r=25:d=8,{noise}", "-c:v", "ffv1", path)
    return path


@pytest.mark.parametrize("bitrate_bps", [150_000, 400_000])
def test_an_average_rate_is_met(tmp_path: Path, bitrate_bps: int) -> None:
    of = picture(426, 240, **CUT)
    wanted = video(
        tmp_path,
        of=of,
        bitrate_bps=bitrate_bps,
        max_bitrate_bps=bitrate_bps * 3 // 2,
        buffer_size_bits=2 * bitrate_bps,
        preset="veryfast",
    )
    made = run(CLIP, pictures=(of,), video=(wanted,))
    bits = sum(p.size_bytes * 8 for p in coded_pictures(made.path("v0")))
    assert bits / 10 == pytest.approx(bitrate_bps, rel=0.15)


def test_less_crf_means_more_bits_and_a_better_picture(tmp_path: Path) -> None:
    of = picture(320, 180, start_s=Fraction(20), duration_s=Fraction(2))
    grades = (0.0, 15.0, 25.0, 35.0, 51.0)
    made = run(
        CLIP,
        pictures=(of,),
        video=tuple(video(tmp_path, of=of, name=f"v{n}", crf=g) for n, g in enumerate(grades)),
    )
    assert made.stats["encodes"] == len(grades)
    sizes = [made.results[f"v{n}"].size_bytes for n in range(len(grades))]
    assert sizes == sorted(sizes, reverse=True)
    exact, *others = (pictures(made.path(f"v{n}"), 320, 180) for n in range(len(grades)))
    errors = [psnr(exact, other) for other in others]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] >= 42


def test_a_capped_crf_keeps_to_its_buffer(restless: Path, tmp_path: Path) -> None:
    rate, buffer = 300_000, 300_000
    of = picture(160, 90, rate=25)
    free = video(tmp_path, of=of, crf=20.0)
    capped = video(
        tmp_path, of=of, name="v1", crf=20.0, max_bitrate_bps=rate, buffer_size_bits=buffer
    )
    made = run(restless, pictures=(of,), video=(free, capped))
    sizes = {n: [8 * p.size_bytes for p in coded_pictures(made.path(n))] for n in ("v0", "v1")}

    def worst_second(bits: list[int]) -> int:
        sums = [0, *accumulate(bits)]
        return max(sums[n + 25] - sums[n] for n in range(len(bits) - 24))

    assert worst_second(sizes["v0"]) > 2 * rate + buffer
    assert worst_second(sizes["v1"]) <= (rate + buffer) * 1.02
    # A decoder's buffer that fills at the capped rate never runs dry.
    level = float(buffer)
    for bits in sizes["v1"]:
        level = min(buffer, level - bits + rate / 25)
        assert level >= -0.02 * buffer


def test_quality_with_bitrate_in_a_job_is_a_cap(restless: Path, tmp_path: Path) -> None:
    transcode(
        restless,
        tmp_path,
        {"output": "mp4", "quality": 20},
        {"output": "mp4", "quality": 20, "bitrate": 200},
        {"output": "mp4", "bitrate": 200},
    )
    sizes = [next((tmp_path / n).glob("*.mp4")).stat().st_size * 8 / 8 for n in ("0", "1", "2")]
    assert sizes[0] > 3 * 200_000
    assert sizes[1] <= 200_000 * 1.4
    assert sizes[2] == pytest.approx(200_000, rel=0.3)

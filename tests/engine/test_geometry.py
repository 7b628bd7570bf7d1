"""Shapes: rotation, sample aspect ratio, odd sizes, and the ladder's steps."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from tests.engine.films import ffmpeg
from tests.engine.measure import pictures, psnr, streams
from tests.engine.plans import MEDIA, picture, run, transcode, video

from videngine import engine

TURNS = {0: "null", 90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}


def shape(path: Path) -> tuple[int, int, str]:
    stream = next(s for s in streams(path) if s["codec_type"] == "video")
    return stream["width"], stream["height"], stream["sample_aspect_ratio"]


@pytest.mark.parametrize("degrees", TURNS)
def test_a_display_rotation_is_applied_to_the_pictures(tmp_path: Path, degrees: int) -> None:
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    clip = MEDIA / "bbb_720p24_20s.mp4"
    ffmpeg(
        "-ss", "8", "-i", clip, "-t", "0.5", "-an", "-vf", "scale=320:180", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "10", plain,
    )  # fmt: skip
    # Debian 12's FFmpeg has no option for this, Debian 13's none of those that it had.
    bundled = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-display_rotation"]
    subprocess.run([*bundled, str(degrees), "-i", plain, "-c", "copy", turned], check=True)
    facts = engine.probe(turned).streams[0]
    assert facts.rotation_deg in (degrees, (360 - degrees) % 360)
    upright = tmp_path / "upright.mp4"
    # FFmpeg turns the picture itself: an independent opinion of which way is up.
    ffmpeg("-i", turned, "-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", upright)
    width, height, _ = shape(upright)
    assert (width, height) == facts.display_size == ((180, 320) if degrees % 180 else (320, 180))
    of = picture(width, height)
    rendition = video(tmp_path, of=of, crf=10.0)
    made = run(turned, rotation_deg=facts.rotation_deg, pictures=(of,), video=(rendition,))
    ours = pictures(made.path("v0"), width, height)
    expected = pictures(upright, width, height)
    assert len(ours) == len(expected) == 12
    assert psnr(ours, expected) >= 30
    assert "rotation" not in str(streams(made.path("v0")))


def test_a_phone_clip_held_upright_comes_out_upright(tmp_path: Path) -> None:
    clip = MEDIA / "rotated_90.mp4"
    cut = {"duration": 1}
    transcode(
        clip,
        tmp_path,
        {"output": "mp4", "height": 320, **cut},
        {"output": "thumbnail", "time": 0, "height": 320, "image_format": "png"},
    )
    path = next((tmp_path / "0").glob("*.mp4"))
    assert shape(path) == (180, 320, "1:1")
    ffmpeg("-i", clip, "-frames:v", "1", "-vf", "scale=180:320:flags=bicubic", tmp_path / "own.png")
    expected = pictures(tmp_path / "own.png", 180, 320)[0]
    assert psnr(pictures(path, 180, 320)[0], expected) >= 30
    assert psnr(pictures(next((tmp_path / "1").glob("*.*")), 180, 320)[0], expected) >= 30


def test_pixels_of_another_shape_become_square(tmp_path: Path) -> None:
    clip = MEDIA / "interlaced_576i25_mpeg2_sar64x45.ts"
    stream = engine.probe(clip).video
    assert stream is not None
    assert stream.display_size == (1024, 576)
    cut = {"duration": 1}
    transcode(clip, tmp_path, {"output": "mp4", **cut}, {"output": "mp4", "height": 288, **cut})
    assert shape(next((tmp_path / "0").glob("*.mp4"))) == (1024, 576, "1:1")
    small = next((tmp_path / "1").glob("*.mp4"))
    assert shape(small) == (512, 288, "1:1")
    ffmpeg("-i", clip, "-frames:v", "1", "-vf", "scale=512:288:flags=bicubic", tmp_path / "own.png")
    ours, expected = pictures(small, 512, 288)[0], pictures(tmp_path / "own.png", 512, 288)[0]
    assert psnr(ours, expected) >= 28


@pytest.mark.parametrize(
    ("asked", "size"),
    [({}, (854, 480)), ({"height": 240}, (428, 240)), ({"width": 426}, (426, 240))],
)
def test_an_odd_size_becomes_even(
    tmp_path: Path, asked: dict[str, int], size: tuple[int, int]
) -> None:
    report = transcode(
        MEDIA / "odd_853x479.mkv", tmp_path, {"output": "mp4", "duration": 1, **asked}
    )
    assert report.status == "completed"
    found = shape(next((tmp_path / "0").glob("*.mp4")))
    assert found[2] == "1:1"
    assert abs(found[0] - size[0]) <= 2
    assert found[1] == size[1]


@pytest.mark.parametrize("suffix", ["mkv", "png"])
@pytest.mark.parametrize("size", [(63, 47), (3, 3), (17, 2)])
def test_odd_and_tiny_sources_keep_their_picture(
    tmp_path: Path, size: tuple[int, int], suffix: str
) -> None:
    """The last column and row are there: nothing is cropped to even sizes before scaling."""
    width, height = size
    source = tmp_path / "source.mkv"
    codec = "ffv1" if suffix == "mkv" else "png"
    pixel_format = "yuv420p" if suffix == "mkv" else "rgb24"
    ffmpeg(
        "-f", "lavfi", "-i", f"color=0x808080:s={width}x{height}:r=10:d=1", "-c:v", codec,
        "-pix_fmt", pixel_format, source,
    )  # fmt: skip
    of = picture(64, 64, rate=10)
    made = run(source, pictures=(of,), video=(video(tmp_path, of=of),))
    shown = pictures(made.path("v0"), 64, 64)
    assert len(shown) == 10
    assert np.abs(shown[0].astype(int) - 128).max() <= 4


def test_a_change_of_size_within_a_source_is_followed(tmp_path: Path) -> None:
    """Broadcasts change their coded size at programme boundaries."""
    for n, size in enumerate(("320x180", "160x90")):
        ffmpeg(
            "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=1", "-c:v", "mpeg2video", "-q:v", "2",
            "-output_ts_offset", str(n), "-muxdelay", "0", tmp_path / f"{n}.ts",
        )  # fmt: skip
    source = tmp_path / "both.ts"
    source.write_bytes((tmp_path / "0.ts").read_bytes() + (tmp_path / "1.ts").read_bytes())
    of = picture(160, 90, rate=25)
    made = run(source, pictures=(of,), video=(video(tmp_path, of=of),))
    shown = pictures(made.path("v0"), 160, 90)
    assert len(shown) == pytest.approx(50, abs=1)
    assert shown[-1].std() > 20


def test_rungs_scaled_in_steps_are_as_good_as_rungs_scaled_from_the_source(
    tmp_path: Path,
) -> None:
    clip = MEDIA / "bbb_720p24_20s.mp4"
    cut = {"start_s": Fraction(8), "duration_s": Fraction(1)}
    sizes = ((960, 540), (640, 360), (320, 180))
    chain, direct = [], []
    for n, (width, height) in enumerate(sizes):
        parent = f"c{n - 1}" if n else None
        chain.append(picture(width, height, id=f"c{n}", parent=parent, **cut))
        direct.append(picture(width, height, id=f"d{n}", **cut))
    renditions = tuple(video(tmp_path, of=of, name=f"v{of.id}", crf=5.0) for of in chain + direct)
    made = run(clip, pictures=(*chain, *direct), video=renditions)
    assert made.stats["decodes"] == 1
    for n, (width, height) in enumerate(sizes):
        one = pictures(made.path(f"vc{n}"), width, height)
        other = pictures(made.path(f"vd{n}"), width, height)
        assert psnr(one, other) >= 36

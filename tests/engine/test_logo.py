"""Logos: every pixel is held against one composed in float64."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.colour_tags import colour_tags
from tests.engine.colour_reference import BT709, BT2020, nits_to_pq, to_ycbcr
from tests.engine.films import ffmpeg
from tests.engine.measure import pictures, psnr, ten_bit_planes
from tests.engine.plans import MEDIA, picture, run, transcode, video

from videngine.plan import LogoPlan, Look

WIDTH, HEIGHT = 160, 96
BACK = (90, 110, 140)  # Y, Cb, Cr of the film
Array = npt.NDArray[np.float64]


def image(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Soft edges of alpha over colours that change from left to right and down."""
    y, x = np.mgrid[0:height, 0:width]
    alpha = 255 * np.clip(np.minimum.reduce([x + 1, y + 1, width - x, height - y]) / 4, 0, 1)
    red, green = 255 * x / width, 255 * y / height
    return np.stack([red, green, 255 - red / 2, alpha], axis=-1).astype(np.uint8)


def write_png(path: Path, pixels: npt.NDArray[np.uint8]) -> Path:
    height, width = pixels.shape[:2]
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba"]
    command += ["-s", f"{width}x{height}", "-i", "pipe:0", str(path)]
    subprocess.run(command, input=pixels.tobytes(), check=True)
    return path


def film(folder: Path, *, seconds: float = 0.2) -> Path:
    """One colour, tagged BT.709."""
    path = folder / "film.mkv"
    frame = b"".join(
        np.full(size, value, np.uint8).tobytes()
        for size, value in zip(
            (WIDTH * HEIGHT, WIDTH * HEIGHT // 4, WIDTH * HEIGHT // 4), BACK, strict=True
        )
    )
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += ["-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "pipe:0", "-c:v", "ffv1"]
    command += colour_tags(matrix="bt709", primaries="bt709", transfer="bt709")
    subprocess.run([*command, str(path)], input=frame * round(25 * seconds), check=True)
    return path


def composed(pixels: npt.NDArray[np.uint8], x: int, y: int, opacity: float = 1) -> list[Array]:
    """Y, Cb and Cr, not rounded."""
    colours = to_ycbcr(pixels[..., :3] / 255, BT709) * [219, 224, 224] + [16, 128, 128]
    height, width = pixels.shape[:2]
    alpha = np.zeros((HEIGHT, WIDTH))
    layer = np.zeros((HEIGHT, WIDTH, 3))
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + height, HEIGHT), min(x + width, WIDTH)
    part = np.s_[top - y : bottom - y, left - x : right - x]
    alpha[top:bottom, left:right] = pixels[part][..., 3] / 255 * opacity
    layer[top:bottom, left:right] = colours[part]
    planes = [BACK[0] * (1 - alpha) + layer[..., 0] * alpha]
    for plane in (1, 2):
        full = BACK[plane] * (1 - alpha) + layer[..., plane] * alpha
        planes.append(full.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3)))
    return planes


def shown(path: Path, number: int = 0) -> list[Array]:
    raw = pictures(path, WIDTH, HEIGHT, pixel_format="yuv420p")[number].astype(np.float64)
    size = WIDTH * HEIGHT
    half = (HEIGHT // 2, WIDTH // 2)
    chroma = raw[size:].reshape(2, *half)
    return [raw[:size].reshape(HEIGHT, WIDTH), chroma[0], chroma[1]]


def laid(folder: Path, *logos: LogoPlan, source: Path | None = None, **more: Any) -> Path:
    of = picture(WIDTH, HEIGHT, rate=25, look=Look(logos=logos), **more)
    made = run(source or film(folder), pictures=(of,), video=(video(folder, of=of, crf=0.0),))
    return made.path("v0")


PLACES: list[tuple[dict[str, Any], tuple[int, int]]] = [
    ({"x_px": 10, "y_px": 6}, (10, 6)),
    ({"x_px": 7, "y_px": 5}, (7, 5)),
    ({"horizontal_edge": "end", "vertical_edge": "end", "x_px": 10, "y_px": 3}, (110, 69)),
    ({"x_px": -15, "y_px": -9}, (-15, -9)),
    ({"x_px": 141, "y_px": 85}, (141, 85)),
    ({"horizontal_edge": "middle", "vertical_edge": "middle"}, (60, 36)),
    ({"x_px": 500}, (500, 0)),
    ({"x_px": 20, "y_px": 20, "opacity": 0.4}, (20, 20)),
]


@pytest.mark.parametrize(("place", "corner"), PLACES)
def test_a_logo_is_composed_to_the_code(
    tmp_path: Path, place: dict[str, Any], corner: tuple[int, int]
) -> None:
    pixels = image(40, 24)
    logo = LogoPlan(path=str(write_png(tmp_path / "logo.png", pixels)), **place)
    found = shown(laid(tmp_path, logo))
    expected = composed(pixels, *corner, opacity=place.get("opacity", 1))
    for ours, theirs in zip(found, expected, strict=True):
        assert np.abs(ours - theirs).max() <= 1
        assert psnr(ours, theirs) > 50


def test_a_logo_is_there_in_its_frames_only(tmp_path: Path) -> None:
    pixels = image(40, 24)
    path = str(write_png(tmp_path / "logo.png", pixels))
    late = LogoPlan(path=path, x_px=10, first_frame=3, end_frame=7)
    always = LogoPlan(path=path, x_px=80)
    made = laid(tmp_path, late, always, source=film(tmp_path, seconds=0.4))
    frames = [shown(made, n)[0] for n in range(10)]
    here = [n for n in range(10) if frames[n][12, 30] != BACK[0]]
    assert here == [3, 4, 5, 6]
    assert all(frames[n][12, 100] != BACK[0] for n in range(10))


def test_a_repeated_frame_gets_its_logo_in_time(tmp_path: Path) -> None:
    """One source frame shown four times: the logo appears between two of them."""
    path = str(write_png(tmp_path / "logo.png", image(40, 24)))
    slow = tmp_path / "slow.mkv"
    ffmpeg("-i", film(tmp_path, seconds=0.8), "-r", "5", "-c:v", "ffv1", slow)
    made = laid(tmp_path, LogoPlan(path=path, first_frame=7), source=slow)
    frames = [shown(made, n)[0] for n in range(20)]
    assert [n for n in range(20) if frames[n][12, 20] != BACK[0]] == list(range(7, 20))


def test_a_logo_is_scaled_without_a_fringe(tmp_path: Path) -> None:
    """Invisible pixels are green; none of that may show at the edge of the red disc."""
    side = 64
    y, x = np.mgrid[0:side, 0:side] - side / 2 + 0.5
    inside = np.hypot(x, y) < 24
    pixels = np.where(inside[..., None], [255, 0, 0, 255], [0, 255, 0, 0]).astype(np.uint8)
    logo = LogoPlan(path=str(write_png(tmp_path / "disc.png", pixels)), width_px=32)
    _, cb, cr = shown(laid(tmp_path, logo))
    assert cr.max() > 230
    assert cr[:16, :16].min() >= BACK[2] - 2
    assert cb[:16, :16].max() <= BACK[1] + 2
    assert (cr[16:, :] == BACK[2]).all()


@pytest.mark.parametrize("name", ["logo.jpg", "logo.webp"])
def test_other_kinds_of_image_are_read(tmp_path: Path, name: str) -> None:
    ffmpeg(
        "-f", "lavfi", "-i", "color=0xc03020:s=32x32", "-frames:v", "1", "-q:v", "1",
        tmp_path / name,
    )  # fmt: skip
    luma, _, cr = shown(laid(tmp_path, LogoPlan(path=str(tmp_path / name))))
    expected = to_ycbcr(np.array([0xC0, 0x30, 0x20]) / 255, BT709) * [219, 224, 224]
    assert luma[16, 16] == pytest.approx(expected[0] + 16, abs=4)
    assert cr[8, 8] == pytest.approx(expected[2] + 128, abs=4)
    assert luma[40, 40] == BACK[0]


def test_white_is_reference_white_in_pq(tmp_path: Path) -> None:
    path = tmp_path / "pq.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", f"color=black:s={WIDTH}x{HEIGHT}:r=25:d=0.2", "-pix_fmt",
        "yuv420p10le", "-c:v", "ffv1",
        *colour_tags(matrix="bt2020nc", primaries="bt2020", transfer="smpte2084"), path,
    )  # fmt: skip
    logo = write_png(tmp_path / "white.png", np.full((32, 32, 4), 255, np.uint8))
    made = laid(tmp_path, LogoPlan(path=str(logo)), source=path, pixel_format="yuv420p10le")
    luma, cb, _ = ten_bit_planes(made, WIDTH, HEIGHT)
    white = float(nits_to_pq(np.array(203.0))) * 876 + 64
    assert luma[0, 10, 10] == pytest.approx(white, abs=2)
    assert abs(int(cb[0, 5, 5]) - 512) <= 1
    assert BT2020.sum() == pytest.approx(1)


def cut(pixels: bytes) -> bytes:
    return pixels[: len(pixels) // 3]


BAD: dict[str, Any] = {
    "text.png": lambda _: b"#EXTM3U\n/etc/passwd\n",
    "half.png": cut,
    "film.png": lambda _: (MEDIA / "odd_853x479.mkv").read_bytes(),
    "huge.png": lambda png: png[:16] + (60_000).to_bytes(4, "big") * 2 + png[24:],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_image_fails_its_output_alone(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 4), np.uint8)
    logo = write_png(tmp_path / name, noise)
    logo.write_bytes(BAD[name](logo.read_bytes()))
    wanted = {"source": {"type": "file", "path": str(logo)}}
    report = transcode(
        film(tmp_path), tmp_path, {"output": "mp4", "logo": wanted, "allow_soft_fail": 1},
        {"output": "mp4", "height": 48},
    )  # fmt: skip
    assert report.partial
    failed, made = report.outputs
    assert failed.error is not None
    assert failed.error["code"] == "logo_fetch_failed"
    assert "PNG" in failed.error["message"]
    assert made.status == "completed"
    assert report.stats["encodes"] == 1

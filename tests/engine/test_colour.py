"""Colours: patches of known colour are what they were, from every kind of pixel."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.colour_tags import colour_tags
from tests.engine.colour_reference import BT2020 as BT2020_WEIGHTS
from tests.engine.colour_reference import TO_709, to_ycbcr
from tests.engine.films import ffmpeg
from tests.engine.measure import pictures, streams, ten_bit_planes
from tests.engine.plans import picture, run, still, video

from videngine.plan import ColorPlan, Look
from videngine.spec.colour import MATRICES, PRIMARIES, TRANSFERS

PATCHES = np.array(
    [
        (16, 16, 16), (235, 235, 235), (128, 128, 128), (200, 30, 30),
        (30, 180, 40), (40, 40, 200), (220, 210, 30), (30, 190, 200),
    ],
    dtype=np.float64,
)  # fmt: skip
PATCH_PX = 64
WIDTH, HEIGHT = 4 * PATCH_PX, 2 * PATCH_PX
FRAMES = 3
BT601 = (0.299, 0.114)  # weights of red and blue in luma
BT709 = (0.2126, 0.0722)

Plane = npt.NDArray[np.float64]


def spread(values: npt.NDArray[np.float64], step: int = 1) -> Plane:
    """One value a patch → a plane (``step`` 2: of half the size)."""
    return values.reshape(2, 4).repeat(PATCH_PX // step, axis=0).repeat(PATCH_PX // step, axis=1)


def yuv(weights: tuple[float, float], *, full: bool = False) -> npt.NDArray[np.float64]:
    """Y, Cb, Cr of the patches by ITU-R BT.601 / BT.709, on the 8-bit scale, not rounded."""
    red, blue = weights
    rgb = PATCHES / 255
    y = rgb @ (red, 1 - red - blue, blue)
    cb, cr = (rgb[:, 2] - y) / (2 - 2 * blue), (rgb[:, 0] - y) / (2 - 2 * red)
    if full:
        return np.stack([255 * y, 255 * cb + 128, 255 * cr + 128])
    return np.stack([219 * y + 16, 224 * cb + 128, 224 * cr + 128])


def planar(values: npt.NDArray[np.float64], *, chroma_step: tuple[int, int], depth: int) -> bytes:
    """A planar frame; ``chroma_step`` is the subsampling across and down."""
    scale, dtype = 1 << (depth - 8), np.uint8 if depth == 8 else np.dtype("<u2")
    across, down = chroma_step
    planes = [spread(values[0])] + [spread(v)[::down, ::across] for v in values[1:]]
    return b"".join(np.round(p * scale).astype(dtype).tobytes() for p in planes)


def semi_planar(values: npt.NDArray[np.float64]) -> bytes:
    chroma = np.stack([spread(values[1], 2), spread(values[2], 2)], axis=2)
    return b"".join(np.round(p).astype(np.uint8).tobytes() for p in (spread(values[0]), chroma))


def packed_rgb() -> bytes:
    channels = [spread(PATCHES[:, c]) for c in range(3)]
    return np.stack(channels, axis=2).astype(np.uint8).tobytes()


def source(folder: Path, frame: bytes, pixel_format: str, *more: str, suffix: str = "nut") -> Path:
    """A film of one frame repeated, lossless."""
    path = folder / f"source.{suffix}"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", pixel_format]
    command += ["-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "pipe:0", *more, str(path)]
    subprocess.run(command, input=frame * FRAMES, check=True)
    return path


def check(path: Path, expected: npt.NDArray[np.float64]) -> None:
    """Mean error of each patch's middle, by plane, at most two levels."""
    raw = pictures(path, WIDTH, HEIGHT, pixel_format="yuv420p")[1].astype(np.float64)
    size = WIDTH * HEIGHT
    planes = (raw[:size], raw[size : size + size // 4], raw[size + size // 4 :])
    for plane, values, step in zip(planes, expected, (1, 2, 2), strict=True):
        side = PATCH_PX // step
        middle = plane.reshape(2, side, 4, side)[
            :, side // 4 : -side // 4, :, side // 4 : -side // 4
        ]
        found = middle.mean(axis=(1, 3)).reshape(-1)
        assert np.abs(found - values).max() <= 2


def transcoded(folder: Path, path: Path, *, width: int = WIDTH, height: int = HEIGHT) -> Path:
    of = picture(width, height, rate=25)
    return run(path, pictures=(of,), video=(video(folder, of=of, crf=5.0),)).path("v0")


FFV1 = ("-c:v", "ffv1")
RAW = ("-c:v", "rawvideo")
SOURCES: dict[str, Callable[[Path], Path]] = {
    "yuv420p": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(2, 2), depth=8), "yuv420p", *FFV1
    ),
    "yuv422p": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(2, 1), depth=8), "yuv422p", *FFV1
    ),
    "yuv444p": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(1, 1), depth=8), "yuv444p", *FFV1
    ),
    "yuv420p10le": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(2, 2), depth=10), "yuv420p10le", *FFV1
    ),
    "yuv422p10le": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(2, 1), depth=10), "yuv422p10le", *FFV1
    ),
    "yuv444p12le": lambda d: source(
        d, planar(yuv(BT601), chroma_step=(1, 1), depth=12), "yuv444p12le", *FFV1
    ),
    "nv12": lambda d: source(d, semi_planar(yuv(BT601)), "nv12", *RAW),
    "rgb24": lambda d: source(d, packed_rgb(), "rgb24", *RAW),
    "gbrp": lambda d: source(
        d, packed_rgb(), "rgb24", "-pix_fmt", "gbrp", "-c:v", "utvideo", suffix="mkv"
    ),
    "bgra": lambda d: source(d, packed_rgb(), "rgb24", "-pix_fmt", "bgra", *RAW),
    "pal8": lambda d: source(
        d, packed_rgb(), "rgb24", "-vf",
        "split[a][b];[a]palettegen=reserve_transparent=0[p];[b][p]paletteuse=dither=none",
        "-c:v", "png", "-pix_fmt", "pal8", suffix="mkv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pixel_format", SOURCES)
def test_every_kind_of_pixel_keeps_its_colours(tmp_path: Path, pixel_format: str) -> None:
    path = SOURCES[pixel_format](tmp_path)
    assert streams(path)[0]["pix_fmt"] == pixel_format
    made = transcoded(tmp_path, path)
    stream = streams(made)[0]
    assert stream["pix_fmt"] == "yuv420p"
    assert (stream["color_space"], stream["color_range"]) == ("smpte170m", "tv")
    check(made, yuv(BT601))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_full_range_becomes_limited(tmp_path: Path, pixel_format: str) -> None:
    depth = 10 if pixel_format.endswith("10le") else 8
    step = (1, 1) if "444" in pixel_format else (2, 2)
    frame = planar(yuv(BT601, full=True), chroma_step=step, depth=depth)
    path = source(
        tmp_path, frame, pixel_format, *colour_tags(range_="pc"), "-c:v", "libx264", "-qp", "1",
        "-preset", "ultrafast", suffix="mp4",
    )  # fmt: skip
    assert streams(path)[0]["color_range"] == "pc"
    made = transcoded(tmp_path, path)
    assert streams(made)[0]["color_range"] == "tv"
    check(made, yuv(BT601))


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2)])
def test_ten_bits_stay_ten_bits(tmp_path: Path, size: tuple[int, int]) -> None:
    """A ramp of 10-bit steps, which 8 bits could not tell apart."""
    ramp = np.tile(400 + np.arange(WIDTH) // 16, (HEIGHT, 1)).astype("<u2")
    chroma = np.full(WIDTH * HEIGHT // 2, 512, "<u2")
    path = source(tmp_path, ramp.tobytes() + chroma.tobytes(), "yuv420p10le", *FFV1)
    of = picture(*size, rate=25, pixel_format="yuv420p10le")
    made = run(path, pictures=(of,), video=(video(tmp_path, of=of, crf=0.0),)).path("v0")
    assert streams(made)[0]["pix_fmt"] == "yuv420p10le"
    row = ten_bit_planes(made, *size)[0][0, 0]
    assert np.abs(row - ramp[0, :: WIDTH // size[0]]).max() <= 1
    assert set(range(400, 416)) <= set(row.tolist())


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2)])
def test_a_tagged_matrix_is_kept_and_passed_on_at_any_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    frame = planar(yuv(BT709), chroma_step=(2, 2), depth=8)
    tags = colour_tags(matrix="bt709", primaries="bt709", transfer="bt709")
    path = source(
        tmp_path, frame, "yuv420p", *tags, "-c:v", "libx264", "-qp", "1", "-preset", "ultrafast",
        suffix="mp4",
    )  # fmt: skip
    made = transcoded(tmp_path, path, width=size[0], height=size[1])
    stream = streams(made)[0]
    found = {stream[k] for k in ("color_space", "color_primaries", "color_transfer")}
    assert found == {"bt709"}
    if size == (WIDTH, HEIGHT):
        check(made, yuv(BT709))


def tagged(folder: Path, weights: tuple[float, float], **tags: str) -> Path:
    """A lossless film of the patches, coded with these weights, and tagged."""
    frame = planar(yuv(weights), chroma_step=(2, 2), depth=8)
    return source(folder, frame, "yuv420p", *colour_tags(**tags), "-c:v", "ffv1", suffix="mkv")


def recoloured(folder: Path, path: Path, **facts: str) -> Path:
    of = picture(WIDTH, HEIGHT, rate=25, look=Look(color=ColorPlan(**facts)))  # type: ignore[arg-type]
    return run(path, pictures=(of,), video=(video(folder, of=of, crf=1.0),)).path("v0")


def test_a_matrix_that_differs_is_converted(tmp_path: Path) -> None:
    path = tagged(tmp_path, BT601, matrix="smpte170m")
    made = recoloured(tmp_path, path, matrix="bt709")
    assert streams(made)[0]["color_space"] == "bt709"
    check(made, yuv(BT709))


def test_a_matrix_that_the_source_leaves_open_is_a_tag(tmp_path: Path) -> None:
    path = tagged(tmp_path, BT709)
    made = recoloured(tmp_path, path, matrix="bt709")
    assert streams(made)[0]["color_space"] == "bt709"
    check(made, yuv(BT709))


def test_rgb_takes_the_matrix_that_is_asked_for(tmp_path: Path) -> None:
    path = source(tmp_path, packed_rgb(), "rgb24", *RAW)
    made = recoloured(tmp_path, path, matrix="bt709")
    assert streams(made)[0]["color_space"] == "bt709"
    check(made, yuv(BT709))


def test_range_is_converted_both_ways(tmp_path: Path) -> None:
    full = recoloured(tmp_path, tagged(tmp_path, BT601, range_="tv"), range="pc")
    assert streams(full)[0]["color_range"] == "pc"
    raw = pictures(full, WIDTH, HEIGHT, pixel_format="yuvj420p")[1].astype(np.float64)
    luma = raw[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)[PATCH_PX // 2 :: PATCH_PX, 32::PATCH_PX]
    assert np.abs(luma.reshape(-1) - yuv(BT601, full=True)[0]).max() <= 2


def test_primaries_and_transfer_are_converted_in_linear_light(tmp_path: Path) -> None:
    """BT.2020 to BT.709: the float64 matrix of BT.2087 on what a BT.1886 display shows."""
    inside = (PATCHES / 255) ** 2.4
    wide = (inside @ np.linalg.inv(TO_709).T) ** (1 / 2.4)
    levels = to_ycbcr(wide, BT2020_WEIGHTS) * [876, 896, 896] + [64, 512, 512]
    path = source(
        tmp_path, planar(levels.T / 4, chroma_step=(2, 2), depth=10), "yuv420p10le", "-c:v", "ffv1",
        *colour_tags(matrix="bt2020nc", primaries="bt2020", transfer="bt2020-10"), suffix="mkv",
    )  # fmt: skip
    made = recoloured(
        tmp_path, path, matrix="bt709", primaries="bt709", transfer="bt709"
    )  # fmt: skip
    tags = streams(made)[0]
    assert {tags[k] for k in ("color_space", "color_primaries", "color_transfer")} == {"bt709"}
    check(made, yuv(BT709))


@pytest.mark.parametrize("names", [MATRICES, TRANSFERS, PRIMARIES], ids=["space", "trc", "prim"])
def test_every_value_of_the_spec_can_be_made(tmp_path: Path, names: dict[str, str]) -> None:
    path = tagged(tmp_path, BT709, matrix="bt709", primaries="bt709", transfer="bt709")
    fact = {id(MATRICES): "matrix", id(TRANSFERS): "transfer", id(PRIMARIES): "primaries"}
    pictures_of, renditions = [], []
    for n, name in enumerate(sorted(set(names.values()) - {"", "smpte2084", "arib-std-b67"})):
        look = Look(color=ColorPlan(**{fact[id(names)]: name}))  # type: ignore[arg-type]
        of = picture(64, 64, rate=25, id=f"p{n}", look=look)
        pictures_of.append(of)
        renditions.append(video(tmp_path, of=of, name=f"v{n}"))
    made = run(path, pictures=tuple(pictures_of), video=tuple(renditions))
    assert len(made.results) == len(renditions)


def test_untagged_hd_is_bt709_in_every_rung(tmp_path: Path) -> None:
    path = tmp_path / "hd.nut"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1280x720:d=0.2", "-c:v", "ffv1", path)
    large, small = picture(1280, 720, id="p0"), picture(320, 180, id="p1", parent="p0")
    renditions = (video(tmp_path, of=large), video(tmp_path, of=small, name="v1"))
    made = run(path, pictures=(large, small), video=renditions)
    assert {streams(made.path(n))[0]["color_space"] for n in ("v0", "v1")} == {"bt709"}


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "rgb24", "pal8", "yuv420p"])
@pytest.mark.parametrize("image", ["png", "jpg"])
def test_stills_have_the_colours_of_the_film(tmp_path: Path, pixel_format: str, image: str) -> None:
    path = SOURCES[pixel_format](tmp_path)
    wanted = still(
        tmp_path, Fraction(0), width_px=WIDTH, height_px=HEIGHT, format=image, quality=100
    )
    made = run(path, stills=(wanted,))
    shown = pictures(made.path("s0"), WIDTH, HEIGHT, pixel_format="rgb24")[0].astype(np.float64)
    quarter = PATCH_PX // 4
    middle = shown.reshape(2, PATCH_PX, 4, PATCH_PX, 3)[:, quarter:-quarter, :, quarter:-quarter]
    found = middle.mean(axis=(1, 3)).reshape(-1, 3)
    assert np.abs(found - PATCHES).max() <= (3 if image == "png" else 5)

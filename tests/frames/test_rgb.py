"""Colours against exact arithmetic, and pictures in arrays of the caller's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.colour_tags import colour_tags
from tests.frames.material import MEDIA, ffmpeg, picture

import videngine
from videngine.frames import Frame

WEIGHTS = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}


def spread(samples: NDArray[Any], size: int, axis: int, first: float) -> NDArray[np.float64]:
    """Chroma for every luma sample, by straight lines; ``first``: where the first one lies."""
    at = np.clip((np.arange(size) - first) / 2, 0, samples.shape[axis] - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, samples.shape[axis] - 1)
    share = (at - low).reshape([-1 if a == axis else 1 for a in range(2)])
    values = samples.astype(np.float64)
    return values.take(low, axis) * (1 - share) + values.take(high, axis) * share


def exact(frame: Frame) -> NDArray[np.float64]:
    """R'G'B' from 0 to 1 by ITU-T H.273, in double."""
    y, u, v = frame.planes
    depth = 8 if y.dtype == np.uint8 else 10
    unit = 2.0 ** (depth - 8)
    matrix = frame.color.matrix
    if matrix not in WEIGHTS:
        matrix = "bt709" if frame.height > 576 else "smpte170m"
    red, blue = WEIGHTS[matrix]
    full = frame.color.range == "pc"
    across = 0.5 if frame.color.chroma_location == "center" else 0.0
    down = 0.0 if frame.color.chroma_location == "topleft" else 0.5
    luma = y / (2**depth - 1) if full else (y - 16 * unit) / (219 * unit)
    cb, cr = (
        (spread(spread(c, frame.height, 0, down), frame.width, 1, across) - 128 * unit)
        / (2**depth - 1 if full else 224 * unit)
        for c in (u, v)
    )
    r = luma + 2 * (1 - red) * cr
    b = luma + 2 * (1 - blue) * cb
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.stack([r, g, b], axis=-1), 0, 1)


def noise(path: Path, size: str, pixel_format: str, *tags: str) -> Frame:
    """A picture of soft noise of all colours, tagged."""
    source = f"nullsrc=size={size}:rate=5:duration=1,format=yuv444p,geq=lum='random(1)*255'"
    source += ":cb='128+120*sin(X/3+Y/7)':cr='128+120*cos(X/5-Y/4)'"
    options = ["-frames:v", "1", "-c:v", "ffv1", "-pix_fmt", pixel_format, *tags]
    ffmpeg("-f", "lavfi", "-i", source, *options, path)
    return videngine.open(path)[0]


@pytest.mark.parametrize("size", ["160x90", "161x91", "35x17"])
@pytest.mark.parametrize(
    ("matrix", "range_", "location"),
    [
        ("bt709", "tv", "left"),
        ("smpte170m", "tv", "left"),
        ("bt709", "pc", "center"),
        ("bt2020nc", "tv", "topleft"),
        ("unknown", "tv", "left"),
    ],
)
def test_colours_are_exact(
    tmp_path: Path, size: str, matrix: str, range_: str, location: str
) -> None:
    tags = colour_tags(range_=range_, matrix=matrix if matrix != "unknown" else "")
    tags += ["-chroma_sample_location", location]
    frame = noise(tmp_path / "noise.mkv", size, "yuv420p", *tags)
    assert frame.color.range == range_
    expected = exact(frame)
    got = frame.to_rgb()
    assert got.shape == (frame.height, frame.width, 3)
    assert np.abs(got - 255 * expected).max() <= 1.0
    assert (frame.to_rgb(layout="CHW") == got.transpose(2, 0, 1)).all()


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv420p"])
@pytest.mark.parametrize(("dtype", "scale"), [("u1", 255), ("u2", 65535), ("f4", 1)])
def test_deep_colours_are_exact(tmp_path: Path, pixel_format: str, dtype: Any, scale: int) -> None:
    tags = [*colour_tags(range_="tv", matrix="bt709"), "-chroma_sample_location", "left"]
    frame = noise(tmp_path / "noise.mkv", "160x90", pixel_format, *tags)
    got = frame.to_rgb(dtype=dtype).astype(np.float64) / scale
    assert np.abs(got - exact(frame)).max() <= max(1.0 / scale, 2e-5)


def test_other_formats_keep_their_colours(tmp_path: Path) -> None:
    path = tmp_path / "colours.nut"
    colours = "color=red:s=64x64:d=1:r=1,format=gbrp[r];color=0x2080C0:s=64x64:d=1:r=1,format=gbrp"
    for pixel_format in ("rgb24", "gbrp", "bgra", "nv12", "yuv444p", "yuyv422", "gray"):
        ffmpeg(
            *("-f", "lavfi", "-i", f"{colours}[b];[r][b]hstack"),
            *("-c:v", "rawvideo", "-pix_fmt", pixel_format, "-frames:v", "1", path),
        )
        rgb = videngine.open(path)[0].to_rgb().astype(int)
        if pixel_format == "gray":
            assert np.ptp(rgb, axis=2).max() <= 1
            continue
        assert np.abs(rgb[10, 10] - [255, 0, 0]).max() <= 3, pixel_format
        assert np.abs(rgb[10, 100] - [0x20, 0x80, 0xC0]).max() <= 3, pixel_format


def test_hdr_becomes_sdr_when_asked_for() -> None:
    frame = videngine.open(MEDIA / "hdr10_pq_hevc.mp4")[3]
    coded = frame.to_rgb(dtype="f4")
    shown = frame.to_rgb(dtype="f4", transfer="sdr")
    assert shown.mean() > coded.mean() + 0.1  # PQ looks dark when taken for BT.709
    assert shown.max() > 0.9
    sdr = videngine.open(MEDIA / "rotated_90.mp4")[0]
    assert (sdr.to_rgb() == sdr.to_rgb(transfer="sdr")).all()


def test_out_is_written_to(clip: Path) -> None:
    frame = videngine.open(clip)[7]
    out = np.zeros((90, 160, 3), np.uint8)
    assert frame.to_rgb(out) is out
    assert (out == frame.to_rgb()).all()
    for bad, expected in (
        (np.zeros((160, 90, 3), np.uint8), r"shape \(90, 160, 3\)"),
        (np.zeros((90, 160, 3), np.int64), "uint8, uint16 or float32"),
        (np.zeros((90, 320, 3), np.uint8)[:, ::2], "contiguous"),
    ):
        with pytest.raises(ValueError, match=expected):
            frame.to_rgb(bad)
    out.flags.writeable = False
    with pytest.raises((ValueError, BufferError), match=r"read-?only|not writable"):
        frame.to_rgb(out)
    with pytest.raises(ValueError, match="HWC"):
        frame.to_rgb(layout="WHC")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="u1"):
        frame.to_rgb(dtype="i8")  # type: ignore[arg-type]  # what is tested


def test_frames_into_arrays(clip: Path) -> None:
    src = videngine.open(clip, max_live_frames=2)
    numbers = [5, 40, 5, 17, -1, 0]
    rgb = np.zeros((6, 90, 160, 3), np.uint8)
    src.into(rgb, numbers)
    for place, number in enumerate(numbers):
        assert (rgb[place] == src[number].to_rgb()).all()
    floats = np.zeros((6, 3, 90, 160), np.float32)
    src.into(floats, numbers, layout="CHW")
    assert np.abs(floats[3] - rgb[3].transpose(2, 0, 1) / 255).max() < 2.5 / 255
    planes = [np.zeros((6, *p.shape), p.dtype) for p in src[0].planes]
    src.into(planes, numbers)
    for place, number in enumerate(numbers):
        for ours, plane in zip(planes, src[number].planes, strict=True):
            assert (ours[place] == plane).all()
    del plane
    assert src.live_frames == 0
    with pytest.raises(ValueError, match=r"shape \(90, 160, 3\)"):
        src.into(np.zeros((2, 80, 160, 3), np.uint8), [1, 2])
    with pytest.raises(ValueError, match="2 pictures"):
        src.into(np.zeros((2, 90, 160, 3), np.uint8), [1, 2, 3])
    with pytest.raises(ValueError, match="3 planes, not 2"):
        src.into(planes[:2], [1])


def test_images_are_turned_as_they_are_shown() -> None:
    frame = videngine.open(MEDIA / "rotated_90.mp4")[0]
    image = frame.to_image()
    assert image.size == (frame.height, frame.width)
    upright = frame.rotation == 90
    corner = frame.to_rgb()[-1 if upright else 0, 0 if upright else -1]
    assert (np.asarray(image)[0, 0] == corner).all()


def test_dlpack_shares_and_says_read_only(clip: Path, tmp_path: Path) -> None:
    frame = videngine.open(clip)[3]
    luma = np.from_dlpack(frame.plane(0))
    assert np.shares_memory(luma, frame.planes[0])
    assert not luma.flags.writeable
    assert (np.from_dlpack(frame.writable().plane(1)) == frame.planes[1]).all()
    copied = np.from_dlpack(frame.plane(0), copy=True)
    assert (copied == luma).all()
    assert not np.shares_memory(copied, luma)
    assert frame.plane(0).__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError, match="read-only"):
        frame.plane(0).__dlpack__()  # as consumers from before 1.0 ask
    with pytest.raises(BufferError, match="memory of the CPU"):
        frame.plane(0).__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError, match="not one array"):
        np.from_dlpack(frame)
    with pytest.raises(IndexError, match="has 3"):
        frame.plane(3)
    view = np.asarray(frame.plane(2))
    assert np.shares_memory(view, frame.planes[2])
    assert not view.flags.writeable
    path = tmp_path / "rgb.nut"
    ffmpeg(*picture("64x48", 2), "-c:v", "rawvideo", "-pix_fmt", "rgb24", path)
    whole = videngine.open(path)[1]
    assert np.from_dlpack(whole).shape == (48, 64, 3)
    assert (np.asarray(whole) == whole.to_rgb()).all()

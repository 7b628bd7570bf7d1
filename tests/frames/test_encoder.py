"""Pictures back into files: the same samples, the same times, no copy where none is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.frames.material import MEDIA, digest, ffmpeg, picture

import videngine
from videngine import Encoder
from videngine.errors import EncoderUnavailable

LOSSLESS: dict[str, Any] = {"quality": 0, "preset": "ultrafast"}


def colours(width: int = 160, height: int = 90, dtype: type = np.uint8) -> NDArray[Any]:
    """R'G'B' that changes slowly everywhere: what chroma loses by its size is little."""
    y, x = np.mgrid[0:height, 0:width]
    ramps = np.stack((x / width, y / height, 1 - (x + y) / (width + height)), axis=-1)
    return (ramps * np.iinfo(dtype).max).astype(dtype)


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_frames_go_through_without_a_copy(clip: Path, suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"copy{suffix}"
    src = videngine.open(clip)
    with Encoder(target, fps=25, keyframe=12, **LOSSLESS) as enc:
        for frame in src:
            enc.write(frame)
        assert enc.pictures == 60
        assert enc.in_place == 60  # the encoder was given the decoder's own memory
        assert left_over(tmp_path) != [target.name]  # not under its name before it is whole
    assert left_over(tmp_path) == [target.name]
    made = videngine.open(target)
    assert [digest(f) for f in made] == [digest(f) for f in src]
    assert [f.time for f in made] == pytest.approx([n / 25 for n in range(60)], abs=1e-3)
    assert np.flatnonzero(made.index["key"]).tolist() == [0, 12, 24, 36, 48]
    assert made.stream.frame_rate == 25


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("hevc", ".mp4", LOSSLESS),
        ("vp9", ".webm", LOSSLESS),
        ("av1", ".mkv", {"quality": 20, "preset": "ultrafast"}),
        ("vp8", ".webm", {"quality": 4, "preset": "ultrafast"}),
        ("libx264", ".mp4", {"bitrate": 2000, "preset": "fast"}),
    ],
)
def test_every_codec(codec: str, suffix: str, options: Any, clip: Path, tmp_path: Path) -> None:
    src = videngine.open(clip)
    frames = src[:20]
    with Encoder(tmp_path / f"film{suffix}", fps=25, codec=codec, keyframe=10, **options) as enc:
        for frame in frames:
            enc.write(frame)
        assert enc.in_place == 20
    made = videngine.open(tmp_path / f"film{suffix}")
    assert len(made) == 20
    assert bool(made.index["key"][10])
    if options is LOSSLESS:
        assert [digest(f) for f in made] == [digest(f) for f in frames]
    for ours, theirs in zip(made, frames, strict=True):
        error = ours.planes[0].astype(int) - theirs.planes[0]
        assert np.sqrt((error**2).mean()) < 12


def test_times_are_kept(tmp_path: Path, made: Any) -> None:
    from tests.frames.material import MATERIAL

    path, expected = made(next(m for m in MATERIAL if m.name == "vfr"))
    src = videngine.open(path)
    target = tmp_path / "vfr.mkv"
    with Encoder(target, fps=25, time_base=src.time_base, **LOSSLESS) as enc:
        for frame in src:
            enc.write(frame, frame.pts)
    again = videngine.open(target)
    assert [digest(f) for f in again] == expected
    assert again.index["pts"].tolist() == src.index["pts"].tolist()
    with Encoder(tmp_path / "late.mp4", fps="30000/1001", time_base=Fraction(1, 90000)) as enc:
        for pts in (900, 1000, None, 90_000):
            enc.write(colours(), pts)
    late = videngine.open(tmp_path / "late.mp4")
    times = [round(f.pts * late.time_base * 90_000) for f in late]
    assert [t - times[0] for t in times] == [0, 100, 3103, 89_100]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("matrix", [None, "bt709", "bt2020nc"])
@pytest.mark.parametrize("range_", [None, "pc"])
def test_rgb_comes_back(dtype: type, matrix: str, range_: str, tmp_path: Path) -> None:
    rgb = colours(dtype=dtype)
    target = tmp_path / "rgb.mp4"
    codec = "h264" if dtype == np.uint8 else "hevc"  # x264 is not lossless in ten bits
    colour = {"color_space": matrix, "color_range": range_}
    with Encoder(target, fps=25, codec=codec, **colour, **LOSSLESS) as enc:
        enc.write(rgb)
        enc.write(np.ascontiguousarray(rgb[::-1])[::-1])  # rows the other way round: copied
        view = np.zeros((90, 200, 3), dtype)
        view[:, :160] = rgb
        enc.write(view[:, :160])  # rows with a gap between: as they lie
        assert enc.in_place == 0
    with videngine.open(target) as src:
        frames = list(src)
        assert frames[0].depth == (8 if dtype == np.uint8 else 10)
        assert frames[0].color.matrix == (matrix or "smpte170m")
        assert frames[0].color.range == (range_ or "tv")
        assert [digest(f) for f in frames[1:]] == [digest(frames[0])] * 2
        again = frames[0].to_rgb(dtype="u1" if dtype == np.uint8 else "u2")
    scale = 1 if dtype == np.uint8 else 257
    error = np.abs(again.astype(int) - rgb) / scale
    assert error.max() <= 3  # codes of limited range are coarser than those of R'G'B'
    assert error.mean() < 0.8


def test_rgb_is_exact_arithmetic(tmp_path: Path) -> None:
    """Against H.273's equations in floating point, chroma on the left columns."""
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (66, 94, 3), dtype=np.uint8)
    with Encoder(tmp_path / "noise.mkv", fps=25, color_space="bt709", **LOSSLESS) as enc:
        enc.write(rgb)
    y, u, v = videngine.open(tmp_path / "noise.mkv")[0].planes
    r, g, b = (rgb[..., i] / 255 for i in range(3))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    assert np.abs(y - (16 + 219 * luma)).max() <= 0.51
    for plane, colour, weight in ((u, b, 0.0722), (v, r, 0.2126)):
        whole = (colour - luma) / (2 * (1 - weight))
        rows = (whole[0::2] + whole[1::2]) / 2
        before = np.pad(rows, ((0, 0), (1, 0)), mode="edge")[:, :-1]
        chroma = (before[:, 0::2] + 2 * rows[:, 0::2] + rows[:, 1::2]) / 4
        assert np.abs(plane - (128 + 224 * chroma)).max() <= 0.51


def test_planes_of_every_layout(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)

    def plane(*shape: int, dtype: type = np.uint8) -> NDArray[Any]:
        return rng.integers(0, 256, shape).astype(dtype)

    luma = plane(90, 160)
    layouts = [
        (luma, plane(45, 80), plane(45, 80)),
        (luma, plane(90, 80), plane(90, 80)),
        (luma, plane(90, 160), plane(90, 160)),
        (luma, plane(45, 80, 2)),
    ]
    target = tmp_path / "planes.mkv"
    with Encoder(target, fps=25, **LOSSLESS) as enc:
        for planes in layouts:
            enc.write(planes)
        enc.write([layouts[0][0][:, ::1], np.asfortranarray(layouts[0][1]), layouts[0][2]])
        assert enc.in_place == 2
    frames = list(videngine.open(target))
    for frame in frames:
        assert (frame.planes[0] == luma).all()
    for got, given in zip(frames[0].planes, layouts[0], strict=True):
        assert (got == given).all()
    assert (frames[3].planes[1] == layouts[3][1][..., 0]).all()
    assert digest(frames[4]) == digest(frames[0])
    deep = [plane(90, 160, dtype=np.uint16) * 4, plane(45, 80, dtype=np.uint16) * 4]
    with Encoder(tmp_path / "deep.mkv", fps=25, codec="hevc", **LOSSLESS) as enc:
        enc.write((deep[0], deep[1], deep[1]))
        assert enc.in_place == 1
    frame = videngine.open(tmp_path / "deep.mkv")[0]
    assert frame.format == "yuv420p10le"
    assert (frame.planes[0] == deep[0]).all()


def test_hdr_stays_hdr(tmp_path: Path) -> None:
    src = videngine.open(MEDIA / "hdr10_pq_hevc.mp4")
    target = tmp_path / "hdr.mp4"
    with Encoder(target, fps=src.stream.frame_rate, codec="hevc", preset="ultrafast") as enc:
        for frame in src[:3]:
            enc.write(frame)
        assert enc.in_place == 3
    first = videngine.open(target)[0]
    assert first.format == "yuv420p10le"
    assert first.color.transfer == "smpte2084"
    assert first.hdr is not None
    assert first.hdr.max_luminance_nits == src[0].hdr.max_luminance_nits  # type: ignore[union-attr]
    assert first.sar == src[0].sar


def test_other_formats_and_shapes_of_frames_are_converted(tmp_path: Path, made: Any) -> None:
    path = tmp_path / "wide.mp4"
    tags = ["-vf", "setsar=64/45", "-pix_fmt", "yuv444p"]
    ffmpeg(*picture(frames=5), *tags, "-c:v", "libx264", "-qp", "0", path)
    with Encoder(tmp_path / "narrow.mp4", fps=25, **LOSSLESS) as enc:
        for frame in videngine.open(path):
            enc.write(frame)
        assert enc.in_place == 0
    narrow = videngine.open(tmp_path / "narrow.mp4")[0]
    assert narrow.format == "yuv420p"
    assert narrow.sar == Fraction(64, 45)
    flipped = tmp_path / "flipped.avi"
    raw = ["-c:v", "rawvideo", "-pix_fmt", "bgr24"]
    ffmpeg(*picture("162x90", 3), *raw, flipped)
    frame = videngine.open(flipped)[0]
    with Encoder(tmp_path / "upright.mp4", fps=25, **LOSSLESS) as enc:
        enc.write(frame)
    upright = videngine.open(tmp_path / "upright.mp4")[0].to_rgb().astype(int)
    theirs = frame.planes[0][..., ::-1].astype(int)
    assert np.abs(upright - theirs).mean() < 6


def test_what_cannot_be_written(tmp_path: Path, clip: Path) -> None:
    frame = videngine.open(clip)[0]
    with Encoder(tmp_path / "film.mp4", fps=25, size=(160, 90)) as enc:
        enc.write(frame, 10)
        cases: list[tuple[Any, str]] = [
            (colours(80, 44), "160x90, not 80x44"),
            (colours().astype(float), "uint8 or of uint16"),
            (colours()[..., :2], r"\(90, 160, 3\)"),
            (colours().transpose(2, 0, 1), "not "),
            (frame.planes[:2], "three planes"),
            ((frame.planes[0], frame.planes[1][:-1], frame.planes[2]), "4:2:2"),
            ((frame.planes[0], *(p.astype("u2") for p in frame.planes[1:])), "uint8 or of uint16"),
            ([], "planes of"),
            (np.zeros(5, np.uint8), "planes of"),
        ]
        for wrong, message in cases:
            with pytest.raises(ValueError, match=message):
                enc.write(wrong)
        for wrong in (None, "picture", 5):
            with pytest.raises(TypeError, match="a Frame or arrays"):
                enc.write(wrong)  # type: ignore[arg-type]  # what is tested
        for pts in (10, 3):
            with pytest.raises(ValueError, match=f"pts {pts} is not above 10"):
                enc.write(frame, pts)
        with pytest.raises(ValueError, match="0 or more"):
            enc.write(frame, -1)
        enc.write(frame)  # it is of use all the same
        assert enc.pictures == 2
    with pytest.raises(ValueError, match="closed"):
        enc.write(frame)
    enc.close()
    assert videngine.open(tmp_path / "film.mp4").index["pts"].size == 2


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("film.avi", {}, "ends in .mp4"),
        ("film.mp4", {"codec": "h266"}, "codec must be one of"),
        ("film.webm", {}, "holds av1, vp8, vp9 only"),
        ("film.mp4", {"quality": 60}, "quality"),
        ("film.mp4", {"fps": 0}, "fps"),
        ("film.mp4", {"size": (161, 90)}, "even"),
        ("film.mp4", {"pix_format": "rgb24"}, "pix_format must be"),
        ("film.mp4", {"color_space": "bt1"}, "color_space must be"),
        ("film.mp4", {"keyframe": "often"}, "keyframe"),
        ("film.mp4", {"preset": "quick"}, "preset"),
        ("film.mp4", {"threads": 0}, "threads"),
        ("film.mp4", {"time_base": 2}, "time_base"),
        ("film.mp4", {"parameters": {"sauce": 1}}, "sauce"),
    ],
)
def test_arguments_that_cannot_be(name: str, options: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Encoder(tmp_path / name, **{"fps": 25, **options})
    assert left_over(tmp_path) == []


def test_a_file_is_whole_or_not_there(tmp_path: Path, clip: Path) -> None:
    target = tmp_path / "film.mp4"
    target.write_bytes(b"what was there before")
    frames = videngine.open(clip)[:5]

    def write_and_fail() -> None:
        with Encoder(target, fps=25) as enc:
            enc.write(frames[0])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_fail()
    dropped = Encoder(target, fps=25)
    dropped.write(frames[0])
    del dropped
    with pytest.raises(ValueError, match="no picture"), Encoder(target, fps=25):
        pass
    with pytest.raises(EncoderUnavailable), Encoder(target, fps=25, codec="h264_nvenc") as enc:
        enc.write(frames[0])
    assert target.read_bytes() == b"what was there before"
    assert left_over(tmp_path) == ["film.mp4"]
    with Encoder(target, fps=25) as enc:
        for frame in frames:
            enc.write(frame)
    assert len(videngine.open(target)) == 5
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask
    with pytest.raises(FileNotFoundError):
        Encoder(tmp_path / "none" / "film.mp4", fps=25)


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
import numpy as np
import videngine
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
try:
    with videngine.Encoder(sys.argv[1], fps=25, quality=1, preset="ultrafast") as enc:
        for n in range(60):
            enc.write(np.roll(noise, n, 0))
except videngine.VidengineError as error:
    print(error.code)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "film.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("disk_full", "encoder_failed")
    assert left_over(tmp_path) == []


def test_others_work_while_pictures_are_encoded(tmp_path: Path) -> None:
    count = 0
    stop = threading.Event()

    def work() -> None:
        nonlocal count
        while not stop.wait(0.001):
            count += 1

    thread = threading.Thread(target=work)
    big = colours(1920, 1080)
    with Encoder(tmp_path / "film.mp4", fps=25, preset="slow", threads=1) as enc:
        enc.write(big)
        thread.start()
        for n in range(1, 6):
            enc.write(np.roll(big, 16 * n, axis=1))
        enc.close()
        stop.set()
        thread.join()
    assert count > 20

"""Rows of outputs that are images: thumbnails of every shape and format."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.measure import pictures, probe_json, psnr, streams
from tests.fields.framing import FILM_SIZE, Pixels, at_time, contain, cover, resized, shape, turned
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_core import FILM, film

AT_S = 5
NEAR_DB = 38  # of a lossless image and another scaler


def image(**fields: Any) -> dict[str, Any]:
    """A PNG of the film at five seconds."""
    return {"output": "thumbnail", "time": f"{AT_S}s", **fields}


def frame(time_s: Fraction | int = AT_S) -> Pixels:
    """The film's picture at a time."""
    return at_time(MEDIA / FILM, Fraction(time_s), FILM_SIZE)


def shows(size: tuple[int, int], expected: Callable[[Pixels], Pixels]) -> Callable[[Made], None]:
    """The image is what an independent computation says."""

    def check(made: Made) -> None:
        assert shape(made.path())[:2] == size
        (found,) = pictures(made.path(), *size, pixel_format="rgb24")
        assert psnr(found, expected(frame())) >= NEAR_DB

    return check


def tile(picture: Pixels, size: tuple[int, int] = (160, 90)) -> Pixels:
    """A frame of the film as a thumbnail."""
    return resized(picture, size)


def format_is(*codecs: str) -> Callable[[Made], None]:
    """The image of output n is coded like that, and shows the film at five seconds."""

    def check(made: Made) -> None:
        for n, codec in enumerate(codecs):
            (stream,) = streams(made.path(n))
            assert stream["codec_name"] == codec
            (found,) = pictures(made.path(n), 320, 180, pixel_format="rgb24")
            assert psnr(found, resized(frame(), (320, 180))) >= 34

    return check


def better_quality_is_larger(made: Made) -> None:
    small, large = (made.path(n).stat().st_size for n in (0, 1))
    assert large > 2 * small


def the_hundredth_frame(made: Made) -> None:
    (found,) = pictures(made.path(), *FILM_SIZE)
    whole = pictures(MEDIA / FILM, *FILM_SIZE)[98:103].astype(int)
    errors = [np.abs(found.astype(int) - other).mean() for other in whole]
    assert int(np.argmin(errors)) == 2


def one_image_each(made: Made) -> None:
    for n, time_s in enumerate((2, 10, 15), 1):
        (found,) = pictures(made.path(0, f"shot_{n}.png"), 320, 180, pixel_format="rgb24")
        assert psnr(found, resized(frame(time_s), (320, 180))) >= NEAR_DB
    assert len(made.report.outputs[0].urls) == 3
    assert made.report.stats["decodes"] == 1


def delays_cs(path: Path) -> list[int]:
    """The delay of every picture of a GIF in hundredths of a second, as its bytes have them."""
    found = re.findall(rb"\x21\xf9\x04.(..).\x00", path.read_bytes(), re.DOTALL)
    return [int.from_bytes(delay, "little") for delay in found]


def gif_is(
    size: tuple[int, int], delays: list[int], first_s: int, make: Callable[[Pixels], Pixels]
) -> Callable[[Made], None]:
    """The size, the delays, and what the first and the last picture show."""

    def check(made: Made) -> None:
        path = made.path(0, ".gif")
        assert shape(path)[:2] == size
        assert delays_cs(path) == delays
        assert b"NETSCAPE2.0" in path.read_bytes()[:1024]  # it repeats
        found = pictures(path, *size, pixel_format="rgb24")
        assert len(found) == len(delays)
        for n in (0, len(delays) - 1):
            at = Fraction(first_s) + Fraction(sum(delays[:n]), 100)
            near = [psnr(found[n], make(frame(at + Fraction(d, 24)))) for d in (-1, 0, 1)]
            assert max(near) >= 29, near  # 256 colours and a pattern: 31 to 33 were measured

    return check


def cues(made: Made, name: str) -> list[tuple[float, float, str]]:
    """Begin, end and payload of each cue of the map."""
    text = made.path(0, name).read_text()
    assert text.startswith("WEBVTT\n\n")
    found = re.findall(r"(\S+) --> (\S+)\n(\S+)\n", text)
    return [(_seconds(begins), _seconds(ends), payload) for begins, ends, payload in found]


def _seconds(timestamp: str) -> float:
    hours, minutes, rest = timestamp.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def tiles_show_their_moments(made: Made) -> None:
    """Every cue's tile is the frame at the beginning of its cue."""
    found = cues(made, "sprite.vtt")
    assert [(begins, ends) for begins, ends, _ in found] == [
        (0, 3), (3, 6), (6, 9), (9, 12), (12, 15), (15, 16),
    ]  # fmt: skip
    sheet = made.path(0, "sprite_0001.png")
    size = shape(sheet)[:2]
    assert size == (4 * 160, 2 * 90)
    (image,) = pictures(sheet, *size, pixel_format="rgb24")
    for begins, _, payload in found:
        name, x, y, width, height = re.fullmatch(
            r"(.*)#xywh=(\d+),(\d+),(\d+),(\d+)", payload
        ).groups()
        assert (name, width, height) == ("sprite_0001.png", "160", "90")
        part = image[int(y) : int(y) + 90, int(x) : int(x) + 160]
        assert psnr(part, tile(frame(2 + Fraction(begins)))) >= NEAR_DB
    assert made.report.stats["decodes"] == 1


def images_show_their_moments(made: Made) -> None:
    found = cues(made, "thumbnails.vtt")
    assert [payload for _, _, payload in found] == [f"thumbnail_000{n}.jpg" for n in range(1, 6)]
    for begins, _, payload in found:
        path = made.path(0, payload)
        assert streams(path)[0]["codec_name"] == "mjpeg"
        (image,) = pictures(path, 240, 240, pixel_format="rgb24")
        assert psnr(image, cover(frame(Fraction(begins)), (240, 240))) >= 30
    names = [file["key"] for file in made.report.outputs[0].files]
    assert names[-1] == "thumbnails.vtt"  # it comes when all that it names is there


def key_frames_are_shown(made: Made) -> None:
    """Nothing else is decoded, and every image is the key frame nearest to its cue."""
    packets = probe_json(MEDIA / FILM, "-select_streams", "v", "-show_packets")["packets"]
    keys = [Fraction(p["pts_time"]) for p in packets if "K" in p["flags"]]
    assert made.report.stats["frames"] == len(keys) < 10
    for begins, _, payload in cues(made, "thumbnails.vtt"):
        nearest = min(keys, key=lambda at: abs(at - Fraction(begins)))
        (image,) = pictures(made.path(0, payload), 160, 90, pixel_format="rgb24")
        assert psnr(image, tile(frame(nearest))) >= NEAR_DB


ROWS = [
    Row(fields=("ImageFields.resize_mode",), name="thumbnail cropped",
        job=film(image(width=270, height=270, resize_mode="crop")),
        check=shows((270, 270), lambda p: cover(p, (270, 270)))),
    Row(fields=("ImageFields.resize_mode",), name="thumbnail padded",
        job=film(image(width=271, height=300, resize_mode="pad")),
        check=shows((271, 300), lambda p: contain(p, (271, 300), even=False))),
    Row(fields=("ImageFields.rotate",), name="thumbnail turned",
        job=film(image(rotate=90, height=400, width=200, resize_mode="crop")),
        check=shows((200, 400), lambda p: cover(turned(p, 90), (200, 400)))),
    Row(fields=("ImageFields.height", "ImageFields.width"), name="thumbnail stretched",
        job=film(image(width=300, height=300)),
        check=shows((300, 300), lambda p: resized(p, (300, 300)))),
    Row(fields=("ThumbnailOutput.image_format",), name="formats of a thumbnail",
        job=film(*(image(image_format=f, quality=q, height=180)
                   for f, q in (("png", None), ("jpeg", 95), ("webp", 95)))),
        check=format_is("png", "mjpeg", "webp")),
    Row(fields=("ThumbnailOutput.quality",), name="quality of webp",
        job=film(*(image(image_format="webp", quality=q) for q in (10, 95))),
        check=better_quality_is_larger),
    Row(fields=("ThumbnailOutput.frame_number",), name="frame_number",
        job=film(image(frame_number=100)), check=the_hundredth_frame),
    Row(fields=("ThumbnailOutput.frame_number",), name="frame_number after start_time",
        job=film(image(frame_number=52, start_time=2)), check=the_hundredth_frame),
    Row(fields=("ThumbnailOutput.time",), name="several times",
        job=lambda folder: film(
            {"output": "thumbnail", "time": ["2s", "50%", "00:00:15"], "height": 180,
             "destination": {"type": "file", "path": f"{folder / '0'}/shot.png"}},
            source="bbb_720p24_20s.mp4"),
        check=one_image_each),
    Row(fields=("GifOutput.output", "GifOutput.framerate"), name="gif",
        job=film({"output": "gif", "start_time": 5, "duration": 1, "height": 180}),
        check=gif_is((320, 180), [10] * 10, 5, lambda p: resized(p, (320, 180)))),
    Row(fields=("GifOutput.framerate",), name="gif's framerate and shape",
        job=film({"output": "gif", "start_time": 5, "duration": "0.5s", "framerate": 15,
                  "width": 200, "height": 200, "resize_mode": "crop", "rotate": 180}),
        check=gif_is((200, 200), [7, 6, 7, 7, 6, 7, 7, 6],
                     5, lambda p: cover(turned(p, 180), (200, 200)))),
    Row(fields=("ThumbnailsOutput.output", "ThumbnailsOutput.interval", "ThumbnailsOutput.sprite",
                "ThumbnailsOutput.columns", "ThumbnailsOutput.image_format"),
        name="sprite",
        job=film({"output": "thumbnails", "start_time": 2, "duration": 16, "interval": 3,
                  "sprite": 1, "columns": 4, "image_format": "png"}),
        check=tiles_show_their_moments),
    Row(fields=("ThumbnailsOutput.interval", "ThumbnailsOutput.quality"), name="thumbnails",
        job=film({"output": "thumbnails", "interval": "5s", "width": 240, "height": 240,
                  "resize_mode": "crop", "quality": 95}),
        check=images_show_their_moments),
    Row(fields=("ThumbnailsOutput.interval",), name="thumbnails of key frames",
        job=film({"output": "thumbnails", "interval": 6, "image_format": "png"}),
        check=key_frames_are_shown),
]  # fmt: skip

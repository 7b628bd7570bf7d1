"""Rows of the shape of pictures: sizes, modes, aspect ratio, rotation; and of the rate's limit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.engine.measure import pictures, psnr, streams
from tests.fields.framing import FILM_SIZE, Pixels, at_time, contain, cover, resized, shape, turned
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_core import FILM, film, mp4

START_S = 5
NEAR_DB = 34  # of one encode at CRF 8 and another scaler; 36 to 45 were measured


def shot(**fields: Any) -> dict[str, Any]:
    """A file of a quarter of a second, nearly lossless."""
    return {"output": "mp4", "start_time": START_S, "duration": 0.25, "quality": 8, **fields}


def source() -> Pixels:
    """The film's picture at the start of the shot."""
    return at_time(MEDIA / FILM, Fraction(START_S), FILM_SIZE)


def shows(
    size: tuple[int, int], expected: Callable[[Pixels], Pixels], *, sample: str = "1:1"
) -> Callable[[Made], None]:
    """The first picture of the first file is what an independent computation says."""

    def check(made: Made) -> None:
        assert shape(made.path()) == (*size, sample)
        found = pictures(made.path(), *size, pixel_format="rgb24")[0]
        assert psnr(found, expected(source())) >= NEAR_DB

    return check


def every_rung_shows(*expected: tuple[tuple[int, int], Callable[[Pixels], Pixels]]) -> Any:
    """The same of the rungs of a ladder, from the largest."""

    def check(made: Made) -> None:
        for n, (size, picture) in enumerate(expected):
            path = made.path(n)
            assert shape(path)[:2] == size
            found = pictures(path, *size, pixel_format="rgb24")[0]
            assert psnr(found, picture(source())) >= NEAR_DB
        assert made.report.stats["decodes"] == 1

    return check


def ladder_is_cropped(made: Made) -> None:
    text = made.path(0, "playlist.m3u8").read_text()
    assert "RESOLUTION=480x480" in text
    assert "RESOLUTION=240x240" in text
    video = min(made.folder.rglob("video_1/*.m3u8"))
    (stream,) = [s for s in streams(video) if s["codec_type"] == "video"]
    assert (stream["width"], stream["height"]) in ((480, 480), (240, 240))


def rate_is_limited(made: Made) -> None:
    assert Fraction(streams(made.path(0))[0]["avg_frame_rate"]) == 10
    assert Fraction(streams(made.path(1))[0]["avg_frame_rate"]) == 24


def smaller_side_is_180(made: Made) -> None:
    assert shape(made.path(0))[:2] == (320, 180)
    assert shape(made.path(1))[:2] == (180, 320)


ROWS = [
    Row(fields=("VideoFields.resize_mode",), name="resize_mode scale",
        job=film(shot(width=400, height=400)),
        check=shows((400, 400), lambda p: resized(p, (400, 400)))),
    Row(fields=("VideoFields.resize_mode",), name="resize_mode crop",
        job=film(shot(width=400, height=400, resize_mode="crop")),
        check=shows((400, 400), lambda p: cover(p, (400, 400)))),
    Row(fields=("VideoFields.resize_mode",), name="resize_mode crop, height",
        job=film(shot(width=640, height=200, resize_mode="crop")),
        check=shows((640, 200), lambda p: cover(p, (640, 200)))),
    Row(fields=("VideoFields.resize_mode",), name="resize_mode pad",
        job=film(shot(width=400, height=400, resize_mode="pad")),
        check=shows((400, 400), lambda p: contain(p, (400, 400)))),
    Row(fields=("VideoFields.resize_mode",), name="resize_mode pad, at the sides",
        job=film(shot(width=640, height=200, resize_mode="pad")),
        check=shows((640, 200), lambda p: contain(p, (640, 200)))),
    Row(fields=("VideoFields.resize_mode",), name="resize_mode fit",
        job=film(shot(width=400, height=400, resize_mode="fit")),
        check=shows((400, 226), lambda p: resized(p, (400, 226)))),
    Row(fields=("VideoFields.size",), name="size",
        job=film(shot(size="320x240", height=100, resize_mode="crop")),
        check=shows((320, 240), lambda p: cover(p, (320, 240)))),
    Row(fields=("VideoFields.resolution",), name="resolution",
        job=film(mp4(resolution=180, size="64x64", width=100),
                 mp4(resolution=180, height=None, rotate=90)),
        check=smaller_side_is_180),
    Row(fields=("VideoFields.aspect_ratio",), name="aspect_ratio of one side",
        job=film(shot(height=240, aspect_ratio="4:3", resize_mode="crop")),
        check=shows((320, 240), lambda p: cover(p, (320, 240)))),
    Row(fields=("VideoFields.aspect_ratio",), name="aspect_ratio of both sides",
        job=film(shot(width=360, height=288, aspect_ratio="16:9")),
        check=shows((360, 288), lambda p: resized(p, (360, 288)), sample="64:45")),
    Row(fields=("VideoFields.aspect_ratio",), name="aspect_ratio of no side",
        job=film(shot(aspect_ratio="4:3")),
        check=shows((1280, 720), lambda p: p, sample="3:4")),
    Row(fields=("VideoFields.rotate",), name="rotate 90", job=film(shot(rotate=90, width=360)),
        check=shows((360, 640), lambda p: resized(turned(p, 90), (360, 640)))),
    Row(fields=("VideoFields.rotate",), name="rotate 180", job=film(shot(rotate="180")),
        check=shows((1280, 720), lambda p: turned(p, 180))),
    Row(fields=("VideoFields.rotate",), name="rotate -90, cropped",
        job=film(shot(rotate=-90, width=300, height=300, resize_mode="crop")),
        check=shows((300, 300), lambda p: cover(turned(p, 270), (300, 300)))),
    Row(fields=("VideoFields.rotate", "VideoFields.resize_mode"), name="shapes share one decode",
        job=film(shot(width=720, height=720, resize_mode="crop"),
                 shot(width=360, height=360, resize_mode="crop"),
                 shot(width=320, height=320, resize_mode="pad"),
                 shot(width=180, height=180, resize_mode="crop", rotate=180),
                 shot(width=160, height=90)),
        check=every_rung_shows(
            ((720, 720), lambda p: cover(p, (720, 720))),
            ((360, 360), lambda p: cover(p, (360, 360))),
            ((320, 320), lambda p: contain(p, (320, 320))),
            ((180, 180), lambda p: cover(turned(p, 180), (180, 180))),
            ((160, 90), lambda p: resized(p, (160, 90))))),
    Row(fields=("VideoFields.resize_mode", "AdaptiveOutput.stream"), name="a ladder is cropped",
        job=film({"output": "hls", "duration": 2, "resize_mode": "crop", "aspect_ratio": "1:1",
                  "stream": [{"height": 480}, {"resolution": 240}]}),
        check=ladder_is_cropped),
    Row(fields=("VideoFields.framerate_limit",), name="framerate_limit",
        job=film(mp4(framerate_limit=10), mp4(framerate_limit=60)), check=rate_is_limited),
]  # fmt: skip

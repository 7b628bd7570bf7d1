"""Rows of light and colour: tone mapping, matrix and range, fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.measure import pictures, streams
from tests.fields.rows import Made, Row

HDR10 = "hdr10_pq_hevc.mp4"


def is_sdr_and_as_bright_as_sdr(made: Made) -> None:
    """Tags, and a picture that uses the whole range, where PQ of the same film is grey."""
    tags = streams(made.path(0))[0]
    assert {tags[k] for k in ("color_space", "color_primaries", "color_transfer")} == {"bt709"}
    assert streams(made.path(1))[0]["color_transfer"] == "smpte2084"
    mapped, kept = (pictures(made.path(i), 320, 180).astype(float) for i in (0, 1))
    assert mapped[-1].std() > 1.3 * kept[-1].std()


def image_is_sdr(made: Made) -> None:
    mapped, raw = (pictures(made.path(i), 1280, 720).astype(float) for i in (0, 1))
    assert mapped[0].std() > 1.3 * raw[0].std()


INTERLACED = "interlaced_576i25_mpeg2_sar64x45.ts"
FILM = "bbb_720p24_20s.mp4"


def combing(frame: Any) -> float:
    """How far lines are from their neighbours, against every second line's."""
    rows = frame.astype(float)
    near = np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean()
    return float(near / np.abs(rows[2:-2] - (rows[:-4] + rows[4:]) / 2).mean())


def last_frame(path: Path) -> Any:
    (video,) = [s for s in streams(path) if s["codec_type"] == "video"]
    return pictures(path, video["width"], video["height"])[-1]


def lines_do_not_comb(made: Made) -> None:
    plain, forced, auto = (combing(last_frame(made.path(i))) for i in range(3))
    assert forced < 0.8 * plain
    assert auto < 0.8 * plain


def rgb(path: Path) -> Any:
    return pictures(path, 320, 180, pixel_format="rgb24")[12].astype(float)


def colours_are_tagged_and_look_the_same(made: Made) -> None:
    """The picture on the screen stays; what is written into the file differs."""
    names = ("color_space", "color_range", "color_transfer", "color_primaries")
    kept, changed, preserved = (streams(made.path(i))[0] for i in range(3))
    assert [changed[n] for n in names] == ["smpte170m", "pc", "bt470bg", "bt470bg"]
    assert [kept[n] for n in names] == [preserved[n] for n in names]
    raw = [pictures(made.path(i), 320, 180, pixel_format="yuv420p")[12] for i in (0, 1, 2)]
    assert (raw[0] == raw[2]).all()
    assert np.abs(raw[0].astype(int) - raw[1]).mean() > 3


def matrix_and_range_look_the_same(made: Made) -> None:
    assert np.abs(rgb(made.path(0)) - rgb(made.path(1))).mean() < 2.5


ROWS = [
    Row(
        fields=("VideoFields.deinterlace",),
        name="deinterlace",
        job={
            "source": INTERLACED,
            "format": [
                {
                    "output": "mp4",
                    "start_time": 5.5,
                    "audio_mute": "drop",
                    "deinterlace": mode,
                }
                for mode in (False, True, "auto")
            ],
        },
        check=lines_do_not_comb,
    ),
    Row(
        fields=("ImageFields.deinterlace",),
        name="deinterlace of an image",
        job={
            "source": INTERLACED,
            "format": [
                {"output": "thumbnail", "time": "5.8s", "deinterlace": mode}
                for mode in (0, 1, "auto")
            ],
        },
        check=lines_do_not_comb,
    ),
    Row(
        fields=(
            "VideoFields.color_space",
            "VideoFields.color_range",
            "VideoFields.color_trc",
            "VideoFields.color_primaries",
        ),
        name="color_*",
        job={
            "source": FILM,
            "format": [
                {"output": "mp4", "height": 180, "duration": 1, "quality": 5, **colours}
                for colours in (
                    {},
                    {
                        "color_space": "smpte170m",
                        "color_range": "jpeg",
                        "color_trc": "gamma28",
                        "color_primaries": "bt470bg",
                    },
                    {
                        "color_space": "1",
                        "color_range": 1,
                        "color_trc": "1",
                        "color_primaries": "1",
                    },
                )
            ],
        },
        check=colours_are_tagged_and_look_the_same,
    ),
    Row(
        fields=("VideoFields.color_space", "VideoFields.color_range"),
        name="matrix and range without a change on the screen",
        job={
            "source": FILM,
            "format": [
                {"output": "mp4", "height": 180, "duration": 1, "quality": 5, **colours}
                for colours in ({}, {"color_space": "bt2020_ncl", "color_range": "pc"})
            ],
        },
        check=matrix_and_range_look_the_same,
    ),
    Row(
        fields=("VideoFields.hdr_to_sdr",),
        name="hdr_to_sdr",
        job={
            "source": HDR10,
            "format": [
                {"output": "mp4", "height": 180, "duration": 1, "hdr_to_sdr": 1},
                {"output": "mp4", "height": 180, "duration": 1},
            ],
        },
        check=is_sdr_and_as_bright_as_sdr,
    ),
    Row(
        fields=("ImageFields.hdr_to_sdr",),
        name="hdr_to_sdr of an image",
        job={
            "source": HDR10,
            "format": [
                {"output": "thumbnail", "image_format": "png"},
                {"output": "thumbnail", "image_format": "png", "hdr_to_sdr": 0},
            ],
        },
        check=image_is_sdr,
    ),
]

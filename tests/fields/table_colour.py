"""Rows of light and colour: tone mapping."""

from __future__ import annotations

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


ROWS = [
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
        fields=("ThumbnailOutput.hdr_to_sdr",),
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

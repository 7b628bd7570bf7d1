"""The codecs of pictures: their names, who encodes them, and which containers take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from videngine.spec.faults import invalid, show

Family = Literal["x264", "x265", "svt", "vpx", "nvenc"]
Standard = Literal["h264", "hevc", "av1", "vp9", "vp8"]


@dataclass(frozen=True, kw_only=True)
class Codec:
    """One encoder: ``name`` is libavcodec's, ``family`` tells whose parameters it takes."""

    name: str
    family: Family
    standard: Standard
    default_crf: int
    max_crf: int = 51

    @property
    def takes_ten_bits(self) -> bool:
        """Whether pictures may have ten bits a sample."""
        return self.standard != "vp8" and self.family != "nvenc"


X264 = Codec(name="libx264", family="x264", standard="h264", default_crf=23)
X265 = Codec(name="libx265", family="x265", standard="hevc", default_crf=28)
SVT_AV1 = Codec(name="libsvtav1", family="svt", standard="av1", default_crf=35, max_crf=63)
VP8 = Codec(name="libvpx", family="vpx", standard="vp8", default_crf=20, max_crf=63)
VP9 = Codec(name="libvpx-vp9", family="vpx", standard="vp9", default_crf=32, max_crf=63)

CODECS: dict[str, Codec] = {
    **{codec.name: codec for codec in (X264, X265, SVT_AV1, VP8, VP9)},
    "h264": X264,
    "hevc": X265,
    "h265": X265,
    "av1": SVT_AV1,
    "vp8": VP8,
    "vp9": VP9,
    "h264_nvenc": Codec(name="h264_nvenc", family="nvenc", standard="h264", default_crf=23),
    "hevc_nvenc": Codec(name="hevc_nvenc", family="nvenc", standard="hevc", default_crf=23),
    "av1_nvenc": Codec(name="av1_nvenc", family="nvenc", standard="av1", default_crf=23),
}
_NOT_HERE = ("lcevc_h264", "lcevc_hevc")

MP4_STANDARDS: frozenset[Standard] = frozenset(("h264", "hevc", "av1", "vp9"))
TS_STANDARDS: frozenset[Standard] = frozenset(("h264", "hevc"))
WEBM_STANDARDS: frozenset[Standard] = frozenset(("vp8", "vp9", "av1"))


def codec_name(value: object) -> str:
    """One of `CODECS`, in lower case."""
    name = value.strip().lower() if isinstance(value, str) else ""
    if name in _NOT_HERE:
        raise invalid(
            "no encoder with open sources makes LCEVC; use libx264 or libx265",
            code="codec_unavailable",
        )
    if name not in CODECS:
        raise invalid(f"must be one of {', '.join(CODECS)}, not {show(value)}")
    return name

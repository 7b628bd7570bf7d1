"""How a picture is encoded: the codec, what rules its bits, and its parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from videngine.spec.codec_parameters import CodecParameters, Profile
from videngine.spec.codecs import CODECS, X264, Codec, Standard, codec_name
from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Model
from videngine.spec.protection import NothingAsked
from videngine.spec.values import Flag, Kilobits, Scalar, whole

PIXEL_FORMATS = {
    "yuv420p": "yuv420p",
    "yuvj420p": "yuv420p",
    "yuv420p10le": "yuv420p10le",
    "yuv420p10": "yuv420p10le",
}
TAGS = {"h264": ("avc1",), "hevc": ("hvc1", "hev1"), "av1": ("av01",), "vp9": ("vp09",), "vp8": ()}


def _pixel_format(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in PIXEL_FORMATS:
        known = ", ".join(PIXEL_FORMATS)
        raise invalid(
            f"must be one of {known}, not {show(value)}; yuv420p is used", instead="yuv420p"
        )
    return PIXEL_FORMATS[name]


def _tag(value: object) -> str:
    name = value.strip() if isinstance(value, str) else ""
    known = [tag for tags in TAGS.values() for tag in tags]
    if name not in known:
        raise invalid(f"must be one of {', '.join(known)}, not {show(value)}")
    return name


_Crf = Annotated[int, whole(0, 63, clamp=False)]


class EncodingFields(Model):
    """What encodes a picture, and how many bits it may take."""

    default_codec: ClassVar[Codec] = X264

    video_codec: Annotated[str, Scalar(codec_name, {"enum": list(CODECS)})] | None = Field(
        None,
        description="Encoder by name, or `h264`, `hevc`, `av1`, `vp9`, `vp8` for the one in "
        "software. Those with `nvenc` need an NVIDIA GPU: see `videngine capabilities`. Default: "
        "libx264; libvpx-vp9 for webm.",
    )
    quality: _Crf | None = Field(
        None,
        description="CRF: 0 (lossless with x264, x265, VP9 and NVENC) to 51, of AV1, VP9 and VP8 "
        "to 63 (worst). With `bitrate`: capped by it. Default: 23 where `bitrate` is unset too; 28 "
        "x265, 35 AV1, 32 VP9, 20 VP8.",
    )
    bitrate: Kilobits | None = Field(
        None,
        description="Average rate in kbit/s, with peaks of 1.5 times over a buffer of 2 s; with "
        "`quality`: the peak rate. Default: none.",
    )
    optimize_bitrate: Flag | None = Field(
        None,
        description="1: the CRF that suits the title, whatever `quality` says, and at most "
        "`bitrate`; H.264 and HEVC. Default: 0.",
    )
    min_crf: _Crf | None = Field(None, description="Lowest CRF of `optimize_bitrate`. Default: 0.")
    max_crf: _Crf | None = Field(
        None, description="Highest CRF of `optimize_bitrate`. Default: 51."
    )
    adjust_crf: Annotated[int, whole(-10, 10)] | None = Field(
        None, description="Added to the CRF of `optimize_bitrate`, -10 to 10. Default: 0."
    )
    two_pass: Flag | None = Field(
        None,
        description="1: two passes for an average `bitrate`; the source is decoded once more. "
        "Default: 0.",
    )
    profile: Profile | None = Field(
        None,
        description="Profile of the codec, as `vprofile` of the parameters, which wins. Default: "
        "what the picture needs.",
    )
    pix_format: Annotated[str, Scalar(_pixel_format, {"enum": list(PIXEL_FORMATS)})] | None = Field(
        None,
        description="Pixel format: yuv420p, or yuv420p10le for ten bits. Default: yuv420p; ten "
        "bits for HDR that is kept.",
    )
    tag_video: (
        Annotated[str, Scalar(_tag, {"enum": [t for tags in TAGS.values() for t in tags]})] | None
    ) = Field(
        None,
        description="Sample entry in MP4, where a codec has several: `hvc1` or `hev1`. Default: "
        "hvc1 for HEVC.",
    )
    video_codec_parameters: Annotated[CodecParameters | None, NothingAsked()] = Field(
        None, description="Parameters of the encoder. Default: none."
    )

    @property
    def codec(self) -> Codec:
        """The encoder that is asked for."""
        return CODECS[self.video_codec] if self.video_codec else self.default_codec

    @model_validator(mode="after")
    def _crf_range(self) -> Self:
        if self.min_crf is not None and self.max_crf is not None and self.min_crf > self.max_crf:
            raise invalid("is above `max_crf`", code="conflicting_fields", field="min_crf")
        return self


def check_codecs(
    entries: Iterable[tuple[str, EncodingFields]], standards: frozenset[Standard], container: str
) -> None:
    """Refuse codecs that a container has no place for, and qualities beyond a codec's scale.

    Args:
        entries: rungs with what they inherit, each with its path below the output, which ends in a
            dot, or "" for the output itself.
        standards: what the container takes.
        container: its name, for the message.
    """
    for path, entry in entries:
        codec = entry.codec
        if codec.standard not in standards:
            raise invalid(
                f"is {codec.name}, but {container} holds {', '.join(sorted(standards))} only",
                code="conflicting_fields",
                field=f"{path}video_codec",
            )
        if entry.quality is not None and entry.quality > codec.max_crf:
            raise invalid(
                f"must be 0 to {codec.max_crf} for {codec.name}, not {entry.quality}",
                field=f"{path}quality",
            )
        if entry.pix_format == "yuv420p10le" and not codec.takes_ten_bits:
            raise invalid(
                f"is not made by {codec.name} here; yuv420p is used",
                field=f"{path}pix_format",
                instead="yuv420p",
            )
        if entry.tag_video and entry.tag_video not in TAGS[codec.standard]:
            raise invalid(
                f"is no sample entry of {codec.standard} and is left out",
                field=f"{path}tag_video",
                instead=DROP,
            )

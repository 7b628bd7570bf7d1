"""Fields of sound, mixed into outputs and ``stream[]``, and what outputs can carry of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from videngine.spec.faults import DROP, invalid, show
from videngine.spec.loudness import LoudnessField
from videngine.spec.model import Model
from videngine.spec.pan import AudioPan
from videngine.spec.sound_codecs import CODEC_ALIASES, RATES_HZ, SOUND_CODECS
from videngine.spec.values import AudioKilobits, Channels, Flag, Scalar, flag, text, whole

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DOWNMIX_MODES = ("itu", "lfe", "dolby")
_NAMED = tuple(name for name in SOUND_CODECS if name != "pcm")  # wav alone has PCM, and only that


def _codec(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name == "libfdk_aac":
        message = "libfdk_aac may not be passed on with this program; aac is used"
        raise invalid(message, instead="aac")
    name = CODEC_ALIASES.get(name, name)
    if name not in _NAMED:
        raise invalid(f"must be one of {', '.join(_NAMED)}, not {show(value)}")
    return name


def _language(value: object) -> str:
    tag = value.strip() if isinstance(value, str) else ""
    if not LANGUAGE.fullmatch(tag):
        raise invalid(f"must be a language tag such as en, eng or pt-BR, not {show(value)}")
    return tag


def _downmix(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in _DOWNMIX_MODES:
        message = f"must be one of {', '.join(_DOWNMIX_MODES)}, not {show(value)}; itu is used"
        raise invalid(message, instead="itu")
    return name


def _mute(value: object) -> bool | str:
    if isinstance(value, str) and value.strip().lower() == "drop":
        return "drop"
    try:
        return flag(value)
    except ValueError:
        raise invalid(f'must be true, false or "drop", not {show(value)}') from None


def _sample_rate(value: object) -> int | None:
    rate: int | None = whole(8000, 96_000, "Hz", zero=True).parse(value)
    if rate is None or rate in RATES_HZ:
        return rate
    near = min(RATES_HZ, key=lambda known: abs(known - rate))
    raise invalid(f"no codec has {rate} Hz; {near} Hz is used", instead=near)


AudioCodec = Annotated[str, Scalar(_codec, {"enum": [*_NAMED, "libfdk_aac", *CODEC_ALIASES]})]
DownmixMode = Annotated[str, Scalar(_downmix, {"enum": list(_DOWNMIX_MODES)})]
Mute = Annotated[bool | str, Scalar(_mute, {"enum": [True, False, 1, 0, "drop"]})]
SampleRate = Annotated[int, Scalar(_sample_rate, {"enum": list(RATES_HZ)})]


class AudioTrack(Model):
    """A choice among the source's sounds, and what players are told of it."""

    index: Annotated[int, whole(0, 99, clamp=False)] | None = Field(
        None,
        description="Which sound, counted from 0 in the source's order. Default: found by "
        "`language`.",
    )
    language: Annotated[str, Scalar(_language, {"type": "string"})] | None = Field(
        None,
        description="Every sound in this language (`en`, `eng`, `pt-BR`); with `index`, the "
        "language to show. Default: the source's.",
    )
    label: Annotated[str, text(64, "a name")] | None = Field(
        None, description="Name in menus. Default: the source's title or language."
    )
    default: Flag | None = Field(
        None, description="Whether players begin with it. Default: true of the first track alone."
    )

    @model_validator(mode="after")
    def _finds_something(self) -> Self:
        if self.index is None and self.language is None:
            raise invalid("needs `index` or `language`", code="missing_field", field="index")
        return self


class AudioFields(Model):
    """How sound is encoded."""

    audio_codec: AudioCodec | None = Field(
        None,
        description="`aac`, `opus` or `flac`; in MP4 and TS also `mp3`, in WebM `opus` or "
        "`vorbis`. Default: aac; opus in WebM.",
    )
    audio_bitrate: AudioKilobits | None = Field(
        None,
        description="Rate in kbit/s, 8 to 512; nothing to FLAC. Default: 64 for each channel.",
    )
    audio_sample_rate: SampleRate | None = Field(
        None,
        description="Sample rate in Hz, one that the codec has. Default: the source's if 44100 or "
        "48000, else 48000; always 48000 with Opus.",
    )
    audio_channels_number: Channels | None = Field(
        None,
        description="Channels, 1 to 8 (MP3: 2); mixed up or down. Default: the source's, at most "
        "2.",
    )
    audio_mute: Mute | None = Field(
        None,
        description='true: a silent track instead of the sound; "drop": no track. Default: false.',
    )
    audio_pan: AudioPan | None = Field(
        None,
        description='Channels and what each is mixed from: "stereo|c0=FL+0.5*FC|c1=FR+0.5*FC". '
        "Default: none.",
    )
    downmix_mode: DownmixMode | None = Field(
        None,
        description="How many channels become few: `itu` (BS.775, without the low-frequency "
        "effects), `lfe` (with them), `dolby` (Pro Logic II, for stereo). Default: itu.",
    )
    loudness: LoudnessField = Field(
        None,
        description="How loud the sound is made (EBU R128): an object, a number of LUFS, or true. "
        "Default: as it is.",
    )
    audio_tracks: tuple[AudioTrack, ...] | None = Field(
        None,
        max_length=32,
        description="Which sounds of the source are taken, in what order, and what they are "
        "called. Default: all; where sound lies beside the picture, the first.",
    )


def check_sound(
    places: Iterable[tuple[str, AudioFields, AudioFields]],
    *,
    codecs: tuple[str, ...],
    container: str,
) -> None:
    """Hold the sound of an output against what its container and codec can do.

    Args:
        places: where fields stand ("", ``stream.0``), those fields, and the same filled with the
            output's.
        codecs: what the container carries, the default first.
        container: its name, for messages.

    Raises:
        PydanticCustomError: ``conflicting_fields``: a codec that the container does not carry;
            ``invalid_field``, with a remedy: a rate or a number of channels that the codec has not.
    """
    for place, own, fields in places:
        name = fields.audio_codec or codecs[0]
        if name not in codecs and len(codecs) == 1:
            message = f"this output is always {SOUND_CODECS[codecs[0]].title}"
            raise invalid(message, field=where(place, own, "audio_codec"), instead=DROP)
        if name not in codecs:
            raise invalid(
                f"{show(name)} cannot be put into {container}; use {' or '.join(codecs)}",
                code="conflicting_fields",
                field=where(place, own, "audio_codec"),
            )
        codec = SOUND_CODECS[name]
        rate, channels = fields.audio_sample_rate, fields.audio_channels_number
        if rate and rate not in codec.rates_hz:
            near = codec.nearest_rate(rate)
            message = f"{codec.title} has no {rate} Hz; {near} Hz is used"
            raise invalid(message, field=where(place, own, "audio_sample_rate"), instead=near)
        made = len(fields.audio_pan.channels) if fields.audio_pan else None
        if made and channels and made != channels:
            raise invalid(
                f"makes {made} channels, but audio_channels_number is {channels}",
                code="conflicting_fields",
                field=where(place, own, "audio_pan"),
            )
        if made and made > codec.max_channels:
            raise invalid(
                f"makes {made} channels; {codec.title} has at most {codec.max_channels}",
                code="conflicting_fields",
                field=where(place, own, "audio_pan"),
            )
        if channels and channels > codec.max_channels:
            most = codec.max_channels
            message = f"{codec.title} has at most {most} channels; {most} are used"
            raise invalid(message, field=where(place, own, "audio_channels_number"), instead=most)


def where(place: str, own: AudioFields, name: str) -> str:
    """The path of a field: where it was given, below the output."""
    return f"{place}.{name}" if place and getattr(own, name) is not None else name

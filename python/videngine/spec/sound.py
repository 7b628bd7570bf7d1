"""Fields of sound, mixed into outputs and ``stream[]``, and what outputs can carry of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from videngine.spec.faults import invalid, show
from videngine.spec.model import Model, NotYet
from videngine.spec.sound_codecs import CODEC_ALIASES, RATES_HZ, SOUND_CODECS
from videngine.spec.values import AudioKilobits, Channels, Scalar, flag, whole

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
Mute = Annotated[bool | str, Scalar(_mute, {"enum": [True, False, 1, 0, "drop"]})]
SampleRate = Annotated[int, Scalar(_sample_rate, {"enum": list(RATES_HZ)})]


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
    audio_pan: NotYet = Field(None, description="Channel mapping. Default: none.")
    downmix_mode: NotYet = Field(None, description="Kind of down-mix. Default: the usual one.")
    loudness: NotYet = Field(None, description="Loudness normalisation. Default: none.")
    audio_tracks: NotYet = Field(None, description="Which tracks are taken. Default: all.")


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
        if name not in codecs:
            raise invalid(
                f"{show(name)} cannot be put into {container}; use {' or '.join(codecs)}",
                code="conflicting_fields",
                field=_where(place, own, "audio_codec"),
            )
        codec = SOUND_CODECS[name]
        rate, channels = fields.audio_sample_rate, fields.audio_channels_number
        if rate and rate not in codec.rates_hz:
            near = codec.nearest_rate(rate)
            message = f"{codec.title} has no {rate} Hz; {near} Hz is used"
            raise invalid(message, field=_where(place, own, "audio_sample_rate"), instead=near)
        if channels and channels > codec.max_channels:
            most = codec.max_channels
            message = f"{codec.title} has at most {most} channels; {most} are used"
            raise invalid(message, field=_where(place, own, "audio_channels_number"), instead=most)


def _where(place: str, own: AudioFields, name: str) -> str:
    """The path of a field: where it was given, below the output."""
    return f"{place}.{name}" if place and getattr(own, name) is not None else name

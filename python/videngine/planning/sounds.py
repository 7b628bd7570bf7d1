"""Which sounds an output gets, and how they are encoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from videngine.media import Stream
from videngine.outputs import TrackPlan
from videngine.planning.pictures import Clip
from videngine.planning.renditions import Sound
from videngine.planning.sound_rates import bit_rate_limits
from videngine.spec.sound import AudioFields
from videngine.spec.sound_codecs import SOUND_CODECS, SoundCodec

Warn = Callable[[str, str, str], None]
"""Takes the path below the output, the code and the message of a warning."""

_KEPT_RATES_HZ = (44_100, 48_000)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BITS_A_CHANNEL = 64_000  # of a rate that nobody asked for

# Which speakers a number of channels is for: the layouts that all our codecs have in common, and
# AAC's own of four.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_AAC_LAYOUTS = {4: "4.0"}


@dataclass(frozen=True, kw_only=True)
class Track:
    """One sound of an output before it has the id of a rendition."""

    sound: Sound
    name: str

    def plan(self, rendition: str, *, default: bool) -> TrackPlan:
        """The track as the manifest shows it."""
        return TrackPlan(
            audio=rendition, language=self.sound.language, name=self.name, default=default
        )


def tracks(
    settings: Sequence[AudioFields],
    streams: Sequence[Stream],
    *,
    codecs: Sequence[str],
    all_streams: bool,
    clip: Clip,
    segment_s: Fraction,
    warn: Warn,
) -> list[Track]:
    """The sounds of one output.

    Args:
        settings: one for each rung that is made, in order.
        streams: the sounds of the source, the default one first.
        codecs: what the output carries, the default first.
        all_streams: whether each stream becomes a track; otherwise only the first does.
        clip: the part of the source.
        segment_s: the grid that sound is cut on.
        warn: told of what cannot be as it was asked.
    """
    sounds: dict[Sound, Stream | None] = {}
    for fields in settings if all_streams else settings[:1]:
        for stream in _chosen(fields, streams, all_streams=all_streams, clip=clip):
            sound = _sound(
                fields,
                stream,
                codec=SOUND_CODECS[fields.audio_codec or codecs[0]],
                clip=clip,
                segment_s=segment_s,
                warn=warn,
            )
            sounds.setdefault(sound, stream)
    if not streams and any(not fields.audio_mute for fields in settings):
        warn("", "no_audio", "The source has no sound; neither has this output.")
    if not all_streams:
        _warn_of_the_rest(settings, streams, warn)
    return _named(sounds)


def _chosen(
    fields: AudioFields, streams: Sequence[Stream], *, all_streams: bool, clip: Clip
) -> list[Stream | None]:
    if fields.audio_mute == "drop":
        return []
    if fields.audio_mute:
        return [None] if clip.length_s else []
    return list(streams if all_streams else streams[:1])


def _sound(
    fields: AudioFields,
    stream: Stream | None,
    *,
    codec: SoundCodec,
    clip: Clip,
    segment_s: Fraction,
    warn: Warn,
) -> Sound:
    source_rate = stream.sample_rate_hz if stream else 48_000
    usual = source_rate if source_rate in _KEPT_RATES_HZ else 48_000
    rate = fields.audio_sample_rate or codec.nearest_rate(usual)
    channels = fields.audio_channels_number or min(2, stream.channels if stream else 2)
    return Sound(
        stream=stream.index if stream else None,
        codec=codec.encoder,
        bitrate_bps=_bit_rate(fields, codec, rate_hz=rate, channels=channels, warn=warn),
        sample_rate_hz=rate,
        layout=(_AAC_LAYOUTS if codec.name == "aac" else {}).get(channels) or _LAYOUTS[channels],
        container="matroska" if codec.name == "vorbis" else "cmaf",
        segment_s=segment_s,
        language=_language(stream),
        clip=clip,
    )


def _bit_rate(
    fields: AudioFields, codec: SoundCodec, *, rate_hz: int, channels: int, warn: Warn
) -> int:
    """The rate asked for or the usual one, as far as the codec goes; 0 for lossless ones."""
    if codec.lossless:
        return 0
    low, high = bit_rate_limits(codec, rate_hz=rate_hz, channels=channels)
    asked = 1000 * fields.audio_bitrate if fields.audio_bitrate else _BITS_A_CHANNEL * channels
    used = min(max(asked, low), high)
    if used != asked and fields.audio_bitrate:
        limit = f"at most {high // 1000}" if asked > high else f"at least {low // 1000}"
        message = (
            f"{codec.title} of {channels} channels at {rate_hz} Hz takes {limit} kbit/s; that is "
            "used."
        )
        warn("audio_bitrate", "audio_bitrate_clamped", message)
    return used


def _warn_of_the_rest(
    settings: Sequence[AudioFields], streams: Sequence[Stream], warn: Warn
) -> None:
    sounding = [fields for fields in settings if not fields.audio_mute]
    if len(streams) > 1 and sounding:
        message = f"Only the first of the source's {len(streams)} audio tracks is in this output."
        warn("", "audio_tracks_left_out", message)
    if len({_audio_only(fields) for fields in settings}) > 1:
        message = "Rungs of an output without separate audio share the sound of the first rung."
        warn("stream", "audio_settings_shared", message)


def _audio_only(fields: AudioFields) -> tuple[object, ...]:
    return tuple(getattr(fields, name) for name in AudioFields.model_fields)


def _language(stream: Stream | None) -> str:
    """The source's word for the language, if it looks like one: it ends up in manifests."""
    language = stream.language.strip() if stream else ""
    return language if _LANGUAGE.fullmatch(language) else ""


def _named(sounds: dict[Sound, Stream | None]) -> list[Track]:
    """Tracks with names that differ, as players show them in a menu."""
    taken: set[str] = set()
    named = []
    for sound, stream in sounds.items():
        plain = name = _name(sound, stream)
        number = 2
        while name in taken:
            name, number = f"{plain} {number}", number + 1
        taken.add(name)
        named.append(Track(sound=sound, name=name))
    return named


def _name(sound: Sound, stream: Stream | None) -> str:
    if stream is None:
        return "Silence"
    title = "".join(c if c.isalnum() or c in " .()-_'" else " " for c in stream.title)
    return " ".join(title.split())[:64] or sound.language or "Audio"

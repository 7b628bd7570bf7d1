"""Which sounds an output gets, and how they are encoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from videngine.languages import iso_639_2
from videngine.media import Stream
from videngine.outputs import TrackPlan
from videngine.plan import Container
from videngine.planning.mixing import mix_of, source_channels
from videngine.planning.pictures import Clip
from videngine.planning.renditions import LoudnessTarget, Sound
from videngine.planning.sound_rates import bit_rate_limits
from videngine.spec.sound import LANGUAGE, AudioFields, AudioTrack
from videngine.spec.sound_codecs import SOUND_CODECS, SoundCodec

Warn = Callable[[str, str, str], None]
"""Takes the path below the output, the code and the message of a warning."""

_KEPT_RATES_HZ = (44_100, 48_000)
_BITS_A_CHANNEL = 64_000  # of a rate that nobody asked for
_CODING_NOISE_DB = 1.0  # by which lossy codecs may raise a peak
_LAME_QUIETER_DB = ((160_000, 0.45), (192_000, 0.3), (224_000, 0.2))  # up to a rate; measured

# Which speakers a number of channels is for: the layouts that all our codecs have in common, and
# AAC's own of four.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_AAC_LAYOUTS = {4: "4.0"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the sounds of one output are made for."""

    codecs: Sequence[str]  # that its container carries, the default first
    several: bool  # whether it shows all sounds of the source unless told otherwise
    groups: bool  # whether rungs may have encodings of their own
    clip: Clip
    segment_s: Fraction
    container: Container = "cmaf"
    with_picture: bool = True
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A sound of the source and what players are told of it; without ``stream``: silence."""

    stream: Stream | None
    language: str
    name: str
    default: bool


@dataclass(frozen=True, kw_only=True)
class Track:
    """One sound of an output before it has the id of a rendition."""

    sound: Sound
    choice: Choice
    group: int

    def plan(self, rendition: str) -> TrackPlan:
        """The track as the manifest shows it."""
        return TrackPlan(
            audio=rendition,
            language=self.choice.language,
            name=self.choice.name,
            default=self.choice.default,
            group=self.group,
        )


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """The sounds of an output, and the group of each of its rungs; None: the rung has no sound."""

    tracks: tuple[Track, ...] = ()
    groups: tuple[int | None, ...] = ()


def tracks(
    settings: Sequence[AudioFields], streams: Sequence[Stream], *, target: Target, warn: Warn
) -> Tracks:
    """The sounds of one output.

    Rungs whose sounds are encoded alike share a group.

    Args:
        settings: one for each rung that is made, in order.
        streams: the sounds of the source, the default one first.
        target: what they are made for.
        warn: told of what cannot be as it was asked.
    """
    groups: dict[tuple[Sound, ...], int] = {}
    made: list[Track] = []
    of_rungs: list[int | None] = []
    for fields in settings if target.groups else settings[:1]:
        choices = _chosen(fields, streams, target=target, warn=warn)
        sounds = tuple(_sound(fields, choice, target=target, warn=warn) for choice in choices)
        if not sounds:
            of_rungs.append(None)
            continue
        if sounds not in groups:
            group = groups[sounds] = len(groups)
            made += [
                Track(sound=sound, choice=choice, group=group)
                for sound, choice in zip(sounds, choices, strict=True)
            ]
        of_rungs.append(groups[sounds])
    if not streams and any(not fields.audio_mute for fields in settings):
        warn("", "no_audio", "The source has no sound; neither has this output.")
    if not target.groups:
        of_rungs *= len(settings)
        if len({_audio_only(fields) for fields in settings}) > 1:
            message = "Rungs of an output without separate audio share the sound of the first rung."
            warn("stream", "audio_settings_shared", message)
    return Tracks(tracks=tuple(made), groups=tuple(of_rungs))


def _audio_only(fields: AudioFields) -> tuple[object, ...]:
    return tuple(getattr(fields, name) for name in AudioFields.model_fields)


def _chosen(
    fields: AudioFields, streams: Sequence[Stream], *, target: Target, warn: Warn
) -> list[Choice]:
    if fields.audio_mute == "drop":
        return []
    if fields.audio_mute:
        silence = Choice(stream=None, language="", name="Silence", default=True)
        return [silence] if target.clip.length_s else []
    if fields.audio_tracks:
        found = _selected(fields.audio_tracks, streams, warn)
    else:
        found = [(stream, None) for stream in streams]
        if not target.several and len(found) > 1:
            message = (
                f"Only the first of the source's {len(found)} audio tracks is in this output; "
                "audio_tracks chooses."
            )
            warn("", "audio_tracks_left_out", message)
            found = found[:1]
    return _told(found)


def _selected(
    wanted: Sequence[AudioTrack], streams: Sequence[Stream], warn: Warn
) -> list[tuple[Stream, AudioTrack | None]]:
    """The sounds that a user chose, each once."""
    in_order = sorted(streams, key=lambda stream: stream.index)
    found: dict[int, tuple[Stream, AudioTrack | None]] = {}
    for number, track in enumerate(wanted):
        if track.index is not None:
            matches = in_order[track.index : track.index + 1]
        else:
            asked = _primary(track.language or "")
            matches = [stream for stream in in_order if _primary(stream.language) == asked]
        if not matches:
            message = f"The source has no such sound; it has {len(streams)}."
            warn(f"audio_tracks[{number}]", "audio_track_missing", message)
        for stream in matches:
            found.setdefault(stream.index, (stream, track))
    return list(found.values())


def _primary(language: str) -> str:
    """A language's first part in three letters, so that ``en`` finds ``eng``."""
    return iso_639_2(language) or language.strip().lower()


def _told(found: Sequence[tuple[Stream, AudioTrack | None]]) -> list[Choice]:
    """Tracks with names that differ, as players show them in a menu, and one default."""
    taken: set[str] = set()
    choices = []
    asked = [bool(track and track.default) for _, track in found]
    first = asked.index(True) if True in asked else 0
    for number, (stream, track) in enumerate(found):
        shown = track.language if track and track.index is not None else None
        language = shown or _language(stream)
        plain = name = (track and track.label) or _name(stream, language)
        count = 2
        while name in taken:
            name, count = f"{plain} {count}", count + 1
        taken.add(name)
        choices.append(Choice(stream=stream, language=language, name=name, default=number == first))
    return choices


def _language(stream: Stream) -> str:
    """The source's word for the language, if it looks like one: it ends up in manifests."""
    language = stream.language.strip()
    return language if LANGUAGE.fullmatch(language) else ""


def _name(stream: Stream, language: str) -> str:
    title = "".join(c if c.isalnum() or c in " .()-_'" else " " for c in stream.title)
    return " ".join(title.split())[:64] or language or "Audio"


def _sound(fields: AudioFields, choice: Choice, *, target: Target, warn: Warn) -> Sound:
    codec = SOUND_CODECS[fields.audio_codec or target.codecs[0]]
    stream, pan = choice.stream, fields.audio_pan
    source_rate = stream.sample_rate_hz if stream else 48_000
    usual = source_rate if source_rate in _KEPT_RATES_HZ or codec.lossless else 48_000
    rate = fields.audio_sample_rate or codec.nearest_rate(usual)
    most = min(2 if not codec.lossless else 8, codec.max_channels)
    channels = fields.audio_channels_number or min(most, stream.channels if stream else 2)
    if pan is not None:
        channels = len(pan.channels)
        if stream and (missing := pan.missing(source_channels(stream) or ())):
            message = f"The source has no channel {', '.join(missing)}; it is silent."
            warn("audio_pan", "audio_channel_missing", message)
    layout = (_AAC_LAYOUTS if codec.name == "aac" else {}).get(channels) or _LAYOUTS[channels]
    bits = 24 if stream and stream.bit_depth > 16 and codec.lossless else 16
    bitrate_bps = _bit_rate(fields, codec, rate_hz=rate, channels=channels, warn=warn)
    return Sound(
        stream=stream.index if stream else None,
        codec={16: "pcm_s16le", 24: "pcm_s24le"}[bits] if codec.name == "pcm" else codec.encoder,
        bitrate_bps=bitrate_bps,
        sample_rate_hz=rate,
        sample_bits=bits,
        layout=layout,
        mix=mix_of(stream, layout, mode=fields.downmix_mode or "itu", pan=pan) if stream else None,
        loudness=_loudness(fields, codec, bitrate_bps) if stream else None,
        container="matroska" if codec.name == "vorbis" else target.container,
        segment_s=target.segment_s,
        language=iso_639_2(choice.language),
        tags=target.tags,
        clip=target.clip,
        with_picture=target.with_picture,
    )


def _loudness(fields: AudioFields, codec: SoundCodec, bitrate_bps: int) -> LoudnessTarget | None:
    if fields.loudness is None:
        return None
    quieter = 0.0
    if codec.name == "mp3":
        quieter = next((db for top, db in _LAME_QUIETER_DB if bitrate_bps <= top), 0.0)
    margin = 0.1 if codec.lossless else _CODING_NOISE_DB
    return LoudnessTarget(
        lufs=fields.loudness.lufs + quieter, true_peak_dbtp=fields.loudness.dbtp - margin
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

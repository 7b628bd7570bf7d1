"""How responses print outputs: always the documented keys, others where they were given."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from videngine.spec.model import Model
from videngine.spec.outputs import OutputBase, Rung
from videngine.spec.place import Place
from videngine.spec.private import Credential, PrivateUrl
from videngine.spec.protection import PROTECTION_FIELDS, Unusable
from videngine.spec.source import HttpSource
from videngine.spec.values import decimal

_ALWAYS: dict[str, Any] = {
    "output": "",
    "separate_audio": False,
    "destination": None,
    "stream": None,
    "audio_mute": False,
    "subtitles": None,
    "cenc_drm": None,
    "allow_soft_fail": 0,
    "optimize_bitrate": 0,
    "playlist_name": "",
    "segment_duration": "",
    "encryption": None,
    "image_format": "",
    "time": "",
    "height": 0,
    "width": 0,
    "framerate": 0,
    "quality": 0,
    "transcript": 0,
    "json": 0,
    "srt": 0,
    "vtt": 0,
    "mode": "",
    "deinterlace": False,
}
_PARTS = ("subtitles", "logo", *PROTECTION_FIELDS)  # they may hold secrets
_ALWAYS_IN_STREAM: dict[str, Any] = {
    "video_codec": "",
    "height": 0,
    "bitrate": 0,
    "framerate": "",
    "keyframe": "",
}


def echo_output(output: OutputBase) -> dict[str, Any]:
    """One entry of ``format`` as responses print it."""
    out = {**_ALWAYS, **_given(output)}
    if output.destination is not None:
        several = [place.echo() for place in output.destinations]
        out["destination"] = several if isinstance(output.destination, tuple) else several[0]
    if rungs := getattr(output, "stream", None):
        out["stream"] = [_echo_rung(rung) for rung in rungs]
    out["allow_soft_fail"] = int(bool(output.allow_soft_fail))
    if out["framerate"]:
        rate = Fraction(out["framerate"])
        out["framerate"] = int(rate) if rate.denominator == 1 else float(rate)
    return out


def _given(model: Model) -> dict[str, Any]:
    """The fields that were given, but for places and rungs."""
    given = model.model_dump(exclude_none=True, exclude={"destination", "stream", *_PARTS})
    parts = {name: _echo(getattr(model, name, None)) for name in _PARTS}
    return {**given, **{name: part for name, part in parts.items() if part is not None}}


def _echo(value: Any) -> Any:
    """A part of an output, its places as responses print them."""
    if isinstance(value, HttpSource):
        return str(value.url)
    if isinstance(value, Place | Unusable):
        return value.echo()
    if isinstance(value, Credential | PrivateUrl):
        return str(value)
    if isinstance(value, Fraction):
        return decimal(value)
    if isinstance(value, Model):
        return {name: _echo(inner) for name, inner in value if inner is not None}
    return [_echo(inner) for inner in value] if isinstance(value, tuple) else value


def _echo_rung(rung: Rung) -> dict[str, Any]:
    return {**_ALWAYS_IN_STREAM, **_given(rung)}

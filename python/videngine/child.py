"""The process in which the engine runs: ``python -m videngine.child``, started by ``engine.py``.

It alone loads native media code; ``child_protocol.py`` says how it is spoken to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from videngine import _engine
from videngine.child_protocol import answer_parent, send
from videngine.errors import VidengineError
from videngine.native_facts import media_facts

_RATIONAL = {
    *("frame_rate", "start_s", "duration_s", "segment_s", "grid_rate", "time_s", "length_s"),
    *("kept_width", "kept_height", "sample_aspect_ratio", "interval_s"),
}

# Fields that are structs themselves.
_STRUCTS: dict[str, Callable[..., Any]] = {
    "geometry": _engine.Geometry,
    "look": _engine.Look,
    "tonemap": _engine.TonemapPlan,
    "color": _engine.ColorPlan,
    "logos": _engine.LogoPlan,
}

_EVENTS: dict[type, tuple[str, tuple[str, ...]]] = {
    _engine.Progress: ("progress", ("time_s", "frames", "fps")),
    _engine.RenditionFinished: (
        "rendition_finished",
        (
            *("id", "kind", "path", "size_bytes", "frames", "duration_s", "codec_string"),
            *("captions", "chunk_cpu_s"),
        ),
    ),
    _engine.LoudnessMeasured: (
        "loudness_measured",
        ("id", "integrated_lufs", "range_lu", "true_peak_dbtp"),
    ),
    _engine.RenditionFailed: ("rendition_failed", ("id", "error")),
    _engine.Warning: ("warning", ("code", "message")),
    _engine.Finished: ("finished", ("frames", "decodes", "encodes")),
}


def _plain(value: Any) -> Any:
    if isinstance(value, VidengineError):
        return value.to_json()
    return str(value) if isinstance(value, Fraction) else value


def _probe(request: dict[str, Any]) -> dict[str, Any]:
    return media_facts(_engine.probe(request["path"]))


def native_struct(make: Callable[..., Any], data: dict[str, Any]) -> Any:
    """A struct of ``plan.py``, as JSON, as the engine has it."""

    def read(name: str, value: Any) -> Any:
        if name in _STRUCTS and isinstance(value, list):
            return [native_struct(_STRUCTS[name], item) for item in value]
        if name in _STRUCTS and value is not None:
            return native_struct(_STRUCTS[name], value)
        return Fraction(value) if name in _RATIONAL and value is not None else value

    return make(**{name: read(name, value) for name, value in data.items()})


def native_session(data: dict[str, Any]) -> _engine.Session:
    """A session of a `Plan` as JSON, not started."""
    kinds = {
        "clips": _engine.ClipPlan,
        "pictures": _engine.PicturePlan,
        "lookaheads": _engine.LookaheadPlan,
        "video": _engine.VideoRenditionPlan,
        "audio": _engine.AudioRenditionPlan,
        "loudness": _engine.LoudnessPlan,
        "stills": _engine.StillPlan,
        "texts": _engine.TextRenditionPlan,
        "gifs": _engine.GifPlan,
        "thumbnails": _engine.ThumbnailsPlan,
    }
    lists = {
        name: [native_struct(make, item) for item in data[name]] for name, make in kinds.items()
    }
    return _engine.Session(_engine.Plan(**{**data, **lists}))


def event_json(event: Any) -> dict[str, Any]:
    """An event of a session, as JSON."""
    name, fields = _EVENTS[type(event)]
    return {"event": name, **{f: _plain(getattr(event, f)) for f in fields}}


def _transcode(request: dict[str, Any]) -> None:
    session = native_session(request["plan"])
    session.start()
    while not session.ended:
        event = session.next_event(timeout_s=1.0)
        if event is not None:
            send(event_json(event))
    session.join()


def _try_encoder(request: dict[str, Any]) -> None:
    if "video" in request:
        _engine.try_video_encoder(native_struct(_engine.VideoRenditionPlan, request["video"]))
    else:
        _engine.try_audio_encoder(native_struct(_engine.AudioRenditionPlan, request["audio"]))


def _remux_file(request: dict[str, Any]) -> None:
    _engine.remux_file(
        tracks=request["tracks"],
        languages=request["languages"],
        texts=[_engine.TextTrack(**text) for text in request["texts"]],
        target=request["target"],
    )


def _remux_ts(request: dict[str, Any]) -> int:
    return _engine.remux_ts(
        tracks=request["tracks"],
        folder=request["folder"],
        segment_s=Fraction(request["segment_s"]),
        playlist=request["playlist"],
        segment_pattern=request["segment_pattern"],
    )


def _repack(request: dict[str, Any]) -> list[str]:
    plan = request["plan"]
    start_s, length_s = native_struct(_engine.repack, plan)
    return [str(start_s), str(length_s)]


def _check_logo(request: dict[str, Any]) -> None:
    _engine.check_logo(path=request["path"])


_OPERATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "probe": _probe,
    "check_logo": _check_logo,
    "transcode": _transcode,
    "try_encoder": _try_encoder,
    "remux_file": _remux_file,
    "remux_ts": _remux_ts,
    "repack": _repack,
}


if __name__ == "__main__":
    sys.exit(answer_parent(_OPERATIONS))

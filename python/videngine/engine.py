"""The engine as the rest of Python sees it: every call runs in a child process of its own.

See ``child.py`` for the other end. No module of the service imports ``videngine._engine``: a crash
in native code costs one attempt of one job, and killing the child's process group stops all native
work at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from videngine.children import ENGINE, OnEvent, Stop, call_child
from videngine.media import MediaInfo
from videngine.plan import (
    AudioRenditionPlan,
    Plan,
    RenditionResult,
    RepackPlan,
    VideoRenditionPlan,
    to_json,
)

_TRIAL_S = 60

_run = partial(call_child, ENGINE)


def probe(path: Path, *, stop: Stop = lambda: False, timeout_s: float = 60) -> MediaInfo:
    """Facts about a local media file.

    Raises:
        InputError: ``source_not_found``, ``source_forbidden``, ``source_corrupt``,
        ``source_no_streams``. ResourceError: ``timeout``: no answer within ``timeout_s``.
    """
    request = {"operation": "probe", "path": str(path)}
    return MediaInfo.from_json(_run(request, stop=stop, timeout_s=timeout_s))


def check_logo(path: Path, *, stop: Stop = lambda: False, timeout_s: float = 60) -> None:
    """See whether a local file is an image that can be laid over a picture.

    Raises:
        InputError: ``logo_fetch_failed``. ResourceError: ``timeout``.
    """
    _run({"operation": "check_logo", "path": str(path)}, stop=stop, timeout_s=timeout_s)


def transcode(
    plan: Plan, *, on_event: OnEvent, stop: Stop, timeout_s: float | None = None
) -> list[RenditionResult]:
    """Run one plan to its end and return its renditions in the order in which they were finished.

    A rendition that fails alone is given up with an event, ``rendition_failed`` with ``id`` and
    ``error`` (a `VidengineError` as JSON); the others are made.

    Raises:
        InputError, ResourceError: what all renditions need failed, as the engine classified it.
        WorkerLost: the child died; the message says how.
        Cancelled: ``stop`` said so.
    """
    results: list[RenditionResult] = []

    def take(event: dict[str, Any]) -> None:
        if event["event"] == "rendition_finished":
            facts = {name: value for name, value in event.items() if name != "event"}
            results.append(RenditionResult.from_json(facts))
        on_event(event)

    request = {"operation": "transcode", "plan": plan.to_json()}
    _run(request, on_event=take, stop=stop, timeout_s=timeout_s)
    return results


def try_encoder(plan: VideoRenditionPlan | AudioRenditionPlan) -> None:
    """Open an encoder, to see whether this machine has it; one of pictures encodes one as well.

    Raises:
        EncoderUnavailable: it does not, for the reason in the message.
        DeviceError: a GPU that has it has nothing left for us.
        WorkerLost: it took its process with it.
    """
    kind = "video" if isinstance(plan, VideoRenditionPlan) else "audio"
    request = {"operation": "try_encoder", kind: to_json(plan)}
    _run(request, stop=lambda: False, timeout_s=_TRIAL_S)


def remux_file(
    tracks: Sequence[Path],
    target: Path,
    *,
    languages: Sequence[str],
    texts: Sequence[dict[str, Any]] = (),
    stop: Stop = lambda: False,
) -> None:
    """Put track files, with one language each, into one progressive file, its index first.

    It is WebM where ``target`` ends in ``.webm``, else MP4. ``texts`` become tracks of timed text
    in MP4: ``language`` (ISO 639-2), ``name``, ``default``,
    ``forced`` and ``cues``: ``(start_ms, end_ms, text in ASS's markup)`` without overlap.
    """
    request = {
        "operation": "remux_file",
        "tracks": [str(t) for t in tracks],
        "languages": list(languages),
        "texts": list(texts),
        "target": str(target),
    }
    _run(request, stop=stop)


def remux_ts(
    tracks: Sequence[Path],
    folder: Path,
    *,
    segment_s: Fraction,
    playlist: str,
    segment_pattern: str,
    stop: Stop = lambda: False,
) -> int:
    """Multiplex track files into MPEG-TS segments and one HLS media playlist in ``folder``.

    ``segment_pattern`` is printf's: ``segment_%d.ts``, counted from 1. Returns the timestamp of the
    first picture in 1/90000 s.
    """
    request = {
        "operation": "remux_ts",
        "tracks": [str(t) for t in tracks],
        "folder": str(folder),
        "segment_s": str(segment_s),
        "playlist": playlist,
        "segment_pattern": segment_pattern,
    }
    return int(_run(request, stop=stop))


def repack(plan: RepackPlan, *, stop: Stop = lambda: False) -> tuple[Fraction, Fraction]:
    """Write a source's packets into another container; where the target begins, and its length.

    Raises:
        InputError: ``range_outside_source``. VidengineError: ``packaging_failed``.
        ResourceError: ``disk_full``. Cancelled, WorkerLost.
    """
    start_s, length_s = _run({"operation": "repack", "plan": plan.to_json()}, stop=stop)
    return Fraction(start_s), Fraction(length_s)

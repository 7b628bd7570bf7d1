"""The first pass of loudness normalisation: how far each sound is to be amplified.

EBU R128 asks for an integrated loudness, which is known only once the whole sound was heard. So a
pass without pictures measures it; the gain is the distance from the target. Where the gain would
bring true peaks (ITU-R BS.1770) above their limit, the encode limits them, which takes some
loudness away: further passes measure with the limiter and make up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from videngine import engine
from videngine.children import Stop
from videngine.errors import Fault, VidengineError
from videngine.plan import AudioRenditionPlan, LoudnessPlan, Plan
from videngine.planning.renditions import LoudnessTarget

_SILENCE_LUFS = -69.9  # the absolute gate of BS.1770: nothing louder was heard
_CLOSE_LU = 0.05
_TOLERANCE_LU = 0.5
_MAX_GAIN_DB = 40.0
_PASSES = 6


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How loud a sound is."""

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float


def measure_gains(
    plan: Plan,
    targets: Mapping[str, LoudnessTarget],
    *,
    warn: Callable[[Fault], None],
    progress: Callable[[float], None],
    stop: Stop,
    timeout_s: float | None,
) -> dict[str, float]:
    """The gains in dB that bring sounds of a plan to their targets, by their ids.

    Silence gets none, and a warning. Sounds that cannot be made so loud under their limit come as
    near as they do, with a warning.

    Raises:
        VidengineError: as `engine.transcode`.
    """
    audio = {sound.id: sound for sound in plan.audio if sound.id in targets}
    gains = dict.fromkeys(audio, 0.0)
    open_ids = set(audio)
    measured: dict[str, Measured] = {}
    for number in range(_PASSES):
        wanted = [
            _measurement(audio[name], gains[name], targets[name] if number else None)
            for name in sorted(open_ids)
        ]
        measured |= _measure(plan, wanted, progress=progress, stop=stop, timeout_s=timeout_s)
        for name in sorted(open_ids):
            target, found = targets[name], measured[name]
            missing = target.lufs - found.integrated_lufs
            if number == 0 and found.integrated_lufs <= _SILENCE_LUFS:
                message = "The sound is silent: there is no loudness to bring it to."
                warn(Fault(path="source", code="loudness_silence", message=message))
                open_ids.discard(name)
                continue
            if number and abs(missing) <= _CLOSE_LU:
                open_ids.discard(name)
                continue
            gains[name] = min(gains[name] + missing, _MAX_GAIN_DB)
            unlimited = found.true_peak_dbtp + gains[name] <= target.true_peak_dbtp
            if number == 0 and unlimited and gains[name] == missing:
                open_ids.discard(name)
        if not open_ids:
            break
    for name in sorted(open_ids):
        missing = targets[name].lufs - measured[name].integrated_lufs
        if abs(missing) > _TOLERANCE_LU:
            message = (
                f"{targets[name].lufs:g} LUFS cannot be reached below the limit of true peaks; "
                f"about {missing:.1f} LU are missing."
            )
            warn(Fault(path="source", code="loudness_not_reached", message=message))
    return gains


def _measurement(
    sound: AudioRenditionPlan, gain_db: float, limited: LoudnessTarget | None
) -> LoudnessPlan:
    assert sound.stream is not None, "planning gives silence no loudness"
    return LoudnessPlan(
        id=sound.id,
        stream=sound.stream,
        sample_rate_hz=sound.sample_rate_hz,
        layout=sound.layout,
        mix=sound.mix,
        gain_db=gain_db,
        true_peak_dbtp=limited.true_peak_dbtp if limited else None,
        start_s=sound.start_s,
        duration_s=sound.duration_s,
    )


def _measure(
    plan: Plan,
    wanted: list[LoudnessPlan],
    *,
    progress: Callable[[float], None],
    stop: Stop,
    timeout_s: float | None,
) -> dict[str, Measured]:
    """One pass; sounds that differ only in how they are coded are measured once."""
    first: dict[LoudnessPlan, str] = {}
    alike = {one.id: first.setdefault(replace(one, id=""), one.id) for one in wanted}
    measured: dict[str, Measured] = {}

    def on_event(event: dict[str, Any]) -> None:
        match event["event"]:
            case "progress":
                progress(event["time_s"])
            case "rendition_failed":
                raise VidengineError.from_json(event["error"])
            case "loudness_measured":
                measured[event["id"]] = Measured(
                    integrated_lufs=event["integrated_lufs"],
                    range_lu=event["range_lu"],
                    true_peak_dbtp=event["true_peak_dbtp"],
                )

    only = plan.with_only(loudness=tuple(one for one in wanted if alike[one.id] == one.id))
    engine.transcode(only, on_event=on_event, stop=stop, timeout_s=timeout_s)
    return {name: measured[same] for name, same in alike.items()}

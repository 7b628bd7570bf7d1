"""How loud each channel of the source is in each channel of a sound.

Down-mixes follow ITU-R BS.775: centre and surrounds go into the fronts at -3 dB, and the whole is
turned down so far that it cannot clip. The channel of low-frequency effects is left out, as BS.775
has it, unless asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from videngine.media import Stream
from videngine.plan import Mix
from videngine.spec.pan import Pan
from videngine.spec.sound_layouts import LAYOUTS, USUAL_LAYOUTS

_HALF_POWER = sqrt(0.5)  # -3 dB

# Where a channel goes that the result has not: to the first of these that has one, and how loud.
_FOLDS: dict[str, tuple[tuple[tuple[str, float], ...], ...]] = {
    "FC": ((("FL", _HALF_POWER), ("FR", _HALF_POWER)),),
    "FL": ((("FC", _HALF_POWER),),),
    "FR": ((("FC", _HALF_POWER),),),
    "FLC": ((("FL", 1.0),), (("FC", _HALF_POWER),)),
    "FRC": ((("FR", 1.0),), (("FC", _HALF_POWER),)),
    "BC": (
        (("BL", _HALF_POWER), ("BR", _HALF_POWER)),
        (("SL", _HALF_POWER), ("SR", _HALF_POWER)),
        (("FL", 0.5), ("FR", 0.5)),
        (("FC", 0.5),),
    ),
    **{
        side + letter: (
            ((other + letter, 1.0),),
            (("BC", _HALF_POWER),),
            (("F" + letter, _HALF_POWER),),
            (("FC", 0.5),),
        )
        for side, other in (("S", "B"), ("B", "S"))
        for letter in "LR"
    },
}
_LFE = ((("FL", 0.5), ("FR", 0.5)), (("FC", _HALF_POWER),))

# Dolby Pro Logic II: surrounds lie in both sides, in opposite phase.
_FAR, _NEAR = sqrt(3) / 2, 0.5


def mix_of(stream: Stream, layout: str, *, mode: str = "itu", pan: Pan | None = None) -> Mix | None:
    """The matrix from a source's channels to those of ``layout``; None where nothing changes.

    Args:
        stream: a sound of the source.
        layout: FFmpeg's name of the channels to be made.
        mode: ``itu``, ``lfe`` (with the low-frequency effects), ``dolby`` (for stereo: to be taken
            apart again by a surround decoder).
        pan: what a user wrote instead.
    """
    source = source_channels(stream)
    if source is None:
        return None
    if pan is not None:
        return pan.mix(source)
    target = LAYOUTS[layout]
    if source == target:
        return None
    if source == ("FC",) and "FC" not in target:  # mono is as loud on both sides as it was
        return tuple((1.0,) if channel in ("FL", "FR") else (0.0,) for channel in target)
    rows = {channel: dict.fromkeys(range(len(source)), 0.0) for channel in target}
    for column, channel in enumerate(source):
        for to, gain in _places(channel, source, target, mode):
            rows[to][column] += gain
    loudest = max(sum(abs(gain) for gain in row.values()) for row in rows.values())
    scale = 1 / max(loudest, 1.0)
    return tuple(tuple(scale * gain for gain in rows[to].values()) for to in target)


def source_channels(stream: Stream) -> tuple[str, ...] | None:
    """The channels of a sound, the usual ones of that many if it does not say; None: unknown."""
    known = LAYOUTS.get(stream.channel_layout)
    if known is None or len(known) != stream.channels:
        known = USUAL_LAYOUTS.get(stream.channels)
    return known


def _places(
    channel: str, source: Sequence[str], target: Sequence[str], mode: str
) -> list[tuple[str, float]]:
    """Where one channel goes, and how loud."""
    if channel in target:
        return [(channel, 1.0)]
    surround = channel[0] in "SB" and channel[1] in "LR"
    if mode == "dolby" and surround and tuple(target) == ("FL", "FR"):
        near, far = (_FAR, _NEAR) if channel[1] == "L" else (_NEAR, _FAR)
        return [("FL", -near), ("FR", far)]
    folds = _FOLDS.get(channel, ())
    if channel == "LFE":
        folds = _LFE if mode == "lfe" else ()
    for fold in folds:
        if all(to in target for to, _ in fold):
            # Beside surrounds of the same kind in the source, two pairs become one at half power.
            both = surround and fold[0][0][0] in "SB" and fold[0][0] in source
            return [(to, gain * (_HALF_POWER if both else 1.0)) for to, gain in fold]
    return []

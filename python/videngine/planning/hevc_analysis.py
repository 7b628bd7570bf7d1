"""Which rungs take over what the encoder of a smaller one found out about their frames.

libx265 can read the analysis of an encode at half the width and height: it then neither looks ahead
nor searches every block from nothing. docs/tuning.md has what that saves and what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from videngine.plan import VideoRenditionPlan
from videngine.planning.pictures import Picture
from videngine.planning.video import Video

_PRESETS = {"medium"}  # what was measured; faster ones have little search to save
_LEAST_PX = 128  # of the smaller rung's sides: very small ones are coded in blocks of other sizes
_OPTIONS = {"profile", "x265-params"}  # others are for libavcodec's wrapper
# Reading takes frame types from the smaller rung, and a level may lower what both must have alike.
_CLASHES = {"scenecut", "level-idc"}

_BOTH = {"rd": "2", "rdoq-level": "2", "psy-rdoq": "1", "ref": "2", "limit-sao": "1"}
"""Better quantization than the preset's; and less of what takes a tenth of the time but hardly
changes a picture: references, and the search for SAO's offsets where a block is predicted well."""

READER_PARAMETERS = {"refine-inter": "3", "refine-mv": "1", **_BOTH, "pbratio": "1"}
"""Of a rung that reads: depths are taken as they are read and modes are chosen again, with less
effort than the preset's; part of what is saved goes into quantization. B frames, which are worse
predicted so, are no coarser than ``cutree`` makes them. What a job asks for comes first."""

GIVER_PARAMETERS = {"me": "star", **_BOTH}
"""Of a rung that is read from: it searches further, as libx265 does not begin its searches where
its look-ahead found motion if others are to read them, and is quantized as those that read."""


def share(
    plans: Mapping[str, VideoRenditionPlan], videos: Mapping[str, Video]
) -> dict[str, VideoRenditionPlan]:
    """The plans, by id, with ``analysis_from`` where a rung can have it.

    The largest rungs come first, since they gain most. Who gives an analysis makes its own.
    """
    result = dict(plans)
    givers: set[str] = set()
    for name in sorted(plans, key=lambda name: -videos[name].picture.pixel_rate):
        if name in givers or not _shareable(plans[name]):
            continue
        for other, plan in result.items():
            if plan.analysis_from is None and _is_half(videos[other], videos[name]):
                givers.add(other)
                result[name] = replace(
                    _with_parameters(plans[name], READER_PARAMETERS), analysis_from=other
                )
                result[other] = _with_parameters(plan, GIVER_PARAMETERS)
                break
    return result


def _shareable(plan: VideoRenditionPlan) -> bool:
    options = dict(plan.options)
    return (
        plan.codec == "libx265"
        and plan.preset in _PRESETS
        and plan.pass_number == 0
        and plan.crf != 0
        and options.keys() <= _OPTIONS
        and not _parameters(options).keys() & _CLASHES
    )


def _is_half(half: Video, whole: Video) -> bool:
    """Whether both are the same but for their scale and their rate, with a buffer or without."""
    rates = half.encoding.rate_control, whole.encoding.rate_control
    buffers = [rate.max_bitrate_bps is not None for rate in rates]
    same = replace(
        half,
        picture=_doubled(half.picture, whole.picture),
        encoding=replace(half.encoding, rate_control=rates[1]),
        captions=whole.captions,
    )
    large_enough = min(half.picture.width_px, half.picture.height_px) >= _LEAST_PX
    return same == whole and large_enough and buffers[0] == buffers[1] and rates[0].crf != 0


def _doubled(half: Picture, whole: Picture) -> Picture:
    """A picture at twice its scale. Logos are measured in whole pixels: near is the same."""
    geometry = half.geometry
    logos = whole.look.logos if len(whole.look.logos) == len(half.look.logos) else half.look.logos
    return replace(
        half,
        width_px=2 * half.width_px,
        height_px=2 * half.height_px,
        geometry=replace(
            geometry, bars_x_px=2 * geometry.bars_x_px, bars_y_px=2 * geometry.bars_y_px
        ),
        look=replace(half.look, logos=logos),
    )


def _with_parameters(plan: VideoRenditionPlan, ours: dict[str, str]) -> VideoRenditionPlan:
    """The plan with parameters of libx265 where it has none of its own."""
    options = dict(plan.options)
    parameters = ours | _parameters(options)
    options["x265-params"] = ":".join(f"{name}={value}" for name, value in parameters.items())
    return replace(plan, options=tuple(sorted(options.items())))


def _parameters(options: Mapping[str, str]) -> dict[str, str]:
    words = options.get("x265-params", "").split(":")
    return {name: value for name, _, value in (word.partition("=") for word in words if word)}

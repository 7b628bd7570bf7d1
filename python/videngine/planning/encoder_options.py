"""Parameters of a job in each encoder's own words.

A table for each family of encoders: the name in the job, and how its value is said to libavcodec's
wrapper, or to the encoder behind it (``x265-params``, ``svtav1-params``). What is not in a table,
that family does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from videngine.spec.codec_parameters import PRESETS, CodecParameters
from videngine.spec.codecs import Codec, Family

Say = Callable[[Any], list[tuple[str, str]]]
"""A value → options; an empty list where the family has no word for it."""


@dataclass(kw_only=True)
class Translation:
    """Options for libavcodec, and the parameters that the encoder does not have."""

    options: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def _text(value: Any) -> str:
    return f"{float(value):.6g}" if isinstance(value, Fraction) else str(value)


def _as(option: str, words: Mapping[Any, str] | None = None, most: int | None = None) -> Say:
    def say(value: Any) -> list[tuple[str, str]]:
        if words is not None:
            return [(option, words[value])] if value in words else []
        return [(option, _text(value if most is None else min(value, most)))]

    return say


def _inside(option: str, parameter: str, **how: Any) -> Say:
    """Said to the encoder itself, in an option that holds ``name=value:name=value``."""
    inner = _as(parameter, **how)
    return lambda value: [(option, f"{name}={word}") for name, word in inner(value)]


def _x265(parameter: str, **how: Any) -> Say:
    return _inside("x265-params", parameter, **how)


def _svt(parameter: str, **how: Any) -> Say:
    return _inside("svtav1-params", parameter, **how)


_DIRECT = {0: "none", 1: "spatial", 2: "temporal", 3: "auto"}
_X264_SEARCH = {
    "dia": "dia", "epzs": "dia", "hex": "hex", "umh": "umh", "star": "umh", "sea": "esa",
    "esa": "esa", "full": "esa", "tesa": "tesa",
}  # fmt: skip
_X265_SEARCH = {
    "dia": "dia", "epzs": "dia", "hex": "hex", "umh": "umh", "star": "star", "sea": "sea",
    "esa": "full", "full": "full", "tesa": "full",
}  # fmt: skip
_H264_PROFILES = {p: p for p in ("baseline", "main", "high", "high10", "high422", "high444")}
_HEVC_PROFILES = {p: p for p in ("main", "main10", "main12")}


def _i_ratio_x265(value: Fraction) -> list[tuple[str, str]]:
    """FFmpeg's i_qfactor is I over P, x265's ipratio P over I."""
    return [("x265-params", f"ipratio={_text(1 / value)}")]


_TABLES: dict[Family, dict[str, Say]] = {
    "x264": {
        "vprofile": _as("profile", _H264_PROFILES),
        "level": _as("level"),
        "coder": _as("coder", {0: "cavlc", 1: "cabac"}),
        "directpred": _as("direct-pred", _DIRECT),
        "me_method": _as("motion-est", _X264_SEARCH),
        "subq": _as("subq"),
        "trellis": _as("trellis"),
        "refs": _as("refs"),
        "cmp": _as("cmp"),
        "me_range": _as("me_range"),
        "sc_threshold": _as("sc_threshold"),
        "i_qfactor": _as("i_qfactor"),
        "b_strategy": _as("b_strategy"),
        "qcomp": _as("qcomp"),
        "qmin": _as("qmin"),
        "qmax": _as("qmax"),
        "qdiff": _as("qdiff"),
        "bf": _as("bf"),
        "flags": _as("flags"),
        "rc_lookahead": _as("rc-lookahead"),
    },
    "x265": {
        "vprofile": _as("profile", _HEVC_PROFILES),
        "level": _x265("level-idc"),
        "me_method": _x265("me", words=_X265_SEARCH),
        "subq": _x265("subme", most=7),
        "trellis": _x265("rdoq-level"),
        "refs": _x265("ref"),
        "me_range": _x265("merange"),
        "sc_threshold": _x265("scenecut"),
        "i_qfactor": _i_ratio_x265,
        "b_strategy": _x265("b-adapt"),
        "qcomp": lambda value: [("x265-params", f"qcomp={_text(max(value, Fraction(1, 2)))}")],
        "qmin": _x265("qpmin"),
        "qmax": _x265("qpmax"),
        "qdiff": _x265("qpstep"),
        "bf": _x265("bframes"),
        "flags": _as("flags"),
        "rc_lookahead": _x265("rc-lookahead"),
    },
    "svt": {
        "level": lambda value: [("svtav1-params", f"level={value.replace('.', '')}")],
        "qmin": _svt("min-qp", most=63),
        "qmax": _svt("max-qp", most=63),
        "rc_lookahead": _svt("lookahead", most=120),
        "flags": _as("flags"),
    },
    "vpx": {
        "min_rate": lambda value: [("minrate", str(1000 * value))],
        "qmin": _as("qmin", most=63),
        "qmax": _as("qmax", most=63),
        "rc_lookahead": _as("lag-in-frames", most=25),
        "speed": _as("cpu-used"),
        "flags": _as("flags"),
    },
    "nvenc": {
        "vprofile": _as("profile", {
            "baseline": "baseline", "main": "main", "high": "high", "high444": "high444p",
            "main10": "main10", "rext": "rext",
        }),
        "level": _as("level"),
        "coder": _as("coder", {0: "cavlc", 1: "cabac"}),
        "refs": _as("refs"),
        "sc_threshold": _as("no-scenecut", dict.fromkeys(range(1, 101), "0")),
        "b_strategy": lambda value: [("b_adapt", "1" if value else "0")],
        "qmin": _as("qmin", most=51),
        "qmax": _as("qmax", most=51),
        "bf": _as("bf"),
        "flags": _as("flags"),
        "rc_lookahead": _as("rc-lookahead", most=32),
    },
}  # fmt: skip

# Of H.264 and HEVC together only some fit each encoder of NVIDIA.
_NVENC_LACKS = {
    "hevc": {"coder", "baseline", "high", "high444"},
    "h264": {"main10", "rext"},
    "av1": {"coder", "refs", "vprofile", "level"},
}
# The options that hold parameters of the encoder itself.
_JOINED = ("x265-params", "svtav1-params")
# Acted on elsewhere: rate control, the scaler, `preset`.
ELSEWHERE = frozenset(("max_rate", "bufsize", "sws_flags", "preset"))


def translate(parameters: CodecParameters, codec: Codec) -> Translation:
    """The parameters that are set, for one encoder."""
    result = Translation()
    table = _TABLES[codec.family]
    lacks = _NVENC_LACKS.get(codec.standard, set()) if codec.family == "nvenc" else set()
    for name, value in parameters:
        if value is None or name in ELSEWHERE:
            continue
        said = [] if name in lacks or value in lacks else table.get(name, lambda _: [])(value)
        if not said:
            result.unknown.append(name)
        for option, word in said:
            before = result.options.get(option) if option in _JOINED else None
            result.options[option] = f"{before}:{word}" if before else word
    return result


_SVT_PRESETS = dict(
    zip(PRESETS, ("12", "11", "10", "9", "8", "6", "5", "4", "3", "2"), strict=True)
)
_NVENC_PRESETS = dict(
    zip(PRESETS, ("p1", "p1", "p2", "p3", "p3", "p4", "p5", "p6", "p7", "p7"), strict=True)
)
# Speeds above 5 are those of its realtime mode.
_VPX_SPEEDS = dict(zip(PRESETS, (8, 7, 5, 4, 3, 2, 1, 1, 0, 0), strict=True))


def preset(name: str, codec: Codec) -> tuple[str, dict[str, str]] | None:
    """A preset's name for one encoder, and what goes with it; None where the encoder has none such.

    Args:
        name: one of x264's; a number of SVT-AV1; a mode of libvpx.
        codec: the encoder.
    """
    match codec.family:
        case "x264" | "x265":
            return (name, {}) if name in PRESETS else None
        case "nvenc":
            return (_NVENC_PRESETS[name], {}) if name in PRESETS else None
        case "svt":
            word = _SVT_PRESETS.get(name, name)
            return (word, {}) if word.isdigit() else None
        case "vpx":
            if name in PRESETS:
                speed = _VPX_SPEEDS[name]
                mode = "realtime" if speed > 5 else "good"
                return "", {"deadline": mode, "cpu-used": str(speed)}
            return ("", {"deadline": name}) if not name.isdigit() else None

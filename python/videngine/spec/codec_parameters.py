"""``video_codec_parameters``: the knobs of encoders, in FFmpeg's words whatever the encoder is.

Nothing here stops a job unless it is strict: what no encoder takes is left out with a warning.
`planning.encoder_options` translates the rest for each encoder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Model
from videngine.spec.values import Scalar, decimal, number, whole

PROFILES = (
    "baseline", "main", "high", "high10", "high422", "high444", "main10", "main12", "rext",
)  # fmt: skip
PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
    "placebo",
)  # fmt: skip
VPX_PRESETS = ("good", "best", "realtime")
MOTION_SEARCHES = ("dia", "epzs", "hex", "umh", "star", "sea", "full", "esa", "tesa")
SCALERS = (
    "fast_bilinear", "bilinear", "bicubic", "neighbor", "area", "bicublin", "gauss", "sinc",
    "lanczos", "spline",
)  # fmt: skip
FLAGS = (
    "mv4", "qpel", "loop", "qscale", "gray", "psnr", "ildct", "low_delay", "bitexact", "aic",
    "ilme", "cgop",
)  # fmt: skip
OWN_FLAGS = ("pass1", "pass2", "global_header")
GONE_FLAGS = ("emu_edge", "cbp", "qprd", "truncated")
MAX_SVT_PRESET = 13

_MISSPELT = {"sc_threshhold": "sc_threshold", "l_qfactor": "i_qfactor"}


def _droppable(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A value that is no use is left out, where ``parse`` offers nothing better."""

    def drop(value: Any) -> Any:
        try:
            return parse(value)
        except PydanticCustomError as fault:
            context = fault.context or {}
            if "instead" in context:
                raise
            message = f"{context['message']}; it is left out"
            raise invalid(message, instead=DROP) from None

    return drop


def _whole(low: int, high: int, unit: str = "") -> Scalar:
    scalar = whole(low, high, unit)
    return Scalar(_droppable(scalar.parse), scalar.schema)


def _decimal(low: Fraction | int, high: Fraction | int) -> Scalar:
    def parse(value: object) -> Fraction:
        found = number(value)
        if not low <= found <= high:
            near = decimal(Fraction(low if found < low else high))
            raise invalid(
                f"must be {decimal(Fraction(low))} to {decimal(Fraction(high))}; {near} is used",
                instead=near,
            )
        return found

    schema = {"anyOf": [{"type": "number", "minimum": float(low), "maximum": float(high)}]}
    return Scalar(_droppable(parse), schema, decimal)


def _word(known: tuple[str, ...], *, also: Mapping[str, str] | None = None) -> Scalar:
    aliases = also or {}

    def parse(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else str(value)
        word = aliases.get(word, word)
        if word in known:
            return word
        near = get_close_matches(word[:64], known, n=1)
        hint = f"; did you mean {show(near[0])}?" if near else ""
        raise invalid(f"must be one of {', '.join(known)}, not {show(value)}{hint}")

    return Scalar(_droppable(parse), {"enum": list(known)})


def _level(value: object) -> str:
    """Levels as ``3.1``, from 31, "31" or 3.1."""
    found = number(value, what="a level (31 or 3.1)")
    if found >= 10:
        found /= 10
    if not 1 <= found <= Fraction(63, 10) or (10 * found).denominator != 1:
        raise invalid(f"must be a level such as 31 or 3.1, not {show(value)}")
    return f"{float(found):.1f}"


def _preset(value: object) -> str:
    if isinstance(value, int | str) and not isinstance(value, bool):
        text = str(value).strip()
        if text.isdigit() and int(text) <= MAX_SVT_PRESET:
            return str(int(text))
    parsed: str = _word((*PRESETS, *VPX_PRESETS)).parse(value)
    return parsed


def _compare(value: object) -> str:
    text = str(value).strip().lower()
    if text == "chroma" or (text.isdigit() and int(text) & 256):
        return "chroma"
    raise invalid(f'only "chroma" (256) means something to an encoder, not {show(value)}')


def _flags(value: object) -> str:
    """Names joined by ``+``, each with ``-`` before it where it is taken away."""
    found = re.findall(r"([+-]?)\s*([a-z_0-9]+)", value.lower()) if isinstance(value, str) else []
    kept: list[str] = []
    left_out: list[str] = []
    for sign, name in found:
        (kept if name in FLAGS else left_out).append(("-" if sign == "-" else "+") + name)
    text = "".join(kept)
    if not left_out and kept:
        return text
    if not kept or any(name.lstrip("+-").isdigit() for name in left_out):
        raise invalid(f"must be names such as +ildct+ilme, not {show(value)}")
    known = [n for n in left_out if n[1:] in (*OWN_FLAGS, *GONE_FLAGS)]
    why = "belong to the engine or are gone" if known == left_out else "are unknown"
    raise invalid(f"{', '.join(name[1:] for name in left_out)} {why} and left out", instead=text)


_Rate = _whole(1, 1_000_000, "kbit/s")
_Quantizer = _whole(0, 69)
_Depth = _whole(0, 2)
_SceneCut = _whole(0, 100)
_QuantizerFactor = _decimal(Fraction(1, 10), 10)


Profile = Annotated[str, _word(PROFILES, also={"high444p": "high444", "high4:4:4": "high444"})]


class CodecParameters(Model):
    """Parameters of the encoder. What an encoder does not have is left out with a warning."""

    min_rate: Annotated[int, _Rate] | None = Field(
        None, description="Lowest rate in kbit/s; VP8 and VP9 only. Default: none."
    )
    max_rate: Annotated[int, _Rate] | None = Field(
        None,
        description="Peak rate in kbit/s, instead of the one that follows from `bitrate`; beside a "
        "bit rate SVT-AV1 holds none from FFmpeg 6 on. Default: "
        "see `bitrate`.",
    )
    bufsize: Annotated[int, _Rate] | None = Field(
        None,
        description="Buffer in kbit over which `max_rate` holds; means nothing without a peak "
        "rate. Default: 2 s of it.",
    )
    vprofile: Profile | None = Field(
        None,
        description="Profile: `baseline`, `main`, `high` … of H.264, `main`, `main10` of HEVC. "
        "Default: what the picture needs.",
    )
    level: Annotated[str, Scalar(_droppable(_level), {"anyOf": [{"type": "number"}]})] | None = (
        Field(
            None,
            description="Level, 31 or 3.1; raised to the lowest that takes the size and the rate. "
            "Default: that one.",
        )
    )
    coder: Annotated[int, _whole(0, 1)] | None = Field(
        None, description="Entropy coder of H.264: 1 CABAC, 0 CAVLC. Default: 1."
    )
    directpred: Annotated[int, _whole(0, 3)] | None = Field(
        None,
        description="Direct prediction of x264: 0 none, 1 spatial, 2 temporal, 3 auto. Default: "
        "the preset's.",
    )
    me_method: Annotated[str, _word(MOTION_SEARCHES)] | None = Field(
        None,
        description="Motion search of x264 and x265; `epzs` is taken as dia, `full` is exhaustive. "
        "Default: the preset's.",
    )
    subq: Annotated[int, _whole(0, 11)] | None = Field(
        None,
        description="Effort of subpixel search: x264 0 to 11, x265 0 to 7. Default: the preset's.",
    )
    trellis: Annotated[int, _Depth] | None = Field(
        None, description="Trellis quantization of x264 and x265. Default: the preset's."
    )
    refs: Annotated[int, _whole(1, 16)] | None = Field(
        None, description="Reference frames. Default: the preset's."
    )
    cmp: Annotated[str, Scalar(_droppable(_compare), {"enum": ["chroma"]})] | None = Field(
        None, description="`chroma`: motion search of x264 looks at chroma. Default: the preset's."
    )
    me_range: Annotated[int, _whole(4, 1024, "px")] | None = Field(
        None, description="Reach of motion search. Default: the preset's."
    )
    sc_threshold: Annotated[int, _SceneCut] | None = Field(
        None,
        description="Keyframes at scene cuts too, 1 to 100: how readily. In ladders, whose rungs "
        "need the same ones, no number but 0 counts: where x264's rungs share one look at the "
        "title they have them without being asked. Default: 0.",
    )
    sc_threshhold: Annotated[int, _SceneCut] | None = Field(
        None, description="Another spelling of `sc_threshold`. Default: 0."
    )
    i_qfactor: Annotated[Fraction, _QuantizerFactor] | None = Field(
        None,
        description="Quantizer of I frames over that of P frames. Default: 0.71.",
    )
    l_qfactor: Annotated[Fraction, _QuantizerFactor] | None = Field(
        None, description="Another spelling of `i_qfactor`. Default: 0.71."
    )
    b_strategy: Annotated[int, _Depth] | None = Field(
        None, description="How B frames are placed. Default: the preset's."
    )
    qcomp: Annotated[Fraction, _decimal(0, 1)] | None = Field(
        None, description="Compression of the quantizer's curve. Default: 0.6."
    )
    qmin: Annotated[int, _Quantizer] | None = Field(
        None, description="Lowest quantizer. Default: the encoder's."
    )
    qmax: Annotated[int, _Quantizer] | None = Field(
        None, description="Highest quantizer. Default: the encoder's."
    )
    qdiff: Annotated[int, _whole(1, 69)] | None = Field(
        None, description="Largest step of the quantizer. Default: 4."
    )
    bf: Annotated[int, _whole(0, 16)] | None = Field(
        None, description="B frames in a row. Default: the preset's."
    )
    sws_flags: Annotated[str, _word(SCALERS)] | None = Field(
        None, description="Filter that scales the picture; one name. Default: lanczos."
    )
    preset: (
        Annotated[str, Scalar(_droppable(_preset), {"enum": [*PRESETS, *VPX_PRESETS]})] | None
    ) = Field(
        None,
        description="Speed against efficiency: `ultrafast` to `placebo` for every encoder; 0 to 13 "
        "for SVT-AV1; `good`, `best`, `realtime` for VP8 and VP9. Default: the server's "
        "`default_preset`.",
    )
    speed: Annotated[int, _whole(0, 16)] | None = Field(
        None, description="Speed of VP8 and VP9, 0 to 16. Default: the preset's."
    )
    flags: Annotated[str, Scalar(_droppable(_flags), {"type": "string"})] | None = Field(
        None,
        description="libavcodec's flags by name, `+ildct+ilme`; never as numbers. Default: none.",
    )
    rc_lookahead: Annotated[int, _whole(0, 250, "frames")] | None = Field(
        None, description="Frames looked ahead. Default: the preset's."
    )

    @property
    def settled(self) -> CodecParameters:
        """The same with one spelling for each parameter; the right one wins."""
        update: dict[str, Any] = {}
        for wrong, right in _MISSPELT.items():
            found = getattr(self, right)
            update |= {right: getattr(self, wrong) if found is None else found, wrong: None}
        return self.model_copy(update=update)

    @model_validator(mode="after")
    def _ordered(self) -> CodecParameters:
        for low, high in (("min_rate", "max_rate"), ("qmin", "qmax")):
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise invalid(f"is above `{high}`; it is left out", field=low, instead=DROP)
        if self.vprofile == "baseline" and self.coder:
            raise invalid(
                "CABAC is not in the baseline profile; it is left out",
                code="conflicting_fields",
                field="coder",
                instead=DROP,
            )
        return self

"""Types of the fields about light and colour: names of matrices, transfers, primaries, ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from videngine.spec.faults import DROP, invalid, show
from videngine.spec.values import Scalar, flag

KEEP = "1"
"""Keeps the source's value. (In FFmpeg's numbering 1 would be BT.709; not here.)"""

# As FFmpeg writes them today, by every spelling that is taken. "" is documented, but no picture of
# ours can be brought to it.
MATRICES = {
    "bt709": "bt709",
    "fcc": "fcc",
    "bt470bg": "bt470bg",
    "smpte170m": "smpte170m",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020nc",
    "bt2020_ncl": "bt2020nc",
    **dict.fromkeys(("rgb", "ycocg", "ycgco", "bt2020c", "bt2020_cl", "smpte2085"), ""),
}
RANGES = {"tv": "tv", "mpeg": "tv", "limited": "tv", "pc": "pc", "jpeg": "pc", "full": "pc"}
TRANSFERS = {
    "bt709": "bt709",
    "gamma22": "bt470m",
    "bt470m": "bt470m",
    "gamma28": "bt470bg",
    "bt470bg": "bt470bg",
    "smpte170m": "smpte170m",
    "smpte240m": "smpte240m",
    "linear": "linear",
    "log": "log100",
    "log100": "log100",
    "log_sqrt": "log316",
    "log316": "log316",
    "iec61966_2_4": "iec61966-2-4",
    "iec61966-2-4": "iec61966-2-4",
    "iec61966_2_1": "iec61966-2-1",
    "iec61966-2-1": "iec61966-2-1",
    "bt2020_10bit": "bt2020-10",
    "bt2020-10": "bt2020-10",
    "bt2020_12bit": "bt2020-12",
    "bt2020-12": "bt2020-12",
    "smpte2084": "smpte2084",
    "arib-std-b67": "arib-std-b67",
    **dict.fromkeys(("bt1361", "bt1361e", "smpte428", "smpte428_1"), ""),
}
PRIMARIES = {
    "bt709": "bt709",
    "bt470m": "bt470m",
    "bt470bg": "bt470bg",
    "smpte170m": "smpte170m",
    "smpte240m": "smpte240m",
    "film": "film",
    "bt2020": "bt2020",
    "smpte431": "smpte431",
    "smpte432": "smpte432",
    **dict.fromkeys(("smpte428", "jedec-p22", "ebu3213"), ""),
}


def _named(names: Mapping[str, str], what: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        name = str(value).strip().lower() if isinstance(value, str | int) else ""
        if name == KEEP:
            return KEEP
        made = names.get(name)
        if made is None:
            known = ", ".join(n for n, is_made in names.items() if is_made)
            raise invalid(
                f"must be one of {known}, or 1, not {show(value)}; the source's is kept",
                instead=DROP,
            )
        if not made:
            message = f"has the {what} {show(value)}, which no picture here can have; the source's"
            raise invalid(f"{message} is kept", instead=DROP)
        return made

    return parse


def _type(names: Mapping[str, str], what: str) -> Scalar:
    known = sorted({name for name, made in names.items() if made} | set(names.values()) - {""})
    return Scalar(_named(names, what), {"enum": [*known, KEEP]})


def _deinterlace(value: object) -> bool | str:
    if isinstance(value, str) and value.strip().lower() == "auto":
        return "auto"
    try:
        return flag(value)
    except ValueError:
        raise invalid(f'must be true, false or "auto", not {show(value)}') from None


ColorMatrix = Annotated[str, _type(MATRICES, "matrix")]
ColorRange = Annotated[str, _type(RANGES, "range")]
ColorTransfer = Annotated[str, _type(TRANSFERS, "transfer")]
ColorPrimaries = Annotated[str, _type(PRIMARIES, "primaries")]
Deinterlace = Annotated[
    bool | str, Scalar(_deinterlace, {"enum": [True, False, 1, 0, "true", "false", "auto"]})
]

DEINTERLACE = (
    'true: every frame is deinterlaced; "auto": those that are interlaced. The frame rate stays. '
    "Default: 0."
)

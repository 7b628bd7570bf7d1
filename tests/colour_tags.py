"""Colour tags for films that tests make with any FFmpeg from 5.1 on."""

from __future__ import annotations


def colour_tags(
    *, range_: str = "", matrix: str = "", primaries: str = "", transfer: str = "", after: str = ""
) -> list[str]:
    """Options that tag the pictures behind the filters ``after``, and convert nothing.

    From 7.1 on FFmpeg takes an encoder's options for what pictures are to be converted to, and
    drops those it cannot convert: a filter must say that they are so already.
    """
    named = {
        "range": ("color_range", range_),
        "colorspace": ("colorspace", matrix),
        "color_primaries": ("color_primaries", primaries),
        "color_trc": ("color_trc", transfer),
    }
    given = {name: value for name, value in named.items() if value[1]}
    if not given and not after:
        return []
    facts = ":".join(f"{name}={value}" for name, (_, value) in given.items())
    filters = ",".join(part for part in (after, facts and f"setparams={facts}") if part)
    options = [word for option, value in given.values() for word in (f"-{option}", value)]
    return ["-vf", filters, *options]

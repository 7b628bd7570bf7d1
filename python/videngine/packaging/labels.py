"""Names and languages of tracks, which anybody may have written, as manifests may show them."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_TAG = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")
_UNDETERMINED = {"und", "mis", "zxx"}

# ISO 639-1, by first letter: the packager refuses two letters that are not among them.
_TWO_LETTERS = re.compile(
    "a[abefkmnrsvyz]|b[aeghimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]|"
    "h[aeiortuyz]|i[adegikostu]|j[av]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnrsty]|"
    "n[abdeglnorvy]|o[cjmrs]|p[ailst]|qu|r[mnouw]|s[acdegiklmnoqrstuvw]|t[aeghiklnorstwy]|"
    "u[gkrz]|v[eio]|w[ao]|xh|y[io]|z[ahu]"
)


def language_tag(text: str) -> str:
    """A BCP 47 tag from a source's own word for its language; empty if that says nothing."""
    match = _TAG.fullmatch(text.strip().replace("_", "-"))
    if match is None:
        return ""
    primary, subtags = match[1].lower(), match[2]
    if primary in _UNDETERMINED or (len(primary) == 2 and not _TWO_LETTERS.fullmatch(primary)):
        return ""
    return primary + subtags


def plain_text(text: str) -> str:
    """A name in one line of text that XML and UTF-8 can hold."""
    return _UNPRINTABLE.sub(" ", text).strip()

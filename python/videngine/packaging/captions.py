"""Captions within the picture, as manifests tell of them: only what the renditions really carry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from videngine.packaging.playlist import MultivariantPlaylist, quoted
from videngine.packaging.renditions import Renditions

GROUP = "cc"
_SCTE = "urn:scte:dash:cc:cea-"  # SCTE 214-1, 7.4: Accessibility of EIA-608 and CEA-708
_BEHIND = re.compile(r"\s*<(?:Role|Rating|Viewpoint|SegmentTemplate|Representation)\b")


def carried(renditions: Renditions) -> list[str]:
    """The channels that all rungs carry: ``CC1``, ``SERVICE1``."""
    found = [set(result.captions) for result in renditions.video]
    common = set.intersection(*found) if found else set()
    return sorted(common, key=lambda name: (len(name), name))


def add_to_hls(playlist: MultivariantPlaylist, channels: Sequence[str]) -> None:
    """Say what captions there are, or that there are none (RFC 8216, 4.3.4.1 and 4.3.4.2)."""
    for channel in channels:
        playlist.media.append(
            {
                "TYPE": "CLOSED-CAPTIONS",
                "GROUP-ID": quoted(GROUP),
                "NAME": quoted(channel),
                "AUTOSELECT": "YES",
                "INSTREAM-ID": quoted(channel),
            }
        )
    for variant in playlist.variants:
        variant.attributes["CLOSED-CAPTIONS"] = quoted(GROUP) if channels else "NONE"


def add_to_mpd(mpd: str, channels: Sequence[str]) -> str:
    """The MPD with the captions of its pictures."""
    old = [name for name in channels if name.startswith("CC")]
    new = [f"{name.removeprefix('SERVICE')}=lang:und" for name in channels if name not in old]
    lines = "".join(
        f'      <Accessibility schemeIdUri="{_SCTE}{kind}:2015" value="{";".join(values)}"/>\n'
        for kind, values in (("608", old), ("708", new))
        if values
    )
    picture = re.search(r'<AdaptationSet[^>]*contentType="video"[^>]*>\n', mpd)
    if not lines or picture is None:
        return mpd
    behind = _BEHIND.search(mpd, picture.end())
    assert behind is not None, "every adaptation set has representations"
    return mpd[: behind.start()].rstrip("\n") + "\n" + lines + mpd[behind.start() :].lstrip("\n")

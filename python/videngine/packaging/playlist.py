"""HLS playlists: the multivariant one as a value, media playlists as far as we touch them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from videngine.packaging.labels import plain_text
from videngine.packaging.segments import Segment

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_SEGMENT = re.compile(r"^#EXTINF:([0-9.]+),.*\n(?:#.*\n)*([^#\n].*)$", re.MULTILINE)
_VERSION = 6  # EXT-X-MAP in ordinary media playlists


def quoted(text: str) -> str:
    """A quoted-string attribute value; what may not stand in one is replaced."""
    return '"' + plain_text(text).replace('"', "'") + '"'


@dataclass
class Variant:
    """One EXT-X-STREAM-INF entry: attributes as written, and the media playlist it names."""

    attributes: dict[str, str]
    uri: str


@dataclass
class MultivariantPlaylist:
    """A multivariant playlist: ``media`` are EXT-X-MEDIA entries, ``others`` all other tags."""

    media: list[dict[str, str]] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @staticmethod
    def parse(text: str) -> MultivariantPlaylist:
        """Read a playlist that Shaka Packager wrote."""
        playlist = MultivariantPlaylist()
        attributes: dict[str, str] = {}
        for line in text.splitlines():
            tag, _, rest = line.partition(":")
            if tag == "#EXT-X-MEDIA":
                playlist.media.append(dict(_ATTRIBUTE.findall(rest)))
            elif tag == "#EXT-X-STREAM-INF":
                attributes = dict(_ATTRIBUTE.findall(rest))
            elif line and not line.startswith("#"):
                playlist.variants.append(Variant(attributes, line))
            elif tag.startswith("#EXT-X-") and tag not in (
                "#EXT-X-VERSION",
                "#EXT-X-INDEPENDENT-SEGMENTS",
            ):
                playlist.others.append(line)
        return playlist

    def __str__(self) -> str:
        """The playlist as a player reads it, the variant of least bandwidth first."""
        variants = sorted(self.variants, key=lambda v: int(v.attributes["BANDWIDTH"]))
        lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
        lines += self.others
        lines += [f"#EXT-X-MEDIA:{_attribute_list(media)}" for media in self.media]
        for variant in variants:
            lines += [f"#EXT-X-STREAM-INF:{_attribute_list(variant.attributes)}", variant.uri]
        return "\n".join(lines) + "\n"


def read_media_playlist(path: Path) -> list[Segment]:
    """The segments that a media playlist lists, with the sizes of their files."""
    segments: list[Segment] = []
    start_s = Fraction(0)
    for duration, uri in _SEGMENT.findall(path.read_text()):
        segments.append(
            Segment(
                uri=uri,
                start_s=start_s,
                duration_s=Fraction(duration),
                size_bytes=(path.parent / uri).stat().st_size,
            )
        )
        start_s += segments[-1].duration_s
    return segments


def finish_media_playlist(
    path: Path, segments: Sequence[Segment], *, target_s: int, key_tags: Sequence[str] = ()
) -> None:
    """Write exact durations into a media playlist of the packager, and its keys.

    It rounds EXTINF to milliseconds, which adds up over a long title, and raises
    EXT-X-TARGETDURATION to the next second. ``key_tags`` take the place of its own EXT-X-KEY tags;
    they stand behind EXT-X-MAP, so they do not count for that: initialisation segments are clear.
    """
    durations = iter(segments)
    text = re.sub(
        r"(?m)^#EXTINF:[0-9.]+",
        lambda _: f"#EXTINF:{float(next(durations).duration_s):.6f}",
        path.read_text(),
    )
    text = re.sub(
        r"(?m)^#EXT-X-TARGETDURATION:\d+", f"#EXT-X-TARGETDURATION:{target_s}", text, count=1
    )
    path.write_text(_with_keys(text, key_tags))


def add_key_tags(path: Path, key_tags: Sequence[str]) -> None:
    """Tell in a media playlist how its segments are encrypted."""
    path.write_text(_with_keys(path.read_text(), key_tags))


def media_sequence(path: Path) -> int:
    """The media sequence number of the first segment of a media playlist."""
    found = re.search(r"(?m)^#EXT-X-MEDIA-SEQUENCE:(\d+)", path.read_text())
    return int(found[1]) if found else 0


def _with_keys(text: str, key_tags: Sequence[str]) -> str:
    clear = re.sub(r"(?m)^#EXT-X-KEY:.*\n", "", text)
    lines = "".join(f"{tag}\n" for tag in key_tags)
    return re.sub(r"(?m)^(?=#EXTINF:)", lambda _: lines, clear, count=1)


def _attribute_list(attributes: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in attributes.items())

"""The inspectors themselves: one fault is put into a good output, and it has to be found."""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.packaging.inspect_boxes import boxes
from tests.packaging.inspect_dash import inspect_dash
from tests.packaging.inspect_hls import inspect_hls
from tests.packaging.ladders import Ladder

from videngine.packaging import package

Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def outputs(ladder: Ladder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One output of each kind without fault, in folders named so."""
    root = tmp_path_factory.mktemp("outputs")
    for folder, kind, separate_audio in (
        ("hls", "advanced_hls", True),
        ("ts", "advanced_hls", False),
        ("dash", "advanced_dash", True),
    ):
        name = "playlist.mpd" if folder == "dash" else "playlist.m3u8"
        output = ladder.output(kind, name, rungs=ladder.rungs[:2], separate_audio=separate_audio)
        package(output, ladder.plan, ladder.results, root / folder, stop=lambda: False)
    return root


def replace(name: str, pattern: str, by: str) -> Damage:
    """Damage to the first place in a text where a pattern matches."""

    def damage(folder: Path) -> None:
        path = folder / name
        text, count = re.subn(pattern, by, path.read_text(), count=1)
        assert count, f"{pattern} is not in {name}"
        path.write_text(text)

    return damage


def patch(name: str, box_path: str, offset: int, value: bytes) -> Damage:
    """Damage to the body of the first box of a kind."""

    def damage(folder: Path) -> None:
        path = folder / name
        data = bytearray(path.read_bytes())
        start = next(b.start for b in boxes(bytes(data)) if b.path == box_path) + offset
        data[start : start + len(value)] = value
        path.write_bytes(data)

    return damage


def swap(one: str, other: str) -> Damage:
    """Two files take each other's place."""

    def damage(folder: Path) -> None:
        first = (folder / one).read_bytes()
        shutil.copyfile(folder / other, folder / one)
        (folder / other).write_bytes(first)

    return damage


def cut(name: str) -> Damage:
    """A file loses its last bytes."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-5])

    return damage


def remove(name: str) -> Damage:
    """A file is missing."""
    return lambda folder: (folder / name).unlink()


def drop_last_segment(name: str) -> Damage:
    """A media playlist ends one segment early."""
    return replace(name, r"#EXTINF:[0-9.]+,\n[^\n]+\n#EXT-X-ENDLIST", "#EXT-X-ENDLIST")


def grow(name: str) -> Damage:
    """A segment takes more bytes than the manifest says."""

    def damage(folder: Path) -> None:
        with (folder / name).open("ab") as file:
            file.write(struct.pack(">I4s", 40_000, b"free") + bytes(39_992))

    return damage


def turn_idr_into_slice(name: str) -> Damage:
    """The first IDR picture of a segment claims to be an ordinary one (NAL unit type 5 to 1)."""

    def damage(folder: Path) -> None:
        path = folder / name
        data = bytearray(path.read_bytes())
        at = next(b.start for b in boxes(bytes(data)) if b.path == "mdat")
        while data[at + 4] & 31 != 5:
            at += 4 + struct.unpack_from(">I", data, at)[0]
        while at < len(data) and data[at + 4] & 31 == 5:
            data[at + 4] = data[at + 4] & ~31 | 1
            at += 4 + struct.unpack_from(">I", data, at)[0]
        path.write_bytes(data)

    return damage


VIDEO = "video_1/playlist.m3u8"
SEGMENT = "video_1/segment_2.m4s"

HLS_DAMAGE = {
    "EXTINF": (replace(VIDEO, r"EXTINF:4\.004", "EXTINF:4.006"), "EXTINF 4.006"),
    "sum of EXTINF": (replace("audio_1/playlist.m3u8", r"EXTINF:4\.01", "EXTINF:4.02"), "adds up"),
    "target duration": (replace(VIDEO, r"DURATION:4", "DURATION:5"), "EXT-X-TARGETDURATION is 5"),
    "no end": (replace(VIDEO, r"#EXT-X-ENDLIST\n", ""), "not a finished VOD"),
    "version": (replace(VIDEO, r"VERSION:6", "VERSION:3"), "needs EXT-X-VERSION 6"),
    "independence": (
        replace("playlist.m3u8", r"#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
        "EXT-X-INDEPENDENT-SEGMENTS",
    ),
    "bandwidth": (replace("playlist.m3u8", r":BANDWIDTH=(\d)", r":BANDWIDTH=1\1"), ": BANDWIDTH"),
    "average": (replace("playlist.m3u8", r"AGE-BANDWIDTH=\d", "AGE-BANDWIDTH=9"), "AVERAGE-BAND"),
    "more bytes": (grow(SEGMENT), ": BANDWIDTH"),
    "order": (
        replace("playlist.m3u8", r"(#EXT-X-STREAM.*\n.*\n)(#EXT-X-STREAM.*\n.*\n)", r"\2\1"),
        "not in order of bandwidth",
    ),
    "codecs": (replace("playlist.m3u8", r"avc1\.......", "avc1.640033"), "CODECS avc1.640033"),
    "sound's codec": (replace("playlist.m3u8", r"mp4a\.40\.2", "mp4a.40.5"), "CODECS"),
    "resolution": (replace("playlist.m3u8", "320x180", "322x180"), "RESOLUTION (322, 180)"),
    "frame rate": (replace("playlist.m3u8", r"RATE=29\.970", "RATE=30.000"), "FRAME-RATE 30.0"),
    "group": (replace("playlist.m3u8", 'AUDIO="audio"', 'AUDIO="sound"'), "does not exist"),
    "default": (replace("playlist.m3u8", "DEFAULT=YES", "DEFAULT=NO"), "0 renditions are DEFAULT"),
    "names": (replace("playlist.m3u8", "Sound 2", "Sound 1"), "two renditions have one NAME"),
    "missing segment": (remove(SEGMENT), "unreadable"),
    "short segment": (cut(SEGMENT), "unreadable"),
    "swapped segments": (swap(SEGMENT, "video_1/segment_1.m4s"), "does not go on"),
    "gap": (patch(SEGMENT, "moof/traf/tfdt", 4, b"\0\1\0\0"), "does not go on"),
    "late start": (
        patch("video_1/segment_1.m4s", "moof/traf/tfdt", 4, b"\0\0\4\0"),
        "video_1/playlist.m3u8: starts at 0.0",
    ),
    "open GOP": (turn_idr_into_slice(SEGMENT), "does not start with an IDR"),
    "time scale": (
        patch("video_1/init.mp4", "moov/trak/mdia/mdhd", 12, struct.pack(">I", 7500)),
        "lasts",
    ),
    "unaligned rungs": (drop_last_segment(VIDEO), "3 segments, video_1/playlist.m3u8 has 2"),
    "early end": (drop_last_segment("audio_1/playlist.m3u8"), "renditions end apart"),
}

TS_DAMAGE = {
    "EXTINF": (replace(VIDEO, r"EXTINF:4\.004", "EXTINF:4.006"), "EXTINF 4.006"),
    "codecs": (replace("playlist.m3u8", ",mp4a.40.2", ""), "CODECS"),
    "swapped segments": (swap("video_1/segment_1.ts", "video_1/segment_2.ts"), "does not go on"),
    "unaligned rungs": (drop_last_segment(VIDEO), "3 segments, video_1/playlist.m3u8 has 2"),
    "resolution": (replace("playlist.m3u8", "640x360", "640x362"), "RESOLUTION (640, 362)"),
    "bandwidth": (replace("playlist.m3u8", r":BANDWIDTH=\d", ":BANDWIDTH=9"), ": BANDWIDTH"),
}

DASH_DAMAGE = {
    "dynamic": (replace("playlist.mpd", 'type="static"', 'type="dynamic"'), "not static"),
    "duration": (replace("playlist.mpd", "PT10.01S", "PT10.5S"), "mediaPresentationDuration"),
    "start": (replace("playlist.mpd", 't="0"', 't="9"'), "the timeline says 9"),
    "segment duration": (replace("playlist.mpd", r' d="(\d+)"', r' d="1\1"'), "the timeline says"),
    "one more": (replace("playlist.mpd", 'r="1"', 'r="2"'), "unreadable"),
    "one less": (
        replace("playlist.mpd", r"<S [^>]*/>\s*</SegmentTimeline>", "</SegmentTimeline>"),
        "exists and is not in the timeline",
    ),
    "bandwidth": (replace("playlist.mpd", r'bandwidth="\d', 'bandwidth="9'), "bandwidth 9"),
    "codecs": (replace("playlist.mpd", r"avc1\.......", "avc1.640033"), "codecs avc1.640033"),
    "type": (replace("playlist.mpd", 'mimeType="video/mp4"', 'mimeType="audio/mp4"'), "mimeType"),
    "size": (replace("playlist.mpd", 'width="320"', 'width="322"'), "322x180, found"),
    "rate": (replace("playlist.mpd", r'frameRate="[\d/]+"', 'frameRate="30"'), "frameRate 30"),
    "role": (replace("playlist.mpd", 'value="main"', 'value="dub"'), "0 sounds have the role main"),
    "missing segment": (remove(SEGMENT), "unreadable"),
    "gap": (patch(SEGMENT, "moof/traf/tfdt", 4, b"\0\1\0\0"), "does not go on"),
    "open GOP": (turn_idr_into_slice(SEGMENT), "does not start with an IDR"),
}


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(kind, fault) for kind, faults in (("hls", HLS_DAMAGE), ("ts", TS_DAMAGE)) for fault in faults]
    + [("dash", fault) for fault in DASH_DAMAGE],
)
def test_every_fault_is_found(outputs: Path, tmp_path: Path, kind: str, fault: str) -> None:
    folder = tmp_path / kind
    shutil.copytree(outputs / kind, folder)
    damage, word = {"hls": HLS_DAMAGE, "ts": TS_DAMAGE, "dash": DASH_DAMAGE}[kind][fault]
    damage(folder)
    if kind == "dash":
        found = inspect_dash(folder, "playlist.mpd")
    else:
        found = inspect_hls(folder, "playlist.m3u8")
    assert found
    assert word in " | ".join(found)


@pytest.mark.parametrize("kind", ["hls", "ts", "dash"])
def test_a_good_output_has_no_fault(outputs: Path, kind: str) -> None:
    if kind == "dash":
        assert inspect_dash(outputs / kind, "playlist.mpd") == []
    else:
        assert inspect_hls(outputs / kind, "playlist.m3u8") == []

"""Whether one output of the demo's job is whole: everything is downloaded and looked into."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

import requests

MPD = "{urn:mpeg:dash:schema:mpd:2011}"
DURATION_S = 20.04
TOLERANCE_S = 0.1


class Broken(Exception):
    """Something was not made, or is not what it should be."""


def check_output(session: requests.Session, output: dict[str, Any], folder: Path) -> str:
    """Download and examine one output of a job; a line that says what it is.

    Raises:
        Broken: a file is missing, has another size than reported, or is not what it should be.
    """
    if output["status"] != "completed":
        raise Broken(f"{output['output']} {output['status']}: {output['error']}")
    bodies = {}
    for file in output["files"]:
        answer = session.get(file["url"], timeout=60)
        if not answer.ok or len(answer.content) != file["size"]:
            raise Broken(
                f"{file['url']} answers {answer.status_code} with {len(answer.content)} bytes "
                f"instead of {file['size']}"
            )
        bodies[file["url"]] = answer.content
    if not output["urls"] or any(url not in bodies for url in output["urls"]):
        raise Broken(f"{output['output']}: its address is not among its files")
    check = {
        "advanced_hls": _check_hls,
        "advanced_dash": _check_dash,
        "mp4": _check_mp4,
        "thumbnail": _check_picture,
    }[output["output"]]
    return check(output["urls"][0], bodies, folder)


def check_page(session: requests.Session, url: str) -> None:
    """See that a page is there with every script and style it names.

    Raises:
        Broken: one of them is missing.
    """
    page = session.get(url, timeout=10)
    names = re.findall(r'(?:src|href)="([^"#]+\.(?:js|css))"', page.text)
    for part in (page, *(session.get(urljoin(url, name), timeout=10) for name in names)):
        if not part.ok or not part.content:
            raise Broken(f"the page {url} is not whole: {part.url} answers {part.status_code}")


def _check_hls(url: str, bodies: dict[str, bytes], _folder: Path) -> str:
    master = bodies[url].decode()
    variants = re.findall(r"^#EXT-X-STREAM-INF:.*\n(.+)$", master, re.MULTILINE)
    sounds = re.findall(r'^#EXT-X-MEDIA:.*URI="([^"]+)"', master, re.MULTILINE)
    if len(set(variants)) != 3 or "CODECS=" not in master:
        raise Broken(f"{url} does not list three renditions with their codecs")
    segments: set[str] = set()
    for playlist in {urljoin(url, name) for name in variants + sounds}:
        text = _body(bodies, playlist).decode()
        lengths = [float(s) for s in re.findall(r"^#EXTINF:([0-9.]+)", text, re.MULTILINE)]
        _check_duration(playlist, sum(lengths))
        if "#EXT-X-ENDLIST" not in text:
            raise Broken(f"{playlist} does not end")
        names = re.findall(r"^[^#\s].*$", text, re.MULTILINE)
        if len(names) != len(lengths):
            raise Broken(f"{playlist} lists {len(names)} segments and {len(lengths)} durations")
        names += re.findall(r'^#EXT-X-MAP:.*URI="([^"]+)"', text, re.MULTILINE)
        segments.update(urljoin(playlist, name) for name in names)
    for segment in segments:
        _body(bodies, segment)
    return f"3 renditions, {len(segments)} segments, {_megabytes(bodies)}"


def _check_dash(url: str, bodies: dict[str, bytes], _folder: Path) -> str:
    period = ElementTree.fromstring(bodies[url]).find(f"{MPD}Period")
    heights = set()
    segments: set[str] = set()
    for group in period.iter(f"{MPD}AdaptationSet") if period is not None else ():
        for representation in group.iter(f"{MPD}Representation"):
            if height := representation.get("height", group.get("height")):
                heights.add(height)
            template = representation.find(f"{MPD}SegmentTemplate")
            if template is None:
                template = group.find(f"{MPD}SegmentTemplate")
            if template is None:
                raise Broken(f"{url}: a representation without SegmentTemplate")
            names = list(_expand(template, representation.get("id", ""), url))
            segments.update(urljoin(url, name) for name in names)
    if len(heights) != 3:
        raise Broken(f"{url} lists the heights {sorted(heights)}, not three")
    for segment in segments:
        _body(bodies, segment)
    return f"3 representations, {len(segments)} segments, {_megabytes(bodies)}"


def _expand(template: ElementTree.Element, representation: str, url: str) -> Iterator[str]:
    """The names that a SegmentTemplate with a SegmentTimeline stands for."""

    def name(pattern: str, number: int, start: int) -> str:
        values = {"RepresentationID": representation, "Number": number, "Time": start}
        return re.sub(
            r"\$(RepresentationID|Number|Time)(%0\d+d)?\$",
            lambda m: (m[2] or "%s") % values[m[1]],
            pattern,
        )

    if initialization := template.get("initialization"):
        yield name(initialization, 0, 0)
    number, start = int(template.get("startNumber", "1")), 0
    first = None
    for entry in template.iter(f"{MPD}S"):
        start = int(entry.get("t", start))
        first = start if first is None else first
        for _ in range(int(entry.get("r", "0")) + 1):
            yield name(template.get("media", ""), number, start)
            number, start = number + 1, start + int(entry.get("d", "0"))
    _check_duration(url, (start - (first or 0)) / int(template.get("timescale", "1")))


def _check_mp4(url: str, bodies: dict[str, bytes], folder: Path) -> str:
    local = folder / "demo.mp4"
    local.write_bytes(bodies[url])
    command = [str(Path(sys.executable).with_name("videngine")), "probe", str(local)]
    probed = subprocess.run(command, check=False, capture_output=True, text=True)
    if probed.returncode:
        raise Broken(f"{url} cannot be read: {probed.stderr}")
    streams = {stream["type"]: stream for stream in json.loads(probed.stdout)["streams"]}
    codecs = {kind: stream["codec"] for kind, stream in streams.items()}
    if codecs != {"video": "h264", "audio": "aac"}:
        raise Broken(f"{url} holds {codecs}")
    if bodies[url].index(b"moov") > bodies[url].index(b"mdat"):
        raise Broken(f"{url} has its index at the end: it cannot start to play before it is loaded")
    size = f"{streams['video']['width_px']}x{streams['video']['height_px']}"
    return f"{size}, H.264 and AAC, {_megabytes(bodies)}"


def _check_picture(url: str, bodies: dict[str, bytes], _folder: Path) -> str:
    """Take a PNG apart: every checksum must be right, and the pixels must be all there."""
    body = bodies[url]
    if not body.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Broken(f"{url} is no PNG")
    at, width, height, row, packed = 8, 0, 0, 0, b""
    while at < len(body):
        length, kind = struct.unpack_from(">I4s", body, at)
        data = body[at + 8 : at + 8 + length]
        if zlib.crc32(kind + data) != struct.unpack_from(">I", body, at + 8 + length)[0]:
            raise Broken(f"{url}: the checksum of its part {kind!r} is wrong")
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack_from(">IIBB", data)
            row = 1 + width * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color] // 8
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    if not height or len(zlib.decompress(packed)) != row * height:
        raise Broken(f"{url} does not hold a whole picture")
    return f"{width}x{height} PNG, {_megabytes(bodies)}"


def _body(bodies: dict[str, bytes], url: str) -> bytes:
    if not bodies.get(url):
        raise Broken(f"{url} is listed in a manifest, but was not made or is empty")
    return bodies[url]


def _check_duration(url: str, seconds: float) -> None:
    if abs(seconds - DURATION_S) > TOLERANCE_S:
        raise Broken(f"{url} lasts {seconds:.3f} s instead of {DURATION_S:.3f} s")


def _megabytes(bodies: dict[str, bytes]) -> str:
    return f"{sum(map(len, bodies.values())) / 1e6:.1f} MB"

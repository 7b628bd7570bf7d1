"""One decode, one encode for each distinct rendition, however many outputs show it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from tests.engine.films import Film
from tests.engine.measure import streams
from tests.engine.plans import MEDIA, transcode

import videngine

RUNGS = [{"height": 90, "bitrate": 80}, {"height": 120, "bitrate": 120}, {"height": 144}]


def essence(path: Path, kind: str) -> str:
    """A digest of a stream's coded bytes, whatever the container."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:{kind}:0", "-c", "copy"]
    if kind == "v":
        command += ["-bsf:v", "h264_mp4toannexb"]
    command += ["-f", "data", "-"]
    out = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert out
    return hashlib.sha256(out).hexdigest()


def heights(report: videngine.Report, index: int) -> list[int]:
    return [r["height"] for r in report.outputs[index].renditions if r["kind"] == "video"]


def test_hls_dash_and_mp4_of_one_job_show_the_same_encodes(tmp_path: Path) -> None:
    cut = {"duration": 4}
    adaptive = {"segment_duration": 2, "stream": RUNGS, **cut}
    report = transcode(
        MEDIA / "bbb_720p24_20s.mp4",
        tmp_path,
        {"output": "hls", **adaptive},
        {"output": "dash", **adaptive},
        {"output": "mp4", **RUNGS[0], **cut},
        {"output": "mp4", **RUNGS[2], **cut},
        {"output": "thumbnail", "time": 0.5, **cut},
    )
    assert report.status == "completed"
    assert report.stats["decodes"] == 1
    assert report.stats["encodes"] == 3
    assert 96 <= report.stats["frames"] <= 200
    assert sorted(heights(report, 0)) == sorted(heights(report, 1)) == [90, 120, 144]
    ids = {r["id"] for o in report.outputs for r in o.renditions if r["kind"] == "video"}
    assert len(ids) == 3

    def by_height(paths: list[Path]) -> dict[int, str]:
        return {streams(p)[0]["height"]: essence(p, "v") for p in paths}

    hls = by_height(sorted((tmp_path / "0").glob("video*/*.m3u8")))
    mp4 = by_height([next((tmp_path / n).glob("*.mp4")) for n in ("2", "3")])
    assert hls[90] == mp4[90]
    assert hls[144] == mp4[144]
    assert len(set(hls.values())) == 3
    segments = {
        n: {
            hashlib.sha256(mdat(p)).hexdigest()
            for p in (tmp_path / n).rglob("*")
            if p.suffix in (".m4s", ".mp4") and mdat(p)
        }
        for n in ("0", "1")
    }
    assert len(segments["0"]) >= 3 * 2 + 2
    assert segments["0"] == segments["1"]


def mdat(path: Path) -> bytes:
    """The coded bytes of a segment; empty for an init segment."""
    data, position, found = path.read_bytes(), 0, b""
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"mdat":
            found += data[position + 8 : position + size]
        position += size
    return found


def test_different_settings_are_different_encodes_of_one_decode(film: Film, tmp_path: Path) -> None:
    report = transcode(
        film.path,
        tmp_path,
        {"output": "mp4", "quality": 20},
        {"output": "mp4", "quality": 30},
        {"output": "mp4", "quality": 30},
        {"output": "mp4", "quality": 30, "framerate": 12},
    )
    assert report.stats["decodes"] == 1
    assert report.stats["encodes"] == 3
    digests = [essence(next((tmp_path / str(n)).glob("*.mp4")), "v") for n in range(4)]
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_outputs_share_their_sound(film: Film, tmp_path: Path) -> None:
    report = transcode(
        film.path,
        tmp_path,
        {"output": "hls", "segment_duration": 2, "stream": [{"height": 64}]},
        {"output": "mp4", "height": 64},
    )
    sounds = {r["id"] for o in report.outputs for r in o.renditions if r["kind"] == "audio"}
    assert len(sounds) == 1
    playlist = next((tmp_path / "0").glob("audio*/*.m3u8"))
    assert essence(playlist, "a") == essence(next((tmp_path / "1").glob("*.mp4")), "a")

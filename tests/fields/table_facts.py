"""Rows of outputs that encode nothing: facts about the source, and its packets elsewhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.engine.measure import probe_json, streams
from tests.fields.rows import MEDIA, Made, Row

FILM = "bbb_720p24_20s.mp4"
TRACKS = "multitrack.mkv"


def stream_hashes(path: Path) -> list[str]:
    """A digest of all packets of each stream, in order."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0", "-c", "copy"]
    command += ["-f", "streamhash", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.partition("=")[2] for line in lines.splitlines()]


def repack(folder: Path, source: str, *outputs: dict[str, Any], name: str) -> dict[str, Any]:
    """A job that copies a source into files of this name."""
    places = [
        {"destination": {"type": "file", "path": f"{folder}/{i}/{name}"}}
        for i, _ in enumerate(outputs)
    ]
    return {
        "source": source,
        "format": [{"output": "repack", **p, **o} for p, o in zip(places, outputs, strict=True)],
    }


def facts_are_ffprobes(made: Made) -> None:
    found = json.loads(made.path().read_text())
    theirs = probe_json(MEDIA / TRACKS, "-show_format", "-show_streams")
    assert found["metadata_version"] == "1"
    same = ("codec_name", "codec_type", "width", "height", "pix_fmt", "sample_rate", "channels")
    for ours, other in zip(found["streams"], theirs["streams"], strict=True):
        assert {n: ours.get(n) for n in same} == {n: other.get(n) for n in same}
        assert ours.get("tags", {}) == other.get("tags", {})
    assert found["format"]["duration"] == theirs["format"]["duration"]
    assert found["format"]["size"] == theirs["format"]["size"]
    assert made.report.stats["decodes"] == 0


def packets_are_the_sources(made: Made) -> None:
    assert stream_hashes(made.path()) == stream_hashes(MEDIA / FILM)
    file = made.path().read_bytes()
    assert 0 < file.index(b"moov") < file.index(b"mdat")
    assert abs(made.report.outputs[0].duration - 20) < 0.1
    assert made.report.stats["decodes"] == 0


def kinds_are_dropped(made: Made) -> None:
    kinds = [{s["codec_type"] for s in streams(made.path(i))} for i in range(4)]
    assert kinds == [
        {"audio", "subtitle"},
        {"video", "subtitle"},
        {"video", "audio"},
        {"video", "audio", "subtitle"},
    ]
    titles = [[s["tags"].get("title") for s in streams(made.path(i))] for i in (2, 3)]
    assert "Commentary" in titles[0]
    assert "Commentary" not in titles[1]
    languages = [s["tags"].get("language") for s in streams(made.path(3))]
    assert {"eng", "fra", "deu"} <= set(languages)


def all_are_scored(made: Made) -> None:
    document = json.loads(made.path(2).read_text())
    assert document["model"] == "vmaf_v0.6.1"
    assert [row["frames"] for row in document["renditions"]] == [24, 24]
    fine, coarse = (row["vmaf"]["mean"] for row in document["renditions"])
    assert fine > coarse


def one_is_scored_by_every_fourth_frame(made: Made) -> None:
    document = json.loads(made.path(2).read_text())
    assert (document["model"], document["n_subsample"]) == ("vmaf_v0.6.1neg", 4)
    (row,) = document["renditions"]
    assert row["id"] == made.report.outputs[1].renditions[0]["id"]
    assert row["frames"] == 6


def the_report_has_scores(made: Made) -> None:
    (picture,) = [r for r in made.report.outputs[0].renditions if r["kind"] == "video"]
    assert 50 < picture["vmaf"] <= 100
    assert 25 < picture["psnr"] < 60
    assert all("vmaf" not in row for row in made.report.outputs[1].renditions)


def two_qualities(**fields: Any) -> dict[str, Any]:
    """A second of the film twice, and what is to be said of it."""
    pair = [{"output": "mp4", "height": 180, "duration": 1, "quality": q} for q in (18, 40)]
    return {"source": FILM, "format": [*pair, {"output": "vmaf", **fields}]}


ROWS = [
    Row(fields=("VmafOutput.output",), name="vmaf", job=two_qualities(), check=all_are_scored),
    Row(fields=("VmafOutput.distorted", "VmafOutput.vmaf_model", "VmafOutput.n_subsample"),
        name="vmaf of one output",
        job=two_qualities(distorted=1, vmaf_model="v0.6.1neg", n_subsample="4"),
        check=one_is_scored_by_every_fourth_frame),
    Row(fields=("VideoFields.metrics",), name="metrics",
        job={"source": FILM, "format": [
            {"output": "mp4", "height": 360, "duration": 1, "metrics": 1},
            {"output": "mp4", "height": 180, "duration": 1},
        ]},
        check=the_report_has_scores),
    Row(fields=("MetadataOutput.output", "MetadataOutput.metadata_version"), name="metadata",
        job={"source": TRACKS, "format": [{"output": "metadata", "metadata_version": 1}]},
        check=facts_are_ffprobes),
    Row(fields=("RepackOutput.output",), name="repack",
        job=lambda folder: repack(folder, FILM, {}, name="a.mp4"), check=packets_are_the_sources),
    Row(fields=("RepackOutput.video_copy", "RepackOutput.audio_copy",
                "RepackOutput.subtitles_copy", "RepackOutput.metadata_copy"),
        name="parts of a repack",
        job=lambda folder: repack(
            folder, TRACKS, {"video_copy": 0}, {"audio_copy": 0}, {"subtitles_copy": 0},
            {"metadata_copy": 0}, name="a.mkv"
        ),
        check=kinds_are_dropped),
]  # fmt: skip

"""Packets in another container: all of them, unchanged, at their times."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.films import X264, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, numbers, pictures, probe_json, sound, streams
from tests.engine.plans import MEDIA

import videngine
from videngine import engine
from videngine.errors import InputError
from videngine.plan import RepackPlan


def repack(source: Path, target: Path, **fields: Any) -> videngine.Report:
    """Copy a source into a file."""
    output = {"output": "repack", "destination": {"type": "file", "path": str(target)}, **fields}
    request = {
        "video_id": "t",
        "source": {"type": "file", "path": str(source)},
        "format": [output],
    }
    settings = videngine.Settings(state_dir=target.parent / "state")
    return videngine.transcode(request, settings=settings)


def decoded(path: Path, kind: str) -> str:
    """A digest of what a stream decodes to, whatever the container."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:{kind}:0", "-vsync", "0"]
    command += ["-f", "streamhash", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("clip", "suffix"),
    [
        ("bbb_720p25_5.1_5s.mp4", "ts"),
        ("bbb_720p24_20s.mp4", "mkv"),
        ("multitrack.mkv", "mp4"),
        ("interlaced_576i25_mpeg2_sar64x45.ts", "mkv"),
        ("city_cc0_405p25.mpg", "ts"),
        ("rotated_90.mp4", "mov"),
        ("hdr10_pq_hevc.mp4", "mkv"),
    ],
)
def test_every_frame_is_there_in_its_new_container(clip: str, suffix: str, tmp_path: Path) -> None:
    source, target = MEDIA / clip, tmp_path / f"copy.{suffix}"
    report = repack(source, target)
    assert report.stats["decodes"] == 0
    assert decoded(target, "v") == decoded(source, "v")
    before, after = (engine.probe(path) for path in (source, target))
    assert before.video is not None
    assert after.video is not None
    for fact in ("codec", "width_px", "height_px", "rotation_deg", "color", "sample_aspect_ratio"):
        assert getattr(after.video, fact) == getattr(before.video, fact), fact
    assert [s.language for s in after.audio] == [s.language for s in before.audio]
    # The distance between picture and sound has stayed.
    for one, other in zip(after.audio, before.audio, strict=True):
        lead = one.start_s - after.video.start_s - (other.start_s - before.video.start_s)
        assert abs(lead) <= Fraction(60, 1000)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize(("start", "first"), [(3, 50), (5, 100), (1, 0)])
def test_a_cut_begins_at_the_keyframe_before(
    suffix: str, start: int, first: int, tmp_path: Path
) -> None:
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=150,
        rate=Fraction(25),
        clicks=every_second(6),
        video=(*X264[:4], "-crf", "18", "-g", "50", "-bf", "2", "-sc_threshold", "0"),
    )
    target = tmp_path / f"cut.{suffix}"
    repack(film.path, target, start_time=start, duration=1)
    shown = numbers(target)
    last = (start + 1) * 25
    assert shown[0] == first
    assert sorted(shown)[: last - first] == list(range(first, last))
    assert len(shown) <= last - first + 3  # pictures that others lean on may follow
    begins = [float(s["start_time"]) for s in streams(target)]
    assert abs(begins[0] - begins[1]) < 0.1
    samples = sound(target, 48_000)[0]
    expected = start + 0.5 - first / 25 + (begins[0] - min(begins) if suffix != "ts" else 0)
    assert abs(click_near(samples, 48_000, expected) - expected) <= 0.06


def test_chapters_and_titles_come_along_cut_to_the_clip(tmp_path: Path) -> None:
    facts = tmp_path / "facts.txt"
    facts.write_text(
        ";FFMETADATA1\ntitle=Film\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=6000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=6000\nEND=20000\ntitle=Two\n"
    )
    source = tmp_path / "film.mkv"
    ffmpeg("-i", MEDIA / "bbb_720p24_20s.mp4", "-i", facts, "-map_metadata", "1", "-c", "copy",
           source)  # fmt: skip
    repack(source, tmp_path / "whole.mp4")
    repack(source, tmp_path / "cut.mp4", start_time=9)  # the keyframe before is at 8.75 s
    repack(source, tmp_path / "bare.mp4", metadata_copy=0)
    found = {}
    for name in ("whole", "cut", "bare"):
        data = probe_json(tmp_path / f"{name}.mp4", "-show_chapters", "-show_format")
        chapters = [(float(c["start_time"]), c["tags"]["title"]) for c in data["chapters"]]
        found[name] = (chapters, data["format"]["tags"].get("title"))
    assert found["whole"] == ([(0, "One"), (6, "Two")], "Film")
    assert found["cut"] == ([(0, "Two")], "Film")
    assert found["bare"] == ([], None)


@pytest.mark.parametrize(
    ("clip", "suffix", "words"),
    [("bbb_720p24_20s.mp4", "webm", "video_copy"), ("vp9.webm", "mov", "vp9")],
)
def test_a_picture_that_does_not_fit_fails_with_what_would(
    clip: str, suffix: str, words: str, tmp_path: Path
) -> None:
    source = MEDIA / clip
    if not source.exists():
        source = tmp_path / clip
        ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64:d=0.5", "-c:v", "libvpx-vp9", source)
    with pytest.raises(InputError, match=words) as caught:
        repack(source, tmp_path / f"copy.{suffix}")
    assert caught.value.code == "codec_not_in_container"
    assert ".mkv" in caught.value.message


def test_streams_without_a_place_are_left_out_with_a_warning(tmp_path: Path) -> None:
    report = repack(MEDIA / "multitrack.mkv", tmp_path / "copy.mp4")
    (warning,) = report.warnings
    assert (warning.path, warning.code) == ("format[0]", "streams_left_out")
    assert "subrip" in warning.message
    assert {s["codec_type"] for s in streams(tmp_path / "copy.mp4")} == {"video", "audio"}


def test_metadata_tells_of_hdr_and_rotation(tmp_path: Path) -> None:
    source = tmp_path / "hdr.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=c=gray:s=64x64:d=0.4:r=10", "-pix_fmt", "yuv420p10le"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params"),
        "log-level=none:hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:"
        "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):"
        "max-cll=1000,400",
        "-tag:v", "hvc1", source,
    )  # fmt: skip
    found = {}
    for name, path in (("hdr", source), ("turned", MEDIA / "rotated_90.mp4")):
        target = tmp_path / f"{name}.json"
        repack(path, target, output="metadata")
        found[name] = json.loads(target.read_text())
    assert found["hdr"]["streams"][0]["color_transfer"] == "smpte2084"
    light = found["hdr"]["media"]["streams"][0]
    assert (light["mastering_peak_nits"], light["max_content_nits"]) == (1000, 1000)
    turned = found["turned"]["streams"][0]
    kinds = {d["side_data_type"]: d for d in turned["side_data_list"]}
    (theirs,) = probe_json(MEDIA / "rotated_90.mp4", "-show_streams")["streams"][0][
        "side_data_list"
    ]
    assert kinds["Display Matrix"]["rotation"] == theirs["rotation"]


def test_a_source_without_packets_in_the_part_is_refused(tmp_path: Path) -> None:
    plan = RepackPlan(
        source_path=str(MEDIA / "bbb_720p24_20s.mp4"), target=str(tmp_path / "a.mp4"),
        container="mp4", streams=(1,), start_s=Fraction(60),
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        engine.repack(plan)
    assert caught.value.code == "range_outside_source"


def test_an_odd_size_is_copied_as_it_is(tmp_path: Path) -> None:
    repack(MEDIA / "odd_853x479.mkv", tmp_path / "copy.mp4")
    (video, *_) = streams(tmp_path / "copy.mp4")
    assert (video["width"], video["height"]) == (853, 479)
    one, other = (
        pictures(path, 853, 479)[:5] for path in (MEDIA / "odd_853x479.mkv", tmp_path / "copy.mp4")
    )
    assert np.array_equal(one, other)

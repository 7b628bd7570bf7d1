"""Several sources in a row: every picture in its place, sound without a seam."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.colour_tags import colour_tags
from tests.engine.films import Film, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, numbers, pictures, probe_json, sound, streams

import videngine
from videngine.errors import InputError


def stitch(folder: Path, *clips: dict[str, Any], **output: Any) -> tuple[Path, videngine.Report]:
    """One MP4 of clips in a row."""
    job = {
        "video_id": "reel",
        "stitch": list(clips),
        "format": [
            {
                "output": "mp4",
                "quality": 10,
                **output,
                "destination": {"type": "file", "path": f"{folder}/out.mp4"},
            }
        ],
    }
    settings = videngine.Settings(state_dir=folder / "state", default_preset="ultrafast")
    return folder / "out.mp4", videngine.transcode(job, settings=settings)


def clip(film: Path, **part: Any) -> dict[str, Any]:
    """A clip of a file."""
    return {"type": "file", "path": str(film), **part}


def test_every_picture_of_every_clip_is_in_its_place(film: Film, tmp_path: Path) -> None:
    parts = [{"duration": 2}, {"start_time": 3, "duration": 1.5}, {"start_time": 1, "duration": 1}]
    made, report = stitch(tmp_path, *(clip(film.path, **part) for part in parts))
    assert numbers(made) == [*range(48), *range(72, 108), *range(24, 48)]
    assert report.duration == 4.5
    assert report.stats["encodes"] == 1


def test_sound_keeps_its_place_across_joints(film: Film, tmp_path: Path) -> None:
    parts = [{"duration": 2}, {"start_time": 3, "duration": 1.5}, {"duration": 2}]
    made, _ = stitch(tmp_path, *(clip(film.path, **part) for part in parts))
    samples = sound(made, 48_000)[0]
    for at_s in (0.5, 1.5, 2.5, 4.0, 5.0):
        assert click_near(samples, 48_000, at_s) == pytest.approx(at_s, abs=0.002)
    assert len(samples) == pytest.approx(5.5 * 48_000, abs=1024)


def test_clips_of_other_rates_and_sounds_fit_in(film: Film, tmp_path: Path) -> None:
    """Thirty frames a second and 44.1 kHz between clips of 24 and 48 kHz.

    In MP4: a Matroska of FFmpeg 7 says that it is longer than it is, by the delay of its sound.
    """
    other = make_film(
        tmp_path / "other.mp4",
        frames=60,
        rate=Fraction(30),
        clicks=every_second(2),
        sound_hz=44_100,
    )
    made, _ = stitch(tmp_path, clip(film.path, duration=2), clip(other.path), clip(film.path))
    shown = numbers(made)
    assert len(shown) == 48 + 48 + 144
    assert shown[:48] == list(range(48))
    assert shown[96:] == list(range(144))
    assert shown[48] == 0
    assert shown[95] in (58, 59)
    samples = sound(made, 48_000)[0]
    for at_s in (0.5, 1.5, 2.5, 3.5, 4.5, 9.5):
        assert click_near(samples, 48_000, at_s) == pytest.approx(at_s, abs=0.002)


def test_a_clip_without_sound_is_silent_and_moves_nothing(film: Film, tmp_path: Path) -> None:
    mute = make_film(tmp_path / "mute.mp4", frames=48, rate=Fraction(24))
    made, _ = stitch(tmp_path, clip(film.path, duration=2), clip(mute.path), clip(film.path))
    samples = sound(made, 48_000)[0]
    assert np.abs(samples[int(2.1 * 48_000) : int(3.9 * 48_000)]).max() < 1e-3
    assert click_near(samples, 48_000, 4.5) == pytest.approx(4.5, abs=0.002)


def test_another_shape_is_shown_whole_between_bars(tmp_path: Path) -> None:
    wide, tall = tmp_path / "wide.mp4", tmp_path / "tall.mp4"
    for path, size in ((wide, "320x180"), (tall, "90x160")):
        ffmpeg("-f", "lavfi", "-i", f"color=white:s={size}:d=1:r=25", "-pix_fmt", "yuv420p", path)
    made, _ = stitch(tmp_path, clip(wide), clip(tall))
    assert (streams(made)[0]["width"], streams(made)[0]["height"]) == (320, 180)
    shown = pictures(made, 320, 180)
    assert len(shown) == 50
    assert shown[10].min() > 225
    second = shown[40]
    assert second[:, :105].max() < 25
    assert second[:, 215:].max() < 25
    assert second[:, 115:205].min() > 225


def test_another_matrix_is_converted_to_the_first(tmp_path: Path) -> None:
    paths = []
    for matrix in ("bt709", "smpte170m"):
        paths.append(tmp_path / f"{matrix}.mp4")
        coded = f"scale=out_color_matrix={'bt601' if matrix != 'bt709' else matrix},format=yuv420p"
        ffmpeg(
            "-f", "lavfi", "-i", "color=0xC02040:s=320x180:d=1:r=25",
            *colour_tags(matrix=matrix, primaries=matrix, transfer=matrix, after=coded),
            "-qp", "0", paths[-1],
        )  # fmt: skip
    made, _ = stitch(tmp_path, *(clip(path) for path in paths))
    assert streams(made)[0]["color_space"] == "bt709"
    planes = pictures(made, 320, 180, pixel_format="yuv420p").astype(int)
    assert np.abs(planes[10] - planes[40]).max() <= 2


def test_a_ladder_of_clips_keeps_its_grid(film: Film, tmp_path: Path) -> None:
    job = {
        "video_id": "reel",
        "stitch": [clip(film.path, duration="2.5"), clip(film.path)],
        "format": [
            {
                "output": "hls",
                "segment_duration": 2,
                "stream": [{"height": 64}, {"height": 32}],
                "destination": {"type": "file", "path": f"{tmp_path}/hls/"},
            }
        ],
    }
    settings = videngine.Settings(state_dir=tmp_path / "state", default_preset="ultrafast")
    videngine.transcode(job, settings=settings)
    for rung in ("video_1", "video_2"):
        text = (tmp_path / "hls" / rung / "playlist.m3u8").read_text()
        assert text.count("#EXTINF:2.000000") == 4
    length = probe_json(tmp_path / "hls/playlist.m3u8", "-show_format")["format"]["duration"]
    assert float(length) == pytest.approx(8.5, abs=0.05)


def test_a_part_of_the_whole_is_taken_along_all_clips(film: Film, tmp_path: Path) -> None:
    made, _ = stitch(
        tmp_path, clip(film.path, duration=2), clip(film.path), start_time=1.5, duration=1
    )
    assert numbers(made) == [*range(36, 48), *range(12)]


@pytest.mark.parametrize(
    ("part", "code"),
    [({"start_time": 60}, "range_outside_source")],
)
def test_a_clip_that_cannot_be_used_is_named(
    film: Film, tmp_path: Path, part: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError, match=r"stitch\[1\]") as caught:
        stitch(tmp_path, clip(film.path), clip(film.path, **part))
    assert caught.value.code == code


def test_clips_of_another_dynamic_range_are_refused(film: Film, tmp_path: Path) -> None:
    hdr = Path(__file__).resolve().parents[1] / "data/media/hdr10_pq_hevc.mp4"
    with pytest.raises(InputError, match=r"stitch\[1\] is HDR10") as caught:
        stitch(tmp_path, clip(film.path), clip(hdr))
    assert caught.value.code == "unsupported_hdr"

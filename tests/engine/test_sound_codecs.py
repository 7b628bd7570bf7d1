"""Each codec of sound: in its place to the sample, whole, and in the containers that carry it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engine.films import Film, every_second, make_film
from tests.engine.measure import click_near, probe_json, sound, streams
from tests.engine.plans import audio, run, transcode

CLICKS_S = (0.5, 2.5, 4.5)
PRE_SKIP_S = 0.0065  # of Opus; FFmpeg's demuxer shows it where a track has no edit list
LAME_S = 47 / 48_000  # what is left of LAME's priming when whole packets are cut off


@pytest.fixture(scope="module")
def clicking(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Ten seconds that click every second, without loss."""
    return make_film(
        tmp_path_factory.mktemp("clicks") / "film.mkv",
        frames=240,
        rate=Fraction(24),
        clicks=every_second(10),
        audio=("-c:a", "pcm_s16le"),
    )


@pytest.mark.parametrize(
    ("codec", "container", "name", "late_s", "codec_string"),
    [
        ("aac", "cmaf", "aac", 0, "mp4a.40.2"),
        ("libopus", "cmaf", "opus", PRE_SKIP_S, "opus"),
        ("flac", "cmaf", "flac", 0, "flac"),
        ("libmp3lame", "cmaf", "mp3", -LAME_S, "mp4a.40.34"),
        ("libvorbis", "matroska", "vorbis", 0, "vorbis"),
        ("pcm_s16le", "matroska", "pcm_s16le", 0, ""),
    ],
)
def test_tracks_begin_where_the_source_does(
    clicking: Film,
    tmp_path: Path,
    codec: str,
    container: str,
    name: str,
    late_s: float,
    codec_string: str,
) -> None:
    wanted = audio(
        tmp_path,
        codec=codec,
        container=container,
        bitrate_bps=0 if codec in ("flac", "pcm_s16le") else 64_000,
        duration_s=Fraction(5),
    )
    made = run(clicking.path, video_stream=None, audio=(wanted,))
    assert streams(made.path("a0"))[0]["codec_name"] == name
    assert made.results["a0"].codec_string == codec_string
    assert made.results["a0"].duration_s == 5
    samples = sound(made.path("a0"), 48_000)[0]
    assert abs(len(samples) / 48_000 - 5) < 0.03
    for at in CLICKS_S:
        assert click_near(samples, 48_000, at) - at == pytest.approx(late_s, abs=0.0002)


def test_lossless_sound_is_the_source_bit_by_bit(clicking: Film, tmp_path: Path) -> None:
    wanted = audio(tmp_path, codec="flac", bitrate_bps=0)
    made = run(clicking.path, video_stream=None, audio=(wanted,))
    assert np.array_equal(sound(made.path("a0"), 48_000), sound(clicking.path, 48_000))


@pytest.mark.parametrize("codec", ["aac", "opus", "flac", "mp3"])
def test_files_with_a_picture_show_their_sound_in_time(
    clicking: Film, tmp_path: Path, codec: str
) -> None:
    transcode(clicking.path, tmp_path, {"output": "mp4", "audio_codec": codec})
    path = tmp_path / "0" / "video.mp4"
    assert abs(float(probe_json(path, "-show_format")["format"]["duration"]) - 10) < 0.025
    samples = sound(path, 48_000)[0]
    assert abs(len(samples) / 48_000 - 10) < 0.025
    for at in (0.5, 9.5):
        assert abs(click_near(samples, 48_000, at) - at) < 0.0011


def test_opus_at_a_lower_rate_keeps_only_what_lies_below(tmp_path: Path, clicking: Film) -> None:
    wanted = audio(tmp_path, codec="libopus", sample_rate_hz=8000, bitrate_bps=64_000)
    made = run(clicking.path, video_stream=None, audio=(wanted,))
    (stream,) = streams(made.path("a0"))
    assert stream["sample_rate"] == "48000"  # decoders always give that
    spectrum = np.abs(np.fft.rfft(sound(made.path("a0"), 48_000)[0]))
    above = len(spectrum) * 4500 // 24_000
    assert (spectrum[above:] ** 2).sum() < 1e-4 * (spectrum**2).sum()

"""Files of sound, as loud and as long as they should be, heard by FFmpeg."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.films import Film, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, probe_json, sound, streams
from tests.engine.plans import MEDIA, transcode

FILM = MEDIA / "bbb_720p24_20s.mp4"


def ebur128(path: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, by FFmpeg's meter."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-map", "0:a:0"]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    log = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stderr
    summary = log[log.rindex("Summary") :]
    loud, peak = (re.search(rf"{name}:\s+(\S+)", summary) for name in ("I", "Peak"))
    assert loud is not None
    assert peak is not None
    return float(loud[1]), float(peak[1])


@pytest.fixture(scope="module")
def clicking(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A film of six seconds whose sound lasts eight, with a title."""
    return make_film(
        tmp_path_factory.mktemp("clicks") / "film.mkv",
        frames=144,
        rate=Fraction(24),
        clicks=every_second(8),
        sound_s=Fraction(8),
        audio=("-c:a", "pcm_s16le"),
        more=("-metadata", "title=Clicks", "-metadata", "artist=Nobody"),
    )


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


KINDS = ("mp3", "m4a", "opus", "flac", "wav")


def test_files_of_sound_are_whole_in_time_and_named(clicking: Film, tmp_path: Path) -> None:
    """Without gaps: every sample of the source and none besides, but for AAC's last frame."""
    report = transcode(
        clicking.path,
        tmp_path,
        *({"output": kind} for kind in KINDS),
        {"output": "mp4"},
    )
    assert report.stats["decodes"] == 1
    codecs = ("mp3", "aac", "opus", "flac", "pcm_s16le")
    for index, (kind, codec) in enumerate(zip(KINDS, codecs, strict=True)):
        path = only_file(tmp_path / str(index))
        assert path.name == f"audio.{kind}"
        assert streams(path)[0]["codec_name"] == codec
        samples = sound(path, 48_000)[0]
        assert 0 <= len(samples) - 8 * 48_000 <= (1024 if kind == "m4a" else 0), kind
        for at in (0.5, 7.5):
            assert abs(click_near(samples, 48_000, at) - at) < 0.0005, kind
        shown = probe_json(path, "-show_format", "-show_streams")
        tags = {**shown["streams"][0].get("tags", {}), **shown["format"].get("tags", {})}
        assert {key.lower(): value for key, value in tags.items()}["title"] == "Clicks", kind
    lossless = sound(clicking.path, 48_000)
    for index in (3, 4):
        assert np.array_equal(sound(only_file(tmp_path / str(index)), 48_000), lossless)
    film = sound(tmp_path / "5" / "video.mp4", 48_000)[0]
    assert abs(len(film) / 48_000 - 6) < 0.03  # with a picture, as long as the picture


def test_sources_without_a_picture_make_sound_and_no_film(tmp_path: Path) -> None:
    source = tmp_path / "tone.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=3:r=44100", "-c:a", "pcm_s24le", source)
    report = transcode(
        source,
        tmp_path,
        {"output": "flac"},
        {"output": "hls_audio", "stream": [{"audio_bitrate": 64}, {"audio_bitrate": 128}]},
        {"output": "mp4", "allow_soft_fail": 1},
    )
    assert report.stats["decodes"] == 0
    errors = [output.error and output.error["code"] for output in report.outputs]
    assert errors == [None, None, "source_no_streams"]
    flac = only_file(tmp_path / "0")
    (stream,) = streams(flac)
    assert (stream["sample_rate"], stream["bits_per_raw_sample"]) == ("44100", "24")
    assert np.array_equal(sound(flac, 44_100), sound(source, 44_100))
    text = (tmp_path / "1" / "playlist.m3u8").read_text()
    assert re.findall(r'CODECS="([^"]+)"', text) == ["mp4a.40.2", "mp4a.40.2"]
    assert "RESOLUTION" not in text
    rates = [int(rate) for rate in re.findall(r"[:,]BANDWIDTH=(\d+)", text)]
    assert rates[1] > 1.2 * rates[0]
    samples = sound(tmp_path / "1" / "playlist.m3u8", 44_100)[0]
    assert abs(len(samples) / 44_100 - 3) < 0.05


@pytest.mark.parametrize(
    ("output", "wanted", "limit"),
    [
        ({"output": "flac", "loudness": -23}, -23, -1),
        ({"output": "m4a", "loudness": -16}, -16, -1),
        ({"output": "opus", "loudness": -16, "audio_channels_number": 1}, -16, -1),
        ({"output": "mp3", "loudness": {"target_lufs": -14, "true_peak_db": -2}}, -14, -2),
        ({"output": "mp4", "height": 90, "loudness": True}, -23, -1),
    ],
)
def test_sound_is_as_loud_as_was_asked_for(
    tmp_path: Path, output: dict[str, Any], wanted: float, limit: float
) -> None:
    """The film's own sound has -39.6 LUFS, with peaks 19 dB above it."""
    report = transcode(FILM, tmp_path, output)
    assert report.warnings == []
    loud, peak = ebur128(only_file(tmp_path / "0"))
    assert abs(loud - wanted) <= 0.5
    assert peak <= limit


def test_what_is_too_loud_is_turned_down(tmp_path: Path) -> None:
    source = tmp_path / "loud.wav"
    noise = "anoisesrc=d=5:a=0.9:c=pink:seed=1:r=48000"
    ffmpeg("-f", "lavfi", "-i", noise, "-c:a", "pcm_s16le", source)
    transcode(source, tmp_path, {"output": "wav", "loudness": -23})
    assert abs(ebur128(only_file(tmp_path / "0"))[0] + 23) <= 0.5


def test_silence_stays_silent_and_says_so(tmp_path: Path) -> None:
    source = tmp_path / "silence.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=3:r=48000", source)
    report = transcode(source, tmp_path, {"output": "flac", "loudness": -16})
    assert [warning.code for warning in report.warnings] == ["loudness_silence"]
    assert np.abs(sound(only_file(tmp_path / "0"), 48_000)).max() == 0


def tones(path: Path, channels: int, hz: list[float]) -> Any:
    """The amplitude of each tone in each channel."""
    samples = sound(path, 48_000, channels=channels)[:, 48_000 : 4 * 48_000]
    spectrum = 2 * np.abs(np.fft.rfft(samples * np.hanning(samples.shape[1])))
    bins = [round(f * samples.shape[1] / 48_000) for f in hz]
    around = [spectrum[:, b - 3 : b + 4] for b in bins]
    return np.stack([np.sqrt((a**2).sum(axis=1)) for a in around]) / samples.shape[1]


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        ("itu", (1, 0, 0.7071, 0, 0.7071, 0)),
        ("lfe", (1, 0, 0.7071, 0.5, 0.7071, 0)),
        ("dolby", (1, 0, 0.7071, 0, 0.8660, 0.5)),
    ],
)
def test_each_channel_of_surround_is_heard_at_its_gain(
    tmp_path: Path, mode: str, left: tuple[float, ...]
) -> None:
    """Each channel of the clip has a tone of its own."""
    clip = MEDIA / "surround51_aac.mp4"
    whole = sound(clip, 48_000, channels=6)[:, 48_000 : 4 * 48_000]
    spectra = np.abs(np.fft.rfft(whole * np.hanning(whole.shape[1])))
    hz = [float(s.argmax() * 48_000 / whole.shape[1]) for s in spectra]
    source = tones(clip, 6, hz).diagonal()
    transcode(clip, tmp_path, {"output": "wav", "audio_channels_number": 2, "downmix_mode": mode})
    made = only_file(tmp_path / "0")
    found = tones(made, 2, hz) / source[:, None]
    scale = 1 / sum(left)
    right = (left[1], left[0], left[2], left[3], left[5], left[4])
    for column, gains in enumerate((left, right)):
        assert found[:, column] == pytest.approx([scale * gain for gain in gains], abs=0.01)
    assert np.abs(sound(made, 48_000, channels=2)).max() < 1


def test_a_pan_makes_what_it_says(tmp_path: Path) -> None:
    clip = MEDIA / "surround51_aac.mp4"
    transcode(clip, tmp_path, {"output": "wav", "audio_pan": "mono|c0=0.5*LFE-0.25*FC"})
    whole = sound(clip, 48_000, channels=6)
    made = sound(only_file(tmp_path / "0"), 48_000)[0]
    wanted = 0.5 * whole[3] - 0.25 * whole[2]
    length = min(len(made), len(wanted))
    assert np.abs(made[:length] - wanted[:length]).max() < 1e-4

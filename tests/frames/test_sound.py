"""A source's sound as arrays: every sample at its place, whatever container and layout it is in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.frames.material import MEDIA, ffmpeg, picture

import videngine
from videngine.errors import DamagedSource, InputError

# A tone that never repeats within the clip, so that no two places are alike: its pitch rises.
SWEEP = "aevalsrc='0.5*sin(2*PI*t*(200+150*t))|0.5*sin(2*PI*t*(900-50*t))':d=6:s={rate}"


def make(path: Path, *options: str, rate: int = 48_000, pictures: bool = False) -> Path:
    """A sweep, different on either side."""
    sweep = ["-f", "lavfi", "-i", SWEEP.format(rate=rate)]
    shown = [*("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=6"), "-g", "50"]
    ffmpeg(*sweep, *(shown if pictures else []), *options, path)
    return path


def decoded(path: Path, *options: str) -> NDArray[np.float32]:
    """What FFmpeg's command makes of a sound: (samples, 2)."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), *options, "-f", "f32le", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, "<f4").reshape(-1, 2)


# Without noise that the decoder makes up: it is another one at every decoding.
AAC = ("-c:a", "aac", "-aac_pns", "0")
SOURCES = {
    "pcm.wav": (),
    "aac.mp4": AAC,
    "aac.mkv": AAC,
    "opus.webm": ("-c:a", "libopus", "-vn"),
    "mp2.ts": ("-c:a", "mp2"),
    "mp3.mp3": ("-c:a", "libmp3lame", "-vn"),
    "flac.flac": ("-c:a", "flac", "-vn"),
    "vorbis.ogg": ("-c:a", "libvorbis", "-vn"),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_part_is_what_the_whole_has_there(name: str, rate: int, tmp_path: Path) -> None:
    pictures = name.endswith(("mp4", "mkv", "ts"))
    path = make(tmp_path / name, *SOURCES[name], pictures=pictures)
    src = videngine.open(path, stream=None)
    whole = src.audio(rate=rate, channels=2)
    assert whole.dtype == np.float32
    assert len(whole) == pytest.approx(6 * rate, rel=0.02)
    for start, end in ((0.0, 0.5), (1.25, 1.75), (3.000071, 4.1), (4.9, 5.0), (0.3, 0.3)):
        part = src.audio(start, end, rate=rate, channels=2)
        expected = whole[round(start * rate) : round(end * rate)]
        assert part.shape == expected.shape
        assert np.abs(part - expected).max(initial=0) < 1e-4
    tail = src.audio(5, rate=rate, channels=2)
    assert np.abs(tail - whole[5 * rate :]).max() < 1e-4
    assert src.audio(9, 10).shape == (0,)


def test_samples_are_those_of_the_file(tmp_path: Path) -> None:
    wav = make(tmp_path / "exact.wav", "-c:a", "pcm_f32le")
    expected = decoded(wav)
    src = videngine.open(wav, stream=None)
    assert (src.audio(rate=48_000, channels=None) == expected).all()
    part = src.audio(2, 2.5, rate=48_000, channels=2)
    assert (part == expected[96_000:120_000]).all()
    mono = src.audio(rate=48_000)
    assert np.abs(mono - expected.mean(axis=1)).max() < 1e-6
    # At a third of the rate: the same sweep, sampled every third time.
    thin = src.audio(rate=16_000, channels=2)
    times = np.arange(len(thin)) / 16_000
    left = 0.5 * np.sin(2 * np.pi * times * (200 + 150 * times))
    assert np.abs(thin[100:-100, 0] - left[100:-100]).max() < 2e-3


@pytest.mark.parametrize("layout", ["mono", "5.1", "7.1", "quad", "3.0"])
def test_any_layout_becomes_any_other(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "layout.wav"
    tone = "sine=frequency=440:duration=1:sample_rate=48000"
    count = {"mono": 1, "5.1": 6, "7.1": 8, "quad": 4, "3.0": 3}[layout]
    ffmpeg("-f", "lavfi", "-i", tone, "-af", f"aformat=channel_layouts={layout}", path)
    src = videngine.open(path, stream=None)
    own = src.audio(channels=None)
    assert own.shape == (16_000, count)
    for channels in (1, 2, 6):
        mixed = src.audio(channels=channels)
        assert mixed.shape == ((16_000,) if channels == 1 else (16_000, channels))
        assert 0.01 < np.abs(mixed).max() <= 1


def test_sound_and_pictures_have_one_clock(tmp_path: Path) -> None:
    """A click and a white picture at 2 s, in a file whose timestamps begin at 10 s."""
    path = tmp_path / "clap.ts"
    white = "color=black:s=64x64:r=25:d=4,drawbox=color=white:t=fill:enable='between(t,2,2.03)'"
    click = "aevalsrc='if(between(t,2,2.01),0.9*sin(6283*t),0)':d=4:s=48000"
    ffmpeg(
        *("-f", "lavfi", "-i", white, "-f", "lavfi", "-i", click),
        *("-c:v", "libx264", "-c:a", "mp2", "-output_ts_offset", "10", path),
    )
    src = videngine.open(path)
    bright = next(f.time for f in src if f.planes[0].mean() > 200)
    sound = np.abs(src.audio(rate=48_000))
    clicked = int(np.argmax(sound > 0.4)) / 48_000
    assert bright == pytest.approx(2, abs=0.001)
    assert clicked == pytest.approx(2, abs=0.003)
    near = np.abs(src.audio(1.9, 2.1, rate=48_000))
    assert 1.9 + int(np.argmax(near > 0.4)) / 48_000 == clicked


def test_gaps_are_silence(tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    tone = "sine=frequency=440:duration=3:sample_rate=48000"
    late = "aselect='not(between(t,1,2))',asetpts=PTS+0.5/TB"
    sound = ["-f", "lavfi", "-i", tone]
    shown = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=4"]
    ffmpeg(*sound, *shown, "-af", late, "-c:a", "pcm_s16le", path)
    heard = videngine.open(path).audio()
    loud = [np.abs(heard[int(t * 16_000) :][:1600]).max() > 0.05 for t in (0.2, 0.8, 2.0, 2.8)]
    assert loud == [False, True, False, True]


def test_damage_and_absence_are_told(tmp_path: Path) -> None:
    path = make(tmp_path / "whole.mp4", "-c:a", "aac", "-movflags", "+faststart", pictures=True)
    data = path.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(DamagedSource, match="sound") as caught:
        videngine.open(cut).audio()
    assert 1 < caught.value.time < 5.5
    rest = videngine.open(cut, damaged="skip").audio()
    assert len(rest) > 16_000
    assert videngine.open(cut).audio(0, 1).shape == (16_000,)
    with pytest.raises(InputError, match="1 of them with sound") as missing:
        videngine.open(path).audio(stream="a:1")
    assert missing.value.code == "source_no_streams"
    assert missing.value.subject == str(path)
    silent = tmp_path / "silent.mp4"
    ffmpeg(*picture("64x64", 10), silent)
    with pytest.raises(InputError, match="no sound"):
        videngine.open(silent).audio()
    with pytest.raises(InputError, match="stream=None"):
        videngine.open(make(tmp_path / "sound.wav"), stream=None)[0]


def test_arguments_that_cannot_be(tmp_path: Path) -> None:
    src = videngine.open(make(tmp_path / "sound.wav"), stream=None)
    for start, end in ((-1, 2), (3, 2), (None, -1)):
        with pytest.raises(ValueError, match="start <= end"):
            src.audio(start, end)
    with pytest.raises(ValueError, match="rate"):
        src.audio(rate=10)
    with pytest.raises(ValueError, match="channels"):
        src.audio(channels=9)
    with pytest.raises(ValueError, match="a:0"):
        src.audio(stream="left")
    src.close()
    with pytest.raises(ValueError, match="closed"):
        src.audio()


def test_the_clips_of_others() -> None:
    surround = videngine.open(MEDIA / "surround51_aac.mp4")
    assert surround.audio(0, 1, channels=None).shape == (16_000, 6)
    speech = videngine.open(MEDIA / "librivox5.wav", stream=None).audio()
    assert speech.ndim == 1
    assert 0.05 < np.abs(speech).max() <= 1

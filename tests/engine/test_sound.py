"""Sound: as long as the picture, at the rate and in the channels asked for, in its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engine.films import Film, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, sound, streams
from tests.engine.plans import MEDIA, audio, picture, run, transcode, video


def tone_hz(samples: np.ndarray, rate_hz: int) -> float:
    """The loudest frequency."""
    part = samples[: rate_hz * 2]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(spectrum.argmax() * rate_hz / len(part))


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(8000, 1), (22_050, 2), (44_100, 2), (48_000, 6), (96_000, 1)]
)
def test_rate_and_channels_are_what_was_asked(
    film: Film, tmp_path: Path, rate_hz: int, channels: int
) -> None:
    bitrate_bps = min(4 * rate_hz * channels, 256_000)
    wanted = audio(
        tmp_path,
        sample_rate_hz=rate_hz,
        channels=channels,
        bitrate_bps=bitrate_bps,
        duration_s=Fraction(3),
    )
    made = run(film.path, video_stream=None, audio=(wanted,))
    (stream,) = streams(made.path("a0"))
    assert (int(stream["sample_rate"]), stream["channels"]) == (rate_hz, channels)
    assert (stream["codec_name"], stream["profile"]) == ("aac", "LC")
    assert float(stream["start_time"]) == 0
    assert made.results["a0"].codec_string == "mp4a.40.2"
    assert made.results["a0"].duration_s == 3
    samples = sound(made.path("a0"), 48_000)[0]
    for at in (0.5, 1.5, 2.5):
        assert abs(click_near(samples, 48_000, at) - at) <= 0.005


@pytest.mark.parametrize(("sound_s", "kind"), [("3.2", "short"), ("8", "long"), ("6", "equal")])
def test_sound_lasts_as_long_as_the_picture(tmp_path: Path, sound_s: str, kind: str) -> None:
    film = make_film(
        tmp_path / "film.mp4",
        frames=144,
        rate=Fraction(24),
        clicks=every_second(8)[: int(float(sound_s))],
        sound_s=Fraction(sound_s),
    )
    of = picture()
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),), audio=(audio(tmp_path),))
    assert made.results["v0"].duration_s == 6
    assert abs(made.results["a0"].duration_s - 6) <= Fraction(1, 20)
    samples = sound(made.path("a0"), 48_000)[0]
    assert abs(len(samples) / 48_000 - 6) <= 0.05
    if kind == "short":
        assert np.abs(samples[int(3.3 * 48_000) :]).max() < 1e-3
    assert abs(click_near(samples, 48_000, 2.5) - 2.5) <= 0.005


def test_a_muted_output_has_a_silent_track_of_full_length(film: Film, tmp_path: Path) -> None:
    transcode(
        film.path,
        tmp_path,
        {"output": "mp4", "audio_mute": True},
        {"output": "mp4", "audio_mute": "drop"},
    )
    silent, dropped = (next((tmp_path / n).glob("*.mp4")) for n in ("0", "1"))
    assert [s["codec_type"] for s in streams(dropped)] == ["video"]
    lengths = {s["codec_type"]: float(s["duration"]) for s in streams(silent)}
    assert lengths == {"video": pytest.approx(6, abs=0.05), "audio": pytest.approx(6, abs=0.05)}
    assert np.abs(sound(silent, 48_000)[0]).max() < 1e-4


def test_surround_is_mixed_down_with_every_channel_heard(tmp_path: Path) -> None:
    """Each channel of the clip has a tone of its own; only the subwoofer's may get lost."""
    clip = MEDIA / "surround51_aac.mp4"
    whole = sound(clip, 48_000, channels=6)
    tones = [tone_hz(channel, 48_000) for channel in whole]
    assert len({round(t) for t in tones}) == 6
    made = run(
        clip,
        video_stream=None,
        audio=(audio(tmp_path, channels=2, bitrate_bps=192_000, duration_s=Fraction(5)),),
    )
    left, right = sound(made.path("a0"), 48_000, channels=2)

    def level(samples: np.ndarray, hz: float) -> float:
        part = samples[48_000 : 4 * 48_000]
        return float(np.abs(np.fft.rfft(part))[round(hz * len(part) / 48_000)] / len(part))

    front_left, front_right, centre, _, back_left, back_right = tones
    for hz, one, other in ((front_left, left, right), (front_right, right, left)):
        assert level(one, hz) > 10 * level(other, hz)
    assert level(left, centre) == pytest.approx(level(right, centre), rel=0.05)
    assert level(left, back_left) > 10 * level(right, back_left) > 0
    assert level(right, back_right) > 10 * level(left, back_right) > 0
    assert max(np.abs(left).max(), np.abs(right).max()) <= 1.0


def test_surround_is_kept_when_asked(tmp_path: Path) -> None:
    clip = MEDIA / "bbb_720p25_5.1_5s.mp4"
    made = run(
        clip,
        video_stream=None,
        audio=(audio(tmp_path, channels=6, bitrate_bps=384_000, duration_s=Fraction(2)),),
    )
    (stream,) = streams(made.path("a0"))
    assert stream["channel_layout"] == "5.1"


def test_mono_plays_on_both_sides(film: Film, tmp_path: Path) -> None:
    made = run(
        film.path,
        video_stream=None,
        audio=(audio(tmp_path, channels=2, duration_s=Fraction(2)),),
    )
    left, right = sound(made.path("a0"), 48_000, channels=2)
    assert np.abs(left).max() > 0.1
    assert np.abs(left - right).max() < 0.01


def test_every_track_of_a_source_is_decoded(tmp_path: Path) -> None:
    """AAC, AC-3 and Opus, each with sound of its own."""
    made = run(
        MEDIA / "multitrack.mkv",
        video_stream=None,
        audio=tuple(
            audio(tmp_path, stream=n, name=f"a{n}", duration_s=Fraction(5), language=tag)
            for n, tag in ((1, "eng"), (2, "fra"), (3, "deu"))
        ),
    )
    tracks = [sound(made.path(f"a{n}"), 48_000)[0] for n in (1, 2, 3)]
    assert all(np.abs(t).max() > 0.01 for t in tracks)
    assert [streams(made.path(f"a{n}"))[0]["tags"]["language"] for n in (1, 2, 3)] == [
        "eng", "fra", "deu",
    ]  # fmt: skip


def test_a_hole_in_the_sound_becomes_silence_and_moves_nothing(tmp_path: Path) -> None:
    film = make_film(
        tmp_path / "film.mkv",
        frames=240,
        rate=Fraction(24),
        clicks=every_second(10),
        audio=("-c:a", "pcm_s16le"),
    )
    source = tmp_path / "hole.mkv"
    ffmpeg("-i", film.path, "-c", "copy", "-bsf:a", "noise=drop=between(pts*tb\\,3\\,6)", source)
    made = run(source, video_stream=None, audio=(audio(tmp_path, duration_s=Fraction(10)),))
    samples = sound(made.path("a0"), 48_000)[0]
    assert np.abs(samples[int(3.2 * 48_000) : int(5.8 * 48_000)]).max() < 1e-3
    for at in (1.5, 7.5, 9.5):
        assert abs(click_near(samples, 48_000, at) - at) <= 0.005


def test_sound_is_cut_into_fragments_on_the_segment_grid(film: Film, tmp_path: Path) -> None:
    made = run(film.path, video_stream=None, audio=(audio(tmp_path, duration_s=Fraction(6)),))
    data = made.path("a0").read_bytes()
    assert data.count(b"moof") == 3

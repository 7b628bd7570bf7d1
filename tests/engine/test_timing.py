"""Time: variable rates become constant by their timestamps, and sound stays with its picture."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import pytest
from tests.engine.films import AAC, X264, Film, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, numbers, sound
from tests.engine.plans import audio, picture, run, video

from videngine import engine

PCM = ("-c:a", "pcm_s16le")


def shown_at(film: Film, slots: int, rate: Fraction) -> list[int]:
    """Which frame stands at each slot: the last whose time, rounded to the grid, has come.

    What lies in the middle between two slots, or hardly before, belongs to the later one.
    """
    rounded = [int(film.time_of(n) * rate + Fraction(11, 20)) for n in range(film.frames)]
    shown, n = [], 0
    for slot in range(slots):
        while n + 1 < film.frames and rounded[n + 1] <= slot:
            n += 1
        shown.append(n)
    return shown


def worst_drift_s(
    film: Film, made: Callable[[str], Path], rate: Fraction, near: list[int]
) -> float:
    """Largest distance of a click from the frame with which it sounds in the source, in seconds."""
    first_slots: dict[int, int] = {}
    for slot, n in enumerate(numbers(made("v0"))):
        first_slots.setdefault(n, slot)
    samples = sound(made("a0"), 8000)[0]
    worst = 0.0
    for index in near:
        at = film.clicks[index]
        n = min(first_slots, key=lambda n: abs(film.time_of(n) - at))
        picture_moved = float(first_slots[n] / rate - film.time_of(n))
        sound_moved = click_near(samples, 8000, float(at)) - float(at)
        worst = max(worst, abs(sound_moved - picture_moved))
    return worst


def jittery(path: Path, *, seconds: int, clicks: tuple[Fraction, ...]) -> Film:
    """About five frames a second at irregular milliseconds, sound of 8 kHz."""
    return make_film(
        path,
        frames=seconds * 5,
        rate=Fraction(5),
        setpts="N*200+mod(N*7919\\,97)",
        time_of=lambda n: Fraction(n * 200 + n * 7919 % 97, 1000),
        clicks=clicks,
        sound_s=Fraction(seconds),
        sound_hz=8000,
        audio=PCM,
        video=("-c:v", "mpeg4", "-q:v", "3", "-g", "50", "-enc_time_base", "1/1000"),
    )


@pytest.mark.parametrize(
    ("seconds", "rate"),
    [(300, Fraction(10)), pytest.param(3600, Fraction(5), marks=pytest.mark.long)],
)
def test_sound_does_not_drift_from_a_variable_picture(
    tmp_path: Path, seconds: int, rate: Fraction
) -> None:
    clicks = every_second(seconds, first_s=Fraction(2, 5))
    film = jittery(tmp_path / "film.mkv", seconds=seconds, clicks=clicks)
    assert engine.probe(film.path).streams[0].variable_frame_rate
    of = picture(rate=rate)
    made = run(
        film.path,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, sample_rate_hz=8000, bitrate_bps=32_000),),
    )
    near = [*range(5), seconds // 2, *range(seconds - 6, seconds - 1)]
    assert worst_drift_s(film, made.path, rate, near) <= 1 / rate
    lengths = [result.duration_s for result in made.results.values()]
    # The picture ends on its grid, the sound where the last frame of the source does.
    assert max(lengths) - min(lengths) <= max(Fraction(1, 20), 1 / (2 * rate))
    assert abs(lengths[0] - seconds) <= 1 / rate


def test_a_source_that_names_no_rate_is_one_whose_rate_varies(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", "testsrc=s=64x64:r=20:d=20"]
    command += ["-vf", "settb=1/1000,setpts=N*50+mod(N*37\\,23):strip_fps=1"]
    command += ["-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-c:v", "mpeg4", str(path)]
    subprocess.run(command, check=True)
    stream = engine.probe(path).streams[0]
    assert stream.variable_frame_rate
    assert stream.frame_rate > 0


def test_every_frame_of_a_variable_rate_stands_at_its_time(tmp_path: Path) -> None:
    film = jittery(tmp_path / "film.mkv", seconds=20, clicks=every_second(20))
    rate = Fraction(24)
    of = picture(rate=rate)
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    shown = numbers(made.path("v0"))
    assert shown == shown_at(film, len(shown), rate)
    assert made.results["v0"].frames == pytest.approx(20 * 24, abs=3)


@pytest.mark.parametrize("rate", [Fraction(12), Fraction(25), Fraction(30), Fraction(60)])
def test_a_changed_rate_repeats_and_drops_frames_but_moves_none(
    film: Film, tmp_path: Path, rate: Fraction
) -> None:
    of = picture(rate=rate)
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    shown = numbers(made.path("v0"))
    assert len(shown) == 6 * rate
    assert shown == shown_at(film, len(shown), rate)


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_half_the_rate_takes_every_second_frame(tmp_path: Path, suffix: str) -> None:
    film = make_film(tmp_path / f"film.{suffix}", frames=240, rate=Fraction(60000, 1001))
    of = picture(rate=Fraction(30000, 1001))
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    assert numbers(made.path("v0")) == list(range(0, 240, 2))


def test_a_constant_rate_is_passed_on_frame_by_frame(film: Film, tmp_path: Path) -> None:
    of = picture()
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),))
    assert numbers(made.path("v0")) == list(range(144))


def test_a_sound_card_that_runs_slow_is_kept_at_its_timestamps(tmp_path: Path) -> None:
    """The timestamps say that the samples came 0.1 % more slowly than the header has it."""
    film = make_film(
        tmp_path / "film.mkv",
        frames=1200,
        rate=Fraction(24),
        clicks=every_second(50),
        audio=PCM,
        more=("-bsf:a", "setts=pts=round(PTS*1001/1000):dts=round(DTS*1001/1000)"),
    )
    made = run(film.path, audio=(audio(tmp_path, duration_s=Fraction(50)),), video_stream=None)
    samples = sound(made.path("a0"), 48_000)[0]
    for index in (5, 20, 35, 48):
        asked = float(film.clicks[index] * Fraction(1001, 1000))
        assert abs(click_near(samples, 48_000, asked) - asked) <= 0.02


@pytest.mark.parametrize(
    ("late", "offset_s"),
    [("picture", Fraction(1)), ("sound", Fraction(1)), ("both", Fraction(5))],
)
def test_streams_that_start_late_stay_together(
    film: Film, tmp_path: Path, late: str, offset_s: Fraction
) -> None:
    source = tmp_path / "late.mkv"
    shift = ["-itsoffset", str(float(offset_s))]
    sounds, pictures = (shift if late in (x, "both") else [] for x in ("sound", "picture"))
    ffmpeg(
        *pictures, "-i", film.path, *sounds, "-i", film.path, "-map", "0:v", "-map", "1:a",
        "-c", "copy", "-copyts", source,
    )  # fmt: skip
    longest_s = 6 + (0 if late == "both" else offset_s)
    assert abs(engine.probe(source).duration_s - longest_s) <= Fraction(1, 10)
    of = picture()
    made = run(source, pictures=(of,), video=(video(tmp_path, of=of),), audio=(audio(tmp_path),))
    shown = numbers(made.path("v0"))
    assert set(shown) == set(range(144))
    samples = sound(made.path("a0"), 48_000)[0]
    picture_late_s = float(offset_s) if late == "picture" else 0.0
    sound_late_s = float(offset_s) if late == "sound" else 0.0
    for index in (0, 2, 4):
        at = float(film.clicks[index])
        moved = click_near(samples, 48_000, at + sound_late_s) - at - sound_late_s
        # Frame 24k + 12 sounds with click k; the last of its slots ends with the next frame.
        slot = max(s for s, n in enumerate(shown) if n == 24 * index + 12)
        assert abs(slot / 24 - at - picture_late_s - moved) <= 0.05


@pytest.mark.parametrize("start", ["1.3", "2.5"])
def test_an_edit_list_cuts_what_it_says(film: Film, tmp_path: Path, start: str) -> None:
    """A copy that starts inside a GOP carries frames that an edit list hides."""
    source = tmp_path / "edited.mp4"
    ffmpeg("-ss", start, "-i", film.path, "-c", "copy", "-avoid_negative_ts", "disabled", source)
    of = picture()
    made = run(source, pictures=(of,), video=(video(tmp_path, of=of),), audio=(audio(tmp_path),))
    shown = numbers(made.path("v0"))
    first = float(start) * 24
    assert abs(shown[0] - first) <= 1
    assert sorted(set(shown)) == list(range(shown[0], 144))
    assert len(shown) <= 144 - shown[0] + 2
    samples = sound(made.path("a0"), 48_000)[0]
    for index in (3, 4):
        at = float(film.clicks[index])
        slot = shown.index(24 * index + 12)
        assert abs(click_near(samples, 48_000, at - float(start)) - slot / 24) <= 0.05


def test_a_source_of_many_sounds_and_one_clock_ends_all_tracks_together(
    film: Film, tmp_path: Path
) -> None:
    source = tmp_path / "sounds.mkv"
    ffmpeg(
        "-i", film.path, "-f", "lavfi", "-i", "sine=duration=9", "-f", "lavfi", "-i",
        "sine=duration=2", "-map", "0", "-map", "1", "-map", "2", "-c:v", "copy", *AAC[:2], source,
    )  # fmt: skip
    of = picture()
    made = run(
        source,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=tuple(audio(tmp_path, stream=n, name=f"a{n}") for n in (1, 2, 3)),
    )
    lengths = [float(result.duration_s) for result in made.results.values()]
    assert max(lengths) - min(lengths) <= 0.05


def test_b_frames_and_a_late_first_timestamp_move_nothing(tmp_path: Path) -> None:
    film = make_film(
        tmp_path / "film.mp4",
        frames=100,
        rate=Fraction(25),
        clicks=every_second(4),
        video=("-c:v", "libx264", "-preset", "medium", "-bf", "3", *X264[4:]),
    )
    of = picture(rate=25)
    made = run(film.path, pictures=(of,), video=(video(tmp_path, of=of),), audio=(audio(tmp_path),))
    assert numbers(made.path("v0")) == list(range(100))
    samples = sound(made.path("a0"), 48_000)[0]
    assert abs(click_near(samples, 48_000, 2.5) - 2.5) <= 0.005

"""Containers and codecs: the same film in each comes out the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.engine.films import AAC, X264, every_second, ffmpeg, make_film
from tests.engine.measure import click_near, numbers, sound, streams
from tests.engine.plans import MEDIA, audio, picture, run, transcode, video

from videngine import engine
from videngine.plan import Plan

MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2")
CASES = {
    "mp4": (X264, AAC),
    "mov": (("-c:v", "prores_ks"), ("-c:a", "pcm_s16le")),
    "mkv": (X264, ("-c:a", "libopus")),
    "webm": (("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"), ("-c:a", "libvorbis")),
    "avi": (("-c:v", "mjpeg", "-q:v", "3"), ("-c:a", "libmp3lame")),
    "flv": (X264, AAC),
    "mpg": (MPEG2, ("-c:a", "mp2")),
    "ts": (X264, ("-c:a", "ac3")),
    "mxf": (MPEG2, ("-c:a", "pcm_s16le")),
    "ogv": (("-c:v", "libtheora", "-q:v", "8"), ("-c:a", "flac")),
    "asf": (("-c:v", "mpeg4", "-q:v", "3"), ("-c:a", "wmav2")),
    "nut": (("-c:v", "ffv1"), ("-c:a", "flac")),
}


@pytest.mark.parametrize("suffix", CASES)
def test_frames_and_sound_of_every_container_are_where_they_were(
    tmp_path: Path, suffix: str
) -> None:
    codecs = dict(zip(("video", "audio"), CASES[suffix], strict=True))
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=75,
        rate=Fraction(25),
        clicks=every_second(3),
        **codecs,
    )
    facts = engine.probe(film.path)
    assert facts.video is not None
    assert facts.video.frame_rate == 25
    assert abs(facts.duration_s - 3) <= Fraction(1, 10)
    of = picture(rate=25)
    made = run(
        film.path,
        video_stream=facts.video.index,
        pictures=(of,),
        video=(video(tmp_path, of=of),),
        audio=(audio(tmp_path, stream=facts.audio[0].index),),
    )
    shown = numbers(made.path("v0"))
    # FFmpeg's AVI muxer leaves a gap behind the first frame.
    assert shown == [*([0] if suffix == "avi" else []), *range(75)]
    samples = sound(made.path("a0"), 48_000)[0]
    for at in film.clicks:
        assert abs(click_near(samples, 48_000, float(at)) - float(at)) <= _sync_s(suffix)


def _sync_s(suffix: str) -> float:
    """Delays of encoders that the file itself does not tell or tells twice, seconds."""
    return {"ts": 0.006, "mkv": 0.008, "avi": 0.03, "flv": 0.03, "asf": 0.05}.get(suffix, 0.005)


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_streams_without_a_container_have_their_whole_length(tmp_path: Path, codec: str) -> None:
    made_by = X264 if codec == "h264" else ("-c:v", "mpeg4", "-q:v", "3")
    film = make_film(tmp_path / "film.mkv", frames=75, rate=Fraction(25), video=made_by)
    source = tmp_path / f"film.{'h264' if codec == 'h264' else 'm4v'}"
    ffmpeg("-i", film.path, "-c", "copy", source)
    of = picture(rate=25)
    made = run(source, pictures=(of,), video=(video(tmp_path, of=of),))
    assert numbers(made.path("v0")) == list(range(75))


@pytest.mark.parametrize(
    ("clip", "seconds"),
    [
        ("city_cc0_405p25.mpg", 7.6),
        ("hello_480p_mpeg2_ps.mpeg", 8.3083),
        ("telecine_480i2997_mpeg2.mpg", 6.006),
        ("interlaced_576i25_mpeg2_sar64x45.ts", 5.92),
        ("multitrack.mkv", 6.0),
        ("odd_853x479.mkv", 3.0),
        ("surround51_aac.mp4", 6.0),
        ("hello_720p30.mp4", 8.3),
        ("hdr10_pq_hevc.mp4", 6.0),
    ],
)
def test_real_clips_come_out_in_full(tmp_path: Path, clip: str, seconds: float) -> None:
    report = transcode(MEDIA / clip, tmp_path, {"output": "mp4", "height": 96})
    assert report.status == "completed"
    (path,) = (tmp_path / "0").glob("*.mp4")
    found = streams(path)
    assert [float(s["duration"]) for s in found] == pytest.approx([seconds] * len(found), abs=0.1)
    lengths = [float(s["duration"]) for s in found]
    assert max(lengths) - min(lengths) <= 0.05


def test_a_source_without_sound_makes_outputs_without_sound(tmp_path: Path) -> None:
    clip = MEDIA / "city_cc0_405p25.mpg"
    cut = {"duration": 2}
    report = transcode(
        clip,
        tmp_path,
        {"output": "mp4", "height": 96, **cut},
        {"output": "hls", "segment_duration": 1, "stream": [{"height": 96}], **cut},
    )
    assert report.status == "completed"
    assert [s["codec_type"] for s in streams(tmp_path / "0" / "video_96p.mp4")] == ["video"]
    assert not [f for f in report.outputs[1].files if "audio" in f["key"]]
    assert "no_audio" in {w.code for w in report.warnings}


def test_each_track_of_a_source_keeps_its_language(tmp_path: Path) -> None:
    output = {"output": "hls", "segment_duration": 2, "stream": [{"height": 96}], "duration": 2}
    report = transcode(MEDIA / "multitrack.mkv", tmp_path, output)
    text = next((tmp_path / "0").glob("*.m3u8")).read_text()
    media = [line for line in text.splitlines() if line.startswith("#EXT-X-MEDIA:TYPE=AUDIO")]
    languages = [line.split('LANGUAGE="')[1].split('"')[0] for line in media]
    assert languages == ["en", "fr", "de"]
    assert ["DEFAULT=YES" in line for line in media].count(True) == 1
    assert len([r for r in report.outputs[0].renditions if r["kind"] == "audio"]) == 3


def test_a_plan_for_a_stream_that_is_not_there_is_refused(tmp_path: Path) -> None:
    from videngine.errors import InputError

    plan = Plan(
        source_path=str(MEDIA / "city_cc0_405p25.mpg"),
        video_stream=None,
        rotation_deg=0,
        decoder_threads=1,
        audio=(audio(tmp_path, stream=7),),
    )
    with pytest.raises(InputError) as caught:
        engine.transcode(plan, on_event=lambda _: None, stop=lambda: False)
    assert caught.value.code == "source_no_streams"

"""One table of what a request may not say: each rule with its path, its code, and what it costs.

``refused``: 422 for everybody. ``mended``: a warning, and 422 for those who ask to be strict. Other
files of tests look into what is made of a value; this one shows that no rule was forgotten.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job

Fate = Literal["refused", "mended"]
KEY = "00112233445566778899aabbccddeeff"
AES = {"key": KEY, "key_url": "https://h/k"}
CENC = {"key": KEY, "key_id": KEY[::-1]}
BODY: dict[str, Any] = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4"}]}


def mp4(**fields: Any) -> dict[str, Any]:
    return {"format": [{"output": "mp4", "height": 360, **fields}]}


def of(kind: str, **fields: Any) -> dict[str, Any]:
    return {"format": [{"output": kind, **fields}]}


def ladder(kind: str = "hls", rung: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return of(kind, stream=[{"height": 360, **(rung or {})}], **fields)


def knob(**parameters: Any) -> dict[str, Any]:
    return mp4(video_codec_parameters=parameters)


def s3(**fields: Any) -> dict[str, Any]:
    return mp4(destination={"type": "s3", "bucket": "b", "path": "a", **fields})


def hook(**fields: Any) -> dict[str, Any]:
    return {"webhook_config": {"url": "https://h", **fields}}


RULES: list[tuple[dict[str, Any], str, str, Fate]] = [
    # The job
    ({"video_id": ""}, "video_id", "missing_field", "refused"),
    ({"video_id": "x" * 256}, "video_id", "invalid_field", "refused"),
    ({"source": None}, "source", "missing_field", "refused"),
    ({"stitch": ["https://h/a"]}, "source", "conflicting_fields", "refused"),
    ({"format": []}, "format", "missing_field", "refused"),
    ({"format": [{"output": "mp4"}] * 51}, "format", "invalid_field", "refused"),
    ({"payload": "x" * 1001}, "payload", "invalid_field", "refused"),
    ({"foo": 1}, "foo", "unknown_field", "mended"),
    # Webhooks
    (hook(url="ftp://h"), "webhook_config.url", "invalid_field", "refused"),
    (hook(url="https://h/" + "a" * 4000), "webhook_config.url", "invalid_field", "refused"),
    (hook(headers={"a": "b\r\nc"}), "webhook_config.headers.a", "invalid_field", "refused"),
    (hook(headers={"Host": "b"}), "webhook_config.headers", "invalid_field", "refused"),
    (hook(events=["x"]), "webhook_config.events[0]", "invalid_field", "refused"),
    # Places
    (mp4(destination="https://h/a"), "format[0].destination", "invalid_field", "refused"),
    (s3(permissions="all"), "format[0].destination.permissions", "invalid_field", "refused"),
    (s3(endpoint="http://h", use_tls=1), "format[0].destination.use_tls", "conflicting_fields",
     "mended"),
    # Outputs, codecs and containers
    (of("foo"), "format[0].output", "unknown_output", "refused"),
    (of("hls", stream=[{"height": 360}] * 21), "format[0].stream", "invalid_field", "refused"),
    (mp4(video_codec="lcevc_h264"), "format[0].video_codec", "codec_unavailable", "refused"),
    (of("webm", video_codec="libx264"), "format[0].video_codec", "conflicting_fields", "refused"),
    (ladder(separate_audio=0, rung={"video_codec": "libvpx-vp9"}),
     "format[0].stream[0].video_codec", "conflicting_fields", "refused"),
    (ladder("dash", {"video_codec": "libvpx"}), "format[0].stream[0].video_codec",
     "conflicting_fields", "refused"),
    # Numbers, size and rate
    (mp4(bitrate="nan"), "format[0].bitrate", "invalid_field", "refused"),
    (mp4(bitrate=True), "format[0].bitrate", "invalid_field", "refused"),
    (mp4(bitrate=10), "format[0].bitrate", "invalid_field", "mended"),
    (mp4(height=8), "format[0].height", "invalid_field", "mended"),
    (mp4(height=9000), "format[0].height", "invalid_field", "mended"),
    (mp4(height=361), "format[0].height", "invalid_field", "mended"),
    (mp4(quality=60), "format[0].quality", "invalid_field", "refused"),
    (mp4(optimize_bitrate=1, min_crf=30, max_crf=20), "format[0].min_crf", "conflicting_fields",
     "refused"),
    (mp4(optimize_bitrate=1, adjust_crf=20), "format[0].adjust_crf", "invalid_field", "mended"),
    (mp4(framerate="fast"), "format[0].framerate", "invalid_field", "refused"),
    (mp4(framerate=500), "format[0].framerate", "invalid_field", "mended"),
    (mp4(keyframe=5000), "format[0].keyframe", "invalid_field", "mended"),
    (mp4(aspect_ratio="wide"), "format[0].aspect_ratio", "invalid_field", "refused"),
    (mp4(resize_mode="squash"), "format[0].resize_mode", "invalid_field", "mended"),
    (mp4(rotate=10), "format[0].rotate", "invalid_field", "mended"),
    (mp4(start_time=-1), "format[0].start_time", "invalid_field", "refused"),
    (mp4(duration=0), "format[0].duration", "invalid_field", "refused"),
    (mp4(deinterlace="maybe"), "format[0].deinterlace", "invalid_field", "refused"),
    (mp4(color_trc="x"), "format[0].color_trc", "invalid_field", "mended"),
    (mp4(logo={"x": 1}), "format[0].logo.source", "missing_field", "refused"),
    (mp4(logo={"source": "https://h/l", "opacity": 3}), "format[0].logo.opacity", "invalid_field",
     "mended"),
    # Sound
    (mp4(audio_bitrate=1), "format[0].audio_bitrate", "invalid_field", "mended"),
    (mp4(audio_sample_rate=1), "format[0].audio_sample_rate", "invalid_field", "mended"),
    (mp4(audio_channels_number=9), "format[0].audio_channels_number", "invalid_field", "mended"),
    (mp4(audio_codec="foo"), "format[0].audio_codec", "invalid_field", "refused"),
    (mp4(audio_codec="libfdk_aac"), "format[0].audio_codec", "invalid_field", "mended"),
    (of("webm", audio_sample_rate=44100), "format[0].audio_sample_rate", "invalid_field",
     "mended"),
    # Packaging and protection
    (ladder(playlist_name="a/b.m3u8"), "format[0].playlist_name", "invalid_field", "refused"),
    (ladder(playlist_name="b.txt"), "format[0].playlist_name", "invalid_field", "mended"),
    (ladder(segment_duration=90), "format[0].segment_duration", "invalid_field", "mended"),
    (ladder("dash", separate_audio=0), "format[0].separate_audio", "conflicting_fields", "mended"),
    (ladder(encryption=AES, cenc_drm=CENC), "format[0].encryption", "conflicting_fields",
     "refused"),
    (ladder("dash", encryption=AES), "format[0].encryption", "conflicting_fields", "refused"),
    (ladder(encryption={"key": KEY}), "format[0].encryption.key_url", "missing_field", "refused"),
    (ladder(encryption={**AES, "key": "word"}), "format[0].encryption.key", "invalid_drm_key",
     "mended"),  # the output fails, the job goes on: never clear media
    (ladder(cenc_drm={**CENC, "pssh": "xx"}), "format[0].cenc_drm.pssh", "invalid_drm_key",
     "mended"),  # likewise
    (ladder(rung={"cenc_drm": CENC}), "format[0].stream[0].cenc_drm", "unknown_field", "refused"),
    (ladder(rung={"subtitles": {"copy": 1}}), "format[0].stream[0].subtitles", "unknown_field",
     "mended"),
    # Images and speech
    (of("thumbnail", image_format="bmp"), "format[0].image_format", "invalid_field", "refused"),
    (of("thumbnail", time=5), "format[0].time", "invalid_field", "mended"),
    (of("thumbnail", time="200%"), "format[0].time", "invalid_field", "refused"),
    (of("gif", framerate=60), "format[0].framerate", "invalid_field", "mended"),
    (of("speech_to_text", transcript=0, json=0, srt=0, vtt=0), "format[0].transcript",
     "conflicting_fields", "refused"),
    (of("speech_to_text", mode="x"), "format[0].mode", "invalid_field", "mended"),
    (of("speech_to_text", language="klingon"), "format[0].language", "invalid_field", "refused"),
    # Encoder parameters
    *(
        (knob(**parameter), f"format[0].video_codec_parameters.{next(iter(parameter))}",
         "invalid_field", "mended")
        for parameter in (
            {"vprofile": "mediam"}, {"preset": "media"}, {"subq": "2`2`"}, {"sws_flags": "11"},
            {"flags": "101031"}, {"qmin": 40, "qmax": 20}, {"min_rate": 2000, "max_rate": 1000},
            {"i_qfactor": 50},
        )
    ),
    (knob(coder=1, vprofile="baseline"), "format[0].video_codec_parameters.coder",
     "conflicting_fields", "mended"),
    (knob(nonsense=1), "format[0].video_codec_parameters.nonsense", "unknown_field", "mended"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "path", "code", "fate"), RULES)
def test_a_rule_is_kept(fields: dict[str, Any], path: str, code: str, fate: Fate) -> None:
    body = {**BODY, **fields}
    with pytest.raises(SpecError) as caught:
        parse_job(body, strict=True)
    assert (path, code) in [(fault.path, fault.code) for fault in caught.value.faults]
    if fate == "mended":
        warnings = parse_job(body).warnings
        assert (path, code) in [(fault.path, fault.code) for fault in warnings]
        return
    with pytest.raises(SpecError) as caught:
        parse_job(body)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]

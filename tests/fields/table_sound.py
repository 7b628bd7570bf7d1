"""Rows of sound: codecs, channels, loudness, tracks, files of sound."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from tests.engine.measure import sound, streams
from tests.engine.test_sound_outputs import ebur128
from tests.fields.rows import Made, Row
from tests.fields.table_core import film, hls, mp4

TRACKS = "multitrack.mkv"  # English, French and German
SURROUND = "surround51_aac.mp4"


def codecs_are(*names: str) -> Callable[[Made], None]:
    """The sound of each file in turn has this codec."""

    def check(made: Made) -> None:
        found = [streams(made.path(index))[-1]["codec_name"] for index in range(len(names))]
        assert found == list(names)

    return check


def left_alone_is_heard(made: Made) -> None:
    left, right = sound(made.path(), 48_000, channels=2)
    assert np.abs(left).max() > 0.01
    assert np.abs(right).max() < 1e-4


def low_frequencies_are_heard(made: Made) -> None:
    """The first file leaves the subwoofer's tone out, the second does not."""
    without, with_lfe = (
        np.abs(np.fft.rfft(sound(made.path(index), 48_000)[0][: 3 * 48_000])) for index in (0, 1)
    )
    low = slice(3 * 20, 3 * 130)
    assert with_lfe[low].max() > 10 * without[low].max()


def as_loud_as_asked(made: Made) -> None:
    for index, (wanted, limit) in enumerate(((-23, -1), (-16, -1), (-18, -6))):
        loud, peak = ebur128(made.path(index))
        assert abs(loud - wanted) <= 0.5
        assert peak <= limit


def tracks_are_chosen(made: Made) -> None:
    film, ladder = made.path(0), made.path(1, "playlist.m3u8").read_text()
    assert [s["tags"]["language"] for s in streams(film)[1:]] == ["deu", "eng"]
    media = [
        dict(re.findall(r'([A-Z-]+)="?(.*?)"?(?:,|$)', line.partition(":")[2]))
        for line in ladder.splitlines()
        if line.startswith("#EXT-X-MEDIA")
    ]
    assert [(m["LANGUAGE"], m["NAME"], m["DEFAULT"], m["AUTOSELECT"]) for m in media] == [
        ("de", "Deutsch", "NO", "YES"),
        ("fr", "fra", "YES", "YES"),
    ]


def kinds_are(*kinds: str) -> Callable[[Made], None]:
    def check(made: Made) -> None:
        names = [made.path(index).name for index in range(len(kinds))]
        assert names == [f"audio.{kind}" for kind in kinds]
        for index in range(len(kinds)):
            assert [s["codec_type"] for s in streams(made.path(index))] == ["audio"]
            assert abs(sound(made.path(index), 48_000).shape[1] - 96_000) <= 1024

    return check


def two_variants_of_sound(made: Made) -> None:
    text = made.path(0, "playlist.m3u8").read_text()
    assert re.findall(r'CODECS="(.*?)"', text) == ["mp4a.40.2", "opus"]
    assert "VIDEO" not in text
    assert abs(sound(made.path(0, "playlist.m3u8"), 48_000).shape[1] - 96_000) <= 1024


FILES = ("mp3", "m4a", "opus", "flac", "wav")

ROWS = [
    Row(
        fields=("AudioFields.audio_codec",),
        name="audio_codec",
        job=film(*(mp4(audio_codec=codec) for codec in ("libfdk_aac", "opus", "flac", "mp3"))),
        check=codecs_are("aac", "opus", "flac", "mp3"),
    ),
    Row(
        fields=("AudioFields.audio_pan",),
        name="audio_pan",
        job=film({"output": "wav", "duration": 2, "audio_pan": "stereo|FL<FL+FR"}),
        check=left_alone_is_heard,
    ),
    Row(
        fields=("AudioFields.downmix_mode",),
        name="downmix_mode",
        job={
            "source": SURROUND,
            "format": [{"output": "wav", "audio_channels_number": 2, "downmix_mode": mode}
                       for mode in ("itu", "lfe")],
        },
        check=low_frequencies_are_heard,
    ),
    Row(
        fields=("AudioFields.loudness", "Loudness.target_lufs", "Loudness.true_peak_db"),
        name="loudness",
        job=film(
            {"output": "flac", "loudness": True},
            {"output": "m4a", "loudness": -16},
            {"output": "flac", "loudness": {"target_lufs": -18, "true_peak_db": -6}},
        ),
        check=as_loud_as_asked,
    ),
    Row(
        fields=("AudioFields.audio_tracks", "AudioTrack.index", "AudioTrack.language",
                "AudioTrack.label", "AudioTrack.default"),
        name="audio_tracks",
        job={
            "source": TRACKS,
            "format": [
                mp4(audio_tracks=[{"language": "de"}, {"index": 0}]),
                hls(audio_tracks=[{"index": 2, "language": "de", "label": "Deutsch"},
                                  {"language": "fre", "default": True}]),
            ],
        },
        check=tracks_are_chosen,
    ),
    Row(
        fields=("Mp3Output.output", "M4aOutput.output", "OpusOutput.output", "FlacOutput.output",
                "WavOutput.output"),
        name="files of sound",
        job=film(*({"output": kind, "duration": 2} for kind in FILES)),
        check=kinds_are(*FILES),
    ),
    Row(
        fields=("HlsAudioOutput.output", "HlsAudioOutput.stream"),
        name="hls_audio",
        job=film({"output": "hls_audio", "duration": 2,
                  "stream": [{"audio_bitrate": 64}, {"audio_codec": "opus",
                                                     "audio_bitrate": 192}]}),
        check=two_variants_of_sound,
    ),
]  # fmt: skip

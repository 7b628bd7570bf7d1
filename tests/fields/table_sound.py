"""Rows of sound: codecs, channels, loudness, tracks."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.measure import streams
from tests.fields.rows import Made, Row
from tests.fields.table_core import film, mp4


def codecs_are(*names: str) -> Callable[[Made], None]:
    """The sound of each file in turn has this codec."""

    def check(made: Made) -> None:
        found = [streams(made.path(index))[-1]["codec_name"] for index in range(len(names))]
        assert found == list(names)

    return check


ROWS = [
    Row(
        fields=("AudioFields.audio_codec",),
        name="audio_codec",
        job=film(*(mp4(audio_codec=codec) for codec in ("libfdk_aac", "opus", "flac", "mp3"))),
        check=codecs_are("aac", "opus", "flac", "mp3"),
    ),
]

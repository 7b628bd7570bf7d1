"""The codecs of sound: names that users may give, and what each codec can do."""

from __future__ import annotations

from dataclasses import dataclass

_AAC_RATES_HZ = (
    8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000,
)  # fmt: skip
_TO_48_KHZ = _AAC_RATES_HZ[:9]


@dataclass(frozen=True, kw_only=True)
class SoundCodec:
    """A codec; ``encoder`` is libavcodec's name of the one that we use."""

    name: str
    title: str
    encoder: str
    rates_hz: tuple[int, ...] = _AAC_RATES_HZ
    max_channels: int = 8
    lossless: bool = False

    def nearest_rate(self, rate_hz: int) -> int:
        """The rate that is used where another is asked for: the next higher, else the highest."""
        return next((rate for rate in self.rates_hz if rate >= rate_hz), self.rates_hz[-1])


SOUND_CODECS = {
    codec.name: codec
    for codec in (
        SoundCodec(name="aac", title="AAC", encoder="aac"),
        SoundCodec(
            name="mp3", title="MP3", encoder="libmp3lame", rates_hz=_TO_48_KHZ, max_channels=2
        ),
        # RFC 6716, 2: the five bandwidths of Opus. Decoders give 48 kHz whatever it was.
        SoundCodec(
            name="opus",
            title="Opus",
            encoder="libopus",
            rates_hz=(8000, 12_000, 16_000, 24_000, 48_000),
        ),
        SoundCodec(name="vorbis", title="Vorbis", encoder="libvorbis", rates_hz=_TO_48_KHZ),
        SoundCodec(name="flac", title="FLAC", encoder="flac", lossless=True),
        SoundCodec(name="pcm", title="PCM", encoder="pcm", lossless=True),
    )
}

# Other names that users know codecs by: libavcodec's.
CODEC_ALIASES = {"libopus": "opus", "libvorbis": "vorbis", "libmp3lame": "mp3"}
"""Names for the same codec; `libfdk_aac` is another encoder of AAC and is spoken of."""

RATES_HZ = _AAC_RATES_HZ
"""All rates that any codec has, in order."""

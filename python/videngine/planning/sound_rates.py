"""What bit rates the codecs of sound can do."""

from __future__ import annotations

from videngine.spec.sound_codecs import SoundCodec

_AAC_MAX_BITS_A_SAMPLE = 6  # a channel: 6144 bits for a frame of 1024 samples
_OPUS_MAX_BPS = 256_000  # a channel, as libopus takes it

# Highest sample rate, and kbit/s from which to which: MPEG-2.5, MPEG-2 and MPEG-1.
_MP3_KBPS = ((12_000, 8, 64), (24_000, 8, 160), (48_000, 32, 320))

# The same for a channel of Vorbis: what every number of channels can do with libvorbis 1.3.7.
_VORBIS_KBPS = (
    (8000, 8, 36), (12_000, 14, 42), (16_000, 16, 85), (24_000, 16, 80), (32_000, 32, 150),
    (48_000, 32, 224),
)  # fmt: skip


def bit_rate_limits(codec: SoundCodec, *, rate_hz: int, channels: int) -> tuple[int, int]:
    """The lowest and the highest bit rate of a codec in bit/s, for all channels together."""
    match codec.name:
        case "aac":
            return 1, _AAC_MAX_BITS_A_SAMPLE * rate_hz * channels
        case "opus":
            return 500, _OPUS_MAX_BPS * channels
        case "mp3":
            low, high = _of(_MP3_KBPS, rate_hz)
            return 1000 * low, 1000 * high
        case "vorbis":
            low, high = _of(_VORBIS_KBPS, rate_hz)
            return 1000 * low * channels, 1000 * high * channels
        case _:
            return 0, 0


def _of(table: tuple[tuple[int, int, int], ...], rate_hz: int) -> tuple[int, int]:
    return next((low, high) for top, low, high in table if rate_hz <= top)

"""Sources with EIA-608 captions in their pictures, written here, and how to read them back.

Bytes as CTA-608-E and ATSC A/53 Part 4 have them; H.264 carries them in SEI messages
(ITU-T H.264, D.1.6), one before each picture.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from videngine.subtitles import Cue, read_cues

FFMPEG = ("ffmpeg", "-v", "error", "-nostdin", "-y")
NOTHING = (0x00, 0x00)
RESUME_LOADING = (0x14, 0x20)
ERASE_HIDDEN = (0x14, 0x2E)
ERASE_SHOWN = (0x14, 0x2C)
SHOW = (0x14, 0x2F)
BOTTOM_ROW = (0x14, 0x60)


@dataclass(frozen=True)
class Caption:
    """A text in capital letters, on screen from one second to another."""

    text: str
    start_s: float
    end_s: float


def pairs(captions: Sequence[Caption], frames: int, rate: int) -> list[tuple[int, int]]:
    """One pair of bytes for each frame, without parity: pop-on captions of channel 1."""
    line = [NOTHING] * frames
    for caption in captions:
        text = caption.text + "\0" * (len(caption.text) % 2)
        letters = [(ord(a), ord(b)) for a, b in zip(text[::2], text[1::2], strict=True)]
        # Control codes are sent twice, in case the first is lost.
        codes = [c for c in (RESUME_LOADING, ERASE_HIDDEN, BOTTOM_ROW) for _ in range(2)]
        shown, erased = round(caption.start_s * rate), round(caption.end_s * rate)
        words = [*codes, *letters, SHOW, SHOW]
        line[shown - len(words) + 1 : shown + 1] = words
        line[erased : erased + 2] = [ERASE_SHOWN] * 2
    assert len(line) == frames, "the captions do not fit"
    return line


def write_source(
    path: Path, captions: Sequence[Caption], *, rate: int = 30, seconds: int = 6
) -> None:
    """A film whose pictures carry captions; ``path`` says in which container."""
    raw = path.with_suffix(".h264")
    subprocess.run(
        [
            *(*FFMPEG, "-f", "lavfi", "-i"),
            f"testsrc2=size=320x180:rate={rate}:duration={seconds}",
            *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-pix_fmt", "yuv420p"),
            *("-x264-params", "slices=1", "-f", "h264", str(raw)),
        ],
        check=True,
    )
    stream, at, frame = raw.read_bytes(), 0, 0
    line = pairs(captions, rate * seconds, rate)
    out = bytearray()
    for start in re.finditer(rb"\x00\x00\x01", stream):
        if stream[start.end()] & 0x1F in (1, 5):  # a slice: the whole picture
            out += stream[at : start.start()] + _sei(line[frame])
            at, frame = start.start(), frame + 1
    raw.write_bytes(out + stream[at:])
    assert frame == len(line)
    subprocess.run(
        [*FFMPEG, "-r", str(rate), "-f", "h264", "-i", str(raw), "-c", "copy", str(path)],
        check=True,
    )


def read_captions(path: Path, folder: Path) -> list[Cue]:
    """What FFmpeg's own decoder reads from the pictures of a file."""
    target = folder / "captions.srt"
    subprocess.run(
        [
            *(*FFMPEG, "-f", "lavfi", "-i", f"movie={path}[out+subcc]"),
            *("-map", "0:s", "-f", "srt", str(target)),
        ],
        check=True,
    )
    return read_cues(target) if target.read_bytes().strip() else []


def _sei(pair: tuple[int, int]) -> bytes:
    """A NAL unit of user data: field 1 with a pair, field 2 empty, eight places of CEA-708."""
    triplets = bytes([0xFC, *map(_odd, pair), 0xFD, 0x80, 0x80]) + bytes([0xFA, 0, 0]) * 8
    user_data = b"\xb5\0\x31GA94\x03" + bytes([0xC0 | 10, 0xFF]) + triplets + b"\xff"
    payload = bytes([6, 4, len(user_data)]) + user_data + b"\x80"
    return b"\0\0\1" + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)


def _odd(byte: int) -> int:
    """The byte with odd parity."""
    return byte | (0 if byte.bit_count() % 2 else 0x80)

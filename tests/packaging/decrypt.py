"""Independent eyes for protected outputs: two versions of FFmpeg, OpenSSL, and plain bytes."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import imageio_ffmpeg
from tests.packaging.inspect_boxes import Sample, read_header, read_media_segment

DECRYPTORS = {"debian": "ffmpeg", "bundled": imageio_ffmpeg.get_ffmpeg_exe()}
KEY = "000102030405060708090a0b0c0d0e0f"
WRONG_KEY = "ff0102030405060708090a0b0c0d0e0f"


def parts(folder: Path, suffix: str = ".m4s") -> list[Path]:
    """The media segments of a rendition in their order."""
    found = folder.glob(f"*segment_*{suffix}")
    return sorted(found, key=lambda path: int(path.stem.rpartition("_")[2]))


def frames(folder: Path, target: Path, *, key: str = "", ffmpeg: str = "ffmpeg") -> list[str]:
    """The hash of every frame or sound that decodes of a rendition, in order.

    Each segment is decoded alone: FFmpeg 5.1 loses its place between several encrypted fragments
    where there are edit lists. ``target`` is a file to write to.
    """
    hashes = []
    for part in parts(folder):
        target.write_bytes((folder / "init.mp4").read_bytes() + part.read_bytes())
        hashes += file_frames(target, key=key, ffmpeg=ffmpeg)
    return hashes


def file_frames(file: Path, *, key: str = "", ffmpeg: str = "ffmpeg") -> list[str]:
    """The hash of every frame and sound of a file that decodes, in order."""
    done = subprocess.run(
        [ffmpeg, "-v", "error", "-nostdin"]
        + (["-decryption_key", key] if key else [])
        + ["-i", file, "-map", "0", "-f", "framehash", "-hash", "md5", "-"],
        check=False,
        capture_output=True,
        text=True,
    )
    return [line.rsplit(",")[-1].strip() for line in done.stdout.splitlines() if line[:1] != "#"]


def openssl_decrypted(path: Path, *, key: str, iv: str) -> bytes:
    """A file without its AES-128-CBC, by OpenSSL's own program.

    Raises:
        subprocess.CalledProcessError: the padding is wrong, so probably the key is.
    """
    return subprocess.run(
        ["openssl", "aes-128-cbc", "-d", "-K", key, "-iv", iv, "-in", path],
        check=True,
        capture_output=True,
    ).stdout


def samples(folder: Path) -> list[Sample]:
    """All samples of a clear rendition."""
    header = read_header(folder / "init.mp4")
    return [s for part in parts(folder) for s in read_media_segment(part, header).samples]


def windows(data: bytes, *, size: int = 32, skip: int = 0) -> list[bytes]:
    """Stretches of some bytes from its beginning, middle and end, behind a header of ``skip``."""
    starts = {skip, (len(data) + skip) // 2, len(data) - size}
    return [data[at : at + size] for at in sorted(starts) if skip <= at <= len(data) - size]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

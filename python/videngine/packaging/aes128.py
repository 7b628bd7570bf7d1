"""AES-128 of whole HLS segments: CBC with PKCS#7 padding, and the tag that tells of it.

Initialisation segments and subtitles stay clear: they hold no samples of picture or sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from videngine.errors import Cancelled
from videngine.packaging.playlist import quoted
from videngine.packaging.segments import Segment
from videngine.protection import SegmentEncryption

_PART_BYTES = 1 << 20


def encrypt_segments(
    encryption: SegmentEncryption,
    folder: Path,
    segments: Sequence[Segment],
    *,
    first_number: int,
    stop: Callable[[], bool],
) -> list[Segment]:
    """Encrypt the files of one rendition where they are and return their new sizes.

    Args:
        encryption: the key.
        folder: where the segments' URIs lead from.
        segments: the rendition's segments.
        first_number: media sequence number of the first, which is its vector if there is no other.
        stop: asked before each segment; True ends the work.

    Raises:
        Cancelled: ``stop`` said so.
    """
    encrypted = []
    for number, segment in enumerate(segments, first_number):
        if stop():
            raise Cancelled
        path = folder / segment.uri
        iv = encryption.iv or number.to_bytes(16, "big")
        partial = path.with_name(path.name + ".part")
        with path.open("rb") as clear, partial.open("wb") as secret:
            _encrypt(clear, secret, key=encryption.key, iv=iv)
        partial.replace(path)
        encrypted.append(replace(segment, size_bytes=path.stat().st_size))
    return encrypted


def key_tags(encryption: SegmentEncryption) -> list[str]:
    """The EXT-X-KEY tag of a media playlist."""
    iv = f",IV=0x{encryption.iv.hex()}" if encryption.iv else ""
    return [f"#EXT-X-KEY:METHOD=AES-128,URI={quoted(encryption.key_url)}{iv}"]


def _encrypt(clear: BinaryIO, secret: BinaryIO, *, key: bytes, iv: bytes) -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(AES.block_size).padder()
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    while part := clear.read(_PART_BYTES):
        secret.write(encryptor.update(padder.update(part)))
    secret.write(encryptor.update(padder.finalize()) + encryptor.finalize())

"""Protections that tests package with: keys, boxes as licence services hand them out."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from tests.packaging.decrypt import KEY

from videngine.protection import CommonEncryption, SegmentEncryption
from videngine.pssh import PLAYREADY, WIDEVINE, Pssh, common_pssh, parse_pssh

KEY_ID = UUID("00112233-4455-6677-8899-aabbccddeeff")
IV = "0123456789abcdef0123456789abcdef"
KEY_URL = "https://keys.example.com/k?a=1&b=2"


def aes(iv: str | None = IV) -> SegmentEncryption:
    iv_bytes = bytes.fromhex(iv) if iv else None
    return SegmentEncryption(key=bytes.fromhex(KEY), iv=iv_bytes, key_url=KEY_URL)


def common(scheme: Literal["cenc", "cbcs"], **more: Any) -> CommonEncryption:
    values: dict[str, Any] = {"iv": None, "pssh": (), "la_url": "", "fairplay_url": "", **more}
    return CommonEncryption(scheme=scheme, key=bytes.fromhex(KEY), key_id=KEY_ID.bytes, **values)


def box(system: UUID, data: bytes) -> bytes:
    body = bytes(4) + system.bytes + len(data).to_bytes(4, "big") + data
    return (len(body) + 8).to_bytes(4, "big") + b"pssh" + body


def systems() -> tuple[Pssh, ...]:
    """Boxes as licence services hand them out: for Widevine, PlayReady and the common system."""
    return parse_pssh(
        box(WIDEVINE, b"\x12\x10" + KEY_ID.bytes)
        + box(PLAYREADY, "<WRMHEADER/>".encode("utf-16-le"))
        + common_pssh([KEY_ID.bytes])
    )

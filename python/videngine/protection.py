"""How the media of an output is encrypted, as `planning` hands it to `packaging`.

Only these two types hold keys beyond the request itself. They never print them, and they are made
anew from the request in every run: no checkpoint has them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from videngine.pssh import Pssh


@dataclass(frozen=True, kw_only=True)
class SegmentEncryption:
    """AES-128 of whole HLS segments (RFC 8216, 4.3.2.4). No ``iv``: the segment's number is it."""

    key: bytes = field(repr=False)
    iv: bytes | None
    key_url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class CommonEncryption:
    """Common encryption of samples (ISO/IEC 23001-7), one key for all tracks.

    ``iv`` is the constant one of cbcs, None for random ones. Without ``pssh`` players are told of
    the key by the common box. ``la_url`` and ``fairplay_url`` are "" where there are none.
    """

    scheme: Literal["cenc", "cbcs"]
    key: bytes = field(repr=False)
    key_id: bytes
    iv: bytes | None
    pssh: tuple[Pssh, ...]
    la_url: str = field(repr=False)
    fairplay_url: str = field(repr=False)


Protection = SegmentEncryption | CommonEncryption

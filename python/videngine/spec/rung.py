"""One entry of ``stream``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from videngine.spec.faults import invalid, show
from videngine.spec.rendition import VideoFields
from videngine.spec.sound import AudioFields
from videngine.spec.values import Scalar


def _chunklist(value: object) -> str:
    if not isinstance(value, str) or not _CHUNKLIST.fullmatch(value):
        raise invalid(
            "must be a file name of letters, digits, '.', '_', '-' that ends in .m3u8, not "
            f"{show(value)}"
        )
    if value == _I_FRAMES:
        raise invalid(f"cannot be {_I_FRAMES}: that is the playlist of keyframes")
    return value


_CHUNKLIST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,94}\.m3u8")
_I_FRAMES = "i_frames.m3u8"
ChunklistName = Annotated[
    str, Scalar(_chunklist, {"type": "string", "pattern": f"^{_CHUNKLIST.pattern}$"})
]


class Rung(VideoFields, AudioFields):
    """One entry of ``stream``; fields left out come from the output itself."""

    chunklist_name: ChunklistName | None = Field(
        None,
        description="File name of the rung's HLS media playlist, ending in .m3u8. Default: "
        "playlist.m3u8.",
    )

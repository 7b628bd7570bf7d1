"""Frames of a source as numpy arrays, without a copy, and back into files."""

from __future__ import annotations

from videngine.frames.frame import Frame, FrameColor, Hdr
from videngine.frames.lookup import INDEX_DTYPE
from videngine.frames.reader import Reader, open

__all__ = ["INDEX_DTYPE", "Frame", "FrameColor", "Hdr", "Reader", "open"]

"""Encoded pictures: what an output asks for, and what makes one another than the next."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from videngine.planning.encoding import Encoding
from videngine.planning.pictures import Picture
from videngine.spec.values import KeyframeInterval


@dataclass(frozen=True, kw_only=True)
class VideoWish:
    """A picture that an output asks for. Its GOP waits until all rates of the job are known.

    ``adaptive`` wishes must switch at common instants; others take their segment grid only to share
    renditions with them.
    """

    picture: Picture
    encoding: Encoding
    keyframe: KeyframeInterval | None
    segment_s: Fraction
    adaptive: bool
    captions: bool = False


@dataclass(frozen=True, kw_only=True)
class Video:
    """A distinct encoded picture. Equal values are one rendition: this is its identity."""

    picture: Picture
    encoding: Encoding
    gop_frames: int
    segment_s: Fraction
    grid_rate: Fraction
    captions: bool

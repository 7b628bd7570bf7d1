"""Subtitles as text: any usual file → cues → WebVTT and what else players take.

`read_cues` tells SRT, WebVTT, ASS/SSA and TTML apart by their content. Cues are what all of them
have in common; their text is WebVTT's, so that writing it is writing it down.
"""

from __future__ import annotations

from videngine.subtitles.cues import Cue, clipped, flattened
from videngine.subtitles.markup import to_ass
from videngine.subtitles.read import read_cues
from videngine.subtitles.write import to_srt, to_webvtt

__all__ = ["Cue", "clipped", "flattened", "read_cues", "to_ass", "to_srt", "to_webvtt"]

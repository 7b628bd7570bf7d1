"""``subtitles``: texts beside the picture, and captions within it."""

from __future__ import annotations

import re
import warnings
from typing import Annotated

from pydantic import Field

from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Model
from videngine.spec.protection import NothingAsked
from videngine.spec.source import Source
from videngine.spec.values import Flag, Scalar, text

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def _language(value: object) -> str:
    if isinstance(value, str) and _LANGUAGE.fullmatch(value.strip()):
        return value.strip().replace("_", "-")
    raise invalid(
        f"must be a language code such as eng, en or en-GB, not {show(value)}; it is left out",
        instead=DROP,
    )


Language = Annotated[str, Scalar(_language, {"type": "string", "pattern": _LANGUAGE.pattern})]


class SubtitleSource(Model):
    """One file of subtitles."""

    source: Source = Field(
        description="The file, told by its content: SRT, WebVTT, ASS, SSA or TTML, in any usual "
        "encoding. A URL, or an object such as the job's own `source`. Required."
    )
    language: Language | None = Field(
        None, description="Language: `eng`, `en` or `en-GB` (ISO 639, BCP 47). Default: unknown."
    )
    name: Annotated[str, text(64, "the track's name")] | None = Field(
        None, description="Name in the player's menu. Default: the language."
    )
    default: Flag | None = Field(
        None, description="Whether players show it unless told otherwise. Default: false."
    )
    forced: Flag | None = Field(
        None,
        description="Whether it holds only what must be read to follow the film. Default: false.",
    )


with warnings.catch_warnings():
    # `copy` is the API's word; pydantic's own method of that name is not used here.
    warnings.simplefilter("ignore", UserWarning)

    class Subtitles(Model):
        """Texts beside the picture, and captions within it."""

        sources: tuple[SubtitleSource, ...] | None = Field(
            None, max_length=30, description="Files of subtitles, up to 30. Default: none."
        )
        copy: Flag | None = Field(  # type: ignore[assignment]  # see above
            None,
            description="Whether the captions within the source's picture (EIA-608, CEA-708) are "
            "carried; else they are removed. Default: 0.",
        )


class TextFields(Model):
    """What an output shows as text."""

    subtitles: Annotated[Subtitles | None, NothingAsked()] = Field(
        None, description="Subtitles beside the picture. Default: none."
    )
    subtitles_copy: Flag | None = Field(
        None, description="Whether the source's own subtitle streams are shown. Default: 0."
    )

    @property
    def keeps_captions(self) -> bool:
        """Whether captions within the picture are carried."""
        return bool(self.subtitles and self.subtitles.copy)

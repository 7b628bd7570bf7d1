"""Outputs that are what is said in the source."""

from __future__ import annotations

import re
import warnings
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from videngine.spec.faults import invalid, show
from videngine.spec.model import NotYet
from videngine.spec.output_base import OutputBase
from videngine.spec.rendition import ClipFields
from videngine.spec.values import Flag, Scalar, text

Mode = Literal["speed", "balanced", "accuracy"]
MODES: tuple[Mode, ...] = ("speed", "balanced", "accuracy")

# The languages that Whisper models know: ISO 639-1, and two that have three letters only.
LANGUAGES = frozenset(
    re.findall(
        r"\w+",
        "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha "
        "haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr "
        "ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg "
        "th tk tl tr tt uk ur uz vi yi yo yue zh",
    )
)


def _mode(value: object) -> Mode:
    name = value.strip().lower() if isinstance(value, str) else ""
    for mode in MODES:
        if mode == name:
            return mode
    raise invalid(
        f"must be one of {', '.join(MODES)}, not {show(value)}; balanced is used",
        instead="balanced",
    )


def _language(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in LANGUAGES:
        raise invalid(
            f'must be the two letters of a language that Whisper models know ("en"), not '
            f"{show(value)}"
        )
    return name


FileName = Annotated[str, text(200, "a file name")]


DEFAULT_NAMES = {
    "transcript": "transcript.txt",
    "json": "timestamps.json",
    "srt": "subtitles.srt",
    "vtt": "subtitles.vtt",
}


with warnings.catch_warnings():
    # The documented field `json` hides a method that pydantic keeps for callers of old.
    warnings.filterwarnings("ignore", 'Field name "json"', UserWarning)

    class SpeechToTextOutput(OutputBase, ClipFields):
        """What is said, as text files in one folder. Times count from the start of the clip."""

        kind: ClassVar[str] = "speech_to_text"
        extensions: ClassVar[frozenset[str]] = frozenset()

        output: Literal["speech_to_text"] = Field(description="Kind of output. Required.")
        transcript: Flag | None = Field(
            None,
            description="Whether to write the text alone, a line for each sentence. Default: 1.",
        )
        json: Flag | None = Field(  # type: ignore[assignment]  # see above
            None, description="Whether to write the words with their times as JSON. Default: 1."
        )
        srt: Flag | None = Field(None, description="Whether to write SubRip subtitles. Default: 1.")
        vtt: Flag | None = Field(None, description="Whether to write WebVTT subtitles. Default: 1.")
        transcript_name: FileName | None = Field(
            None, description="Name of the text's file. Default: transcript.txt."
        )
        json_name: FileName | None = Field(
            None, description="Name of the JSON file. Default: timestamps.json."
        )
        srt_name: FileName | None = Field(
            None, description="Name of the SubRip file. Default: subtitles.srt."
        )
        vtt_name: FileName | None = Field(
            None, description="Name of the WebVTT file. Default: subtitles.vtt."
        )
        mode: Annotated[Mode, Scalar(_mode, {"enum": list(MODES)})] | None = Field(
            None,
            description="Which of the server's models is used, and how long it may think: `speed`, "
            "`balanced` or `accuracy`. Default: balanced.",
        )
        language: Annotated[str, Scalar(_language, {"type": "string"})] | None = Field(
            None,
            description="Language that is spoken (ISO 639-1). Of several sounds, the first in that "
            "language is taken. Default: as heard.",
        )
        translate_languages: NotYet = Field(
            None, description="Translations to make. Default: none."
        )

        @property
        def default_name(self) -> str:
            """None: it makes several files, `file_names`, in a folder."""
            return ""

        @property
        def names_by_kind(self) -> dict[str, str]:
            """The files to make, by what is in them."""
            kinds = {name: getattr(self, name) for name in DEFAULT_NAMES}
            return {
                kind: getattr(self, f"{kind}_name") or DEFAULT_NAMES[kind]
                for kind, wanted in kinds.items()
                if wanted is not False
            }

        @property
        def file_names(self) -> tuple[str, ...]:
            """The files to make."""
            return tuple(self.names_by_kind.values())

        @field_validator("transcript_name", "json_name", "srt_name", "vtt_name")
        @classmethod
        def _plain_name(cls, name: str | None) -> str | None:
            if name is not None and ("/" in name or "\\" in name or name.startswith(".")):
                raise invalid(f"must be a file name without folders, not {show(name)}")
            return name

        @model_validator(mode="after")
        def _make_something(self) -> Self:
            names = self.file_names
            if not names:
                raise invalid(
                    "is off, and so are `json`, `srt` and `vtt`: switch one of them on",
                    code="conflicting_fields",
                    field="transcript",
                )
            if len(set(names)) < len(names):
                kinds = self.names_by_kind
                twice = next(kind for kind, name in kinds.items() if names.count(name) > 1)
                raise invalid(
                    f"names the same file as another of this output, {show(kinds[twice])}",
                    code="conflicting_fields",
                    field=f"{twice}_name",
                )
            return self

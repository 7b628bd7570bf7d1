"""The tables of ``docs/job-spec.md``: one row for each field, made from the models.

``python -m videngine.spec.document docs/job-spec.md`` renews what stands between
``<!-- fields: Model -->`` and ``<!-- end -->``; a test fails while that is out of date.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from videngine.spec.codec_parameters import CodecParameters
from videngine.spec.destination import S3Destination
from videngine.spec.encoding import EncodingFields
from videngine.spec.ftp import FtpPlace
from videngine.spec.images import ImageFields
from videngine.spec.job import JobSpec
from videngine.spec.logo import Logo, LogoMargin
from videngine.spec.loudness import Loudness
from videngine.spec.model import Model
from videngine.spec.outputs import (
    AdaptiveOutput,
    AdvancedMp4Output,
    DashOutput,
    FlacOutput,
    GifOutput,
    HlsAudioOutput,
    HlsOutput,
    M4aOutput,
    MetadataOutput,
    Mp3Output,
    Mp4Output,
    OpusOutput,
    OutputBase,
    RepackOutput,
    Rung,
    SegmentedOutput,
    SpeechToTextOutput,
    ThumbnailOutput,
    ThumbnailsOutput,
    VmafOutput,
    WavOutput,
    WebmOutput,
)
from videngine.spec.place import FilePlace
from videngine.spec.protection import CencDrm, Encryption, FpsDrm
from videngine.spec.remote import RemotePlace
from videngine.spec.rendition import ClipFields, VideoFields
from videngine.spec.s3 import S3Place
from videngine.spec.sftp import SftpPlace
from videngine.spec.sound import AudioFields, AudioTrack
from videngine.spec.source import HttpSource
from videngine.spec.subtitles import Subtitles, SubtitleSource, TextFields
from videngine.spec.webhook import WebhookConfig

MODELS: dict[str, type[Model]] = {
    model.__name__: model
    for model in (
        JobSpec,
        WebhookConfig,
        S3Place,
        S3Destination,
        HttpSource,
        FilePlace,
        RemotePlace,
        FtpPlace,
        SftpPlace,
        OutputBase,
        Mp4Output,
        WebmOutput,
        AdaptiveOutput,
        HlsOutput,
        DashOutput,
        AdvancedMp4Output,
        Rung,
        Encryption,
        CencDrm,
        FpsDrm,
        ThumbnailOutput,
        SpeechToTextOutput,
        MetadataOutput,
        RepackOutput,
        VmafOutput,
        ThumbnailsOutput,
        GifOutput,
        ImageFields,
        VideoFields,
        EncodingFields,
        CodecParameters,
        Logo,
        LogoMargin,
        AudioFields,
        AudioTrack,
        Loudness,
        SegmentedOutput,
        Mp3Output,
        FlacOutput,
        M4aOutput,
        OpusOutput,
        WavOutput,
        HlsAudioOutput,
        ClipFields,
        TextFields,
        Subtitles,
        SubtitleSource,
    )
}

_TABLE = re.compile(r"(<!-- fields: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DESCRIPTION = re.compile(
    r"(?P<what>.*?)\s*(?:Default: (?P<default>.*)\.|(?P<none>Required|No default)\.)"
)


def renewed(document: str) -> str:
    """The document with all its tables as the models have them now."""
    return _TABLE.sub(lambda found: found[1] + table(MODELS[found[2]]) + found[3], document)


def table(model: type[Model]) -> str:
    """The fields that a model adds to those it inherits, in Markdown."""
    properties = model.model_json_schema()["properties"]
    own = [name for name in inspect.get_annotations(model) if name in model.model_fields]
    rows = [_row(name, properties[name]) for name in own]
    return "\n".join(["| field | takes | default | meaning |", "|---|---|---|---|", *rows, ""])


def _row(name: str, schema: dict[str, Any]) -> str:
    found = _DESCRIPTION.fullmatch(schema["description"])
    assert found, f"the description of {name} must end in its default"
    default = found["default"] or {"Required": "**required**"}.get(found["none"], "")
    takes = "*not yet*" if schema.get("x-not-yet-supported") else _takes(schema)
    return f"| `{name}` | {takes} | {default} | {found['what']} |"


def _takes(schema: dict[str, Any]) -> str:
    """A schema in a word or two."""
    if options := schema.get("anyOf") or schema.get("oneOf"):
        words = [_takes(option) for option in options if option != {"type": "null"}]
        return " or ".join(dict.fromkeys(word for word in words if word))
    if values := schema.get("enum"):
        return "flag" if {"true", "false"} <= set(values) else ", ".join(map(_literal, values))
    if "const" in schema:
        return _literal(schema["const"])
    kind = "object" if "$ref" in schema else schema.get("type", "object")
    if kind == "array":
        return "list"
    if kind == "string" and schema.get("pattern", "").startswith(r"^\s*\d"):
        return ""  # a number as text: said once for all of them
    low, high = schema.get("minimum"), schema.get("maximum")
    range_ = f" {low} to {high}" if low is not None and high is not None else ""
    return {"string": "text", "boolean": "flag"}.get(kind, kind) + range_


def _literal(value: object) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text()))

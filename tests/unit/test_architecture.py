"""ARCHITECTURE.md leads a newcomer from any field of the job to the file where it takes effect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from videngine.spec import JobSpec
from videngine.spec.destination import S3Destination
from videngine.spec.model import Later
from videngine.spec.outputs import (
    AdvancedMp4Output,
    DashOutput,
    GifOutput,
    HlsOutput,
    MetadataOutput,
    Mp4Output,
    RepackOutput,
    SpeechToTextOutput,
    ThumbnailOutput,
    ThumbnailsOutput,
    VmafOutput,
    WebmOutput,
)
from videngine.spec.rung import Rung

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
TABLE = TEXT.split("## Where a field takes effect")[1].split("\n## ")[0]
MODELS: tuple[type[BaseModel], ...] = (
    JobSpec,
    Mp4Output,
    WebmOutput,
    HlsOutput,
    DashOutput,
    AdvancedMp4Output,
    ThumbnailOutput,
    SpeechToTextOutput,
    MetadataOutput,
    RepackOutput,
    VmafOutput,
    ThumbnailsOutput,
    GifOutput,
    Rung,
)
# Parts of `source` and `destination` are one row: storage reads them all.
PARTS = set(S3Destination.model_fields) - {"permissions"}


def made_fields() -> set[str]:
    """Fields that do something in this version."""
    return {
        name
        for model in MODELS
        for name, field in model.model_fields.items()
        if not any(isinstance(mark, Later) for mark in field.metadata)
    } - (PARTS - {"destination", "source"})


@pytest.mark.parametrize("field", sorted(made_fields()))
def test_every_field_has_a_row(field: str) -> None:
    rows = [line.split("|")[1] for line in TABLE.splitlines() if line.startswith("| ")]
    assert any(f"`{field}`" in row for row in rows), f"`{field}` is missing in ARCHITECTURE.md"


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([a-z_0-9/]+(?:\.[a-z]+|/))`", TEXT))
    places = [ROOT, ROOT / "python/videngine", ROOT / "src/engine"]
    missing = {
        name
        for name in named
        if ("/" in name or name.endswith((".py", ".h", ".cpp", ".md")))
        and not any((place / name).exists() for place in places)
    }
    assert not missing - {"transcode.py"}

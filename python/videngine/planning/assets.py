"""Subtitle files and logos: which ones the outputs of a job name, and what became of fetching them.

A model says that a field of its own is such a file by the type `videngine.spec.source.Source`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videngine.spec.job import JobSpec
from videngine.spec.model import Model
from videngine.spec.source import FileSource, FtpSource, HttpSource, S3Source, SftpSource
from videngine.spec.subtitles import TextFields

AssetSource = S3Source | HttpSource | FtpSource | SftpSource | FileSource


@dataclass(frozen=True, kw_only=True)
class Asset:
    """What a place held: a local file at ``path``.

    ``error`` says, for people, why there is none; or, beside a path, why the file is of no use.
    """

    path: Path | None = None
    error: str = ""


Assets = Mapping[AssetSource, Asset]
"""Every asset of a job by the place that it came from."""


def named_assets(spec: JobSpec) -> tuple[AssetSource, ...]:
    """The places that the outputs name, each once, in the order of the request."""
    return tuple(dict.fromkeys(_places(spec.format)))


def named_subtitles(spec: JobSpec) -> dict[AssetSource, str]:
    """The places among them that are to hold subtitles, with a language each, which may be ""."""
    found: dict[AssetSource, str] = {}
    for output in spec.format:
        subtitles = output.subtitles if isinstance(output, TextFields) else None
        for entry in (subtitles and subtitles.sources) or ():
            found.setdefault(entry.source, entry.language or "")
    return found


def _places(value: Any) -> Iterator[AssetSource]:
    if isinstance(value, AssetSource):
        yield value
    elif isinstance(value, Model):
        for _, inner in value:
            yield from _places(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _places(inner)

"""Outputs that are made without encoding: facts as JSON, the source in another container."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from videngine import engine
from videngine.outputs import PackagedFile
from videngine.packaging.files import packaged
from videngine.packaging.renditions import Renditions


def package_document(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Write what planning found out."""
    del stop  # it is over before anybody could ask
    output = renditions.output
    assert output.document is not None, "planning writes the document of every such output"
    target = folder / output.name
    text = json.dumps(output.document, ensure_ascii=False, indent=1)
    target.write_text(text + "\n", encoding="utf-8")
    return [packaged(output, folder, target)]


def package_repack(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Copy the source's packets."""
    output = renditions.output
    assert output.repack is not None, "planning plans every such output"
    target = folder / output.name
    engine.repack(replace(output.repack, target=str(target)), stop=stop)
    return [packaged(output, folder, target)]

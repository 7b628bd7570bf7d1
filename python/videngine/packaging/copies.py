"""Outputs that are made without encoding: facts as JSON, the source in another container."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from videngine import engine
from videngine.outputs import PackagedFile, ScorePlan
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


def package_scores(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Write what was measured before."""
    del stop  # it is over before anybody could ask
    output = renditions.output
    first = output.scores[0]
    document = {
        "model": f"vmaf_{first.model}",
        "n_subsample": first.n_subsample,
        "width": first.width_px,
        "height": first.height_px,
        "renditions": [
            {"id": plan.video, "frame_rate": str(plan.frame_rate), **_scored(plan)}
            for plan in output.scores
        ],
    }
    target = folder / output.name
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return [packaged(output, folder, target)]


def _scored(plan: ScorePlan) -> dict[str, Any]:
    if plan.reason:
        return {"not_scored": plan.reason}
    result: dict[str, Any] = json.loads(Path(plan.path).read_text())
    return result

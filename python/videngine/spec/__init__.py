"""The job spec: a request → a frozen `JobSpec` and warnings, or every fault at once."""

from __future__ import annotations

from typing import Any

from videngine.spec.job import JobSpec
from videngine.spec.keys import OutputPlace, place_outputs
from videngine.spec.parse import ParsedJob, parse_job
from videngine.spec.secrets import join_secrets, split_secrets

__all__ = [
    "JobSpec",
    "OutputPlace",
    "ParsedJob",
    "join_secrets",
    "json_schema",
    "parse_job",
    "place_outputs",
    "split_secrets",
]


def json_schema(*, ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """The request as JSON Schema; ``ref_template`` says where definitions are kept."""
    return JobSpec.model_json_schema(ref_template=ref_template)

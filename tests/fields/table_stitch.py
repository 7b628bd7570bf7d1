"""Rows of jobs with several sources: each needs more than one film."""

from __future__ import annotations

from tests.fields.rows import Elsewhere

ELSEWHERE = [
    Elsewhere(
        fields=("JobSpec.stitch",),
        test="tests/engine/test_stitch.py::test_every_picture_of_every_clip_is_in_its_place",
    ),
]

"""``stitch``: clips are sources with a range, and stand in the place of ``source``."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import parse_job
from videngine.spec.secrets import join_secrets, split_secrets


def job(**top: Any) -> str:
    return json.dumps({"video_id": "reel", "format": [{"output": "mp4"}], **top})


def faults(**top: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_job(job(**top))
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_clips_are_urls_or_sources_with_a_range() -> None:
    spec = parse_job(
        job(
            stitch=[
                "https://example.com/a.mp4",
                {"url": "https://example.com/b.mp4", "start_time": "00:01:00", "duration": "2.5s"},
                {"type": "s3", "bucket": "films", "path": "/c.mp4", "start_time": 3},
            ]
        )
    ).spec
    assert [clip.kind for clip in spec.sources] == ["http", "http", "s3"]
    assert spec.stitch is not None
    assert [(clip.start_time, clip.duration) for clip in spec.stitch] == [
        (None, None),
        (Fraction(60), Fraction(5, 2)),
        (Fraction(3), None),
    ]
    assert spec.echo()["stitch"][1] == {
        "type": "https",
        "url": "https://example.com/b.mp4",
        "start_time": "60",
        "duration": "2.5",
    }


def test_a_job_has_a_source_or_clips_and_not_both() -> None:
    assert faults() == [("source", "missing_field")]
    both = faults(source="https://example.com/a.mp4", stitch=["https://example.com/b.mp4"])
    assert both == [("source", "conflicting_fields")]


@pytest.mark.parametrize("kind", ["metadata", "repack", "vmaf"])
def test_what_tells_of_one_file_is_not_made_of_clips(kind: str) -> None:
    outputs = [{"output": "mp4"}, {"output": kind}]
    found = faults(stitch=["https://example.com/a.mp4"], format=outputs)
    assert found == [("format[1].output", "conflicting_fields")]


def test_wrong_clips_are_named_each() -> None:
    assert faults(
        stitch=[{"type": "gopher"}, 3, {"url": "https://example.com/a", "duration": 0}]
    ) == [
        ("stitch[0].type", "invalid_field"),
        ("stitch[1]", "invalid_field"),
        ("stitch[2].duration", "invalid_field"),
    ]
    assert faults(stitch=[]) == [("stitch", "missing_field")]


def test_the_secrets_of_clips_are_kept_apart() -> None:
    spec = parse_job(
        job(stitch=[{"bucket": "b", "path": "a.mp4", "key": "AKIA", "secret": "s3cr3t"}])
    ).spec
    stored, secrets = split_secrets(spec)
    assert "s3cr3t" not in json.dumps(stored)
    assert "s3cr3t" in secrets.values()
    assert join_secrets(stored, secrets) == spec

"""`callback_url` and `retry_on_error`, which other services have in the place of what we have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.spec import join_secrets, parse_job, split_secrets

URL = "https://h.example.com/hook?token=hunter2"
BODY: dict[str, Any] = {"video_id": "v", "source": "https://h/a", "format": [{"output": "mp4"}]}


def test_it_is_short_for_a_webhook() -> None:
    short = parse_job({**BODY, "callback_url": URL}).spec
    assert short == parse_job({**BODY, "webhook_config": {"url": URL}}).spec
    assert "hunter2" not in repr(short) + json.dumps(short.echo())
    stored, secrets = split_secrets(short)
    assert "hunter2" not in json.dumps(stored)
    assert join_secrets(stored, secrets) == short


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"callback_url": URL, "webhook_config": {"url": URL}}, "conflicting_fields"),
        ({"callback_url": "ftp://h/hook"}, "invalid_field"),
        ({"callback_url": "https://u:p@h/hook"}, "invalid_field"),
    ],
)
def test_what_cannot_be_posted_to_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_job({**BODY, **fields})
    assert [fault.code for fault in caught.value.faults] == [code]
    assert "hunter2" not in repr(caught.value.faults)


@pytest.mark.parametrize("value", [1, "1", True, 0, None])
def test_one_more_try_is_what_happens_anyway(value: object) -> None:
    assert parse_job({**BODY, "retry_on_error": value}).warnings == ()


def test_more_tries_are_the_operators_choice() -> None:
    with pytest.raises(SpecError) as caught:
        parse_job({**BODY, "retry_on_error": 7})
    assert [fault.code for fault in caught.value.faults] == ["not_yet_supported"]

"""Logs hold no credentials, whoever writes them."""

from __future__ import annotations

import io
import logging

import pytest

from videngine.jobs.redaction import RedactingFormatter, redact

C = "CANARY0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {C}",
        f"authorization: Basic {C}==",
        f"{{'Authorization': 'Bearer {C}', 'x': 1}}",
        f'{{"x-api-key": "{C}"}}',
        f"X-Amz-Security-Token: {C}",
        f"sent with bearer {C}",
        f"GET https://user:{C}@host/path failed",
        f"GET https://{C}@host/path failed",
        f"ftp://{C}:{C}@host/",
        f"https://b.s3.amazonaws.com/k?X-Amz-Credential={C}&X-Amz-Signature={C}&x=1",
        f"https://h/p?sig={C}",
        f"https://h/p?a=1&access_token={C}",
        f"https://h/p?Expires=1;Signature={C};Key-Pair-Id={C}",
        f"token vg_{C}",
        f"secret whsec_{C}",
    ],
)
def test_credentials_are_masked(text: str) -> None:
    masked = redact(text)
    assert C not in masked
    assert "********" in masked


def test_path_tokens_of_outputs_are_masked() -> None:
    job_id = "2f1c7a3e-0c55-4c0e-9d0c-aaaaaaaaaaaa"
    token = "0123456789abcdef" * 2
    masked = redact(f"GET /outputs/{job_id}/{token}/a.mp4 failed")
    assert token not in masked
    assert job_id in masked
    assert "a.mp4" in masked


@pytest.mark.parametrize(
    "text",
    [
        "job 2f1c7a3e-0c55-4c0e-9d0c-aaaaaaaaaaaa: upload_failed: it went away",
        "GET https://media.example.com/in.mp4?page=2&limit=20",
        "the key frame interval is 2 s",
        "mail me@example.com",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_tracebacks_are_masked_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(message)s"))
    logger = logging.Logger("canary")
    logger.addHandler(handler)
    try:
        raise ValueError(f"https://user:{C}@host/")
    except ValueError:
        logger.exception("failed with %s", f"Bearer {C}")
    assert C not in stream.getvalue()
    assert "ValueError" in stream.getvalue()

"""Tokens from the command line to the database."""

from __future__ import annotations

import json

import pytest

from videngine.cli import main
from videngine.jobs.database import Database
from videngine.jobs.tokens import PREFIX, authenticate, create_token, list_tokens
from videngine.settings import Settings


@pytest.fixture(autouse=True)
def _state(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDENGINE_STATE_DIR", str(settings.state_dir))


def who(settings: Settings, token: str) -> str | None:
    database = Database(settings)
    try:
        return authenticate(database, token)
    finally:
        database.close()


def test_a_token_is_made_listed_and_revoked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "create", "--name", "ci", "--tenant", "studio"]) == 0
    token = capsys.readouterr().out.splitlines()[-1]
    assert token.startswith(PREFIX)
    assert who(settings, token) == "studio"

    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert token not in listed
    assert [(t["name"], t["tenant"]) for t in json.loads(listed)] == [("ci", "studio")]

    assert main(["token", "revoke", "ci"]) == 0
    assert who(settings, token) is None
    assert main(["token", "revoke", "ci"]) == 1


def test_tokens_have_256_bits_and_are_never_the_same(settings: Settings) -> None:
    made = {create_token(settings, "a") for _ in range(3)}
    assert len(made) == 3
    assert all(len(token) == len(PREFIX) + 43 for token in made)


@pytest.mark.parametrize(
    ("name", "tenant"), [("", "t"), ("n" * 101, "t"), ("n", ""), ("n", "t" * 65)]
)
def test_names_that_fit_no_column_are_refused(settings: Settings, name: str, tenant: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        create_token(settings, name, tenant)


def test_a_token_may_end_by_itself(settings: Settings) -> None:
    assert who(settings, create_token(settings, "a", expires_in_s=60)) == "default"
    assert who(settings, create_token(settings, "a", expires_in_s=-1)) is None
    assert [t.expires_at is not None for t in list_tokens(settings)] == [True, True]

"""Envelopes open for their owner and with the right key only."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from videngine.keyring import Keyring
from videngine.settings import Settings

REQUEST = {"source": {"secret": "canary"}, "n": 1}


def key(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


def ring(settings: Settings, *keys: str) -> Keyring:
    return Keyring.load(settings.model_copy(update={"secret_key": ",".join(keys)}))


def test_what_was_sealed_opens_and_cannot_be_read_otherwise(settings: Settings) -> None:
    keyring = Keyring.load(settings)
    key_id, envelope = keyring.seal(REQUEST, bound_to="a")
    assert b"canary" not in envelope
    assert keyring.open(key_id, envelope, bound_to="a") == REQUEST
    assert keyring.seal(REQUEST, bound_to="a")[1] != envelope


def test_an_envelope_that_was_moved_or_changed_does_not_open(settings: Settings) -> None:
    keyring = Keyring.load(settings)
    key_id, envelope = keyring.seal(REQUEST, bound_to="a")
    with pytest.raises(KeyError):
        keyring.open(key_id, envelope, bound_to="b")
    for place in (0, 30, 70, len(envelope) - 1):
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises(KeyError):
            keyring.open(key_id, bytes(changed), bound_to="a")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens(settings: Settings) -> None:
    old, new = ring(settings, key(1)), ring(settings, key(2), key(1))
    sealed = old.seal(REQUEST, bound_to="a")
    assert new.open(*sealed, bound_to="a") == REQUEST
    again = new.seal(REQUEST, bound_to="a")
    assert again[0] != sealed[0]
    with pytest.raises(KeyError, match="VIDENGINE_SECRET_KEY"):
        old.open(*again, bound_to="a")


@pytest.mark.parametrize("bad", ["short", "%%%", base64.b64encode(b"x" * 31).decode()])
def test_a_key_that_is_none_is_refused_without_being_printed(settings: Settings, bad: str) -> None:
    with pytest.raises(ValueError, match="base64 of 32") as caught:
        ring(settings, bad)
    assert bad not in str(caught.value)


def test_a_key_is_made_once_and_for_its_owner_only(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.load(settings), range(8)))
    sealed = rings[0].seal(REQUEST, bound_to="a")
    assert all(r.open(*sealed, bound_to="a") == REQUEST for r in rings)
    path = settings.state_dir / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in settings.state_dir.iterdir()] == ["secret.key"]


def test_signatures_are_for_one_purpose(settings: Settings) -> None:
    keyring = Keyring.load(settings)
    signature = keyring.sign("a", b"message")
    assert keyring.verify("a", b"message", signature)
    assert not keyring.verify("b", b"message", signature)
    assert not keyring.verify("a", b"other", signature)
    assert not keyring.verify("a", b"message", "")


def test_the_secret_key_is_not_in_the_settings_text(tmp_path: Path) -> None:
    assert key(1) not in repr(Settings(state_dir=tmp_path, secret_key=key(1)))

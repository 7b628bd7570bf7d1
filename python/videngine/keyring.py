"""What must not be readable in the database: one envelope a job, and keys derived for signing.

The whole request is the secret, so that no credential can be overlooked. It is encrypted with a
data key of its own (AES-256-GCM, bound to tenant and job); the data key is encrypted with the
operator's key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from videngine.settings import Settings

_NONCE_BYTES = 12
_KEY_BYTES = 32
_WRAPPED_BYTES = _NONCE_BYTES + _KEY_BYTES + 16


class Keyring:
    """The operator's keys: the first encrypts, all decrypt; a new key is put in front of the old.

    Immutable; safe to share between threads.
    """

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {hashlib.sha256(key).hexdigest()[:16]: key for key in keys}
        self._first = next(iter(self._keys))

    @staticmethod
    def load(settings: Settings) -> Keyring:
        """Keys from ``secret_key``, else from ``secret.key`` in the state folder, made if need be.

        Raises:
            ValueError: a key is not base64 of 32 bytes.
        """
        if settings.secret_key:
            return Keyring([_decode(k) for k in settings.secret_key.split(",")])
        return Keyring([_key_file(settings.state_dir.resolve() / "secret.key")])

    def seal(self, data: dict[str, Any], *, bound_to: str) -> tuple[str, bytes]:
        """Encrypt ``data`` as (key id, envelope); it opens for the same ``bound_to`` only."""
        data_key = secrets.token_bytes(_KEY_BYTES)
        aad = bound_to.encode()
        wrapped = _encrypt(self._keys[self._first], data_key, aad)
        return self._first, wrapped + _encrypt(data_key, json.dumps(data).encode(), aad)

    def open(self, key_id: str, envelope: bytes, *, bound_to: str) -> dict[str, Any]:
        """Decrypt what `seal` made.

        Raises:
            KeyError: the key is no longer in the ring, or the envelope is not this owner's.
        """
        aad = bound_to.encode()
        try:
            data_key = _decrypt(self._keys[key_id], envelope[:_WRAPPED_BYTES], aad)
            data = json.loads(_decrypt(data_key, envelope[_WRAPPED_BYTES:], aad))
        except (KeyError, InvalidTag):
            raise KeyError(
                f"no key opens this secret (key id {key_id}): put the key that sealed it "
                "back into VIDENGINE_SECRET_KEY, behind the current one"
            ) from None
        assert isinstance(data, dict)
        return data

    def sign(self, purpose: str, message: bytes) -> str:
        """HMAC-SHA256 in hexadecimal under a key for this purpose only."""
        key = hmac.digest(self._keys[self._first], purpose.encode(), "sha256")
        return hmac.new(key, message, "sha256").hexdigest()

    def verify(self, purpose: str, message: bytes, signature: str, *, characters: int = 64) -> bool:
        """Whether a key of the ring made this start of a signature, compared in constant time."""
        return any(
            hmac.compare_digest(
                Keyring([key]).sign(purpose, message)[:characters].encode(), signature.encode()
            )
            for key in self._keys.values()
        )


def _encrypt(key: bytes, data: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def _decrypt(key: bytes, data: bytes, aad: bytes) -> bytes:
    return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], aad)


def _decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(
            "VIDENGINE_SECRET_KEY must be base64 of 32 random bytes "
            "(`openssl rand -base64 32`), several separated by commas"
        )
    return key


def _key_file(path: Path) -> bytes:
    """Read the key, or make it: whole or not at all, even when two processes start at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(handle, base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(temporary, path)  # fails if the other process was first: its key counts
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return _decode(path.read_text())

"""Secrets of a request apart from the rest, so that they can be stored under a key of their own.

Secret are credentials, the values of webhook headers, and every URL with user information or a
query.
"""

from __future__ import annotations

from typing import Any

from videngine.spec.job import JobSpec
from videngine.spec.private import Credential, PrivateUrl

_REFERENCE = "$secret"


def split_secrets(spec: JobSpec) -> tuple[dict[str, Any], dict[str, str]]:
    """The request as JSON, a reference in the place of each secret, and secrets by path."""
    secrets: dict[str, str] = {}
    stored = _split(spec.model_dump(exclude_none=True), "", secrets)
    assert isinstance(stored, dict)
    return stored, secrets


def join_secrets(stored: dict[str, Any], secrets: dict[str, str]) -> JobSpec:
    """The way back from `split_secrets`.

    Raises:
        KeyError: a secret that ``stored`` refers to is missing.
    """
    return JobSpec.model_validate(_join(stored, secrets))


def _split(value: Any, path: str, secrets: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _split(v, f"{path}.{k}" if path else k, secrets) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_split(v, f"{path}[{i}]", secrets) for i, v in enumerate(value)]
    if isinstance(value, Credential) or (isinstance(value, PrivateUrl) and value.has_secrets):
        secrets[path] = value.get_secret_value()
        return {_REFERENCE: path}
    return value.get_secret_value() if isinstance(value, PrivateUrl) else value


def _join(value: Any, secrets: dict[str, str]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_REFERENCE}:
            return secrets[value[_REFERENCE]]
        return {k: _join(v, secrets) for k, v in value.items()}
    return [_join(v, secrets) for v in value] if isinstance(value, list) else value

"""Addresses of what the default store holds.

Players cannot send a bearer token with every segment, so the path holds one: an HMAC over the job's
id. Relative addresses in playlists stay below it.
"""

from __future__ import annotations

from videngine.keyring import Keyring
from videngine.settings import Settings

_PURPOSE = "outputs"
_TOKEN_CHARACTERS = 32  # 128 bits


def public_url(settings: Settings) -> str:
    """How clients reach the API, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def path_token(keyring: Keyring, job_id: str) -> str:
    """The part of a path that lets its bearer read the outputs of one job."""
    return keyring.sign(_PURPOSE, job_id.encode())[:_TOKEN_CHARACTERS]


def is_path_token(keyring: Keyring, job_id: str, token: str) -> bool:
    """Whether `path_token` made this token for the job, under any key of the ring."""
    return keyring.verify(_PURPOSE, job_id.encode(), token, characters=_TOKEN_CHARACTERS)


def outputs_url(settings: Settings, job_id: str) -> str:
    """The address below which the default store serves the outputs of one job."""
    token = path_token(Keyring.load(settings), job_id)
    return f"{public_url(settings)}/outputs/{job_id}/{token}"

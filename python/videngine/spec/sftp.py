"""SSH servers: files over SFTP, with a password or a private key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from videngine.spec.faults import invalid
from videngine.spec.private import REDACTED, Credential
from videngine.spec.remote import RemotePlace
from videngine.spec.values import Scalar

_MAX_KEY = 16_384
_PEM = re.compile(
    r"-----BEGIN ((?:OPENSSH |RSA |EC )?PRIVATE KEY)-----\n([A-Za-z0-9+/=\n]+)-----END \1-----\n"
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def _private_key(value: Any) -> Any:
    """The shape only: what is in it is looked at where nobody else waits for it."""
    found = value.replace("\r\n", "\n").strip() + "\n" if isinstance(value, str) else ""
    if not _PEM.fullmatch(found) or len(found) > _MAX_KEY:
        raise invalid(
            "must be a private key as text, -----BEGIN ... PRIVATE KEY----- and so on, without a "
            "passphrase (it is kept encrypted here)"
        )
    return Credential(found)


def _host_key(value: object) -> str:
    found = value.strip().rstrip("=") if isinstance(value, str) else ""
    if not _FINGERPRINT.fullmatch(found):
        raise invalid("must be a fingerprint as `ssh-keygen -l` prints it, SHA256:...")
    return found


PrivateKey = Annotated[
    Credential,
    BeforeValidator(_private_key),
    WithJsonSchema({"type": "string", "maxLength": _MAX_KEY, "writeOnly": True}),
]
HostKey = Annotated[str, Scalar(_host_key, {"type": "string", "pattern": _FINGERPRINT.pattern})]


class SftpPlace(RemotePlace):
    """A file or folder on an SSH server."""

    schemes = ("sftp",)
    usual_port = 22

    type: Literal["sftp"] = Field("sftp", description="Protocol. Default: told from `url`.")
    private_key: PrivateKey | None = Field(
        None,
        description="Private key of the user as text (OpenSSH or PEM; Ed25519, ECDSA or RSA), "
        "without a passphrase. Default: none, `secret` is used.",
    )
    host_key: HostKey | None = Field(
        None,
        description="Fingerprint of the server's key, `SHA256:...`. "
        "Default: the server is one of the operator's known hosts.",
    )

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "sftp"

    @classmethod
    def path_of_url(cls, path: str) -> str:
        """What the path of a URL means: from the root; `/~/` is the folder one logs in to."""
        return path.removeprefix("/~/")

    @model_validator(mode="after")
    def _have_credentials(self) -> SftpPlace:
        if not self.key:
            raise invalid("is required: the user", code="missing_field", field="key")
        if not self.secret and not self.private_key:
            message = "is required: the password, or give `private_key`"
            raise invalid(message, code="missing_field", field="secret")
        return self

    def echo(self) -> dict[str, Any]:
        """The place as responses print it."""
        given = {
            "private_key": REDACTED if self.private_key else None,
            "host_key": self.host_key,
        }
        return super().echo() | {name: v for name, v in given.items() if v is not None}

"""FTP servers, plain or with TLS."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from videngine.spec.remote import RemotePlace
from videngine.spec.values import Flag


class FtpPlace(RemotePlace):
    """A file or folder on an FTP server."""

    schemes = ("ftp", "ftps")
    usual_port = 21

    type: Literal["ftp", "ftps"] = Field(
        "ftp", description="`ftps` is FTP with TLS. Default: told from `url`."
    )
    use_tls: Flag | None = Field(
        None, description="Whether to use TLS. Default: true for `ftps`, false for `ftp`."
    )
    is_passive: Flag | None = Field(
        None,
        description="Passive mode; false has the server connect back to this one. Default: true.",
    )

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "ftp"

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        return "ftps" if self.tls else "ftp"

    @property
    def tls(self) -> bool:
        """Whether to use TLS, with its default."""
        return self.type == "ftps" if self.use_tls is None else self.use_tls

    def echo(self) -> dict[str, Any]:
        """The place as responses print it."""
        given = {"use_tls": self.use_tls, "is_passive": self.is_passive}
        return super().echo() | {name: v for name, v in given.items() if v is not None}

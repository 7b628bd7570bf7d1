"""Servers that one logs in to, as parts or as one URL: what FTP and SFTP have in common."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any, ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field, model_validator

from videngine.spec.faults import invalid
from videngine.spec.place import Place, needs_one_of, refuse_beside_url
from videngine.spec.private import MAX_URL, REDACTED, SecretText
from videngine.spec.s3 import Endpoint
from videngine.spec.values import is_unset, text, whole

RemotePath = Annotated[str, text(1024, "the path of a file")]
Port = Annotated[int, whole(1, 65_535, clamp=False, zero=True)]


class RemotePlace(Place):
    """A file or folder on a server."""

    model_config = ConfigDict(json_schema_extra=needs_one_of(("endpoint", "path"), ("url",)))

    schemes: ClassVar[tuple[str, ...]] = ()
    usual_port: ClassVar[int] = 0

    endpoint: Endpoint = Field(description="The server's host. Required.")
    path: RemotePath = Field(
        description="Path from the folder one logs in to, or from the root if it begins with `/`. "
        "Required."
    )
    key: SecretText | None = Field(
        None, description="User; SFTP needs one. Default: anonymous (FTP)."
    )
    secret: SecretText | None = Field(None, description="Password. Default: none.")
    tcp_port: Port | None = Field(
        None,
        description="Port; TLS begins at once on 990 and is asked for on others. "
        "Default: 21 (FTP), 22 (SFTP).",
    )
    url: Annotated[str, text(MAX_URL, "a URL")] | None = Field(
        None, description="Instead of these: `ftp://user:password@host:port/path`. No default."
    )

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        return self.schemes[0]

    @property
    def host(self) -> str:
        """The server's host alone."""
        return urlsplit(f"//{self.endpoint.rpartition('://')[2]}").hostname or ""

    @property
    def port(self) -> int:
        """The port, with its default."""
        named = urlsplit(f"//{self.endpoint.rpartition('://')[2]}").port
        return self.tcp_port or named or self.usual_port

    @property
    def clean_path(self) -> str:
        """``path`` without empty parts."""
        return posixpath.normpath(self.path)

    @classmethod
    def path_of_url(cls, path: str) -> str:
        """What the path of a URL means: in FTP it begins where one logs in (RFC 1738)."""
        return path.removeprefix("/")

    @model_validator(mode="before")
    @classmethod
    def _split_url(cls, data: Any) -> Any:
        if not isinstance(data, dict) or is_unset(data.get("url")):
            return data
        refuse_beside_url(data, "endpoint", "path", "key", "secret", "tcp_port")
        try:
            parts = urlsplit(str(data["url"]).strip())
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise invalid("is not a URL that can be read", field="url", final=True) from None
        scheme = parts.scheme.lower()
        if scheme not in cls.schemes or not host or parts.query:
            message = f"must look like {cls.schemes[0]}://host/path"
            raise invalid(message, field="url", final=True)
        if data.get("type") not in (None, "", scheme):
            raise invalid(
                f"says {scheme}, `type` another protocol",
                code="conflicting_fields",
                field="url",
                final=True,
            )
        split = {
            "type": scheme,
            "endpoint": f"[{host}]" if ":" in host else host,
            "tcp_port": port,
            "key": None if parts.username is None else unquote(parts.username),
            "secret": None if parts.password is None else unquote(parts.password),
            "path": cls.path_of_url(unquote(parts.path)),
        }
        return {k: v for k, v in data.items() if k != "url"} | split

    def echo(self) -> dict[str, Any]:
        """The place as responses print it."""
        out: dict[str, Any] = {
            "type": getattr(self, "type", self.scheme),
            "endpoint": self.endpoint,
            "path": self.path,
            "key": REDACTED if self.key else None,
            "secret": REDACTED if self.secret else None,
        }
        return out if self.tcp_port is None else out | {"tcp_port": self.tcp_port}

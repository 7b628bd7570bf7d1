"""FTP servers, plain or with TLS, as parts or as one URL."""

from __future__ import annotations

import posixpath
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field, model_validator

from videngine.spec.faults import invalid
from videngine.spec.place import Place, needs_one_of
from videngine.spec.private import MAX_URL, REDACTED, SecretText
from videngine.spec.s3 import Endpoint
from videngine.spec.values import Flag, is_unset, text, whole

FtpPath = Annotated[str, text(1024, "the path of a file")]
Port = Annotated[int, whole(1, 65_535, clamp=False, zero=True)]


class FtpPlace(Place):
    """A file or folder on an FTP server."""

    model_config = ConfigDict(json_schema_extra=needs_one_of(("endpoint", "path"), ("url",)))

    type: Literal["ftp", "ftps"] = Field(
        "ftp", description="`ftps` is FTP with TLS. Default: told from `url`."
    )
    endpoint: Endpoint = Field(description="The server's host. Required.")
    path: FtpPath = Field(description="Path from the folder one logs in to. Required.")
    key: SecretText | None = Field(None, description="User. Default: anonymous.")
    secret: SecretText | None = Field(None, description="Password. Default: none.")
    tcp_port: Port | None = Field(
        None,
        description="Port; TLS begins at once on 990 and is asked for on others. Default: 21.",
    )
    use_tls: Flag | None = Field(
        None, description="Whether to use TLS. Default: true for `ftps`, false for `ftp`."
    )
    is_passive: Flag | None = Field(
        None,
        description="Passive mode; false has the server connect back to this one. Default: true.",
    )
    url: Annotated[str, text(MAX_URL, "a URL")] | None = Field(
        None, description="Instead of the parts: `ftp://user:password@host:port/path`. No default."
    )

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "ftp"

    @property
    def host(self) -> str:
        """The server's host alone."""
        return urlsplit(f"//{self.endpoint.rpartition('://')[2]}").hostname or ""

    @property
    def port(self) -> int:
        """The port, with its default."""
        return self.tcp_port or urlsplit(f"//{self.endpoint.rpartition('://')[2]}").port or 21

    @property
    def tls(self) -> bool:
        """Whether to use TLS, with its default."""
        return self.type == "ftps" if self.use_tls is None else self.use_tls

    @property
    def clean_path(self) -> str:
        """``path`` without empty parts."""
        return posixpath.normpath(self.path)

    @model_validator(mode="before")
    @classmethod
    def _split_url(cls, data: Any) -> Any:
        if not isinstance(data, dict) or is_unset(data.get("url")):
            return data
        for part in ("endpoint", "path", "key", "secret", "tcp_port"):
            if not is_unset(data.get(part)):
                raise invalid(
                    f"`url` and `{part}` both say where it is; give `url` or the parts, not both",
                    code="conflicting_fields",
                    field="url",
                    final=True,
                )
        try:
            parts = urlsplit(str(data["url"]).strip())
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise invalid("is not a URL that can be read", field="url", final=True) from None
        if parts.scheme.lower() not in ("ftp", "ftps") or not host or parts.query:
            raise invalid("must look like ftp://host/path", field="url", final=True)
        scheme = parts.scheme.lower()
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
            "path": unquote(parts.path).removeprefix("/"),  # from where one logs in (RFC 1738)
        }
        return {k: v for k, v in data.items() if k != "url"} | split

    def echo(self) -> dict[str, Any]:
        """The place as responses print it."""
        out: dict[str, Any] = {
            "type": self.type,
            "endpoint": self.endpoint,
            "path": self.path,
            "key": REDACTED if self.key else None,
            "secret": REDACTED if self.secret else None,
        }
        given = ("tcp_port", "use_tls", "is_passive")
        return out | {n: getattr(self, n) for n in given if getattr(self, n) is not None}

"""S3 and what speaks its protocol, as parts or as one URL."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import ConfigDict, Field, model_validator

from videngine.spec.faults import invalid
from videngine.spec.model import NotYet
from videngine.spec.place import Place, Url, needs_one_of, refuse_beside_url
from videngine.spec.private import REDACTED, SecretText
from videngine.spec.values import Flag, Scalar, has_control_characters, is_unset, text

GCS_ENDPOINT = "https://storage.googleapis.com"

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")


def _bucket(value: object) -> str:
    if not isinstance(value, str) or not _BUCKET.fullmatch(value):
        raise invalid("must be a bucket's name: letters, digits, '.', '_', '-'")
    return value


def _region(value: object) -> str:
    if not isinstance(value, str) or not _REGION.fullmatch(value.strip()):
        raise invalid("must be a region's name such as us-east-1, or auto")
    return value.strip()


def _endpoint(value: object) -> str:
    """A host or URL, without anything that only requests have."""
    if not isinstance(value, str) or has_control_characters(value) or " " in value.strip():
        raise invalid("must be a host or URL such as https://s3.example.com")
    endpoint = value.strip().rstrip("/")
    try:
        parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise invalid("is not a URL that can be read") from None
    if parts.scheme not in ("http", "https") or not host or endpoint.endswith(":"):
        raise invalid("must be an http:// or https:// URL with a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise invalid("must not hold credentials or a query; use `key` and `secret`")
    return endpoint


Bucket = Annotated[str, Scalar(_bucket, {"type": "string", "pattern": _BUCKET.pattern})]
Region = Annotated[str, Scalar(_region, {"type": "string", "pattern": _REGION.pattern})]
Endpoint = Annotated[str, Scalar(_endpoint, {"type": "string", "maxLength": 2048})]
ObjectPath = Annotated[str, text(1024, "the key of an object")]


class S3Place(Place):
    """A bucket of S3 or of anything that speaks its protocol."""

    model_config = ConfigDict(json_schema_extra=needs_one_of(("bucket",), ("url",)))

    type: Literal["s3", "gcs", "r2", "minio"] = Field(
        "s3",
        description="Kind of storage. `gcs`, `r2` and `minio` are S3 with an `endpoint`; `gcs` "
        "knows its own. "
        "Default: told from `url` or `bucket`.",
    )
    region: Region | None = Field(None, description="Region, `auto` for R2. Default: us-east-1.")
    key: SecretText | None = Field(
        None,
        description="Access key. Default: none, requests are not signed; on the command line your "
        "own AWS identity.",
    )
    secret: SecretText | None = Field(None, description="Secret of the access key. No default.")
    bucket: Bucket = Field(description="Bucket. Required.")
    endpoint: Endpoint | None = Field(
        None, description="Host or URL of the store, addressed path-style. Default: AWS."
    )
    path: ObjectPath | None = Field(
        None,
        description="Key, for destinations folder or key; one leading `/` is dropped. "
        "Default: the bucket itself (destinations only).",
    )
    use_tls: Flag | None = Field(
        None,
        description="Whether an `endpoint` without a scheme is https. A scheme that says "
        "otherwise wins, with a "
        "warning. Default: true.",
    )
    is_passive: Flag | None = Field(
        None, description="Passive mode of FTP; means nothing for S3. Default: true."
    )
    url: Url | None = Field(
        None,
        description="Instead of the parts: `s3://key:secret@host/bucket/path`, or "
        "`s3://bucket/path` on AWS (a first "
        "part with a dot or a port is a host). Key and secret are percent-encoded. No default.",
    )
    tcp_port: NotYet = Field(None, description="Port of FTP and SFTP. Default: the protocol's.")

    @property
    def kind(self) -> str:
        """What tells the kinds of places apart."""
        return "s3"

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint with its scheme, or None for AWS."""
        endpoint = self.endpoint or (GCS_ENDPOINT if self.type == "gcs" else None)
        if endpoint is None or "://" in endpoint:
            return endpoint
        return f"{'http' if self.use_tls is False else 'https'}://{endpoint}"

    @property
    def region_name(self) -> str:
        """The region, with its default."""
        return self.region or "us-east-1"

    @property
    def object_key(self) -> str:
        """``path`` without its one leading slash; "" when there is none."""
        return (self.path or "").removeprefix("/")

    @model_validator(mode="before")
    @classmethod
    def _split_url(cls, data: Any) -> Any:
        if not isinstance(data, dict) or is_unset(data.get("url")):
            return data
        refuse_beside_url(data, "bucket", "endpoint", "path", "key", "secret")
        return {k: v for k, v in data.items() if k != "url"} | split_s3_url(data["url"])

    @model_validator(mode="after")
    def _agree(self) -> S3Place:
        for name, other in (("key", "secret"), ("secret", "key")):
            if getattr(self, name) is None and getattr(self, other) is not None:
                raise invalid(f"is missing beside `{other}`", code="missing_field", field=name)
        if self.type in ("r2", "minio") and self.endpoint is None:
            raise invalid(
                f"is required for type {self.type}", code="missing_field", field="endpoint"
            )
        if self.endpoint and "://" in self.endpoint and self.use_tls is not None:
            tls = self.endpoint.startswith("https://")
            if tls != self.use_tls:
                raise invalid(
                    "disagrees with the scheme of `endpoint`, which wins",
                    code="conflicting_fields",
                    field="use_tls",
                    instead=tls,
                )
        return self

    def echo(self) -> dict[str, Any]:
        """The place as responses print it: unset fields as "", credentials redacted."""
        return {
            "type": self.type,
            "key": REDACTED if self.key else "",
            "secret": REDACTED if self.secret else "",
            "bucket": self.bucket,
            "region": self.region or "",
            "path": self.path or "",
            "endpoint": self.endpoint or "",
            **{
                name: value
                for name in ("use_tls", "is_passive")
                if (value := getattr(self, name)) is not None
            },
        }


def split_s3_url(url: object) -> dict[str, str]:
    """The parts of ``s3://[key:secret@][host/]bucket/path``.

    Raises:
        PydanticCustomError: it is not such a URL. The message never repeats it.
    """
    found = re.fullmatch(r"s3://(?:([^@/]*)@)?([^/]+)(?:/(.*))?", str(url).strip(), re.DOTALL)
    if not found:
        raise invalid("must look like s3://host/bucket/path", field="url", final=True)
    login, first, rest = found[1], found[2], found[3] or ""
    parts: dict[str, str] = {}
    if login:
        key, _, secret = login.partition(":")
        parts |= {"key": unquote(key), "secret": unquote(secret)}
    if "." in first or ":" in first or first == "localhost":
        bucket, _, rest = rest.partition("/")
        parts |= {"endpoint": first, "bucket": bucket}
    else:
        parts["bucket"] = first
    if rest:
        parts["path"] = rest
    return parts

"""Encryption of what an output makes. Nothing here is mended.

A protection with a value that cannot be used becomes `Unusable`, with a warning, and its output
fails: a request is answered as a whole, and clear media is never written in the place of protected.

A key must never reach anything that is stored, printed or sent; ids, initialisation vectors and
addresses stand in manifests for everybody to read, so none of them may be the key itself.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from videngine.pssh import parse_pssh
from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Model
from videngine.spec.private import MAX_URL, REDACTED, Credential, PrivateUrl, WebUrl
from videngine.spec.values import Scalar, does_nothing, has_control_characters

PROTECTION_FIELDS = ("encryption", "cenc_drm", "fps_drm")

_HEX = re.compile(r"[0-9a-f]{32}")
_HEX_SCHEMA = {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"}
_MAX_PSSH = 16_384  # it goes through a pipe to the packager at once


def _hex(value: object) -> str | None:
    """32 hexadecimal digits in lower case, without the ``0x`` that playlists put before them."""
    text = value.strip().lower().removeprefix("0x") if isinstance(value, str) else ""
    return text if _HEX.fullmatch(text) else None


def _key(value: object) -> Credential:
    if isinstance(value, Credential):
        return value
    digits = _hex(value)
    if digits is None:  # the message must not show what may be nearly a key
        raise invalid("must be 32 hexadecimal digits: an AES-128 key", code="invalid_drm_key")
    return Credential(digits)


def _public_hex(what: str) -> Scalar:
    def parse(value: object) -> str:
        digits = _hex(value.replace("-", "") if isinstance(value, str) else value)
        if digits is None:
            raise invalid(f"must be 32 hexadecimal digits: {what}", code="invalid_drm_key")
        return digits

    return Scalar(parse, _HEX_SCHEMA)


def _pssh(value: object) -> str:
    """Base64 of one or more whole boxes."""
    if not isinstance(value, str) or len(value) > _MAX_PSSH:
        raise invalid("must be base64 of whole pssh boxes", code="invalid_drm_key")
    text = "".join(value.split())
    try:
        parse_pssh(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise invalid("must be base64", code="invalid_drm_key") from None
    except ValueError as error:
        raise invalid(f"must be whole pssh boxes: {error}", code="invalid_drm_key") from None
    return text


def _skd_url(value: object) -> PrivateUrl:
    if isinstance(value, PrivateUrl):
        return value
    text = value.strip() if isinstance(value, str) else ""
    try:
        scheme = urlsplit(text).scheme.lower()
    except ValueError:
        scheme = ""
    plain = not has_control_characters(text) and not set(text) & set(' "')
    if scheme not in ("skd", "https", "http") or len(text) > MAX_URL or not plain:
        raise invalid("must be a URL such as skd://your-asset")
    return PrivateUrl(text)


def _scheme(value: object) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in ("cenc", "cbcs"):
        raise invalid(f"must be cenc or cbcs, not {show(value)}")
    return name


class NothingAsked:
    """Annotates an object of fields: null, false, 0, "" and {} ask for nothing and are None.

    An object with fields asks for something, even if all of them are empty: it is checked.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read what asks for nothing as None."""
        return core_schema.no_info_before_validator_function(_asked, handler(source))


@dataclass(frozen=True)
class Unusable:
    """Stands for a protection with a value that no encryption takes; only `parse_job` makes one.

    ``fields`` are those that were given. None of their values is kept.
    """

    fields: tuple[str, ...]

    def echo(self) -> dict[str, str]:
        """The protection as responses print it."""
        return dict.fromkeys(self.fields, REDACTED)


@dataclass(frozen=True)
class AskedFor:
    """Annotates a protection: read as `NothingAsked` reads, but may be `Unusable`."""

    model: type[Model]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read what asks for nothing as None, and let `Unusable` through."""

        def read(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
            if isinstance(value, Unusable):
                return value
            return inner(_asked(value))

        def write(value: Any, inner: SerializerFunctionWrapHandler) -> Any:
            return value.echo() if isinstance(value, Unusable) else inner(value)

        return core_schema.no_info_wrap_validator_function(
            read,
            handler.generate_schema(self.model | None),
            serialization=core_schema.wrap_serializer_function_ser_schema(write),
        )


def _asked(value: Any) -> Any:
    if isinstance(value, dict) and value:
        return value
    return None if does_nothing(value) else value


Key = Annotated[
    Credential,
    BeforeValidator(_key),
    WithJsonSchema({**_HEX_SCHEMA, "writeOnly": True}),
]
Iv = Annotated[str, _public_hex("an initialisation vector")]
KeyId = Annotated[str, _public_hex("the id of a key, dashes or not")]
PsshBoxes = Annotated[str, Scalar(_pssh, {"type": "string", "maxLength": _MAX_PSSH})]
Scheme = Annotated[Literal["cenc", "cbcs"], Scalar(_scheme, {"enum": ["cenc", "cbcs"]})]
SkdUrl = Annotated[
    PrivateUrl,
    BeforeValidator(_skd_url),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL}),
]


_KEY = Field(description="Content key: 32 hexadecimal digits. Required.")


class _Keyed(Model):
    """A protection with one key."""

    key: Key = _KEY

    @model_validator(mode="after")
    def _no_key_in_the_open(self) -> Self:
        """All else of a protection is published."""
        key = self.key.get_secret_value()
        for name in type(self).model_fields:
            value = getattr(self, name)
            shown = value.get_secret_value() if isinstance(value, PrivateUrl) else value
            if isinstance(shown, str) and key in shown.lower().replace("-", ""):
                raise invalid(
                    "must not hold the key: it stands in manifests for everybody to read",
                    code="invalid_drm_key",
                    field=name,
                )
        return self


class Encryption(_Keyed):
    """AES-128 of whole HLS segments."""

    key: Key = _KEY
    iv: Iv | None = Field(
        None,
        description="Initialisation vector of every segment: 32 hexadecimal digits. Default: the "
        "segment's number.",
    )
    key_url: WebUrl = Field(
        description="Where players fetch the key: 16 bytes, binary. Stands in the playlists. "
        "Required."
    )


class CencDrm(_Keyed):
    """Common encryption (ISO/IEC 23001-7) with one key for all tracks."""

    key: Key = _KEY
    key_id: KeyId = Field(
        description="Id of the key: 32 hexadecimal digits, dashes or not. Required."
    )
    iv: Iv | None = Field(
        None,
        description="Constant initialisation vector of `cbcs`: 32 hexadecimal digits. Default: a "
        "random one.",
    )
    pssh: PsshBoxes | None = Field(
        None,
        description="Base64 of whole `pssh` boxes, one for each DRM system, one behind the other. "
        "Default: the common box, for ClearKey.",
    )
    la_url: WebUrl | None = Field(
        None, description="Licence server, for the MPD. Default: players know theirs."
    )
    scheme: Scheme | None = Field(
        None,
        description="`cenc` (AES-CTR) or `cbcs` (AES-CBC, pattern 1:9). Default: cenc for DASH "
        "and files, cbcs where there is an HLS playlist.",
    )

    @model_validator(mode="after")
    def _boxes_are_for_this_key(self) -> Self:
        boxes = parse_pssh(base64.b64decode(self.pssh)) if self.pssh else ()
        if any(bytes.fromhex(self.key.get_secret_value()) in box.box for box in boxes):
            raise invalid("must not hold the key", code="invalid_drm_key", field="pssh")
        if any(b.key_ids and bytes.fromhex(self.key_id) not in b.key_ids for b in boxes):
            raise invalid(
                "has a box for other keys than `key_id`", code="invalid_drm_key", field="pssh"
            )
        return self


class FpsDrm(_Keyed):
    """FairPlay: `cbcs` with Apple's signalling in HLS."""

    key: Key = _KEY
    iv: Iv = Field(description="Constant initialisation vector: 32 hexadecimal digits. Required.")
    key_url: SkdUrl = Field(description="What players ask the key with: `skd://...`. Required.")


def check_together(
    cenc: CencDrm | Unusable | None,
    fairplay: FpsDrm | Unusable | None,
    *,
    default: Literal["cenc", "cbcs"],
) -> None:
    """Whether two DRM fields of one output can be: one key, one vector, and `cbcs`.

    Raises:
        PydanticCustomError: ``conflicting_fields``.
    """
    if isinstance(cenc, Unusable) or isinstance(fairplay, Unusable):
        return
    if cenc is not None and fairplay is not None:
        if cenc.scheme == "cenc":
            raise _conflict("cenc_drm.scheme", "must be cbcs where `fps_drm` is set")
        if cenc.key != fairplay.key:
            raise _conflict("fps_drm.key", "must be that of `cenc_drm`: media has one key")
        if cenc.iv not in (None, fairplay.iv):
            raise _conflict("cenc_drm.iv", "must be that of `fps_drm`, or be left out")
    elif cenc is not None and cenc.iv is not None and (cenc.scheme or default) == "cenc":
        raise invalid(
            "is only for cbcs: counter mode must not begin two tracks with one vector; each track "
            "gets a random one",
            code="conflicting_fields",
            field="cenc_drm.iv",
            instead=DROP,
        )


def _conflict(field: str, message: str) -> Exception:
    return invalid(message, code="conflicting_fields", field=field)

"""Common encryption: what Shaka Packager is told, and what manifests tell players of it."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from uuid import UUID

from videngine.packaging.playlist import quoted
from videngine.protection import CommonEncryption
from videngine.pssh import COMMON, PLAYREADY, WIDEVINE, common_pssh, parse_pssh

_CLEARKEY = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
_NAMESPACES = {"ms": "urn:microsoft", "dashif": "https://dashif.org/CPS"}
_PROTECTION = re.compile(
    r'(?s)( *)(<ContentProtection\b[^>]*schemeIdUri="urn:uuid:([0-9a-f-]+)"[^>]*>)(.*?)'
    r"(\n *</ContentProtection>)"
)


def settled(encryption: CommonEncryption) -> CommonEncryption:
    """The encryption with its vector and its boxes chosen where the request leaves that to us."""
    boxes = encryption.pssh or parse_pssh(common_pssh([encryption.key_id]))
    iv = encryption.iv
    if iv is None and encryption.scheme == "cbcs":
        iv = secrets.token_bytes(16)
    return replace(encryption, iv=iv, pssh=boxes)


def packager_flags(encryption: CommonEncryption) -> list[str]:
    """Flags of Shaka Packager. They hold the key: never for its command line.

    Without ``--iv`` the packager draws one for each track. In counter mode (cenc) that is a must:
    two tracks with one key and one vector give each other away.
    """
    boxes = b"".join(box.box for box in encryption.pssh)
    return [
        "--enable_raw_key_encryption",
        f"--keys=label=:key_id={encryption.key_id.hex()}:key={encryption.key.hex()}",
        f"--pssh={boxes.hex()}",
        f"--protection_scheme={encryption.scheme}",
        "--clear_lead=0",  # five seconds of clear media by default
        *([f"--iv={encryption.iv.hex()}"] if encryption.scheme == "cbcs" and encryption.iv else []),
    ]


def key_tags(encryption: CommonEncryption) -> list[str]:
    """EXT-X-KEY tags, one for each system that a player may have."""
    method = "SAMPLE-AES" if encryption.scheme == "cbcs" else "SAMPLE-AES-CTR"
    return [f"#EXT-X-KEY:METHOD={method},{rest}" for rest in _systems(encryption)]


def _systems(encryption: CommonEncryption) -> Iterator[str]:
    iv = f",IV=0x{encryption.iv.hex()}" if encryption.iv else ""
    if encryption.fairplay_url:
        yield (
            f"URI={quoted(encryption.fairplay_url)}"
            ',KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
        )
    for box in encryption.pssh:
        if box.system == WIDEVINE:
            yield (
                f'URI="{_data_url(box.box)}",KEYID=0x{encryption.key_id.hex()}{iv},'
                f'KEYFORMAT="urn:uuid:{WIDEVINE}",KEYFORMATVERSIONS="1"'
            )
        elif box.system == PLAYREADY:
            yield (
                f'URI="{_data_url(box.data, ";charset=UTF-16")}"{iv},'
                'KEYFORMAT="com.microsoft.playready",KEYFORMATVERSIONS="1"'
            )
    if _has_common(encryption):
        uri = _data_url(encryption.key_id)
        yield f'URI="{uri}"{iv},KEYFORMAT="org.w3.clearkey",KEYFORMATVERSIONS="1"'
        # Shaka Player finds no other format; hls.js would prefer it, and cannot use it, for cbcs.
        if encryption.scheme == "cenc":
            yield f'URI="{uri}",KEYFORMAT="identity"'


def _has_common(encryption: CommonEncryption) -> bool:
    return not encryption.fairplay_url and any(box.system == COMMON for box in encryption.pssh)


def _data_url(data: bytes, parameters: str = "") -> str:
    return f"data:text/plain{parameters};base64,{base64.b64encode(data).decode()}"


def with_licence_url(mpd: str, encryption: CommonEncryption) -> str:
    """The text of an MPD with ``la_url`` where DASH players look for it.

    That is in the element of PlayReady, whose field it is; of all systems where there is none of
    PlayReady; and of ClearKey, in an element of its own, beside the common box.
    """
    if not encryption.la_url:
        return mpd
    systems = {box.system for box in encryption.pssh}
    told = systems & {PLAYREADY} or systems

    def tell(found: re.Match[str]) -> str:
        indent, opening, system, body, closing = found.groups()
        if UUID(system) not in told:
            return found[0]
        if UUID(system) == COMMON:
            clearkey = _element(indent, _CLEARKEY, encryption.la_url)
            return f"{found[0]}\n{clearkey}"
        line = f"\n{indent}  "
        url = f"{line}<dashif:Laurl>{escape(encryption.la_url, quote=False)}</dashif:Laurl>"
        if UUID(system) == PLAYREADY:
            url = f'{line}<ms:laurl licenseUrl="{escape(encryption.la_url)}"/>{url}'
        return f"{indent}{opening}{body}{url}{closing}"

    names = "".join(f' xmlns:{name}="{uri}"' for name, uri in _NAMESPACES.items())
    return _PROTECTION.sub(tell, mpd.replace("<MPD ", f"<MPD{names} ", 1))


def _element(indent: str, scheme: str, la_url: str) -> str:
    return (
        f'{indent}<ContentProtection value="ClearKey1.0" schemeIdUri="{scheme}">\n'
        f"{indent}  <dashif:Laurl>{escape(la_url, quote=False)}</dashif:Laurl>\n"
        f"{indent}</ContentProtection>"
    )

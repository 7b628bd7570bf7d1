"""What an output's protection fields come to."""

from __future__ import annotations

import base64
from uuid import NAMESPACE_URL, uuid5

from videngine.protection import CommonEncryption, Protection, SegmentEncryption
from videngine.pssh import parse_pssh
from videngine.spec.outputs import AdaptiveOutput, Mp4Output, Output
from videngine.spec.private import PrivateUrl
from videngine.spec.protection import PROTECTION_FIELDS, CencDrm, FpsDrm, Unusable

UNUSABLE = {
    "code": "invalid_drm_key",
    "message": "The output was to be protected with values that cannot be used; the warnings of "
    "the request name them.",
}


def is_unusable(output: Output) -> bool:
    """Whether protection was asked for that cannot be made: nothing may be written then."""
    return any(isinstance(getattr(output, name, None), Unusable) for name in PROTECTION_FIELDS)


def protection_of(output: Output) -> Protection | None:
    """How the output's media is encrypted, or None: it is clear. Not for `is_unusable` ones."""
    if isinstance(output, Mp4Output) and output.cenc_drm:
        return _common(output.cenc_drm, None, scheme="cenc")
    if not isinstance(output, AdaptiveOutput):
        return None
    encryption, cenc, fairplay = output.encryption, output.cenc_drm, output.fps_drm
    if (
        isinstance(encryption, Unusable)
        or isinstance(cenc, Unusable)
        or isinstance(fairplay, Unusable)
    ):
        return None
    if encryption:
        return SegmentEncryption(
            key=bytes.fromhex(encryption.key.get_secret_value()),
            iv=bytes.fromhex(encryption.iv) if encryption.iv else None,
            key_url=encryption.key_url.get_secret_value(),
        )
    if cenc or fairplay:
        return _common(cenc, fairplay, scheme=output.default_scheme)
    return None


def _common(cenc: CencDrm | None, fairplay: FpsDrm | None, *, scheme: str) -> CommonEncryption:
    keyed = cenc or fairplay
    assert keyed is not None
    if fairplay is not None:
        scheme = "cbcs"
    elif cenc is not None and cenc.scheme:
        scheme = cenc.scheme
    iv = (fairplay and fairplay.iv) or (cenc and cenc.iv)
    fairplay_url = _url(fairplay.key_url if fairplay else None)
    return CommonEncryption(
        scheme="cbcs" if scheme == "cbcs" else "cenc",
        key=bytes.fromhex(keyed.key.get_secret_value()),
        # FairPlay knows keys by their URL alone; the boxes need an id all the same.
        key_id=bytes.fromhex(cenc.key_id) if cenc else uuid5(NAMESPACE_URL, fairplay_url).bytes,
        iv=bytes.fromhex(iv) if iv else None,
        pssh=parse_pssh(base64.b64decode(cenc.pssh)) if cenc and cenc.pssh else (),
        la_url=_url(cenc.la_url if cenc else None),
        fairplay_url=fairplay_url,
    )


def _url(url: PrivateUrl | None) -> str:
    return url.get_secret_value() if url else ""

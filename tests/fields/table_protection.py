"""Rows of encryption: each field is proved by a program that decrypts, or by reading the boxes."""

from __future__ import annotations

import base64
from typing import Any

import m3u8
from tests.fields.rows import Made, Row
from tests.fields.table_core import film, hls, mp4
from tests.packaging.decrypt import (
    DECRYPTORS,
    KEY,
    file_frames,
    frames,
    openssl_decrypted,
    parts,
)

from videngine.packaging.boxes import find
from videngine.pssh import WIDEVINE, parse_pssh

KEY_ID = "00112233445566778899aabbccddeeff"
IV = "0123456789abcdef0123456789abcdef"
KEY_URL = "https://keys.example.com/k"
CENC = {"key": KEY, "key_id": KEY_ID}
WIDEVINE_BOX = base64.b64encode(
    b"\0\0\0\x32pssh\0\0\0\0" + WIDEVINE.bytes + b"\0\0\0\x12\x12\x10" + bytes.fromhex(KEY_ID)
).decode()


def pair(**fields: Any) -> dict[str, Any]:
    """A job with a clear output and a protected one of the same renditions."""
    return film(hls(segment_duration=2), hls(segment_duration=2, **fields))


def segments_open_with_openssl(made: Made) -> None:
    for name in ("video_1", "audio_1"):
        media = m3u8.load(str(made.path(1, f"{name}/playlist.m3u8")))
        assert {(k.method, k.uri, k.iv) for k in media.keys if k} == {
            ("AES-128", KEY_URL, f"0x{IV}")
        }
        clear = parts(made.path(0, f"{name}/init.mp4").parent)
        secret = parts(made.path(1, f"{name}/init.mp4").parent)
        assert len(clear) == len(secret) == 2
        for before, after in zip(clear, secret, strict=True):
            assert openssl_decrypted(after, key=KEY, iv=IV) == before.read_bytes()


def transport_stream_counts_its_vectors(made: Made) -> None:
    for number in (1, 2):
        plain = openssl_decrypted(
            made.path(0, f"segment_{number}.ts"), key=KEY, iv=f"{number:032x}"
        )
        assert plain[::188].count(0x47) == len(plain) / 188


def frames_are_the_clear_ones(made: Made) -> None:
    for name in ("video_1", "audio_1"):
        clear, secret = (made.path(i, f"{name}/init.mp4").parent for i in (0, 1))
        before = frames(clear, made.folder / "one.mp4")
        assert len(before) >= 96
        assert frames(secret, made.folder / "one.mp4", key=KEY) == before
        assert not set(frames(secret, made.folder / "one.mp4")) & set(before)


def every_codec_is_encrypted(made: Made) -> None:
    for clear in (0, 2):
        for name in ("video_1", "audio_1"):
            folders = [made.path(i, f"{name}/init.mp4").parent for i in (clear, clear + 1)]
            one, newest = made.folder / "one.mp4", DECRYPTORS["bundled"]
            before = frames(folders[0], one, ffmpeg=newest)
            assert len(before) >= 20
            assert frames(folders[1], one, key=KEY, ffmpeg=newest) == before
            assert not set(frames(folders[1], one, ffmpeg=newest)) & set(before)


def file_is_encrypted(made: Made) -> None:
    for ffmpeg in DECRYPTORS.values():
        before = sorted(file_frames(made.path(0), ffmpeg=ffmpeg))
        assert len(before) > 100
        assert sorted(file_frames(made.path(1), key=KEY, ffmpeg=ffmpeg)) == before
    assert not set(file_frames(made.path(1))) & set(before)


def cbcs_for_fairplay(made: Made) -> None:
    frames_are_the_clear_ones(made)
    text = made.path(1, "video_1/playlist.m3u8").read_text()
    assert '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://asset"' in text
    data = made.path(1, "video_1/init.mp4").read_bytes()
    assert [b.kind for b in find(data, "moov/trak/mdia/minf/stbl/stsd/*")] == [b"encv"]
    assert bytes.fromhex(IV) in data


def mpd_names_widevine_and_the_licence_server(made: Made) -> None:
    text = made.path(0, ".mpd").read_text()
    assert 'value="cenc"' in text
    assert 'default_KID="00112233-4455-6677-8899-aabbccddeeff"' in text
    assert WIDEVINE_BOX in text
    assert "<dashif:Laurl>https://licence.example.com/</dashif:Laurl>" in text
    data = made.path(0, "video_1/init.mp4").read_bytes()
    (box,) = find(data, "moov/pssh")
    assert parse_pssh(data[box.begin : box.end]) == parse_pssh(base64.b64decode(WIDEVINE_BOX))


ROWS = [
    Row(
        fields=("AdaptiveOutput.encryption", "Encryption.key", "Encryption.iv",
                "Encryption.key_url"),
        name="encryption",
        job=pair(encryption={"key": KEY, "iv": IV, "key_url": KEY_URL}),
        check=segments_open_with_openssl,
    ),
    Row(
        fields=("AdaptiveOutput.encryption", "Encryption.iv"),
        name="encryption of MPEG-TS without a vector",
        job=film(hls(segment_duration=2, separate_audio=0,
                     encryption={"key": KEY, "key_url": KEY_URL})),
        check=transport_stream_counts_its_vectors,
    ),
    Row(
        fields=("AdaptiveOutput.cenc_drm", "CencDrm.key", "CencDrm.key_id"),
        name="cenc_drm",
        job=pair(cenc_drm=CENC),
        check=frames_are_the_clear_ones,
    ),
    Row(
        fields=("AdaptiveOutput.cenc_drm", "CencDrm.scheme"),
        name="cenc_drm of other codecs",
        job=film(*(
            hls(duration=2, **codecs, **drm)
            for codecs, scheme in (({"video_codec": "hevc", "audio_codec": "opus"}, "cbcs"),
                                   ({"video_codec": "av1", "audio_codec": "flac"}, "cenc"))
            for drm in ({}, {"cenc_drm": {**CENC, "scheme": scheme}})
        )),
        check=every_codec_is_encrypted,
    ),
    Row(fields=("Mp4Output.cenc_drm", "CencDrm.key"), name="cenc_drm of a file",
        job=film(mp4(), mp4(cenc_drm=CENC)), check=file_is_encrypted),
    Row(
        fields=("CencDrm.scheme", "CencDrm.pssh", "CencDrm.la_url"),
        name="cenc_drm of DASH",
        job=film(hls(output="dash", cenc_drm={**CENC, "pssh": WIDEVINE_BOX, "scheme": "cenc",
                                              "la_url": "https://licence.example.com/"})),
        check=mpd_names_widevine_and_the_licence_server,
    ),
    Row(
        fields=("AdaptiveOutput.fps_drm", "FpsDrm.key", "FpsDrm.iv", "FpsDrm.key_url",
                "CencDrm.iv"),
        name="fps_drm",
        job=pair(cenc_drm={**CENC, "iv": IV}, fps_drm={"key": KEY, "iv": IV,
                                                      "key_url": "skd://asset"}),
        check=cbcs_for_fairplay,
    ),
]  # fmt: skip

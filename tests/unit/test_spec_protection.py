"""Keys and DRM in requests: what is unusable fails its output, nothing is left unprotected."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from videngine.errors import SpecError
from videngine.media import MediaInfo, Stream
from videngine.planning import JobPlan, plan_job
from videngine.protection import CommonEncryption, SegmentEncryption
from videngine.pssh import common_pssh, parse_pssh
from videngine.spec import JobSpec, join_secrets, parse_job, split_secrets

KEY = "000102030405060708090A0B0C0D0E0F"
KEY_ID = "00112233-4455-6677-8899-AABBCCDDEEFF"
PLAIN_ID = "00112233445566778899aabbccddeeff"
IV = "fedcba98765432100123456789abcdef"
AES = {"key": KEY, "iv": IV, "key_url": "https://keys.example.com/k"}
CENC = {"key": KEY, "key_id": KEY_ID}
FPS = {"key": KEY, "iv": IV, "key_url": "skd://asset"}


def boxes(*key_ids: str) -> str:
    return base64.b64encode(common_pssh([bytes.fromhex(k) for k in key_ids])).decode()


def job(output: str = "hls", **fields: Any) -> dict[str, Any]:
    rungs = {"stream": [{"height": 180}]} if output in ("hls", "dash", "advanced_mp4") else {}
    entry = {"output": output, **rungs, **fields}
    return {"video_id": "v", "source": "https://h/a.mp4", "format": [entry]}


def faults(body: dict[str, Any], *, strict: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_job(body, strict=strict)
    assert KEY.lower() not in repr(caught.value.faults).lower()
    return [(f.path.removeprefix("format[0]."), f.code) for f in caught.value.faults]


def spoiled(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The warnings of a request whose one output must fail and make nothing."""
    parsed = parse_job(body)
    assert KEY.lower() not in repr((parsed, parsed.spec.echo())).lower()
    plan = plan_of(parsed.spec)
    assert plan.outputs[0].error is not None
    assert plan.outputs[0].error["code"] == "invalid_drm_key"
    assert plan.engine.video == plan.engine.audio == ()
    return [(w.path.removeprefix("format[0]."), w.code) for w in parsed.warnings]


def planned(body: dict[str, Any]) -> SegmentEncryption | CommonEncryption | None:
    plan = plan_of(parse_job(body, strict=True).spec)
    assert plan.outputs[0].error is None
    return plan.outputs[0].protection


def plan_of(spec: JobSpec) -> JobPlan:
    video = Stream(index=0, type="video", codec="h264", width_px=320, height_px=180, frame_rate=25)  # type: ignore[arg-type]
    media = MediaInfo(
        format="mp4", size_bytes=1, duration_s=10, bit_rate_bps=1, start_s=0, streams=(video,)  # type: ignore[arg-type]
    )  # fmt: skip
    return plan_job(spec, media, source_path="a", work_dir="w", default_preset="fast", cores=1)


def test_whole_segments_are_encrypted_as_asked() -> None:
    found = planned(job(encryption=AES))
    assert found == SegmentEncryption(
        key=bytes.fromhex(KEY), iv=bytes.fromhex(IV), key_url=AES["key_url"]
    )


def test_common_encryption_is_cbcs_for_hls_and_cenc_for_dash_unless_told() -> None:
    schemes = [
        planned(job("hls", cenc_drm=CENC)),
        planned(job("dash", cenc_drm=CENC)),
        planned(job("hls", cenc_drm={**CENC, "scheme": "CENC"})),
        planned(job("dash", cenc_drm={**CENC, "scheme": "cbcs", "iv": IV})),
        planned(job("hls", fps_drm=FPS)),
    ]
    found = [s.scheme for s in schemes if isinstance(s, CommonEncryption)]
    assert found == ["cbcs", "cenc", "cenc", "cbcs", "cbcs"]


def test_ids_lose_their_dashes_and_boxes_are_read() -> None:
    found = planned(job(cenc_drm={**CENC, "pssh": boxes(PLAIN_ID), "la_url": "https://l/x?y=1"}))
    assert isinstance(found, CommonEncryption)
    assert found.key_id.hex() == PLAIN_ID
    assert found.pssh == parse_pssh(common_pssh([bytes.fromhex(PLAIN_ID)]))
    assert found.la_url == "https://l/x?y=1"


def test_fairplay_and_the_others_share_one_key() -> None:
    found = planned(job(cenc_drm=CENC, fps_drm=FPS))
    assert isinstance(found, CommonEncryption)
    assert (found.scheme, found.iv, found.fairplay_url) == (
        "cbcs",
        bytes.fromhex(IV),
        "skd://asset",
    )
    assert found.key_id.hex() == PLAIN_ID


BAD_KEYS = ["key", KEY[:-1], KEY + "0", KEY[:-1] + "g", 7, ["x"], "0" * 31 + "\n1"]


@pytest.mark.parametrize("bad", BAD_KEYS)
@pytest.mark.parametrize(
    ("field", "good"), [("encryption", AES), ("cenc_drm", CENC), ("fps_drm", FPS)]
)
def test_an_unusable_key_fails_its_output(field: str, good: dict[str, str], bad: Any) -> None:
    for part in ("key", "key_id", "iv"):
        if part in good:
            body = job(**{field: {**good, part: bad}})
            expected = [(f"{field}.{part}", "invalid_drm_key")]
            assert faults(body, strict=True) == expected
            assert spoiled(body) == expected


def test_all_unusable_values_of_a_protection_are_named() -> None:
    body = job(cenc_drm={"key": "k", "key_id": KEY, "pssh": "p", "la_url": "l", "scheme": "s"})
    named = [path.removeprefix("cenc_drm.") for path, _ in spoiled(body)]
    assert named == ["key", "pssh", "la_url", "scheme"]
    shown = parse_job(body).spec.echo()["format"][0]["cenc_drm"]
    assert shown == dict.fromkeys(body["format"][0]["cenc_drm"], "********")


def test_protections_exclude_each_other_unusable_or_not() -> None:
    body = job(encryption={**AES, "key": "key"}, cenc_drm=CENC)
    assert faults(body) == [("encryption", "conflicting_fields")]


@pytest.mark.parametrize("empty", [None, "", "  "])
@pytest.mark.parametrize(
    ("field", "good"), [("encryption", AES), ("cenc_drm", CENC), ("fps_drm", FPS)]
)
def test_an_empty_key_is_a_missing_one(field: str, good: dict[str, str], empty: Any) -> None:
    assert faults(job(**{field: {**good, "key": empty}})) == [(f"{field}.key", "missing_field")]
    nothing_in_it = dict.fromkeys(good, empty)
    assert (f"{field}.key", "missing_field") in faults(job(**{field: nothing_in_it}))


@pytest.mark.parametrize("nothing", [None, "", 0, "0", False, {}])
@pytest.mark.parametrize("field", ["encryption", "cenc_drm", "fps_drm"])
def test_what_asks_for_no_protection_is_accepted(field: str, nothing: Any) -> None:
    assert planned(job(**{field: nothing})) is None


@pytest.mark.parametrize("wrong", ["abc", 1, True, [1], ["key"]])
@pytest.mark.parametrize("field", ["encryption", "cenc_drm", "fps_drm"])
def test_a_protection_that_is_no_object_is_a_fault(field: str, wrong: Any) -> None:
    assert faults(job(**{field: wrong})) == [(field, "invalid_field")]


PSSH = [
    "!",
    "AAAA",
    base64.b64encode(common_pssh([bytes(16)])[:-1]).decode(),
    base64.b64encode(b"\0\0\0\x20moov" + bytes(24)).decode(),
    boxes("f" * 32),  # other keys
    base64.b64encode(bytes.fromhex("0000003070737368" + "00" * 20 + "00000010" + KEY)).decode(),
]


@pytest.mark.parametrize("pssh", PSSH)
def test_boxes_that_are_none_or_of_other_keys_are_unusable(pssh: str) -> None:
    assert spoiled(job(cenc_drm={**CENC, "pssh": pssh})) == [("cenc_drm.pssh", "invalid_drm_key")]


def test_the_key_is_never_published() -> None:
    assert spoiled(job(cenc_drm={**CENC, "key_id": KEY})) == [
        ("cenc_drm.key_id", "invalid_drm_key")
    ]
    assert spoiled(job(fps_drm={**FPS, "iv": KEY})) == [("fps_drm.iv", "invalid_drm_key")]
    url = f"https://h/k?key={KEY}"
    assert spoiled(job(encryption={**AES, "key_url": url})) == [
        ("encryption.key_url", "invalid_drm_key")
    ]


@pytest.mark.parametrize("field", ["scheme", "la_url", "pssh"])
def test_other_fields_of_a_drm_are_not_mended_either(field: str) -> None:
    assert spoiled(job(cenc_drm={**CENC, field: "nonsense"}))[0][0] == f"cenc_drm.{field}"


def test_an_unknown_field_of_a_protection_is_a_fault() -> None:
    assert faults(job(cenc_drm={**CENC, "shceme": "cbcs"})) == [
        ("cenc_drm.shceme", "unknown_field")
    ]


@pytest.mark.parametrize(
    ("output", "field"),
    [
        ("hls", "encrytion"),
        ("hls", "cenc-drm"),
        ("mp4", "encryption"),
        ("thumbnail", "encryption"),
        ("mp4", "fps_drm"),
    ],
)
def test_what_was_meant_to_protect_is_never_ignored(output: str, field: str) -> None:
    assert faults(job(output, **{field: {"key": KEY}})) == [(field, "unknown_field")]


def test_a_rung_cannot_be_protected_alone() -> None:
    body = job("hls", stream=[{"height": 180, "encryption": AES}])
    assert faults(body) == [("stream[0].encryption", "unknown_field")]


CONFLICTS = [
    ("hls", {"encryption": AES, "cenc_drm": CENC}, "encryption"),
    ("hls", {"encryption": AES, "fps_drm": FPS}, "encryption"),
    ("dash", {"encryption": AES}, "encryption"),
    ("dash", {"fps_drm": FPS}, "fps_drm"),
    ("hls", {"cenc_drm": {**CENC, "scheme": "cenc"}, "fps_drm": FPS}, "cenc_drm.scheme"),
    ("hls", {"cenc_drm": CENC, "fps_drm": {**FPS, "key": KEY[::-1]}}, "fps_drm.key"),
    ("hls", {"cenc_drm": {**CENC, "iv": "0" * 32}, "fps_drm": FPS}, "cenc_drm.iv"),
]


@pytest.mark.parametrize(("output", "fields", "blamed"), CONFLICTS)
def test_protections_that_exclude_each_other_are_faults(
    output: str, fields: dict[str, Any], blamed: str
) -> None:
    assert faults(job(output, **fields)) == [(blamed, "conflicting_fields")]


def test_a_constant_vector_in_counter_mode_is_left_out_with_a_warning() -> None:
    body = job("dash", cenc_drm={**CENC, "iv": IV})
    assert faults(body, strict=True) == [("cenc_drm.iv", "conflicting_fields")]
    parsed = parse_job(body)
    assert [w.path for w in parsed.warnings] == ["format[0].cenc_drm.iv"]
    assert parsed.spec.format[0].cenc_drm.key_id == PLAIN_ID  # type: ignore[union-attr]


def test_keys_are_secrets_of_their_own_and_no_text_has_them() -> None:
    bodies = [job(encryption=AES), job(cenc_drm=CENC, fps_drm=FPS)]
    for body in bodies:
        spec = parse_job(body).spec
        stored, secrets = split_secrets(spec)
        assert join_secrets(json.loads(json.dumps(stored)), secrets) == spec
        echo = json.dumps(spec.echo())
        texts = (json.dumps(stored), repr(spec), str(spec), spec.model_dump_json(), echo)
        assert not any(KEY.lower() in text.lower() for text in texts)
        assert set(secrets.values()) == {KEY.lower()}
    assert json.loads(json.dumps(parse_job(bodies[0]).spec.echo()))["format"][0]["encryption"] == {
        **AES,
        "key": "********",
    }


LADDERS = [
    ("hls", {"fmp4": 0, "cenc_drm": CENC}, "fmp4"),
    ("hls", {"fmp4": 0, "i_frames_only": 1}, "fmp4"),
    ("dash", {"fmp4": 0}, "fmp4"),
    ("advanced_mp4", {"fmp4": 0}, "fmp4"),
    ("hls", {"fmp4": 1, "separate_audio": 0}, "separate_audio"),
    ("dash", {"separate_audio": 0}, "separate_audio"),
    ("hls", {"separate_audio": 0, "cenc_drm": CENC}, "separate_audio"),
    ("advanced_mp4", {"separate_audio": 0}, "separate_audio"),
    ("dash", {"i_frames_only": 1}, "i_frames_only"),
    ("advanced_mp4", {"i_frames_only": 1, "playlist_name": ""}, "i_frames_only"),
    ("hls", {"create_m3u8_playlist": 1}, "create_m3u8_playlist"),
    (
        "advanced_mp4",
        {"playlist_name": "", "subtitles": {"sources": [{"source": "https://h/a.srt"}]}},
        "subtitles",
    ),
]


@pytest.mark.parametrize(("output", "fields", "blamed"), LADDERS)
def test_what_a_ladder_cannot_be_is_left_out_with_a_warning(
    output: str, fields: dict[str, Any], blamed: str
) -> None:
    assert faults(job(output, **fields), strict=True) == [(blamed, "conflicting_fields")]
    warnings = parse_job(job(output, **fields)).warnings
    assert [w.path for w in warnings] == [f"format[0].{blamed}"]


@pytest.mark.parametrize(
    ("field", "value"), [("audio_codec", "mp3"), ("audio_codec", "opus"), ("video_codec", "hevc")]
)
def test_mpeg_ts_with_its_sound_apart_takes_h264_and_aac_alone(field: str, value: str) -> None:
    found = faults(job("hls", fmp4=0, **{field: value}), strict=True)
    assert [code for path, code in found if path.endswith(field)]
    if value != "opus":
        assert parse_job(job("hls", separate_audio=0, **{field: value})).warnings == ()


NEVER = [
    ("advanced_mp4", {"encryption": AES}, "encryption"),
    ("dash", {"encryption": AES, "create_m3u8_playlist": 1}, "encryption"),
    ("advanced_mp4", {"fps_drm": FPS, "playlist_name": ""}, "fps_drm"),
    ("hls", {"encryption": AES, "i_frames_only": 1}, "i_frames_only"),
]


@pytest.mark.parametrize(("output", "fields", "blamed"), NEVER)
def test_what_would_leave_media_clear_or_unplayable_is_a_fault(
    output: str, fields: dict[str, Any], blamed: str
) -> None:
    assert faults(job(output, **fields)) == [(blamed, "conflicting_fields")]


@pytest.mark.parametrize("name", ["a/b.m3u8", "chunks", "a,b.m3u8", ".m3u8", "i_frames.m3u8", 1])
def test_a_media_playlist_has_a_plain_name(name: Any) -> None:
    body = job("hls", stream=[{"height": 180, "chunklist_name": name}])
    assert faults(body) == [("stream[0].chunklist_name", "invalid_field")]


def test_an_empty_name_asks_for_files_without_a_playlist_and_null_does_not() -> None:
    for name, expected in (("", ""), ("  ", ""), (None, "playlist.m3u8")):
        spec = parse_job(job("advanced_mp4", playlist_name=name), strict=True).spec
        assert spec.format[0].default_name == expected
        stored, secrets = split_secrets(spec)
        assert join_secrets(json.loads(json.dumps(stored)), secrets) == spec


def test_dash_with_an_hls_playlist_is_cbcs_and_may_have_fairplay() -> None:
    found = planned(job("dash", cenc_drm=CENC, fps_drm=FPS, create_m3u8_playlist=1))
    assert isinstance(found, CommonEncryption)
    assert found.scheme == "cbcs"
    for output, fields in (("advanced_mp4", {"playlist_name": ""}), ("mp4", {})):
        assert planned(job(output, cenc_drm=CENC, **fields)).scheme == "cenc"  # type: ignore[union-attr]

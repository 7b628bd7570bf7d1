"""Protected outputs: other programs decrypt them to the same frames; nothing of them is clear."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import m3u8
import pytest
from tests.packaging.decrypt import (
    DECRYPTORS,
    KEY,
    WRONG_KEY,
    file_frames,
    frames,
    openssl_decrypted,
    parts,
    samples,
    windows,
)
from tests.packaging.inspect_hls import inspect_hls
from tests.packaging.ladders import Ladder
from tests.packaging.protections import IV, KEY_ID, KEY_URL, aes, common, systems

from videngine.errors import Cancelled
from videngine.outputs import TextPlan
from videngine.packaging import package, shaka
from videngine.packaging.boxes import find
from videngine.protection import Protection
from videngine.pssh import COMMON, PLAYREADY, WIDEVINE, parse_pssh

Package = Callable[..., Path]


@pytest.fixture
def packaged(ladder: Ladder, tmp_path: Path) -> Package:
    """Packages one rung and one sound; every call into another folder."""

    def make(protection: Protection | None, kind: str = "advanced_hls", **changes: object) -> Path:
        folder = tmp_path / f"output_{len(list(tmp_path.iterdir()))}"
        name = "playlist.mpd" if kind == "advanced_dash" else "playlist.m3u8"
        changes = {"rungs": ladder.rungs[:1], "tracks": ladder.tracks[:1], **changes}
        output = ladder.output(kind, name, protection=protection, **changes)
        files = package(output, ladder.plan, ladder.results, folder, stop=lambda: False)
        assert {Path(f.path) for f in files} == {p for p in folder.rglob("*") if p.is_file()}
        return folder

    return make


# AES-128 of whole segments


@pytest.mark.parametrize("iv", [IV, None])
@pytest.mark.parametrize(("separate_audio", "suffix"), [(True, ".m4s"), (False, ".ts")])
def test_openssl_finds_the_clear_segments_in_the_encrypted_ones(
    packaged: Package, separate_audio: bool, suffix: str, iv: str | None
) -> None:
    clear = packaged(None, separate_audio=separate_audio)
    secret = packaged(aes(iv), separate_audio=separate_audio)
    names = ["video_1", "audio_1"] if separate_audio else ["video_1"]
    for name in names:
        media = m3u8.load(str(secret / name / "playlist.m3u8"))
        number = media.media_sequence or 0
        assert len(media.segments) == len(parts(clear / name, suffix)) == 3
        for segment, before in zip(media.segments, parts(clear / name, suffix), strict=True):
            assert (segment.key.method, segment.key.uri) == ("AES-128", KEY_URL)
            assert segment.key.iv == (f"0x{IV}" if iv else None)
            if segment.init_section:
                assert media.segment_map[0].uri == "init.mp4"
            path = secret / name / segment.uri
            plain = openssl_decrypted(path, key=KEY, iv=iv or f"{number:032x}")
            assert plain == before.read_bytes()
            assert path.stat().st_size % 16 == 0
            encrypted = path.read_bytes()
            assert not any(part in encrypted for part in windows(plain))
            number += 1


def test_a_wrong_key_opens_no_segment(packaged: Package) -> None:
    secret = packaged(aes())
    for path in parts(secret / "video_1"):
        try:
            plain = openssl_decrypted(path, key=WRONG_KEY, iv=IV)
        except subprocess.CalledProcessError:
            continue  # the padding was no padding
        assert plain[4:8] not in (b"styp", b"moof", b"sidx")


def test_playlists_of_encrypted_segments_tell_the_truth(packaged: Package) -> None:
    """Bandwidths are those of the encrypted sizes: only what is inside is as it was."""
    secret = packaged(aes())
    rates = m3u8.load(str(secret / "playlist.m3u8")).playlists[0].stream_info
    for name in ("video_1", "audio_1"):
        for path in parts(secret / name):
            plain = openssl_decrypted(path, key=KEY, iv=IV)
            assert 1 <= path.stat().st_size - len(plain) <= 16
            path.write_bytes(plain)
    assert inspect_hls(secret, "playlist.m3u8") == []
    assert rates.average_bandwidth


def test_a_stop_ends_encryption_with_nothing_to_upload(ladder: Ladder, tmp_path: Path) -> None:
    output = ladder.output("advanced_hls", "playlist.m3u8", protection=aes())
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(bool(list((tmp_path / "out").glob("*/segment_1.m4s"))))
        return sum(asked) > 2

    with pytest.raises(Cancelled):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=stop)


# Common encryption


@pytest.mark.parametrize("ffmpeg", DECRYPTORS)
@pytest.mark.parametrize(("scheme", "kind"), [("cbcs", "advanced_hls"), ("cenc", "advanced_dash")])
def test_a_second_decryptor_gets_the_frames_of_the_clear_output(
    packaged: Package,
    tmp_path: Path,
    scheme: Literal["cenc", "cbcs"],
    kind: str,
    ffmpeg: str,
) -> None:
    program = DECRYPTORS[ffmpeg]
    clear, secret = packaged(None, kind), packaged(common(scheme), kind)
    for name in ("video_1", "audio_1"):
        one = tmp_path / "one.mp4"
        before = frames(clear / name, one, ffmpeg=program)
        assert len(before) >= 290
        assert frames(secret / name, one, key=KEY, ffmpeg=program) == before
        for wrong in (WRONG_KEY, ""):
            after = frames(secret / name, one, key=wrong, ffmpeg=program)
            assert not set(after) & set(before)


@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
def test_no_sample_is_left_clear(packaged: Package, scheme: Literal["cenc", "cbcs"]) -> None:
    """cbcs leaves nine blocks of ten of a slice by design, so of pictures the first is looked for.

    A NAL unit begins with its length and up to a hundred bytes of slice header and SEI.
    """
    clear, secret = packaged(None), packaged(common(scheme))
    for name in ("video_1", "audio_1"):
        data = b"".join(path.read_bytes() for path in parts(secret / name))
        wanted = []
        for sample in samples(clear / name):
            if name == "audio_1":
                wanted += windows(sample.data[: len(sample.data) // 16 * 16])
            elif scheme == "cenc":
                slices = sample.data[-(len(sample.data) // 2) // 16 * 16 :]
                wanted += windows(slices, skip=128)
        assert wanted or scheme == "cbcs"
        assert not [part for part in wanted if len(set(part)) > 8 and part in data]


@pytest.mark.parametrize("kind", ["advanced_hls", "advanced_dash"])
@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
def test_the_boxes_tell_of_scheme_key_and_systems(
    packaged: Package, scheme: Literal["cenc", "cbcs"], kind: str
) -> None:
    secret = packaged(common(scheme, pssh=systems(), iv=bytes.fromhex(IV)), kind)
    for name, entry in (("video_1", b"encv"), ("audio_1", b"enca")):
        data = (secret / name / "init.mp4").read_bytes()
        (found,) = find(data, "moov/trak/mdia/minf/stbl/stsd/*")
        assert found.kind == entry
        (schm,), (tenc,) = find(data, "sinf/schm", found), find(data, "sinf/schi/tenc", found)
        assert data[schm.start + 4 : schm.start + 8] == scheme.encode()
        assert data[tenc.start + 8 : tenc.start + 24] == KEY_ID.bytes
        if scheme == "cbcs":
            assert data[tenc.end - 16 : tenc.end].hex() == IV
        inside = b"".join(data[b.begin : b.end] for b in find(data, "moov/pssh"))
        assert [p.system for p in parse_pssh(inside)] == [WIDEVINE, PLAYREADY, COMMON]
        assert {p.box for p in parse_pssh(inside)} == {p.box for p in systems()}


def test_counter_mode_never_begins_two_tracks_with_one_vector(
    ladder: Ladder, packaged: Package
) -> None:
    secret = packaged(common("cenc"), rungs=ladder.rungs, tracks=ladder.tracks)
    first = []
    for path in secret.glob("*/segment_*.m4s"):
        data = path.read_bytes()
        for senc in find(data, "moof/traf/senc"):
            first.append(data[senc.start + 8 : senc.start + 16])
    assert len(first) == 15
    assert len(set(first)) == 15


def test_the_mpd_names_every_system_and_the_licence_server(packaged: Package) -> None:
    url = "https://licence.example.com/rights?a=1&b=<2>"
    secret = packaged(common("cenc", pssh=systems(), la_url=url), "advanced_dash")
    mpd = (secret / "playlist.mpd").read_text()
    for adaptation_set in mpd.split("<AdaptationSet")[1:]:
        assert f'cenc:default_KID="{KEY_ID}"' in adaptation_set
        for one in systems():
            element = adaptation_set.split(f'urn:uuid:{one.system}"')[1]
            element = element.split("</ContentProtection>")[0]
            assert base64.b64encode(one.box).decode() in element
            escaped = "https://licence.example.com/rights?a=1&amp;b=&lt;2&gt;"
            told = f"<dashif:Laurl>{escaped}</dashif:Laurl>" in element
            assert told == (one.system == PLAYREADY)
            assert (f'<ms:laurl licenseUrl="{escaped}"/>' in element) == told


def test_clearkey_gets_the_licence_server_where_there_is_no_other_system(
    packaged: Package,
) -> None:
    secret = packaged(common("cenc", la_url="https://l.example.com/"), "advanced_dash")
    mpd = (secret / "playlist.mpd").read_text()
    element = mpd.split("urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e")[1]
    assert "<dashif:Laurl>https://l.example.com/</dashif:Laurl>" in element.split("</Content")[0]


def test_playlists_have_a_key_tag_for_every_system(packaged: Package) -> None:
    secret = packaged(common("cbcs", pssh=systems()))
    for name in ("video_1", "audio_1"):
        text = (secret / name / "playlist.m3u8").read_text()
        tags = [line for line in text.splitlines() if line.startswith("#EXT-X-KEY:")]
        assert all("METHOD=SAMPLE-AES," in tag for tag in tags)
        formats = [tag.split('KEYFORMAT="')[1].split('"')[0] for tag in tags]
        assert formats == [
            f"urn:uuid:{WIDEVINE}",
            "com.microsoft.playready",
            "org.w3.clearkey",
        ]
        widevine, playready, _ = systems()
        assert base64.b64encode(widevine.box).decode() in tags[0]
        assert base64.b64encode(playready.data).decode() in tags[1]
        assert text.index("#EXT-X-MAP") < text.index("#EXT-X-KEY")  # the map itself is clear
        assert text.count("#EXTINF") == 3
    assert inspect_hls(secret, "playlist.m3u8") == []


def test_fairplay_is_signalled_by_its_url_alone(packaged: Package) -> None:
    secret = packaged(common("cbcs", iv=bytes.fromhex(IV), fairplay_url="skd://asset-7"))
    text = (secret / "video_1/playlist.m3u8").read_text()
    (tag,) = [line for line in text.splitlines() if line.startswith("#EXT-X-KEY:")]
    assert tag == (
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://asset-7",'
        'KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
    )


def test_clearkey_has_a_second_tag_in_counter_mode_alone(packaged: Package) -> None:
    clearkey = "org.w3.clearkey"
    for scheme, expected in (("cbcs", [clearkey]), ("cenc", [clearkey, "identity"])):
        text = (packaged(common(scheme)) / "video_1/playlist.m3u8").read_text()  # type: ignore[arg-type]
        assert [part.split('"')[0] for part in text.split('KEYFORMAT="')[1:]] == expected


@pytest.mark.parametrize("changes", [{}, {"one_folder": True}, {"fmp4": False}])
def test_subtitles_stay_clear_beside_encrypted_segments(
    packaged: Package, tmp_path: Path, changes: dict[str, object]
) -> None:
    source = tmp_path / "source.vtt"
    source.write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nGood evening\n")
    text = TextPlan(
        path=str(source),
        language="en",
        name="English",
        default=True,
        forced=False,
        start_s=Fraction(0),
        duration_s=Fraction(10),
    )
    secret = packaged(aes(), texts=(text,), **changes)
    (media,) = [m for m in m3u8.load(str(secret / "playlist.m3u8")).media if m.type == "SUBTITLES"]
    playlist = secret / media.uri
    assert "EXT-X-KEY" not in playlist.read_text()
    listed = m3u8.loads(playlist.read_text()).segments
    assert len(listed) == 3
    assert "Good evening" in (playlist.parent / listed[0].uri).read_text()
    if "fmp4" in changes:  # the packager's first picture is where its timestamps begin
        assert f"MPEGTS:{shaka.FIRST_PTS}," in (playlist.parent / listed[0].uri).read_text()
        picture = secret / "video_1/segment_1.ts"
        clear = openssl_decrypted(picture, key=KEY, iv=IV)
        picture.write_bytes(clear)
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "packet=pts", "-of", "csv=p=0", picture],
            check=True,
            capture_output=True,
            text=True,
        )
        assert min(int(n) for n in re.findall(r"^\d+", done.stdout, re.M)) == shaka.FIRST_PTS


def test_keyframes_of_encrypted_ladders_name_the_key(packaged: Package) -> None:
    secret = packaged(common("cbcs"), i_frames=True)
    text = (secret / "video_1/i_frames.m3u8").read_text()
    assert text.count("#EXT-X-KEY:METHOD=SAMPLE-AES,") == 1
    (init,) = m3u8.loads(text).segment_map
    one = secret / "one.mp4"
    clear = packaged(None)
    for number, image in enumerate(m3u8.loads(text).segments, 1):
        length, offset = (int(n) for n in image.byterange.split("@"))
        data = (secret / "video_1" / image.uri).read_bytes()[offset : offset + length]
        one.write_bytes((secret / "video_1" / init.uri).read_bytes() + data)
        (picture, *_) = file_frames(one, key=KEY)
        whole = (clear / "video_1/init.mp4").read_bytes()
        whole += (clear / f"video_1/segment_{number}.m4s").read_bytes()
        one.write_bytes(whole)
        assert file_frames(one)[0] == picture

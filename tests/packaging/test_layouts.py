"""Kinds of ladders: one set of segments for two manifests, one folder, one file, MPEG-TS apart."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import m3u8
import pytest
from tests.packaging.decrypt import file_frames, parts
from tests.packaging.inspect_dash import inspect_dash
from tests.packaging.inspect_hls import inspect_hls
from tests.packaging.ladders import Ladder

from videngine.packaging import package
from videngine.packaging.boxes import boxes

Package = Callable[..., Path]
PROBE = ["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries"]
HLS, DASH = "playlist.m3u8", "playlist.mpd"


@pytest.fixture
def packaged(ladder: Ladder, tmp_path: Path) -> Package:
    """Packages two rungs and a sound; every call into another folder."""

    def make(kind: str, name: str, **changes: object) -> Path:
        folder = tmp_path / f"output_{len(list(tmp_path.iterdir()))}"
        output = ladder.output(
            kind, name, **{"rungs": ladder.rungs[:2], "tracks": ladder.tracks[:1], **changes}
        )
        files = package(output, ladder.plan, ladder.results, folder, stop=lambda: False)
        assert {Path(f.path) for f in files} == {p for p in folder.rglob("*") if p.is_file()}
        assert not name or files[-1].key == name
        return folder

    return make


def listed(folder: Path, playlist: str) -> set[str]:
    """Every media file that an HLS playlist leads to, below ``folder``."""
    found = set()
    top = m3u8.load(str(folder / playlist))
    for uri in [v.uri for v in top.playlists] + [m.uri for m in top.media if m.uri]:
        media = m3u8.load(str(folder / uri))
        below = Path(uri).parent
        names = [s.uri for s in media.segments] + [m.uri for m in media.segment_map]
        found |= {str(below / name) for name in names}
    return found


def media_files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.suffix in (".mp4", ".m4s")}


def test_an_mpd_and_a_playlist_share_every_segment(packaged: Package) -> None:
    folder = packaged("advanced_dash", DASH, hls_name=HLS)
    assert inspect_dash(folder, DASH) == []
    assert inspect_hls(folder, HLS) == []
    assert listed(folder, HLS) == media_files(folder)
    alone = packaged("advanced_dash", DASH)
    assert media_files(alone) == media_files(folder)
    segments = [f for f in media_files(folder) if f.endswith(".m4s")]  # the others have a date
    assert all((alone / f).read_bytes() == (folder / f).read_bytes() for f in segments)


@pytest.mark.parametrize(
    ("kind", "name", "changes"),
    [
        ("advanced_hls", HLS, {}),
        ("advanced_hls", HLS, {"separate_audio": False}),
        ("advanced_hls", HLS, {"fmp4": False}),
        ("advanced_dash", DASH, {}),
    ],
)
def test_one_folder_holds_all_files(
    packaged: Package, kind: str, name: str, changes: dict[str, object]
) -> None:
    folder = packaged(kind, name, one_folder=True, **changes)
    assert not [path for path in folder.iterdir() if path.is_dir()]
    assert (folder / f"video_2_segment_1.{'ts' if changes else 'm4s'}").exists()
    if kind == "advanced_dash":
        assert inspect_dash(folder, name) == []
    elif "fmp4" not in changes:
        assert inspect_hls(folder, name) == []


def test_mpeg_ts_may_have_its_sound_apart(ladder: Ladder, packaged: Package) -> None:
    folder = packaged("advanced_hls", HLS, fmp4=False, rungs=ladder.rungs)
    top = m3u8.load(str(folder / HLS))
    (sound,) = top.media
    assert sound.uri == "audio_1/playlist.m3u8"
    durations = {}
    for name, codec in (("video_1", "h264"), ("video_2", "h264"), ("audio_1", "aac")):
        media = m3u8.load(str(folder / name / HLS))
        durations[name] = [s.duration for s in media.segments]
        for path in parts(folder / name, ".ts"):
            done = subprocess.run(
                [*PROBE, "stream=codec_name", path],
                check=True,
                capture_output=True,
                text=True,
            )
            assert set(done.stdout.split()) == {codec}
    # 4 s at 30000/1001 are 119.88 frames: exact durations although the packager rounds
    assert durations["video_1"] == durations["video_2"] == pytest.approx(
        [120 * 1.001 / 30, 120 * 1.001 / 30, 60 * 1.001 / 30], abs=1e-6
    )  # fmt: skip
    assert sum(durations["audio_1"]) == pytest.approx(10.01, abs=0.03)


def test_frames_of_mpeg_ts_apart_are_those_of_fragmented_mp4(packaged: Package) -> None:
    apart = packaged("advanced_hls", HLS, fmp4=False)
    usual = packaged("advanced_hls", HLS)
    for number in (1, 2, 3):
        one = apart / "one.mp4"
        one.write_bytes(
            (usual / "video_1/init.mp4").read_bytes()
            + (usual / f"video_1/segment_{number}.m4s").read_bytes()
        )
        assert file_frames(apart / f"video_1/segment_{number}.ts") == file_frames(one)


@pytest.mark.parametrize("kind", ["advanced_hls", "advanced_mp4", "advanced_dash"])
def test_a_playlist_of_keyframes_gives_one_picture_a_range(packaged: Package, kind: str) -> None:
    name = DASH if kind == "advanced_dash" else HLS
    folder = packaged(kind, name, i_frames=True, hls_name=HLS)
    top = m3u8.load(str(folder / HLS))
    assert [(i.iframe_stream_info.resolution) for i in top.iframe_playlists] == [
        (320, 180), (640, 360)
    ]  # fmt: skip
    for number, entry in enumerate(top.iframe_playlists, 1):
        path = folder / entry.uri
        text = path.read_text()
        assert "#EXT-X-I-FRAMES-ONLY" in text
        media = m3u8.loads(text)
        (init,) = media.segment_map
        head = byte_range(path.parent / init.uri, init.byterange)
        assert len(media.segments) == 3
        whole = m3u8.load(str(folder / top.playlists[number - 1].uri))
        for image, segment in zip(media.segments, whole.segments, strict=True):
            scratch = folder / "one.mp4"
            scratch.write_bytes(head + byte_range(path.parent / image.uri, image.byterange))
            (picture, *_) = file_frames(scratch)
            assert image.uri == segment.uri
            scratch.write_bytes(head + segment_bytes(path.parent, whole, segment))
            assert file_frames(scratch)[0] == picture


def byte_range(path: Path, text: str | None) -> bytes:
    """The bytes of ``length@offset``, or all."""
    data = path.read_bytes()
    if not text:
        return data
    length, _, offset = text.partition("@")
    return data[int(offset) : int(offset) + int(length)]


def segment_bytes(folder: Path, media: m3u8.M3U8, wanted: m3u8.Segment) -> bytes:
    """A segment's bytes; a range without an offset goes on where the one before ended."""
    end = 0
    for segment in media.segments:
        if not segment.byterange:
            if segment is wanted:
                return (folder / segment.uri).read_bytes()
            continue
        length, _, offset = segment.byterange.partition("@")
        start = int(offset) if offset else end
        end = start + int(length)
        if segment is wanted:
            return (folder / segment.uri).read_bytes()[start:end]
    raise AssertionError("no such segment")


def test_byte_ranges_of_files_are_their_fragments(packaged: Package) -> None:
    folder = packaged("advanced_mp4", HLS)
    assert {p.name for p in folder.iterdir()} == {
        *(f"{name}.{end}" for name in ("video_1", "video_2", "audio_1") for end in ("mp4", "m3u8")),
        HLS,
    }
    top = m3u8.load(str(folder / HLS))
    assert top.is_independent_segments
    assert [m.uri for m in top.media] == ["audio_1.m3u8"]
    for name in ("video_1", "video_2", "audio_1"):
        media = m3u8.load(str(folder / f"{name}.m3u8"))
        data = (folder / f"{name}.mp4").read_bytes()
        order = [box.kind for box in boxes(data)]
        assert order == [b"ftyp", b"moov", b"sidx"] + [b"moof", b"mdat"] * 3
        (init,) = media.segment_map
        head = byte_range(folder / init.uri, init.byterange)
        assert [b.kind for b in boxes(head)] == [b"ftyp", b"moov"]
        pieces = [segment_bytes(folder, media, segment) for segment in media.segments]
        assert data.endswith(b"".join(pieces))
        hashes = []
        # A sound's first frame overlaps the one before, so sounds are decoded in one go.
        for piece in pieces if name != "audio_1" else [b"".join(pieces)]:
            scratch = folder / "one.bin"
            scratch.write_bytes(head + piece)
            hashes += file_frames(scratch)
        scratch.unlink()
        assert hashes == file_frames(folder / f"{name}.mp4")
        assert len(hashes) >= 300
    for variant in top.playlists:
        media = m3u8.load(str(folder / variant.uri))
        sound = m3u8.load(str(folder / "audio_1.m3u8"))
        rates = []
        for one in (media, sound):
            sizes = [len(segment_bytes(folder, one, segment)) for segment in one.segments]
            rates.append(8 * sum(sizes) / sum(segment.duration for segment in one.segments))
        assert variant.stream_info.average_bandwidth == pytest.approx(sum(rates), rel=0.01)


@pytest.mark.parametrize("separate_audio", [True, False])
def test_files_without_a_playlist_are_progressive(packaged: Package, separate_audio: bool) -> None:
    folder = packaged("advanced_mp4", "", separate_audio=separate_audio)
    names = {"video_1.mp4", "video_2.mp4"} | ({"audio_1.mp4"} if separate_audio else set())
    assert {p.name for p in folder.iterdir()} == names
    for path in folder.iterdir():
        kinds = [b.kind for b in boxes(path.read_bytes())]
        assert kinds.index(b"moov") < kinds.index(b"mdat")
        assert b"moof" not in kinds
        done = subprocess.run(
            [*PROBE, "stream=codec_type", path], check=True, capture_output=True, text=True
        )
        expected = {"audio"} if path.name == "audio_1.mp4" else {"video"}
        expected |= set() if separate_audio else {"audio"}
        assert set(done.stdout.split()) == expected


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "video_1/chunks.m3u8"),
        ({"separate_audio": False}, "video_1/chunks.m3u8"),
        ({"one_folder": True}, "video_1_chunks.m3u8"),
    ],
)
def test_a_media_playlist_has_the_name_that_was_asked_for(
    ladder: Ladder, packaged: Package, changes: dict[str, object], path: str
) -> None:
    rung = replace(ladder.rungs[0], chunklist="chunks.m3u8")
    folder = packaged("advanced_hls", HLS, rungs=(rung,), **changes)
    assert [v.uri for v in m3u8.load(str(folder / HLS)).playlists] == [path]
    assert len(re.findall("#EXTINF", (folder / path).read_text())) == 3
    assert inspect_hls(folder, HLS) == []

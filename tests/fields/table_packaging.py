"""Rows of the kinds of ladders: what is in their files, by decoding and by their manifests."""

from __future__ import annotations

import re

import m3u8
from tests.engine.measure import streams
from tests.fields.rows import Made, Row
from tests.fields.table_core import film, hls
from tests.fields.table_protection import CENC
from tests.packaging.decrypt import KEY, file_frames


def names(made: Made, index: int = 0) -> set[str]:
    """The keys of an output's files."""
    return {file["key"] for file in made.report.outputs[index].files}


def transport_stream_with_sound_apart(made: Made) -> None:
    (sound,) = m3u8.load(str(made.path(0, "playlist.m3u8"))).media
    assert sound.uri == "audio_1/playlist.m3u8"
    for name, codec in (("video_1", "h264"), ("audio_1", "aac")):
        assert [s["codec_name"] for s in streams(made.path(0, f"{name}/segment_1.ts"))] == [codec]


def all_in_one_folder(made: Made) -> None:
    assert names(made) == {
        "playlist.m3u8",
        *(f"{n}_{f}" for n in ("video_1", "audio_1")
          for f in ("init.mp4", "segment_1.m4s", "playlist.m3u8")),
    }  # fmt: skip


def keyframes_are_listed(made: Made) -> None:
    top = m3u8.load(str(made.path(0, "playlist.m3u8")))
    (entry,) = top.iframe_playlists
    assert entry.uri == "video_1/i_frames.m3u8"
    text = made.path(0, entry.uri).read_text()
    ranges = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(.+)", text)
    assert len(ranges) == 2
    init = made.path(0, "video_1/init.mp4").read_bytes()
    for length, offset, uri in ranges:
        data = made.path(0, f"video_1/{uri}").read_bytes()[int(offset) :][: int(length)]
        one = made.folder / "one.mp4"
        one.write_bytes(init + data)
        assert len(file_frames(one)) >= 1


def one_set_of_segments(made: Made) -> None:
    assert {n for n in names(made) if n.endswith((".m3u8", ".mpd"))} == {
        "index.mpd", "index.m3u8", "video_1/playlist.m3u8", "audio_1/playlist.m3u8",
    }  # fmt: skip
    media = m3u8.load(str(made.path(0, "video_1/playlist.m3u8")))
    assert {f"video_1/{s.uri}" for s in media.segments} == {
        n for n in names(made) if n.startswith("video_1/segment_")
    }
    assert 'media="video_1/segment_$Number$.m4s"' in made.path(0, "index.mpd").read_text()


def media_playlist_is_named(made: Made) -> None:
    (variant,) = m3u8.load(str(made.path(0, "playlist.m3u8"))).playlists
    assert variant.uri == "video_1/chunks.m3u8"
    assert "#EXTINF" in made.path(0, "video_1/chunks.m3u8").read_text()


def files_by_byte_range(made: Made) -> None:
    assert names(made) == {
        "playlist.m3u8", "video_1.mp4", "video_1.m3u8", "audio_1.mp4", "audio_1.m3u8"
    }  # fmt: skip
    media = m3u8.load(str(made.path(0, "video_1.m3u8")))
    assert {s.uri for s in media.segments} == {"video_1.mp4"}
    assert all(s.byterange for s in media.segments)
    assert len(file_frames(made.path(0, "video_1.mp4"))) == 96


def plain_files(made: Made) -> None:
    assert names(made) == {"video_1.mp4"}
    kinds = [s["codec_type"] for s in streams(made.path(0, "video_1.mp4"))]
    assert kinds == ["video", "audio"]


def files_are_encrypted(made: Made) -> None:
    for index in (1, 2):
        for name in ("video_1.mp4", "audio_1.mp4"):
            clear = file_frames(made.path(0, name))
            assert file_frames(made.path(index, name), key=KEY) == clear
            assert not set(file_frames(made.path(index, name))) & set(clear)
    assert "METHOD=SAMPLE-AES," in made.path(1, "video_1.m3u8").read_text()
    assert names(made, 2) == {"video_1.mp4", "audio_1.mp4"}


ROWS = [
    Row(fields=("AdaptiveOutput.fmp4",), name="fmp4", job=film(hls(fmp4=0)),
        check=transport_stream_with_sound_apart),
    Row(fields=("AdaptiveOutput.single_folder",), name="single_folder",
        job=film(hls(single_folder=1)), check=all_in_one_folder),
    Row(fields=("AdaptiveOutput.i_frames_only",), name="i_frames_only",
        job=film(hls(i_frames_only=1, segment_duration=2)), check=keyframes_are_listed),
    Row(fields=("AdaptiveOutput.create_m3u8_playlist",), name="create_m3u8_playlist",
        job=film(hls(output="dash", create_m3u8_playlist=1, playlist_name="index.mpd")),
        check=one_set_of_segments),
    Row(fields=("Rung.chunklist_name",), name="chunklist_name",
        job=film(hls(stream=[{"height": 180, "chunklist_name": "chunks.m3u8"}])),
        check=media_playlist_is_named),
    Row(fields=("AdvancedMp4Output.output",), name="advanced_mp4",
        job=film(hls(output="advanced_mp4", segment_duration=2)), check=files_by_byte_range),
    Row(fields=("AdvancedMp4Output.output", "SegmentedOutput.playlist_name"),
        name="advanced_mp4 without a playlist",
        job=film(hls(output="advanced_mp4", playlist_name="", separate_audio=0)),
        check=plain_files),
    Row(fields=("AdvancedMp4Output.output", "AdaptiveOutput.cenc_drm"),
        name="advanced_mp4 encrypted",
        job=film(hls(output="advanced_mp4"), hls(output="advanced_mp4", cenc_drm=CENC),
                 hls(output="advanced_mp4", cenc_drm=CENC, playlist_name="")),
        check=files_are_encrypted),
]  # fmt: skip

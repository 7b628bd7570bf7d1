"""Where outputs go: names, folders, and that no two outputs of a job write the same object."""

from __future__ import annotations

from typing import Any

import pytest

from videngine.spec import parse_job, place_outputs

S3 = {"type": "s3", "bucket": "b", "endpoint": "https://h", "path": "/path/to/destination"}
HLS: dict[str, Any] = {"output": "hls", "stream": [{}]}
DASH: dict[str, Any] = {"output": "dash", "stream": [{}]}
MP4: dict[str, Any] = {"output": "mp4", "height": 720}
IMAGE: dict[str, Any] = {"output": "thumbnail"}


def at(output: dict[str, Any], path: str | None, **more: Any) -> dict[str, Any]:
    return {**output, "destination": {**S3, "path": path, **more}}


def places(*outputs: dict[str, Any]) -> list[tuple[str, str, str]]:
    spec = parse_job({"video_id": "v", "source": "https://h/a", "format": list(outputs)}).spec
    return [(p.folder, p.root, p.name) for p in place_outputs(spec)[0]]


def collisions(*outputs: dict[str, Any]) -> list[tuple[str, str]]:
    body = {"video_id": "v", "source": "https://h/a", "format": list(outputs)}
    return [(w.path, w.code) for w in parse_job(body, strict=True).warnings]


@pytest.mark.parametrize(
    ("output", "folder", "name"),
    [
        (at(MP4, "/path/to/destination"), "path/to/destination", "video_720p.mp4"),
        (at(MP4, "/a/film.mp4"), "a", "film.mp4"),
        (at(MP4, "film.mp4"), "", "film.mp4"),
        (at(MP4, "a/film.mp4/"), "a/film.mp4", "video_720p.mp4"),
        (at(MP4, "a//./b"), "a/b", "video_720p.mp4"),
        (at(MP4, "a/v1.2"), "a/v1.2", "video_720p.mp4"),
        (at(MP4, None), "", "video_720p.mp4"),
        (at({"output": "mp4"}, "a"), "a", "video.mp4"),
        (at({"output": "mp4", "width": 640}, "a"), "a", "video.mp4"),
        (at(IMAGE, "a"), "a", "thumbnail.png"),
        (at({**IMAGE, "image_format": "jpg"}, "a"), "a", "thumbnail.jpg"),
        (at(IMAGE, "a/poster.jpg"), "a", "poster.jpg"),
        (at({**IMAGE, "image_format": "jpeg"}, "a/poster.jpg"), "a", "poster.jpg"),
        (at(HLS, "a"), "a", "playlist.m3u8"),
        (at({**HLS, "playlist_name": "master.m3u8"}, "a"), "a", "master.m3u8"),
        (at(HLS, "a/index.m3u8"), "a", "index.m3u8"),
        (at({**HLS, "playlist_name": "x.m3u8"}, "a/x.m3u8"), "a", "x.m3u8"),
        (at(DASH, "a"), "a", "playlist.mpd"),
        (at(DASH, "a/b.mpd"), "a", "b.mpd"),
    ],
)
def test_a_path_names_a_folder_or_a_file(output: dict[str, Any], folder: str, name: str) -> None:
    assert places(output) == [(folder, "", name)]


def test_the_format_of_an_image_follows_its_file_name() -> None:
    spec = parse_job(
        {"video_id": "v", "source": "https://h/a", "format": [at(IMAGE, "a/poster.jpg")]}
    ).spec
    assert spec.format[0].effective_format == "jpg"


def test_paths_of_files_on_the_machine_stay_absolute() -> None:
    for path, expected in [
        ("/srv/out", ("/srv/out", "", "video_720p.mp4")),
        ("/srv//out/film.mp4", ("/srv/out", "", "film.mp4")),
        ("/", ("/", "", "video_720p.mp4")),
        ("out", ("out", "", "video_720p.mp4")),
    ]:
        assert places({**MP4, "destination": {"type": "file", "path": path}}) == [expected]


def test_the_documented_requests_shared_path_loses_nothing() -> None:
    outputs = [at(o, S3["path"]) for o in (HLS, IMAGE, MP4, DASH, MP4, IMAGE, HLS)]
    folder = "path/to/destination"
    assert places(*outputs) == [
        (folder, "", "playlist.m3u8"),
        (folder, "", "thumbnail.png"),
        (folder, "", "video_720p.mp4"),
        (folder, "output_3", "playlist.mpd"),
        (folder, "output_4", "video_720p.mp4"),
        (folder, "output_5", "thumbnail.png"),
        (folder, "output_6", "playlist.m3u8"),
    ]
    assert collisions(*outputs) == [
        (f"format[{i}].destination.path", "path_collision") for i in (3, 4, 5, 6)
    ]


@pytest.mark.parametrize(
    ("first", "second", "moved"),
    [
        (at(MP4, "a"), at({"output": "mp4", "height": 360}, "a"), False),
        (at(MP4, "a"), at(MP4, "b"), False),
        (at(MP4, "a/x.mp4"), at(MP4, "a/x.mp4"), True),
        (at(MP4, "a/x.mp4"), at(MP4, "/a//x.mp4"), True),
        (at(MP4, "a/x.mp4"), at(MP4, "a/X.mp4"), False),
        (at(MP4, "a/x.mp4"), at(MP4, "a/x.mp4", bucket="c"), False),
        (at(MP4, "a/x.mp4"), at(MP4, "a/x.mp4", endpoint="https://other"), False),
        (at(MP4, "a/x.mp4"), at(MP4, "a/x.mp4", endpoint="https://H/"), True),
        (at(MP4, "a/x.mp4"), at(MP4, "a/x.mp4", key="k", secret="s"), True),
        (at(HLS, "a"), at(HLS, "a/b"), False),
        (at(HLS, "a"), at(DASH, "a/"), True),
        (at(HLS, "a"), at(HLS, "a/video_1"), True),
        (at(HLS, "a"), at(MP4, "a/video_1"), True),
        (at(MP4, "a/video_1"), at(HLS, "a"), True),
        (at(HLS, "a"), at(MP4, "a/video_1/deep"), False),
        (at(HLS, "a"), at(MP4, "a/videos"), False),
        (at(HLS, ""), at(DASH, ""), True),
        (at(HLS, ""), at(IMAGE, "audio_1/x.png"), True),
        (at(HLS, ""), at(IMAGE, ""), False),
    ],
)
def test_only_outputs_that_would_meet_are_moved_apart(
    first: dict[str, Any], second: dict[str, Any], moved: bool
) -> None:
    _, (_, root, _) = places(first, second)
    assert root == ("output_1" if moved else "")
    assert bool(collisions(first, second)) is moved


def test_a_place_that_was_made_for_one_output_is_not_given_to_another() -> None:
    outputs = [at(HLS, "a"), at(HLS, "a/output_2"), at(HLS, "a")]
    assert places(*outputs)[2] == ("a", "output_2_2", "playlist.m3u8")


def test_outputs_in_the_default_store_have_folders_of_their_own_without_a_warning() -> None:
    outputs = [HLS, DASH, MP4, MP4, IMAGE]
    assert [root for _, root, _ in places(*outputs)] == [f"output_{i}" for i in range(5)]
    assert collisions(*outputs) == []


def test_no_two_of_many_outputs_share_an_object() -> None:
    outputs = [
        at(o, path)
        for path in ("a", "a/b", "a/output_1", "a/video_1", "")
        for o in (HLS, DASH, MP4, IMAGE, MP4)
    ]
    found = places(*outputs)
    assert len({(folder, root, name) for folder, root, name in found}) == len(outputs)
    adaptive = [
        "/".join(p for p in found[i][:2] if p) for i, o in enumerate(outputs) if "stream" in o
    ]
    assert len(set(adaptive)) == len(adaptive)

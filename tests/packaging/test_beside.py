"""Outputs that are packaged while their renditions are still being encoded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.packaging.inspect_dash import inspect_dash
from tests.packaging.inspect_hls import inspect_hls
from tests.packaging.ladders import Ladder
from tests.packaging.protections import common
from tests.processes import until

from videngine.outputs import OutputPlan
from videngine.packaging import package
from videngine.packaging.beside import PackagingBeside
from videngine.plan import Plan
from videngine.planning import JobPlan


class Encode:
    """An encode that writes the tracks of a ladder again, as far as it is told to."""

    def __init__(self, ladder: Ladder, folder: Path) -> None:
        folder.mkdir()
        self.results = {
            name: replace(result, path=str(folder / f"{name}.mp4"))
            for name, result in ladder.results.items()
        }
        self._tracks = {
            Path(self.results[name].path): Path(result.path).read_bytes()
            for name, result in ladder.results.items()
        }
        self.plan: Plan = replace(
            ladder.plan,
            video=tuple(replace(v, path=self.results[v.id].path) for v in ladder.plan.video),
            audio=tuple(replace(a, path=self.results[a.id].path) for a in ladder.plan.audio),
        )

    def write(self, part: float) -> None:
        for path, data in self._tracks.items():
            have = path.stat().st_size if path.exists() else 0
            with path.open("ab") as track:
                track.write(data[have : int(part * len(data))])

    def beside(
        self, *outputs: OutputPlan, folder: Path, cancelled: Callable[[], bool] = lambda: False
    ) -> PackagingBeside:
        job = cast(JobPlan, SimpleNamespace(outputs=outputs, engine=self.plan))
        return PackagingBeside(
            job, folder_of=lambda output: folder / str(output.index), cancelled=cancelled
        )


@pytest.fixture
def encode(ladder: Ladder, tmp_path: Path) -> Encode:
    return Encode(ladder, tmp_path / "tracks")


def segments_and_playlists(folder: Path) -> dict[str, bytes]:
    """What has no time of its making in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".m4s", ".ts", ".m3u8")
    }


@pytest.mark.parametrize(
    ("kind", "mpeg_ts"),
    [
        ("advanced_hls", False),
        ("advanced_hls", True),
        ("advanced_dash", False),
        ("advanced_mp4", False),
    ],
)
def test_segments_are_there_before_the_encode_is_done(
    ladder: Ladder, encode: Encode, tmp_path: Path, kind: str, mpeg_ts: bool
) -> None:
    name = "playlist.mpd" if kind == "advanced_dash" else "playlist.m3u8"
    output = ladder.output(kind, name, fmp4=not mpeg_ts)
    folder = tmp_path / "0"
    with encode.beside(output, folder=tmp_path) as beside:
        beside.begin()
        encode.write(0.9)
        if kind != "advanced_mp4":
            until(lambda: len(list(folder.rglob("*_1.[mt]*s*"))) >= 5)
        assert not (folder / name).exists()
        encode.write(1)
        beside.finish(encode.results)
        files = beside.wait(output)
    assert files is not None
    if kind == "advanced_dash":
        assert inspect_dash(folder, name) == []
    elif kind == "advanced_hls" and not mpeg_ts:
        assert inspect_hls(folder, name) == []
    afterwards = package(
        output, ladder.plan, ladder.results, tmp_path / "after", stop=lambda: False
    )
    assert [file.key for file in files] == [file.key for file in afterwards]
    assert segments_and_playlists(folder) == segments_and_playlists(tmp_path / "after")


def test_what_is_protected_is_encrypted_beside_the_encode_too(
    ladder: Ladder, encode: Encode, tmp_path: Path
) -> None:
    output = ladder.output("advanced_dash", "playlist.mpd", protection=common("cenc"))
    with encode.beside(output, folder=tmp_path) as beside:
        beside.begin()
        encode.write(1)
        beside.finish(encode.results)
        assert beside.wait(output)  # `check_protected` has looked at them
    assert inspect_dash(tmp_path / "0", "playlist.mpd") == []


def test_other_outputs_are_left_for_later(ladder: Ladder, encode: Encode, tmp_path: Path) -> None:
    mixed = ladder.output("advanced_hls", "playlist.m3u8", separate_audio=False, fmp4=False)
    film = ladder.output("mp4", "film.mp4", rungs=ladder.rungs[:1])
    with encode.beside(mixed, film, folder=tmp_path) as beside:
        beside.begin()
        beside.finish(encode.results)
        assert beside.wait(mixed) is beside.wait(film) is None


def test_an_encode_that_fails_ends_the_packaging_with_it(
    ladder: Ladder, encode: Encode, tmp_path: Path
) -> None:
    output = ladder.output("advanced_hls", "playlist.m3u8")
    with encode.beside(output, folder=tmp_path) as beside:
        beside.begin()
        encode.write(0.9)
        until(lambda: len(list((tmp_path / "0").rglob("*_1.m4s"))) >= 3)
    assert beside.wait(output) is None


def test_a_job_that_is_cancelled_ends_the_packaging(
    ladder: Ladder, encode: Encode, tmp_path: Path
) -> None:
    output = ladder.output("advanced_hls", "playlist.m3u8")
    with encode.beside(output, folder=tmp_path, cancelled=lambda: True) as beside:
        beside.begin()
        assert beside.wait(output) is None


def test_tracks_that_are_not_as_they_should_be_are_left_for_later(
    ladder: Ladder, encode: Encode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = ladder.output("advanced_hls", "playlist.m3u8")
    with encode.beside(output, folder=tmp_path) as beside:
        beside.begin()
        encode.write(0.5)
        beside.finish(encode.results)  # half of each is missing
        assert beside.wait(output) is None
    assert "output 0 is packaged after the encode" in caplog.text
    shutil.rmtree(tmp_path / "tracks")
    (tmp_path / "tracks").mkdir()
    encode.write(1)
    assert package(output, encode.plan, encode.results, tmp_path / "0", stop=lambda: False)

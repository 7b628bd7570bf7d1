"""Encrypted MP4 files: tracks that were encrypted one by one are one file that plays and seeks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

import pytest
from tests.packaging.decrypt import DECRYPTORS, KEY
from tests.packaging.ladders import Ladder
from tests.packaging.protections import common

from videngine.errors import Cancelled, VidengineError
from videngine.packaging import package
from videngine.packaging.boxes import boxes, find
from videngine.packaging.interleave import interleave
from videngine.packaging.ladder import cut_ladder
from videngine.packaging.renditions import Renditions


def packaged(ladder: Ladder, folder: Path, **changes: object) -> Path:
    output = ladder.output("mp4", "film.mp4", **{"rungs": ladder.rungs[:1], **changes})
    (file,) = package(output, ladder.plan, ladder.results, folder, stop=lambda: False)
    assert [path.name for path in folder.iterdir()] == ["film.mp4"]
    return Path(file.path)


def frames_by_track(file: Path, *options: str) -> dict[str, list[str]]:
    """Hashes of what each track shows, by FFmpeg 9."""
    done = subprocess.run(
        [
            *(DECRYPTORS["bundled"], "-v", "error", *options, "-i", file),
            *("-map", "0", "-f", "framehash", "-hash", "md5", "-"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    rows = [line.split(",") for line in done.stdout.splitlines() if line[:1] != "#"]
    return {track: [r[-1] for r in rows if r[0] == track] for track in sorted({r[0] for r in rows})}


@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
def test_all_tracks_are_the_clear_ones(
    ladder: Ladder, tmp_path: Path, scheme: Literal["cenc", "cbcs"]
) -> None:
    clear = packaged(ladder, tmp_path / "clear")
    secret = packaged(ladder, tmp_path / "secret", protection=common(scheme))
    expected = frames_by_track(clear)
    assert list(expected) == ["0", "1", "2"]  # a picture and two sounds
    assert frames_by_track(secret, "-decryption_key", KEY) == expected


@pytest.mark.parametrize("late_s", [5, 9])
def test_the_index_leads_to_the_fragments(ladder: Ladder, tmp_path: Path, late_s: int) -> None:
    """In the clear: FFmpeg itself loses its place when it seeks among encrypted tracks."""
    output = ladder.output("mp4", "film.mp4", rungs=ladder.rungs[:1], tracks=ladder.tracks[:1])
    cut_ladder(Renditions(output, ladder.plan, ladder.results), tmp_path, stop=lambda: False)
    names = ["video_1.mp4", "audio_1.mp4"]
    interleave([tmp_path / n for n in names], tmp_path / "all.mp4", stop=lambda: False)
    whole = frames_by_track(tmp_path / "all.mp4")["0"]
    late = frames_by_track(tmp_path / "all.mp4", "-ss", str(late_s))["0"]
    assert late == whole[-30 * (10 - late_s) :]


def test_tracks_fragments_and_index_are_numbered_anew(ladder: Ladder, tmp_path: Path) -> None:
    data = packaged(ladder, tmp_path / "out", protection=common("cbcs")).read_bytes()

    def numbers(path: str, offset: int) -> list[int]:
        return [int.from_bytes(data[b.start + offset :][:4], "big") for b in find(data, path)]

    assert numbers("moov/trak/tkhd", 12) == [1, 2, 3]
    assert numbers("moov/mvex/trex", 4) == [1, 2, 3]
    assert numbers("moov/mvhd", 96) == [4]
    assert numbers("moof/mfhd", 4) == list(range(1, 10))
    assert numbers("moof/traf/tfhd", 4) == [1, 2, 3] * 3
    assert [b.kind for b in boxes(data)] == [b"ftyp", b"moov", b"sidx"] + [b"moof", b"mdat"] * 9
    (index,) = find(data, "sidx")
    at = index.end
    for reference in range(3):
        size = int.from_bytes(data[index.start + 24 + 12 * reference :][:4], "big")
        (moof, *_) = boxes(data, at, at + size)
        (tfhd,) = find(data, "traf/tfhd", moof)
        assert data[tfhd.start + 4 : tfhd.start + 8] == b"\0\0\0\1"
        at += size
    assert at == len(data)


def test_a_stop_ends_it(ladder: Ladder, tmp_path: Path) -> None:
    output = ladder.output("mp4", "film.mp4", rungs=ladder.rungs[:1], protection=common("cenc"))

    def stop() -> bool:
        return (tmp_path / "out/film.mp4").exists()

    with pytest.raises(Cancelled):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=stop)


def test_what_is_no_fragmented_file_is_refused(ladder: Ladder, tmp_path: Path) -> None:
    clear = packaged(ladder, tmp_path / "clear")
    with pytest.raises(VidengineError, match="packaged file"):
        interleave([clear], tmp_path / "out.mp4", stop=lambda: False)

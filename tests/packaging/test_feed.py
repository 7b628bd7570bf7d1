"""Files that grow, as they come through a pipe."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from tests.processes import open_files, until

from videngine.packaging.feed import Feed

FILM = os.urandom(3_000_000)  # more than a pipe holds


class Reader:
    """Somebody who takes the end of a file for its end."""

    def __init__(self, path: Path) -> None:
        self.read = bytearray()
        self._path = path
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._path.open("rb", buffering=0) as file:
            while block := file.read(10_000):
                self.read += block

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()


def test_a_file_is_read_while_it_grows_and_ends_when_it_is_whole(tmp_path: Path) -> None:
    file, pipe = tmp_path / "film", tmp_path / "pipe"
    whole = threading.Event()
    with Feed({pipe: file}, whole=whole.is_set):
        reader = Reader(pipe)  # the file is not there yet
        for end in (10, 2_000_000, len(FILM)):
            with file.open("ab") as grown:
                grown.write(FILM[len(reader.read) : end])
            until(lambda: len(reader.read) == file.stat().st_size)
        assert not reader.has_ended
        whole.set()
        until(lambda: reader.has_ended)
    assert reader.read == FILM


def test_a_reader_that_comes_late_gets_everything(tmp_path: Path) -> None:
    files = {tmp_path / f"pipe{n}": tmp_path / f"film{n}" for n in range(3)}
    for n, file in enumerate(files.values()):
        file.write_bytes(FILM[: 1000 << n * 5])
    with Feed(files, whole=lambda: True):
        threading.Event().wait(0.3)
        readers = [Reader(pipe) for pipe in files]
        until(lambda: all(reader.has_ended for reader in readers))
    assert [r.read for r in readers] == [file.read_bytes() for file in files.values()]


def test_a_reader_sees_an_end_when_the_feed_is_given_up(tmp_path: Path) -> None:
    file, pipe = tmp_path / "film", tmp_path / "pipe"
    file.write_bytes(FILM)
    before = open_files()
    with Feed({pipe: file}, whole=lambda: False):
        reader = Reader(pipe)
        until(lambda: len(reader.read) == len(FILM))
        assert not reader.has_ended
    until(lambda: reader.has_ended)
    assert open_files() == before

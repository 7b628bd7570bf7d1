"""Bringing an output's files to a destination: what goes when, and what is left when it fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.processes import HANG_S

from videngine.errors import Cancelled, OutputError
from videngine.outputs import PackagedFile
from videngine.storage import Moved, StoredObject
from videngine.upload import upload

SIZE_BYTES = 1000
SEGMENTS = [f"{n}.m4s" for n in range(6)]
MANIFESTS = ["low.m3u8", "high.m3u8", "index.m3u8"]


@dataclass
class Store:
    """A sink in memory; ``order`` are all puts as they began, each with what was there then."""

    at_once: int = 3
    fails: str = ""
    together: threading.Barrier | None = None  # segments wait for each other
    warnings: list[dict[str, str]] = field(default_factory=list)
    order: list[tuple[str, set[str]]] = field(default_factory=list)
    there: set[str] = field(default_factory=set)

    def put(self, local: Path, key: str, *, content_type: str, moved: Moved) -> StoredObject:
        self.order.append((key, set(self.there)))
        if self.together and key in SEGMENTS:
            self.together.wait(HANG_S)
        moved(SIZE_BYTES // 2, SIZE_BYTES)
        if key == self.fails:
            raise OutputError("upload_failed", "The disk of the store is full.")
        moved(SIZE_BYTES, SIZE_BYTES)
        self.there.add(key)
        size_bytes = local.stat().st_size
        return StoredObject(key=key, size_bytes=size_bytes, content_type=content_type, url=key)

    def delete(self, key: str) -> None:
        self.there.discard(key)


@pytest.fixture
def files(tmp_path: Path) -> list[PackagedFile]:
    local = tmp_path / "file"
    local.write_bytes(bytes(SIZE_BYTES))
    return [
        PackagedFile(path=str(local), key=key, content_type="x/y", manifest=key in MANIFESTS)
        for key in (*SEGMENTS, *MANIFESTS)
    ]


def test_segments_go_beside_each_other_and_manifests_last_one_by_one(
    files: list[PackagedFile],
) -> None:
    store = Store(together=threading.Barrier(3))  # breaks if not three go at a time
    shares: list[float] = []
    stored = upload(files, store, on_share=shares.append, stop=lambda: False)
    assert [(o.key, o.size_bytes) for o in stored] == [(f.key, SIZE_BYTES) for f in files]
    began = dict(store.order)
    assert set(SEGMENTS) <= began["low.m3u8"]
    assert "low.m3u8" in began["high.m3u8"]
    assert "high.m3u8" in began["index.m3u8"]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("key", ["2.m4s", "high.m3u8"])
def test_when_one_fails_nothing_is_left(files: list[PackagedFile], key: str) -> None:
    store = Store(fails=key)
    with pytest.raises(OutputError, match="disk of the store is full"):
        upload(files, store, on_share=lambda _: None, stop=lambda: False)
    assert store.there == set()
    assert "index.m3u8" not in dict(store.order)


def test_a_stop_takes_back_what_is_there(files: list[PackagedFile]) -> None:
    store = Store(at_once=1)
    with pytest.raises(Cancelled):
        upload(files, store, on_share=lambda _: None, stop=lambda: "0.m4s" in dict(store.order))
    assert store.there == set()
    assert not {key for key, _ in store.order} & set(MANIFESTS)


def test_of_no_bytes_all_is_there(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    empty = PackagedFile(path=str(tmp_path / "empty"), key="empty.vtt", content_type="text/vtt")
    shares: list[float] = []
    (stored,) = upload([empty], Store(), on_share=shares.append, stop=lambda: False)
    assert stored.size_bytes == 0
    assert shares

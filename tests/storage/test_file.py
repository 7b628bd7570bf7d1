"""Files of this machine: only below the roots, and whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from videngine.errors import Cancelled, InputError, OutputError, ResourceError
from videngine.storage import Moved, file
from videngine.storage.file import FileSink, FileSource
from videngine.storage.partial import partial_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that may be used, beside one that may not."""
    root = tmp_path / "media"
    root.mkdir()
    (root / "film.mp4").write_bytes(b"film")
    (tmp_path / "secret").write_bytes(b"secret")
    return root


def source(path: Path | str, root: Path | None, max_bytes: int = 100) -> FileSource:
    """A source that may only be in ``root``."""
    return FileSource(str(path), roots=None if root is None else (root,), max_bytes=max_bytes)


def put(sink: FileSink, local: Path, key: str, moved: Moved = lambda *_: None) -> str:
    """Store a file; returns its URL."""
    return sink.put(local, key, content_type="video/mp4", moved=moved).url


def test_a_source_is_read_where_it_is(root: Path, scratch: Path, ignore: Moved) -> None:
    assert source(root / "film.mp4", root).fetch(scratch, ignore) == root / "film.mp4"
    (root / "link").symlink_to("film.mp4")
    assert source(root / "link", root).fetch(scratch, ignore) == root / "film.mp4"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "secret",
        "media/../secret",
        "media/out",
        "media/outer/secret",
        "media/loop/../outer/secret",
        "/etc/passwd",
        "media2/x",
        "",
    ],
)
def test_a_source_outside_the_roots_is_forbidden(
    path: str, root: Path, scratch: Path, ignore: Moved
) -> None:
    (root / "loop").symlink_to("loop")
    (root / "out").symlink_to("../secret")
    (root / "outer").symlink_to("..")
    (root.parent / "media2").mkdir()
    (root.parent / "media2/x").write_bytes(b"x")
    with pytest.raises(InputError, match="VIDENGINE_FILE_ROOTS") as caught:
        source(root.parent / path if path else "", root).fetch(scratch, ignore)
    assert caught.value.code == "source_forbidden"


def test_without_roots_no_file_is_allowed_and_the_command_line_needs_none(
    root: Path, scratch: Path, ignore: Moved
) -> None:
    with pytest.raises(InputError):
        FileSource(str(root / "film.mp4"), roots=(), max_bytes=9).fetch(scratch, ignore)
    assert source(root / "film.mp4", None).fetch(scratch, ignore) == root / "film.mp4"


def test_what_is_no_readable_file_says_why(root: Path, scratch: Path, ignore: Moved) -> None:
    os.mkfifo(root / "pipe")  # opening one for reading would wait for ever
    (root / "loop").symlink_to("loop")
    for path, code in {
        "absent.mp4": "source_not_found",
        "film.mp4/x": "source_not_found",
        "": "source_not_found",
        "pipe": "source_not_found",
        "loop": "source_not_found",
        "nul\0": "source_forbidden",
    }.items():
        with pytest.raises(InputError) as caught:
            source(f"{root}/{path}", root).fetch(scratch, ignore)
        assert caught.value.code == code, path
    with pytest.raises(InputError, match="limit of 3 bytes") as caught:
        source(root / "film.mp4", root, max_bytes=3).fetch(scratch, ignore)
    assert caught.value.code == "source_too_large"


def test_a_sink_stores_files_under_their_keys(root: Path, scratch: Path) -> None:
    sink = FileSink(root / "out/job", roots=(root,), base_url="https://x.test/outputs/job")
    local = scratch / "local"
    local.write_bytes(b"1")
    stored = sink.put(local, "a b/ü.mp4", content_type="video/mp4", moved=lambda *_: None)
    assert (root / "out/job/a b/ü.mp4").read_bytes() == b"1"
    assert stored.to_json() == {
        "key": "a b/ü.mp4",
        "size": 1,
        "content_type": "video/mp4",
        "url": "https://x.test/outputs/job/a%20b/%C3%BC.mp4",
    }
    local.write_bytes(b"22")
    put(sink, local, "a b/ü.mp4")
    assert (root / "out/job/a b/ü.mp4").read_bytes() == b"22"
    assert [p.name for p in (root / "out/job/a b").iterdir()] == ["ü.mp4"]
    assert put(FileSink(root, roots=(root,)), local, "x.mp4") == (root / "x.mp4").as_uri()
    sink.delete("a b/ü.mp4")
    sink.delete("a b/ü.mp4")
    assert list((root / "out/job/a b").iterdir()) == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/x", "", ".", "a//b", "a/./b", "a\0"])
def test_keys_that_are_no_paths_below_the_sink_are_refused(
    key: str, root: Path, scratch: Path
) -> None:
    (scratch / "local").write_bytes(b"x")
    sink = FileSink(root / "out", roots=(root,))
    for act in (lambda: put(sink, scratch / "local", key), lambda: sink.delete(key)):
        with pytest.raises(OutputError) as caught:
            act()
        assert caught.value.code == "destination_forbidden"
    assert sorted(p.name for p in root.rglob("*")) == ["film.mp4"]


def test_a_sink_does_not_follow_links_out_of_the_roots(root: Path, scratch: Path) -> None:
    (scratch / "local").write_bytes(b"x")
    outside = root.parent / "outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to("loop")
    for folder in (root / "link", root / "link/new", root / "loop/../link"):
        with pytest.raises(OutputError, match="VIDENGINE_FILE_ROOTS"):
            put(FileSink(folder, roots=(root,)), scratch / "local", "x")
    sink = FileSink(root, roots=(root,))
    for key in ("link/x", "link/new/x"):
        with pytest.raises(OutputError, match="VIDENGINE_FILE_ROOTS"):
            put(sink, scratch / "local", key)
    with pytest.raises(OutputError):
        sink.delete("link/x")
    assert list(outside.iterdir()) == []
    (root / "target").symlink_to(outside / "victim")
    put(sink, scratch / "local", "target")
    assert not (root / "target").is_symlink()
    assert not (outside / "victim").exists()


def test_a_sink_says_what_is_in_its_way(root: Path, scratch: Path) -> None:
    (scratch / "local").write_bytes(b"x")
    (root / "folder").mkdir()
    sink = FileSink(root, roots=(root,))
    for key in ("film.mp4/x", "folder"):
        with pytest.raises(OutputError, match="stands where a folder") as caught:
            put(sink, scratch / "local", key)
        assert caught.value.code == "destination_not_found"
    assert sorted(p.name for p in root.iterdir()) == ["film.mp4", "folder"]


def test_a_cancelled_copy_leaves_what_was_there(root: Path, scratch: Path) -> None:
    local = scratch / "local"
    with local.open("wb") as out:
        out.truncate(4 << 30)

    def moved(_bytes: int, _total: int | None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        put(FileSink(root, roots=(root,)), local, "film.mp4", moved)
    assert (root / "film.mp4").read_bytes() == b"film"
    assert [p.name for p in root.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [
        (errno.ENOSPC, ResourceError, "disk_full"),
        (errno.EDQUOT, ResourceError, "disk_full"),
        (errno.EACCES, OutputError, "destination_forbidden"),
        (errno.EROFS, OutputError, "upload_failed"),
        (errno.EIO, OutputError, "upload_failed"),
    ],
)
def test_each_fault_of_the_disk_has_its_error(
    number: int,
    error: type[Exception],
    code: str,
    root: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_local: Path, target: Path, _moved: Moved) -> None:
        target.write_bytes(b"half")
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file, "_copy", broken)
    with pytest.raises(error) as caught:
        put(FileSink(root, roots=(root,)), scratch / "local", "new.mp4")
    assert caught.value.code == code  # type: ignore[attr-defined]  # of either class
    assert [p.name for p in root.iterdir()] == ["film.mp4"]


def test_a_partial_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "x"
    with contextlib.suppress(RuntimeError), partial_file(target) as partial:
        partial.write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with partial_file(target, durable=True) as partial:
        partial.write_bytes(b"whole")
        assert not target.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert target.read_bytes() == b"whole"
    with partial_file(tmp_path / ("ü" * 120)) as partial:  # 240 bytes; a name may have 255
        partial.write_bytes(b"")

"""That keys of protected outputs stay secret, and that their media never goes out clear."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.packaging.decrypt import KEY, openssl_decrypted
from tests.packaging.ladders import Ladder
from tests.packaging.protections import IV, KEY_ID, aes, common, systems

from videngine.errors import VidengineError
from videngine.packaging import cenc, package, shaka
from videngine.packaging.boxes import boxes
from videngine.protection import Protection, SegmentEncryption
from videngine.pssh import common_pssh


def test_no_key_is_on_the_packager_s_command_line_or_in_a_file(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = shaka.subprocess.Popen

    def record(arguments: list[str], **more: Any) -> Any:
        seen.append("\0".join(arguments))
        seen.append(str(more["env"]))
        return real(arguments, **more)

    monkeypatch.setattr(shaka.subprocess, "Popen", record)
    output = ladder.output("advanced_hls", "playlist.m3u8", protection=common("cbcs"))
    package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: False)
    assert len(seen) == 2
    assert "video_1/init.mp4" in seen[0]
    assert KEY not in "".join(seen)
    for path in (tmp_path / "out").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert KEY.encode() not in data.lower()
        assert bytes.fromhex(KEY) not in data


def test_no_text_of_a_plan_or_a_failure_holds_the_key(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for protection in (aes(), common("cenc")):
        assert KEY not in repr(ladder.output("advanced_hls", "a.m3u8", protection=protection))
        assert repr(bytes.fromhex(KEY))[2:-1] not in repr(protection)
    flags = cenc.packager_flags
    monkeypatch.setattr(
        cenc, "packager_flags", lambda e: [f.replace("key=", "kex=") for f in flags(e)]
    )
    output = ladder.output("advanced_hls", "playlist.m3u8", protection=common("cenc"))
    with pytest.raises(VidengineError, match="refused") as caught:
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: False)
    assert caught.value.log
    assert KEY not in "".join(caught.value.log) + repr(caught.value)


@pytest.mark.parametrize("kind", ["advanced_hls", "advanced_dash"])
def test_a_packager_that_does_not_encrypt_is_caught(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(cenc, "packager_flags", lambda _: [])
    output = ladder.output(kind, "playlist.mpd", protection=common("cenc"))
    with pytest.raises(VidengineError, match="not encrypted"):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: False)


@pytest.mark.parametrize("separate_audio", [True, False])
def test_segments_that_stay_clear_are_caught(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separate_audio: bool
) -> None:
    monkeypatch.setattr(
        "videngine.packaging.aes128._encrypt",
        lambda clear, secret, **_: secret.write(clear.read()),
    )
    output = ladder.output(
        "advanced_hls", "playlist.m3u8", protection=aes(), separate_audio=separate_audio
    )
    with pytest.raises(VidengineError, match="not encrypted"):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: False)


def test_a_key_id_that_is_not_the_asked_one_is_caught(
    ladder: Ladder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = cenc.packager_flags
    other = replace(common("cenc", pssh=systems()), key_id=bytes(16))
    monkeypatch.setattr(cenc, "packager_flags", lambda _: flags(other))
    output = ladder.output("advanced_dash", "playlist.mpd", protection=common("cenc"))
    with pytest.raises(VidengineError, match="not encrypted"):
        package(output, ladder.plan, ladder.results, tmp_path / "out", stop=lambda: False)


def test_boxes_that_end_too_early_are_refused() -> None:
    whole = common_pssh([KEY_ID.bytes])
    assert [b.kind for b in boxes(whole)] == [b"pssh"]
    with pytest.raises(VidengineError, match="within a box"):
        list(boxes(whole[:-1]))


DIES = """
import os, pickle, signal, sys, threading, time
from pathlib import Path
from videngine.packaging import package
output, plan, results, folder = pickle.load(open(sys.argv[1], "rb"))
def watch():
    while not any(Path(folder).rglob(sys.argv[2])):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
package(output, plan, results, folder, stop=lambda: False)
"""


@pytest.mark.parametrize(
    ("protection", "at"), [(aes(), "segment_1.m4s"), (common("cenc"), "init.mp4")]
)
def test_what_a_dead_worker_left_does_not_reach_the_output(
    ladder: Ladder, tmp_path: Path, protection: Protection, at: str
) -> None:
    """The worker dies while files are clear or half encrypted; the next one takes over.

    The packager dies with it: else it would write into what the next worker makes.
    """
    folder = tmp_path / "out"
    output = ladder.output("advanced_hls", "playlist.m3u8", protection=protection)
    work = tmp_path / "work"
    work.write_bytes(pickle.dumps((output, ladder.plan, ladder.results, folder)))
    died = subprocess.run([sys.executable, "-c", DIES, work, at], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert list(folder.rglob("*.mp4"))
    files = package(output, ladder.plan, ladder.results, folder, stop=lambda: False)
    assert {Path(f.path) for f in files} == {p for p in folder.rglob("*") if p.is_file()}
    clear = tmp_path / "clear"
    package(
        replace(output, protection=None), ladder.plan, ladder.results, clear, stop=lambda: False
    )
    for path in clear.rglob("segment_*.m4s"):
        after = folder / path.relative_to(clear)
        assert after.read_bytes() != path.read_bytes()
        if isinstance(protection, SegmentEncryption):
            assert openssl_decrypted(after, key=KEY, iv=IV) == path.read_bytes()

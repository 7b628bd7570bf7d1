"""What can be opened, and what is said of what cannot."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from tests.frames.material import MEDIA, digest, ffmpeg

import videngine
from videngine.errors import DeviceError, InputError


def test_bytes_and_files_are_sources(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    expected = [digest(f) for f in videngine.open(str(clip))]
    packed = tmp_path / "clip.mp4.gz"
    packed.write_bytes(gzip.compress(data, 1))
    with clip.open("rb") as file, gzip.open(packed) as unpacked:
        file.read(1000)  # its position does not matter
        for source in (data, bytearray(data), memoryview(data), io.BytesIO(data), file, unpacked):
            src = videngine.open(source)
            assert [digest(f) for f in src] == expected
            assert digest(src[17]) == expected[17]
    with clip.open("rb", buffering=0) as raw:
        src = videngine.open(raw)
    assert digest(src[5]) == expected[5]  # the caller's file is closed, ours is not


def test_facts_of_the_source(clip: Path) -> None:
    with videngine.open(clip) as src:
        assert src.info == videngine.probe(clip)
        assert src.stream.codec == "h264"
        assert src.time_base == src.stream.time_base
        assert len(src) == 60
        assert src.index.dtype.names == ("pts", "dts", "key", "pos", "size", "duration")
        assert np.flatnonzero(src.index["key"]).tolist() == [0, 12, 24, 36, 48]
        assert src.index["size"].sum() < clip.stat().st_size


def test_facts_of_frames() -> None:
    hdr = next(iter(videngine.open(MEDIA / "hdr10_pq_hevc.mp4")))
    assert hdr.format == "yuv420p10le"
    assert [p.dtype for p in hdr.planes] == [np.uint16] * 3
    assert (hdr.color.primaries, hdr.color.transfer) == ("bt2020", "smpte2084")
    assert hdr.color.matrix == "bt2020nc"
    assert hdr.hdr is not None
    assert hdr.hdr.max_luminance_nits
    assert hdr.hdr.display_primaries is not None
    sdr = next(iter(videngine.open(MEDIA / "rotated_90.mp4")))
    assert sdr.hdr is None
    assert sdr.rotation in (90, 270)
    assert sdr.key
    assert sdr.time == 0
    wide = next(iter(videngine.open(MEDIA / "interlaced_576i25_mpeg2_sar64x45.ts")))
    assert float(wide.sar) == 64 / 45
    assert wide.time_base.denominator == 90_000


def test_times_outside_of_the_source(clip: Path) -> None:
    src = videngine.open(clip)
    assert src.at(0).pts == src[0].pts
    assert src.at(1.001).pts == src[25].pts
    assert src.at(1.039).pts == src[25].pts
    assert src.at(2.399).pts == src[59].pts
    for seconds in (-0.1, 2.4, 1e9):
        with pytest.raises(IndexError, match=r"2\.4 s"):
            src.at(seconds)
    with pytest.raises(IndexError, match="next to it"):
        src.at_pts(src[3].pts + 1)


def test_numbers_outside_of_the_source(clip: Path) -> None:
    src = videngine.open(clip)
    for number in (60, -61, 10**12):
        with pytest.raises(IndexError, match=f"no frame {number}: the source has 60"):
            src[number]
    with pytest.raises(IndexError, match="has 60"):
        src.frames([1, 60])
    with pytest.raises(TypeError):
        src["5"]  # type: ignore[call-overload]  # what is tested


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film at all\n" * 100)
    sound = tmp_path / "sound.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", sound)
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    cases: list[tuple[object, str]] = [
        (tmp_path / "none.mp4", "source_not_found"),
        (text, "source_corrupt"),
        (b"", "source_corrupt"),
        (playlist, "source_corrupt"),
        (sound, "source_no_streams"),
        ("http://127.0.0.1:9/clip.mp4", "source_forbidden"),
    ]
    for source, code in cases:
        with pytest.raises(InputError) as caught:
            videngine.open(source)  # type: ignore[arg-type]  # all of them are sources
        assert caught.value.code == code
        assert "/proc/" not in caught.value.subject


def test_arguments_that_cannot_be(clip: Path) -> None:
    with pytest.raises(InputError, match="no pictures as stream"):
        videngine.open(clip, stream="v:1")
    with pytest.raises(ValueError, match="v:0"):
        videngine.open(clip, stream="first")
    with pytest.raises(TypeError, match="a path, a URL, bytes"):
        videngine.open(5)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError, match='"rb"'):
        videngine.open(io.StringIO("x"))  # type: ignore[arg-type]  # what is tested
    with pytest.raises(DeviceError, match="auto"):
        videngine.open(clip, device="cuda:0")
    with pytest.raises(ValueError, match="threads"):
        videngine.open(clip, threads=0)
    with pytest.raises(ValueError, match="max_live_frames"):
        videngine.open(clip, max_live_frames=1)
    with pytest.raises(ValueError, match="damaged"):
        videngine.open(clip, damaged="ignore")  # type: ignore[arg-type]  # what is tested


def test_a_closed_reader_says_so(clip: Path) -> None:
    src = videngine.open(clip)
    running = iter(src)
    first = next(running)
    src.close()
    src.close()
    for use in (lambda: src[0], lambda: len(src), lambda: next(iter(src)), lambda: src.at(0)):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert first.pts == 0
    assert len(list(running)) == 59  # what was begun goes on


def test_the_index_is_kept_in_a_file(clip: Path, tmp_path: Path) -> None:
    kept = tmp_path / "clip.index"
    first = videngine.open(clip, index=kept)
    assert not kept.exists()  # made when it is needed
    assert digest(first[33]) == digest(videngine.open(clip)[33])
    written = kept.read_bytes()
    again = videngine.open(clip, index=kept)
    assert (again.index == first.index).all()
    assert digest(again[33]) == digest(first[33])
    assert kept.read_bytes() == written
    # Another source's, or damaged: made again.
    for spoiled in (b"", written[:100], written.replace(b"packets", b"backets")):
        kept.write_bytes(spoiled)
        assert len(videngine.open(clip, index=kept)) == 60
        assert len(kept.read_bytes()) > 500
    assert len(videngine.open(MEDIA / "rotated_90.mp4", index=kept)) != 60

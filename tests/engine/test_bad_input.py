"""Bad sources: refused with a code that says why, or decoded as far as they are good."""

from __future__ import annotations

import ctypes
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from tests.engine.films import AAC, X264, Film, ffmpeg, make_film
from tests.engine.measure import numbers
from tests.engine.plans import MEDIA, audio, picture, plan_of, run, still, transcode, video
from tests.engine.test_process import engine_processes

from videngine import engine
from videngine.errors import InputError

IN_OPEN = 0x20


def refused(path: Path) -> InputError:
    """What probing says; it must not take it."""
    with pytest.raises(InputError) as caught:
        engine.probe(path)
    assert caught.value.message.endswith(".")
    assert not caught.value.retryable
    return caught.value


def encoded(source: Path, folder: Path, *, rate: int = 24) -> list[int]:
    """The frames that come out of a source's picture."""
    of = picture(rate=rate)
    made = run(source, pictures=(of,), video=(video(folder, of=of),))
    return numbers(made.path("v0"))


@contextmanager
def nobody_opens(path: Path) -> Iterator[None]:
    """Fails if any process opens ``path`` meanwhile: asked of the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    try:
        assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) >= 0
        yield
        try:
            opened = os.read(watch, 4096)
        except BlockingIOError:
            opened = b""
        assert not opened, f"{path.name} was opened"
    finally:
        os.close(watch)


def test_the_watch_sees_an_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(AssertionError, match="was opened"), nobody_opens(path):
        path.read_text()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing.mp4").code == "source_not_found"


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_what_is_no_regular_file_is_not_opened_for_ever(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "source.mp4"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = Path("/dev/zero")
    assert refused(path).code == "source_not_found"


def test_an_empty_file_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    error = refused(path)
    assert error.code == "source_corrupt"
    assert "0 bytes" in error.message


@pytest.mark.parametrize(
    "content",
    [
        b"Dear reader, this is no film.\n" * 500,
        b"\0" * 100_000,
        random.Random(1).randbytes(100_000),
        b"<html>",
    ],
    ids=["text", "zeros", "noise", "html"],
)
def test_what_is_no_media_is_corrupt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "source.mp4"
    path.write_bytes(content)
    assert refused(path).code == "source_corrupt"


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile {secret}\n",
        "ffconcat version 1.0\nfile 'file:{secret}'\nduration 1\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nfile://{secret}\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1"><BaseURL>{secret}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    ],
    ids=["ffconcat", "ffconcat-url", "hls", "hls-multivariant", "dash", "sdp"],
)
def test_a_playlist_dressed_up_as_a_film_opens_nothing(
    film: Film, tmp_path: Path, text: str
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(film.path.read_bytes())
    path = tmp_path / "source.mp4"
    path.write_text(text.format(secret=secret))
    with nobody_opens(secret):
        assert refused(path).code == "source_corrupt"


def test_a_film_whose_media_lies_in_another_file_opens_nothing(film: Film, tmp_path: Path) -> None:
    """QuickTime's data references name files; they are not followed."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(film.path.read_bytes())
    name = os.fsencode(secret)
    alias = struct.pack(">I4sI", 12 + len(name) + 1, b"url ", 0) + name + b"\0"
    data = film.path.read_bytes()
    at = data.index(b"url \0\0\0\1") - 4
    source = tmp_path / "source.mov"
    source.write_bytes(data[:at] + alias[: 12 + len(name) + 1] + data[at + 12 :])
    of = picture()
    with nobody_opens(secret), pytest.raises(InputError) as caught:
        run(source, pictures=(of,), video=(video(tmp_path, of=of),))
    assert caught.value.code in ("source_corrupt", "source_unsupported_codec")


def test_a_film_whose_index_is_missing_is_corrupt(film: Film, tmp_path: Path) -> None:
    source = tmp_path / "cut.mp4"
    data = film.path.read_bytes()
    source.write_bytes(data[: data.index(b"moov") - 4])
    assert refused(source).code == "source_corrupt"


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "flv", "mov"])
def test_a_film_that_was_cut_off_is_corrupt(tmp_path: Path, suffix: str) -> None:
    codec = ("-c:a", "libmp3lame") if suffix == "flv" else AAC
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=240,
        rate=Fraction(24),
        clicks=(Fraction(1),),
        audio=codec,
        more=("-movflags", "+faststart") if suffix in ("mp4", "mov") else (),
    )
    source = tmp_path / f"cut.{suffix}"
    data = film.path.read_bytes()
    source.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(InputError) as caught:
        encoded(source, tmp_path)
    assert caught.value.code == "source_corrupt"
    assert "truncated" in caught.value.message
    assert "10.0 s" in caught.value.message


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "mpg"])
def test_garbage_in_the_middle_costs_only_what_it_covers(tmp_path: Path, suffix: str) -> None:
    codec = "mpeg2video" if suffix == "mpg" else "libx264"
    film = make_film(
        tmp_path / f"film.{suffix}",
        frames=240,
        rate=Fraction(24),
        video=("-c:v", codec, "-g", "12", "-b:v", "400k", "-bf", "0"),
        more=("-cluster_time_limit", "500") if suffix == "mkv" else (),
    )
    data = bytearray(film.path.read_bytes())
    begin = len(data) // 2
    data[begin : begin + 100] = random.Random(7).randbytes(100)
    source = tmp_path / f"damaged.{suffix}"
    source.write_bytes(data)
    shown = encoded(source, tmp_path)
    assert len(shown) == pytest.approx(240, abs=3)
    assert shown[:90] == list(range(90))
    assert shown[-60:] == list(range(240 - 60, 240))


def test_a_film_without_pictures_has_no_video_outputs(tmp_path: Path) -> None:
    source = tmp_path / "sound.m4a"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=2", *AAC, source)
    assert engine.probe(source).video is None
    for output in ({"output": "mp4"}, {"output": "thumbnail"}):
        with pytest.raises(InputError) as caught:
            transcode(source, tmp_path, output)
        assert caught.value.code == "source_no_streams"


def test_a_cover_is_no_picture(tmp_path: Path) -> None:
    source = tmp_path / "album.m4a"
    ffmpeg(
        "-f", "lavfi", "-i", "sine=duration=2", "-f", "lavfi", "-i", "color=red:s=64x64",
        "-frames:v", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic", *AAC, source,
    )  # fmt: skip
    assert engine.probe(source).video is None
    with pytest.raises(InputError) as caught:
        transcode(source, tmp_path, {"output": "mp4"})
    assert caught.value.code == "source_no_streams"


def test_a_film_of_no_frames_is_corrupt(film: Film, tmp_path: Path) -> None:
    source = tmp_path / "empty.mkv"
    ffmpeg("-i", film.path, "-t", "0", "-c", "copy", source)
    with pytest.raises(InputError) as caught:
        transcode(source, tmp_path, {"output": "mp4", "height": 64})
    assert caught.value.code in ("source_corrupt", "source_no_streams")


@pytest.mark.parametrize("image", ["png", "jpg", "gif", "bmp"])
def test_an_image_is_no_film(tmp_path: Path, image: str) -> None:
    path = tmp_path / f"image.{image}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", path)
    renamed = path.rename(tmp_path / "source.mp4")
    assert refused(renamed).code == "source_corrupt"


@pytest.mark.parametrize(("side", "code"), [(12_000, "source_unsupported_codec"), (16_384, None)])
def test_a_picture_too_large_for_memory_is_refused_before_it_is_decoded(
    tmp_path: Path, side: int, code: str | None
) -> None:
    """A small PNG in Matroska, both of which claim a size; libavformat drops the larger one."""
    source = tmp_path / "bomb.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "color=red:s=300x300:r=25:d=0.2", "-c:v", "png", "-pix_fmt", "rgb24",
        source,
    )  # fmt: skip
    data = source.read_bytes()
    for id_and_size in (b"\xb0\x82", b"\xba\x82"):
        data = data.replace(
            id_and_size + struct.pack(">H", 300), id_and_size + struct.pack(">H", side)
        )
    data = data.replace(
        struct.pack(">4sII", b"IHDR", 300, 300), struct.pack(">4sII", b"IHDR", side, side)
    )
    source.write_bytes(data)
    of = picture(rate=25)
    with pytest.raises(InputError) as caught:
        run(source, pictures=(of,), video=(video(tmp_path, of=of),))
    assert caught.value.code == (code or "source_corrupt")
    assert code is None or f"{side}x{side}" in caught.value.message


def test_a_failed_plan_reports_no_rendition(film: Film, tmp_path: Path) -> None:
    source = tmp_path / "cut.mp4"
    ffmpeg("-i", film.path, "-c", "copy", "-movflags", "+faststart", tmp_path / "whole.mp4")
    data = (tmp_path / "whole.mp4").read_bytes()
    source.write_bytes(data[: len(data) // 2])
    of = picture()
    events: list[str] = []
    plan = plan_of(
        source, pictures=(of,), video=(video(tmp_path, of=of),), audio=(audio(tmp_path),)
    )
    with pytest.raises(InputError):
        engine.transcode(plan, on_event=lambda e: events.append(e["event"]), stop=lambda: False)
    assert "rendition_finished" not in events
    assert "finished" not in events


def test_a_codec_that_nobody_decodes_is_named(tmp_path: Path) -> None:
    source = tmp_path / "odd.mkv"
    make_film(source, frames=24, rate=Fraction(24), video=X264)
    source.write_bytes(source.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"))
    with pytest.raises(InputError) as caught:
        run(source, stills=(still(tmp_path, Fraction(0)),))
    assert caught.value.code == "source_unsupported_codec"


def test_no_bad_input_leaves_a_process(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.mp4")
    assert engine_processes() == []


def test_the_clip_of_the_demo_is_good() -> None:
    assert engine.probe(MEDIA / "bbb_720p24_20s.mp4").format.startswith("mov")

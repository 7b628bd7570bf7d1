"""The frames of a source: all of them in turn, any of them by number or time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from videngine import _engine
from videngine.errors import DeviceError, InputError
from videngine.frames import index_file
from videngine.frames.frame import Frame, Layout, check_rgb
from videngine.frames.lookup import Lookup
from videngine.frames.sources import OpenedSource, Source, named_errors, open_source
from videngine.media import MediaInfo, Stream
from videngine.native_facts import media_facts

Damaged = Literal["raise", "skip", "show"]

# How far iteration decodes ahead: enough that a caller who is held up for a moment does not hold up
# the decoder, within so many bytes.
_AHEAD_FRAMES = 16
_AHEAD_BYTES = 256 << 20


class Reader:
    """The pictures of one stream of a source, decoded when they are asked for.

    Made by `videngine.open`. Any number of threads may use it: those that ask for single frames
    wait for each other, iterators are independent (each is for one thread at a time). Closing it is
    optional; frames stay valid behind it.
    """

    def __init__(
        self,
        source: OpenedSource,
        *,
        stream: str | None,
        threads: int,
        damaged: Damaged,
        max_live_frames: int | None,
        index: Path | None,
    ) -> None:
        self._source = source
        self._index_path = index
        self._damaged = damaged
        self._closed = False
        self._native: _engine.FrameReader | None = None
        if stream is None:
            with named_errors(source):
                _engine.probe(source.path)
            return
        with named_errors(source):
            self._native = _engine.FrameReader(
                path=source.path,
                stream=stream,
                threads=threads,
                damaged=damaged,
                max_live_frames=max_live_frames or 0,
            )

    # -- facts

    @cached_property
    def info(self) -> MediaInfo:
        """All that is known of the source, as `videngine.probe` tells it."""
        return MediaInfo.from_json(media_facts(_engine.probe(self._open_source().path)))

    @property
    def stream(self) -> Stream:
        """What is known of the stream that is read."""
        return self.info.streams[self._reader().stream]

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick of `Frame.pts` and of the times in `index`."""
        return self._reader().time_base

    @property
    def max_live_frames(self) -> int:
        """How many frames may be held at once, by themselves or by views of their planes."""
        return self._reader().max_live_frames

    @property
    def live_frames(self) -> int:
        """How many frames are held now."""
        return self._reader().live_frames

    @property
    def index(self) -> NDArray[np.void]:
        """A row for each frame as they are shown, of `INDEX_DTYPE`; made when first asked for.

        ``pts``, ``dts`` and ``duration`` are ticks of `time_base` (``dts`` is the smallest int64
        where the source has none), ``key`` marks frames that are coded by themselves, ``pos`` is
        where the packet starts in the file (-1: unknown) and ``size`` its length in bytes.

        One scan of the packets makes it; sources whose timestamps do not tell the order, or whose
        codec hides frames, are decoded once instead.
        """
        return self._lookup.rows

    def __len__(self) -> int:
        """How many frames there are: those that can be read, whatever headers say."""
        return len(self.index)

    # -- frames in turn

    def __iter__(self) -> Iterator[Frame]:
        """All frames from the first, decoded ahead in the background.

        Raises:
            DamagedSource: behind the last good frame, unless opened with another ``damaged``.
            ResourceError: ``too_many_frames`` are held.
        """
        reader, least = self._reader(), 1
        ahead = max(4, min(_AHEAD_FRAMES, _AHEAD_BYTES // reader.frame_bytes))
        feed = reader.play(capacity=ahead)
        # The first at once; then several at a time, so that threads and the GIL change hands less.
        while ready := feed.take(least, ahead):
            room = reader.max_live_frames - reader.live_frames
            least = max(1, min(2 * least, ahead // 2, room))
            ready.reverse()
            while ready:
                yield Frame(ready.pop())

    def batches(self, n: int, *, queue: int = 2) -> Iterator[list[Frame]]:
        """All frames from the first, ``n`` at a time (fewer at the end).

        They are decoded in the background: at most ``n * queue`` wait to be taken, and later groups
        of pictures for their turn (at most 512 MiB, with ``threads=1`` none). The GIL changes hands
        once a batch. The batch before counts against ``max_live_frames`` while it is held.

        Raises:
            ValueError: ``n`` or ``queue`` below 1. Else as iteration.
        """
        if n < 1 or queue < 1:
            raise ValueError(f"n and queue are at least 1, not {n} and {queue}")
        return self._batches(n, queue)

    def _batches(self, n: int, queue: int) -> Iterator[list[Frame]]:
        feed = self._reader().play(capacity=n * queue)
        while ready := feed.take(n, n):
            batch = [Frame(frame) for frame in ready]
            ready.clear()
            yield batch
            del batch

    # -- frames by number and time

    @overload
    def __getitem__(self, number: int) -> Frame: ...
    @overload
    def __getitem__(self, number: slice) -> list[Frame]: ...
    def __getitem__(self, number: int | slice) -> Frame | list[Frame]:
        """One frame, or those of a slice, exactly: frame 5 is the sixth that iteration gives.

        Negative numbers count from the end.

        Raises:
            IndexError: there is none of this number. DamagedSource: it cannot be decoded.
            ResourceError: ``too_many_frames`` would be held.
        """
        if isinstance(number, slice):
            return self.frames(range(*number.indices(len(self))))
        return self.frames([number])[0]

    def frames(self, numbers: Iterable[int]) -> list[Frame]:
        """Frames of any numbers, in the order asked for and as often; each GOP is decoded once.

        Raises: as ``reader[number]``.
        """
        asked = self._lookup.numbers(numbers)
        wanted = sorted(set(asked))
        picked = dict(zip(wanted, map(Frame, self._reader().pick(wanted)), strict=True))
        return [picked[number] for number in asked]

    def into(
        self,
        out: NDArray[Any] | Sequence[NDArray[Any]],
        numbers: Iterable[int],
        *,
        layout: Layout = "HWC",
        transfer: Literal["source", "sdr"] = "source",
    ) -> None:
        """Frames of any numbers into arrays of yours, in the order asked for; holds none of them.

        The GIL is let go once for all of them; each GOP is decoded once.

        Args:
            out: C-contiguous. One array of (N, H, W, 3), or (N, 3, H, W) with ``layout="CHW"``,
                gets R'G'B' as `Frame.to_rgb` makes it, by its type. Several arrays get the planes:
                of ``yuv420p``, three of (N, H, W), (N, ⌈H/2⌉, ⌈W/2⌉) twice.
            numbers: N or fewer of them.
            layout: of one array.
            transfer: of one array; see `Frame.to_rgb`.

        Raises:
            ValueError: an array of another shape or type than this source needs.
            IndexError, DamagedSource: as ``reader[number]``.
        """
        check_rgb(layout, transfer)
        places: dict[int, list[int]] = {}
        for place, number in enumerate(self._lookup.numbers(numbers)):
            places.setdefault(number, []).append(place)
        wanted = sorted(places)
        targets = [places[number] for number in wanted]
        if isinstance(out, np.ndarray):
            self._reader().into_rgb(wanted, targets, out, layout == "CHW", transfer == "sdr")
        else:
            self._reader().into_planes(wanted, targets, list(out))

    def at(self, seconds: float | Fraction) -> Frame:
        """The frame that is on screen at a time, in seconds as `Frame.time`.

        Raises:
            IndexError: the time is before or behind the pictures. Else as ``reader[number]``.
        """
        return self[self._lookup.number_at(seconds)]

    def at_pts(self, pts: int) -> Frame:
        """The frame of exactly this timestamp, in ticks of `time_base`.

        Raises:
            IndexError: there is none; the message names those next to it. Else as
                ``reader[number]``.
        """
        return self[self._lookup.number_of(pts)]

    # -- sound

    def audio(
        self,
        start: float | Fraction | None = None,
        end: float | Fraction | None = None,
        *,
        rate: int = 16_000,
        channels: int | None = 1,
        stream: str = "a:0",
    ) -> NDArray[np.float32]:
        """A part of the source's sound: sample k is the sound at ``start + k / rate`` seconds.

        The clock is that of `Frame.time`; a part is to the sample what the same place of the whole
        is. Where the source has a gap, or its sound has not begun yet, there is silence; behind the
        end of the sound there is nothing, so that the array may be shorter than ``end - start``.

        Args:
            start: in seconds, rounded to a sample of the result; by default 0, the source's origin.
            end: where the part ends, the same way; by default the end of the sound.
            rate: samples a second of the result, 1000 to 384000.
            channels: 1 to 8, mixed in the usual way without clipping (5.1 to stereo, stereo to
                mono); None: the source's own, as they are.
            stream: ``a:0`` is the first stream of sound, ``a:1`` the second; a number counts all
                streams.

        Returns:
            float32 with 1.0 as full scale, of the shape (samples,) for one channel that was asked
            for, else (samples, channels), the channels in FFmpeg's order (left, right, centre ...).

        Raises:
            ValueError: an argument out of range, or the reader is closed. InputError:
                ``source_no_streams``, ``source_unsupported_codec``. DamagedSource: unless opened
                with another ``damaged``; then silence takes the place of what is damaged.
        """
        if not 1000 <= rate <= 384_000:
            raise ValueError(f"rate is 1000 to 384000 samples a second, not {rate}")
        if channels is not None and not 1 <= channels <= 8:
            raise ValueError(f"channels is 1 to 8 or None, not {channels}")
        first = round(Fraction(start or 0) * rate)
        last = None if end is None else round(Fraction(end) * rate)
        if first < 0 or (last is not None and last < first):
            raise ValueError(f"a part of a sound has 0 <= start <= end, not {start} to {end}")
        source = self._open_source()
        with named_errors(source):
            samples = _engine.sound(
                path=source.path,
                stream=stream,
                sample_rate_hz=rate,
                channels=channels or 0,
                first_sample=first,
                samples=None if last is None else last - first,
                damaged=self._damaged,
            )
        return samples[:, 0] if channels == 1 else samples

    # -- ends

    def close(self) -> None:
        """Let go of the file. Frames and iterators that are there go on."""
        self._native = None
        self._closed = True
        self._source.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "sound only" if self._native is None else f"stream {self._native.stream}"
        if self._closed:
            state = "closed"
        return f"<Reader of {self._source.name}, {state}>"

    # --

    def _reader(self) -> _engine.FrameReader:
        source = self._open_source()
        if self._native is None:
            raise InputError(
                "source_no_streams",
                'it was opened with stream=None, for its sound: open it with stream="v:0" to have '
                "its pictures",
                subject=source.name,
            )
        return self._native

    def _open_source(self) -> OpenedSource:
        if self._closed:
            raise ValueError(f"the reader of {self._source.name} is closed")
        return self._source

    @cached_property
    def _lookup(self) -> Lookup:
        reader = self._reader()
        tables = index_file.tables(reader, self._source.path, self._index_path)
        return Lookup(*tables, reader.time_base, reader.origin_s)


def open(
    source: Source,
    *,
    stream: str | None = "v:0",
    threads: int | Literal["auto"] = "auto",
    device: str = "auto",
    damaged: Damaged = "raise",
    max_live_frames: int | None = None,
    index: str | os.PathLike[str] | None = None,
) -> Reader:
    """Open a source to read its frames.

    Args:
        source: a path, an ``http(s)`` URL (downloaded through the guarded client), bytes, or a file
            opened for reading bytes (read from its start).
        stream: ``v:0`` is the first stream of moving pictures, ``v:1`` the second; a number counts
            all streams; None: none, for sources of which only `Reader.audio` is wanted.
        threads: of decoding, in one GOP or several at once; ``auto``: as many as there are cores.
        device: where frames are decoded; ``auto`` and ``cpu`` are the same in this version.
        damaged: what becomes of pictures that cannot be decoded whole. ``raise``: an error behind
            the last good one. ``skip``: they are left out, with all up to the next key frame.
            ``show``: what the decoder makes of them, as FFmpeg's command does.
        max_live_frames: how many frames may be held at once, at least 2; by default what fits into
            1 GiB, at least 32.
        index: a file in which the index is kept, so that a long source is scanned once; made
            when it is not there or is another source's.

    Raises:
        InputError: ``source_not_found``, ``source_forbidden``, ``source_corrupt`` (not media),
            ``source_no_streams`` (no such stream of pictures), ``source_unsupported_codec``; of
            URLs also ``source_timeout``, ``source_too_large``.
        DeviceError: ``device_unavailable``.
        ValueError, TypeError: an argument is not what it should be.
    """
    if device not in ("auto", "cpu"):
        raise DeviceError(
            "device_unavailable",
            f'frames are decoded by the CPU in this version: device is "auto" or "cpu", '
            f"not {device!r}",
            retryable=False,
        )
    if damaged not in ("raise", "skip", "show"):
        raise ValueError(f'damaged is "raise", "skip" or "show", not {damaged!r}')
    if threads != "auto" and not 1 <= threads <= 64:
        raise ValueError(f'threads is "auto" or 1 to 64, not {threads}')
    if max_live_frames is not None and max_live_frames < 2:
        raise ValueError(f"max_live_frames is at least 2, not {max_live_frames}")
    opened = open_source(source)
    try:
        return Reader(
            opened,
            stream=stream,
            threads=0 if threads == "auto" else threads,
            damaged=damaged,
            max_live_frames=max_live_frames,
            index=None if index is None else Path(index),
        )
    except BaseException:
        opened.close()
        raise

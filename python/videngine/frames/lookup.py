"""Which frame is meant: numbers, times and timestamps → numbers of frames."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

INDEX_DTYPE = np.dtype(
    [("pts", "i8"), ("dts", "i8"), ("key", "?"), ("pos", "i8"), ("size", "i4"), ("duration", "i8")]
)
"""A row of `Reader.index`."""

# What float arithmetic may take from a time, in ticks.
_FLOAT_ERROR = Fraction(1, 1000)


class Lookup:
    """The frames of one stream as they are shown, by number and by time. Immutable.

    Args:
        packets: a row for each packet, as the engine gives them (`index_file.Tables`).
        shown: a row for each frame.
        time_base: seconds a tick.
        origin_s: where the source's own time begins, in seconds.
    """

    def __init__(
        self,
        packets: NDArray[np.int64],
        shown: NDArray[np.int64],
        time_base: Fraction,
        origin_s: Fraction,
    ) -> None:
        coded = packets[shown[:, 0]]
        rows = np.empty(len(shown), INDEX_DTYPE)
        for column, name in ((1, "dts"), (2, "key"), (3, "pos"), (4, "size"), (5, "duration")):
            rows[name] = coded[:, column]
        rows["pts"] = shown[:, 1]
        rows.flags.writeable = False
        self.rows: NDArray[np.void] = rows
        self._time_base = time_base
        self._origin_s = origin_s

    def numbers(self, asked: Iterable[int]) -> list[int]:
        """Numbers that count from either end → from the first; IndexError where there is none."""
        count = len(self.rows)
        result = []
        for number in asked:
            at = operator.index(number)
            if not -count <= at < count:
                raise IndexError(f"there is no frame {at}: the source has {count}")
            result.append(at + count if at < 0 else at)
        return result

    def number_at(self, seconds: float | Fraction) -> int:
        """The frame on screen at a time from the origin; IndexError outside of the pictures."""
        times = self.rows["pts"]
        ticks = (Fraction(seconds) + self._origin_s) / self._time_base + _FLOAT_ERROR
        end = self._end_pts()
        if seconds < 0 or len(times) == 0 or ticks >= end:
            length = float(end * self._time_base - self._origin_s) if len(times) else 0.0
            raise IndexError(f"there is no frame at {float(seconds)} s of {length:.6g} s")
        return max(int(np.searchsorted(times, int(ticks // 1), side="right")) - 1, 0)

    def number_of(self, pts: int) -> int:
        """The frame of exactly this timestamp; IndexError, with those beside it, for others."""
        times = self.rows["pts"]
        number = int(np.searchsorted(times, pts))
        if number == len(times) or times[number] != pts:
            near = ", ".join(str(t) for t in times[max(number - 1, 0) : number + 1])
            raise IndexError(f"no frame has the timestamp {pts}; next to it: {near or 'none'}")
        return number

    def _end_pts(self) -> int:
        """When the last frame ends; a frame whose length is unknown lasts as long as the others."""
        rows = self.rows
        if len(rows) == 0:
            return 0
        last = int(rows["duration"][-1])
        if last == 0 and len(rows) > 1:
            last = int(rows["pts"][-1] - rows["pts"][0]) // (len(rows) - 1)
        return int(rows["pts"][-1]) + max(last, 1)

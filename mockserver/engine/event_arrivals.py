"""The order in which events were stored, over all meters, and the second in which they were.

Events that come one after the other, of one meter and in one second, make a run, and only runs are kept: a client that
sends batches costs a few bytes a batch, the worst client 24 bytes an event.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Arrived(NamedTuple):
    """Events one by one, in order of arrival: position over all meters, meter's number, row in its log, second."""

    positions: Ints
    meters: NDArray[np.int32]
    rows: Ints
    seconds: Ints

    def pick(self, places: Ints | NDArray[np.bool_]) -> "Arrived":
        """The same at some places only."""
        return Arrived(self.positions[places], self.meters[places], self.rows[places], self.seconds[places])


class Arrivals:
    """Runs of events; positions count from 0."""

    def __init__(self) -> None:
        self.count = 0
        self._meter = self._second = -1
        self._positions, self._seconds = array("q"), array("q")
        self._meters, self._rows = array("i"), array("i")

    def add(self, meter: int, row: int, count: int, second: int) -> None:
        """Note that `count` events were stored behind all others, from `row` on in the log of `meter`."""
        if meter != self._meter or second != self._second:
            self._meter, self._second = meter, second
            self._positions.append(self.count)
            self._seconds.append(second)
            self._meters.append(meter)
            self._rows.append(row)
        self.count += count

    def between(self, start: int, end: int) -> Arrived:
        """The events at the positions `[start, end)`, which must exist; at least one."""
        runs = slice(bisect_right(self._positions, start) - 1, bisect_left(self._positions, end))
        first = np.array(self._positions[runs], np.int64)
        bounds = np.append(np.maximum(first, start), end)
        positions = np.arange(start, end)
        run = np.repeat(np.arange(len(first)), np.diff(bounds))
        return Arrived(
            positions,
            np.array(self._meters[runs], np.int32)[run],
            np.array(self._rows[runs], np.int64)[run] + positions - first[run],
            np.array(self._seconds[runs], np.int64)[run],
        )

"""Which rows of a log are whose: so that a question about one customer looks at their events alone.

Only a question builds it, so that storing events costs nothing; rows that came since are looked through one by one,
and when they are many it is built anew. It takes eight bytes an event.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes32 = NDArray[np.int32]

FEWEST_ROWS: Final = 4_096
"""A log of fewer rows is looked through faster than it is sorted; so are as many that came since."""

_NEW_SHARE: Final = 8
"""It is built anew when the rows that came since are more than this part of the log."""

_WORTH_SHARE: Final = 4
"""Customers with more than this part of the log are found faster by looking through all of it."""

_SAMPLE_STEP: Final = 61
"""A sample has one row of so many: a prime, since clients have rhythms."""

_HALF_BITS: Final = 16

ReadCodes = Callable[[int], Iterable[Codes32]]
"""The customers' codes of the rows from a number on, piece by piece."""


class Owners:
    """The rows of each customer in a log of which `read` tells the customers."""

    def __init__(self, read: ReadCodes) -> None:
        self._read = read
        self._customers = self._rows = np.empty(0, np.int32)

    def rows_of(self, customers: Sequence[int], count: int) -> Ints | None:
        """The rows of some customers among the first `count`, ascending; None where a look at each row is faster."""
        if count < FEWEST_ROWS:
            return None
        known = len(self._rows)
        if count - known > max(FEWEST_ROWS, known // _NEW_SHARE):
            if self._mostly(customers, known):
                return None
            self._build()
            known = len(self._rows)
        codes = np.array(customers, np.int32)  # of the type they are sought in, which would be converted otherwise
        starts, ends = (np.searchsorted(self._customers, codes, side).tolist() for side in ("left", "right"))
        if (sum(ends) - sum(starts)) * _WORTH_SHARE > known:
            return None
        runs = [self._rows[start:end] for start, end in zip(starts, ends, strict=True)]
        rows = np.concatenate([*runs, known + np.flatnonzero(self._read_flags(known, customers))])
        return np.sort(rows) if len(runs) > 1 else rows

    def _mostly(self, customers: Sequence[int], start: int) -> bool:
        """Whether a sample of the rows from a number on says that many are theirs, and sorting were in vain."""
        flags = self._read_flags(start, customers, _SAMPLE_STEP)
        return int(np.count_nonzero(flags)) * _WORTH_SHARE > len(flags)

    def _read_flags(self, start: int, customers: Sequence[int], step: int = 1) -> NDArray[np.bool_]:
        """Which rows from a number on are those of some customers; of every `step`-th row of a piece."""
        codes = [np.empty(0, np.int32), *(piece[::step] for piece in self._read(start))]
        return _owned(np.concatenate(codes), customers)

    def _build(self) -> None:
        customers = np.concatenate(list(self._read(0)))
        order = _sorting(customers)
        self._customers, self._rows = customers[order], order.astype(np.int32)


def _owned(codes: Codes32, customers: Sequence[int]) -> NDArray[np.bool_]:
    """Which codes are those of some customers."""
    return codes == customers[0] if len(customers) == 1 else np.isin(codes, customers)


def _sorting(codes: Codes32) -> Ints:
    """What sorts codes (from 0 on), equal ones in their order: by halves, since NumPy sorts 16 bits in linear time."""
    low, high = codes.astype(np.uint16), (codes >> _HALF_BITS).astype(np.uint16)
    order = np.argsort(low, kind="stable")
    return order[np.argsort(high[order], kind="stable")] if high.any() else order

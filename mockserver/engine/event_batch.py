"""What goes into the event store: a batch of events as columns, and the conflicts found in it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mockserver.engine.event_codes import Codes

SLICE_EVENTS: Final = 10_000
"""Events worked on by one NumPy call: a few milliseconds, so that other threads get their turn in between."""


_EARLIEST: Final = -(2**63)
_LATEST: Final = 2**63 - 1


class BatchError(ValueError):
    """A time outside int64 or a value that is no finite double, at `index` of the column `column`."""

    def __init__(self, column: Literal["times_ms", "values"], index: int) -> None:
        super().__init__(f"{column}[{index}] is out of range")
        self.column, self.index = column, index


class EventBatch:
    """Events as parallel columns; the batch takes the lists as they are and never changes them.

    `times_ms` and `values` are arrays; a batch of one event has `only` instead, its time and value, since making two
    arrays would cost more than storing the event.

    Args:
        meters: One name for all events, or one an event.
        customers: None where an event names no customer (an empty name is another customer).
        times_ms: Unix milliseconds, any int64.
        values: Finite numbers.
        dimensions: Name to value; None is the same as empty.
        unique_ids: None where an event has none.
        positions: Where each event stood in the request, for conflicts; by default its index in the batch.

    Raises:
        BatchError: A time or a value is out of range.
        ValueError: The columns differ in length.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # one argument a column
        self,
        meters: str | Sequence[str],
        customers: Sequence[str | None],
        times_ms: Sequence[int],
        values: Sequence[float],
        dimensions: Sequence[Mapping[str, str] | None],
        unique_ids: Sequence[str | None],
        positions: Sequence[int] | None = None,
    ) -> None:
        count = len(customers)
        given = (times_ms, values, dimensions, unique_ids, customers if positions is None else positions)
        if any(len(column) != count for column in given) or not (isinstance(meters, str) or len(meters) == count):
            raise ValueError("the columns of a batch must have one length")
        self.meters, self.customers = meters, customers
        self.dimensions, self.unique_ids, self.positions = dimensions, unique_ids, positions
        if count == 1:
            self.only = _checked(times_ms[0], values[0])
        else:
            self.times_ms: NDArray[np.int64] = _converted("times_ms", times_ms, np.int64)
            self.values: NDArray[np.float64] = _converted("values", values, np.float64)

    def __len__(self) -> int:
        return len(self.customers)

    def numbers(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and values as arrays, however many events there are."""
        if len(self) == 1:
            return np.array([self.only[0]], np.int64), np.array([self.only[1]], np.float64)
        return self.times_ms, self.values

    def position(self, index: int) -> int:
        """Where the event at `index` stood in the request."""
        return index if self.positions is None else self.positions[index]

    def meter(self, index: int) -> str:
        """The meter of the event at `index`."""
        return self.meters if isinstance(self.meters, str) else self.meters[index]


class MeterRuns:
    """Splits events of a batch by their meter."""

    def __init__(self, batch: EventBatch) -> None:
        self._names: Codes[str] = Codes()
        if isinstance(batch.meters, str):
            self._only: str | None = batch.meters
            return
        self._codes = np.concatenate([self._names.encode(batch.meters[part]) for part in in_slices(len(batch))])
        self._words = list(self._names)
        self._only = self._words[0] if len(self._words) == 1 else None

    def split(self, events: NDArray[np.int64]) -> list[tuple[str, NDArray[np.int64] | slice]]:
        """Each meter among `events` (indexes into the batch) and where its events stand in that array, in order."""
        if not len(events):
            return []
        if self._only is not None:
            return [(self._only, slice(len(events)))]
        codes = self._codes[events]
        order = np.argsort(codes, kind="stable")
        distinct, starts = np.unique(codes[order], return_index=True)
        runs = np.split(order, starts[1:])
        return [(self._words[code], run) for code, run in zip(distinct.tolist(), runs, strict=True)]


ConflictKind = Literal["other-value", "reused-unique-id"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event that contradicts an earlier one.

    `other-value`: the same event came before with another value. `reused-unique-id`: its unique id came before on the
    same meter with another customer, time or dimensions. `position` is the event's in the request; `total` is how
    many conflicts the batch has, of which at most twenty are told one by one.
    """

    kind: ConflictKind
    meter: str
    unique_id: str | None
    position: int
    total: int


ConflictListener = Callable[[Conflict], None]


def in_slices(count: int) -> list[slice]:
    """Slices of at most SLICE_EVENTS that cover `count` events; one empty slice when there are none."""
    return [slice(at, at + SLICE_EVENTS) for at in range(0, max(count, 1), SLICE_EVENTS)]


def _checked(time_ms: int, value: float) -> tuple[int, float]:
    """The time and the value of a single event, under the rules of `_converted`."""
    if not _EARLIEST <= time_ms <= _LATEST:
        raise BatchError("times_ms", 0)
    try:
        double = float(value) + 0.0
    except OverflowError:
        raise BatchError("values", 0) from None
    if not math.isfinite(double):
        raise BatchError("values", 0)
    return time_ms, double


def _converted(column: Literal["times_ms", "values"], numbers: Sequence[float], dtype: type[Any]) -> NDArray[Any]:
    try:
        if len(numbers) <= SLICE_EVENTS:
            array = np.array(numbers, dtype)
        else:
            array = np.concatenate([np.array(numbers[part], dtype) for part in in_slices(len(numbers))])
    except OverflowError:
        raise BatchError(
            column, next(index for index, number in enumerate(numbers) if not _fits(number, dtype))
        ) from None
    if dtype is np.float64:
        array += 0.0  # makes a plain zero of a negative one
        finite = np.isfinite(array)
        if not finite.all():
            raise BatchError(column, int(finite.argmin()))
    return array


def _fits(number: float, dtype: type[Any]) -> bool:
    try:
        np.array(number, dtype)
    except OverflowError:
        return False
    return True

"""Walking over single events in the order of their arrival: reading them page by page, and cancelling them.

A block of arrivals is looked at with a few NumPy calls; the first block of a walk is small, since a page is often full
soon, and each further one is twice as long.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.selection import EventPage, EventSelection, RawEvent
from mockserver.engine.event_arrivals import Arrivals, Arrived
from mockserver.engine.event_codes import Codes, DimensionSets
from mockserver.engine.event_log import Columns, MeterLog, both, empty_columns, occurring
from mockserver.engine.event_scan import Admission

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_FIRST_BLOCK: Final = 1_024
_LARGEST_BLOCK: Final = 65_536

ByRow = Callable[[Ints, Columns], Flags]
"""Which events are meant, given the rows of one meter's log and what they hold."""


class Words(NamedTuple):
    """What the codes of stored events stand for."""

    customers: Codes[str | None]
    sets: DimensionSets


class Found(NamedTuple):
    """Events that are meant, and what they hold, in order of arrival."""

    arrived: Arrived
    columns: Columns


class Walk:
    """Finds the events of a selection that still count.

    Args:
        logs: the logs by name, in order of their numbers.
        seconds: the seconds of arrival that are meant, from the first to before the second; None for no bound.
        by_row: a further condition.
    """

    def __init__(  # noqa: PLR0913  # what a walk goes over, and what it looks for
        self,
        arrivals: Arrivals,
        logs: Mapping[str, MeterLog],
        words: Words,
        selection: EventSelection,
        *,
        seconds: tuple[int, int | None] | None = None,
        by_row: ByRow | None = None,
    ) -> None:
        self._arrivals, self._logs = arrivals, list(logs.values())
        self._selection, self._seconds, self._by_row = selection, seconds, by_row
        self._admission = Admission.of(selection.filters, words.customers, words.sets)
        self._only = None if selection.meter is None else logs.get(selection.meter)

    def backwards(self, end: int) -> Iterator[Found]:
        """The events before a position, the latest block first."""
        size = _FIRST_BLOCK
        while end > 0:
            start = max(0, end - size)
            yield self._found(start, end)
            end, size = start, min(2 * size, _LARGEST_BLOCK)

    def forwards(self, start: int = 0) -> Iterator[Found]:
        """The events from a position on, block by block."""
        size = _FIRST_BLOCK
        while start < self._arrivals.count:
            end = min(self._arrivals.count, start + size)
            yield self._found(start, end)
            start, size = end, min(2 * size, _LARGEST_BLOCK)

    def _found(self, start: int, end: int) -> Found:
        arrived = self._eligible(self._arrivals.between(start, end))
        columns = empty_columns(len(arrived.rows))
        meant = np.zeros(len(arrived.rows), np.bool_)
        for number in occurring(arrived.meters):
            places = np.flatnonzero(arrived.meters == number)
            rows, log = arrived.rows[places], self._logs[number]
            held = log.gather(rows)
            columns.write(places, held)
            meant[places] = self._meant(log, rows, held)
        return Found(arrived.pick(meant), columns.pick(meant))

    def _eligible(self, arrived: Arrived) -> Arrived:
        """Those of the right meter and the right seconds of arrival."""
        flags = None
        if self._selection.meter is not None:
            flags = arrived.meters == (-1 if self._only is None else self._only.number)
        if self._seconds is not None:
            flags = both(flags, _within(arrived.seconds, *self._seconds))
        return arrived if flags is None else arrived.pick(flags)

    def _meant(self, log: MeterLog, rows: Ints, held: Columns) -> Flags:
        flags = both(log.live(rows), self._admission.flags(held))
        start_s, end_s = self._selection.start_s, self._selection.end_s
        flags = both(
            flags, _within(held.times_ms, *(None if edge is None else edge * 1000 for edge in (start_s, end_s)))
        )
        if self._by_row is not None:
            flags = both(flags, self._by_row(rows, held))
        return np.ones(len(rows), np.bool_) if flags is None else flags


def page_of(blocks: Iterator[Found], meters: Sequence[str], words: Words, size: int, *, ascending: bool) -> EventPage:
    """The first `size` events of a walk; blocks that go backwards are read from their ends."""
    events: list[RawEvent] = []
    customers = words.customers.words()
    for arrived, columns in blocks:
        order = range(len(arrived.rows))
        for place in order if ascending else reversed(order):
            if len(events) == size:
                return EventPage(events, more=True)
            events.append(
                RawEvent(
                    int(arrived.positions[place]),
                    meters[arrived.meters[place]],
                    customers[columns.customers[place]],
                    int(columns.times_ms[place]),
                    float(columns.values[place]),
                    words.sets.words(int(columns.dimension_sets[place])),
                )
            )
    return EventPage(events)


def _within(numbers: Ints, start: int | None, end: int | None) -> Flags | None:
    """Which numbers lie in `[start, end)`; the bounds may be of any size."""
    flags = None
    if start is not None:
        flags = both(flags, numbers >= start)
    return flags if end is None else both(flags, numbers < end)

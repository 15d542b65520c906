"""What a customer used, as it is billed: by product item, partitioned as its price asks for, in windows or in hours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.counting import Counting, Statistic, count_usage
from mockserver.domain.decimals import added, metered_units
from mockserver.domain.invoicing import BilledItem
from mockserver.domain.rating import MeteredUsage
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery
from mockserver.domain.windows import Interval
from mockserver.engine.call import Call
from mockserver.handlers.billing.catalogue import Catalogue

ALL_TIME_S: Final = 2**63
"""Seconds before and after 1970 between which every event lies."""


def question_of(meter: str, start_s: int, end_s: int, interval: Interval = Interval.MONTH) -> UsageQuery:
    """A question about all usage of a meter."""
    return UsageQuery(meter, start_s, end_s, DEFAULT_AGGREGATION[MeterKind.SUM], interval)


def metered(call: Call, question: UsageQuery, counting: Counting) -> list[UsageGroup]:
    """Usage of a meter counted as it is billed, each by its own aggregation; the question's own does not matter."""
    statistic = Statistic(DEFAULT_AGGREGATION[counting.kind].value)
    return count_usage(call.store.events.aggregate, question, counting, statistic).groups


class Metering:
    """The usage of one customer in some windows. Each item is asked for all of them at once.

    Args:
        call: the request.
        catalogue: of the account.
        customer: whose usage.
        windows: in order of time; they do not overlap.
    """

    def __init__(self, call: Call, catalogue: Catalogue, customer: str, windows: Sequence[BillingWindow]) -> None:
        self._call = call
        self._catalogue = catalogue
        self._filters = {CUSTOMER: frozenset({customer})}
        self._edges = tuple(sorted({edge for window in windows for edge in (window.start_s, window.end_s)}))
        self._windows: dict[tuple[str, tuple[str, ...]], dict[int, list[MeteredUsage]]] = {}

    def until(self, window: BillingWindow, item: BilledItem, until_s: int) -> Sequence[MeteredUsage]:
        """The usage of an item from the start of a window until a moment (Unix seconds)."""
        if item.machine.needs_hours:
            return self.hourly(window, item, until_s)
        if until_s < window.end_s:
            return self._whole(item, window.start_s, until_s)
        return self._in_windows(item).get(window.start_s, ())

    def used(self, items: Iterable[BilledItem]) -> set[int]:
        """The starts of the windows in which there is usage of any of some items (Unix seconds)."""
        return {start_s for item in items for start_s in self._in_windows(item)}

    def hourly(self, window: BillingWindow, item: BilledItem, until_s: int | None = None) -> list[MeteredUsage]:
        """The same by hours; for a price without a reducer, what each hour adds to the usage of the window."""
        question = self._question(item, window.start_s, window.end_s if until_s is None else until_s, Interval.HOUR)
        counting = self._catalogue.counting(item.meter)
        if item.machine.needs_hours or counting.kind is MeterKind.SUM:
            return [_usage(group, _metered(group.buckets)) for group in metered(self._call, question, counting)]
        if counting.kind is MeterKind.UNIQUE:
            return list(self._newly_seen(question, counting))
        return [_usage(group, _rises(_metered(group.buckets))) for group in metered(self._call, question, counting)]

    def _newly_seen(self, question: UsageQuery, counting: Counting) -> Iterator[MeteredUsage]:
        """How many of what a meter counts are met for the first time in each hour."""
        names = question.group_by
        finer = replace(question, group_by=tuple(dict.fromkeys((*names, *counting.distinct_by))))
        first: dict[tuple[str, ...], dict[int, int]] = {}
        groups: dict[tuple[str, ...], UsageGroup] = {}
        for group in count_usage(self._call.store.events.aggregate, finer, _COUNTED, Statistic.COUNT).groups:
            key = tuple(group.info[name] for name in names)
            groups.setdefault(key, group)
            hours = first.setdefault(key, {})
            hours[group.buckets[0][0]] = hours.get(group.buckets[0][0], 0) + 1
        for key, hours in first.items():
            info = {name: groups[key].info[name] for name in names}
            yield MeteredUsage(tuple(sorted(info.items())), tuple((at, Decimal(hours[at])) for at in sorted(hours)))

    def _whole(self, item: BilledItem, start_s: int, end_s: int) -> list[MeteredUsage]:
        """The usage of an item in a range as one bucket."""
        question = self._question(item, start_s, end_s)
        groups = metered(self._call, question, self._catalogue.counting(item.meter))
        return [_usage(group, [(start_s, metered_units(group.total))]) for group in groups]

    def _in_windows(self, item: BilledItem) -> dict[int, list[MeteredUsage]]:
        """The usage of an item in each window by the window's start, counted once."""
        # Not by the item: another plan may price it by other dimensions.
        key = item.meter, item.machine.dimensions
        usage = self._windows.get(key)
        if usage is None:
            usage = self._windows[key] = self._by_window(item)
        return usage

    def _by_window(self, item: BilledItem) -> dict[int, list[MeteredUsage]]:
        """The usage of an item in each window by the window's start."""
        question = replace(self._question(item, self._edges[0], self._edges[-1]), edges=self._edges)
        windows: dict[int, list[MeteredUsage]] = {}
        for group in metered(self._call, question, self._catalogue.counting(item.meter)):
            for bucket in _metered(group.buckets):
                windows.setdefault(bucket[0], []).append(_usage(group, [bucket]))
        return windows

    def _question(self, item: BilledItem, start_s: int, end_s: int, interval: Interval = Interval.MONTH) -> UsageQuery:
        question = question_of(item.meter, start_s, end_s, interval)
        return replace(question, group_by=item.machine.dimensions, filters=self._filters)


_COUNTED: Final = Counting(MeterKind.SUM)


def _metered(buckets: Iterable[tuple[int, float]]) -> list[tuple[int, Decimal]]:
    return [(start, metered_units(units)) for start, units in buckets]


def _usage(group: UsageGroup, buckets: Iterable[tuple[int, Decimal]]) -> MeteredUsage:
    return MeteredUsage(tuple(sorted(group.info.items())), tuple(buckets))


def _rises(buckets: Sequence[tuple[int, Decimal]]) -> Iterator[tuple[int, Decimal]]:
    """By how much each bucket lifts the largest value so far."""
    largest = None
    for start, units in buckets:
        if largest is None or units > largest:
            yield start, units if largest is None else added([units, largest.copy_negate()])
            largest = units

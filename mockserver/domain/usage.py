"""Usage: the question asked of a meter, the answer, and the shapes it is told in."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import Final

from mockserver.domain.aggregation import Aggregation
from mockserver.domain.exact import LARGEST
from mockserver.domain.windows import Buckets, Interval, Windows, bucket_of_second, bucket_start

CUSTOMER: Final = "\x00customer"
"""Stands for the customer in `group_by` and `filters`, beside names of dimensions; no client sends such a name."""


@dataclass(frozen=True, slots=True)
class Take:
    """Keep only the first `limit` groups, ordered by their total; largest first unless `ascending`."""

    limit: int
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """A question about one meter over `[start_s, end_s)` (Unix seconds, any size).

    Filters are joined by AND across keys and OR inside one; a key without values restricts nothing. An event
    without a grouped dimension (or customer) belongs to no group.

    Attributes:
        edges: where given, at least two ascending seconds, the first `start_s` and the last `end_s`: a bucket lies
            between each and the next, labelled by its start, and `interval` does not matter. The value of a bucket
            is what a question about it alone would give as its total.
        by_hour: cuts the buckets between `edges` at the full hours too.

    Raises:
        ValueError: the edges are out of order or do not begin and end with the range.
    """

    meter: str
    start_s: int
    end_s: int
    aggregation: Aggregation
    interval: Interval
    group_by: tuple[str, ...] = ()
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    take: Take | None = None
    edges: tuple[int, ...] = ()
    by_hour: bool = False

    def __post_init__(self) -> None:
        if self.edges and (
            len(self.edges) < 2  # noqa: PLR2004  # a start and an end
            or (self.edges[0], self.edges[-1]) != (self.start_s, self.end_s)
            or any(later < earlier for earlier, later in pairwise(self.edges))
        ):
            raise ValueError("the edges of windows must ascend from start_s to end_s")

    @property
    def buckets(self) -> Buckets:
        """How the range is cut."""
        return Windows(self.edges, self.by_hour) if self.edges else self.interval

    def key(self) -> Hashable:
        """Equal for equal questions."""
        filters = tuple(sorted(self.filters.items(), key=itemgetter(0))) if self.filters else ()
        return (
            self.meter,
            self.start_s,
            self.end_s,
            self.aggregation,
            self.interval,
            self.group_by,
            filters,
            self.take,
            self.edges,
            self.by_hour,
        )


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """One group: its keys in the order of `group_by`, its total over the whole range, its buckets in order of time.

    `buckets` holds only those with events: start (Unix seconds) and value. `total` is an aggregate of the events,
    not of the buckets: the maximum for MAX, the distinct customers of the range on a UNIQUE meter.
    """

    info: dict[str, str]
    total: float
    buckets: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class UsageResult:
    """The groups that have events; `overflowed` says that a sum was cut to the largest double."""

    groups: list[UsageGroup]
    overflowed: bool = False

    def copy(self) -> "UsageResult":
        """The same, sharing nothing that could be changed."""
        groups = [UsageGroup(dict(group.info), group.total, list(group.buckets)) for group in self.groups]
        return UsageResult(groups, self.overflowed)


def rescaled(result: UsageResult, coefficient: float) -> UsageResult:
    """Every value times `coefficient`, cut to the range of the doubles."""
    overflowed = result.overflowed

    def scaled(value: float) -> float:
        nonlocal overflowed
        product = value * coefficient
        overflowed = overflowed or abs(product) > LARGEST
        return max(-LARGEST, min(LARGEST, product))

    groups = [
        UsageGroup(group.info, scaled(group.total), [(start, scaled(value)) for start, value in group.buckets])
        for group in result.groups
    ]
    return UsageResult(groups, overflowed)


def arrange(groups: Sequence[UsageGroup], take: Take | None) -> list[UsageGroup]:
    """Order groups by their keys or, under `take`, by their total (equal totals by their keys), and cut them."""
    ordered = sorted(groups, key=lambda group: tuple(group.info.values()))
    if take is None:
        return ordered
    ordered.sort(key=lambda group: group.total if take.ascending else -group.total)
    return ordered[: max(take.limit, 0)]


def bucket_count(start_s: int, end_s: int, interval: Interval) -> int:
    """How many buckets `[start_s, end_s)` touches; computed, never enumerated."""
    if end_s <= start_s:
        return 0
    return bucket_of_second(end_s - 1, interval) - bucket_of_second(start_s, interval) + 1


def bucket_starts(start_s: int, end_s: int, interval: Interval) -> list[int]:
    """The starts (Unix seconds) of the buckets that `[start_s, end_s)` touches; the first may lie before `start_s`."""
    first = bucket_of_second(start_s, interval)
    count = bucket_count(start_s, end_s, interval)
    return [bucket_start(ordinal, interval) for ordinal in range(first, first + count)]


def gap_filled(group: UsageGroup, start_s: int, end_s: int, interval: Interval) -> list[tuple[int, float]]:
    """The group's value in every bucket that `[start_s, end_s)` touches, 0 where it has none."""
    values = dict(group.buckets)
    return [(start, values.get(start, 0.0)) for start in bucket_starts(start_s, end_s, interval)]


def percentages_from_previous(values: Sequence[float]) -> list[float]:
    """The change of each value from the one before it, in percent; 0 for the first one and after a 0."""
    return [
        0.0 if index == 0 else percentage_from_previous(values[index - 1], value) for index, value in enumerate(values)
    ]


def percentages_in_time(buckets: Sequence[tuple[int, float]], interval: Interval) -> list[float]:
    """The same for buckets that are listed without their gaps (start and value): after a gap it is 0, as after a 0."""
    ordinals = [bucket_of_second(start, interval) for start, _ in buckets]
    changes = percentages_from_previous([value for _, value in buckets])
    return [
        change if index and ordinals[index - 1] == ordinals[index] - 1 else 0.0 for index, change in enumerate(changes)
    ]


def percentage_from_previous(previous: float, value: float) -> float:
    """The change from `previous` to `value` in percent, 0 after a 0, cut to the range of the doubles."""
    if previous == 0:
        return 0.0
    change = (value - previous) / previous * 100
    if math.isfinite(change):
        return change
    ratio = (value / previous - 1) * 100
    return max(-LARGEST, min(LARGEST, ratio))

"""How each kind of meter answers each statistic, out of the aggregates that the event store computes.

The store knows sums, counts, extremes and distinct customers. Distinct values of dimensions, averages and the largest
count of an hour follow from those: they are asked in smaller pieces, and the pieces are joined here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.usage import UsageGroup, UsageQuery, UsageResult, arrange
from mockserver.domain.windows import Buckets, Interval, bucket_of_second, bucket_start

Ask = Callable[[UsageQuery, MeterKind], UsageResult]
"""Answers a query about a meter of a kind: the event store."""


class Statistic(StrEnum):
    """What may be asked of a meter.

    AVG is SUM by COUNT. MAX_COUNT is the largest count of an hour and SEATS the sum of what was added and removed; the
    vendor names both and explains neither (our reading).
    """

    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    MIN = "min"
    AVG = "avg"
    MAX_COUNT = "max_count"
    SEATS = "seats"


BASES: Final = {
    Statistic.SUM: Aggregation.SUM,
    Statistic.COUNT: Aggregation.COUNT,
    Statistic.MAX: Aggregation.MAX,
    Statistic.MIN: Aggregation.MIN,
    Statistic.AVG: Aggregation.SUM,
    Statistic.MAX_COUNT: Aggregation.COUNT,
    Statistic.SEATS: Aggregation.SUM,
}
"""The aggregation that a statistic begins with."""

UNIQUE_BASES: Final = {
    **dict.fromkeys(Statistic, Aggregation.COUNT),
    Statistic.MAX: Aggregation.MAX,
    Statistic.MAX_COUNT: Aggregation.MAX,
    Statistic.MIN: Aggregation.MIN,
}
"""The same on a UNIQUE meter, where all but the extremes are the number of distinct ones (our reading)."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How a meter counts.

    Attributes:
        kind: what it measures.
        distinct_by: the dimensions whose distinct values a UNIQUE meter counts; empty where it counts customers.
    """

    kind: MeterKind
    distinct_by: tuple[str, ...] = ()


def count_usage(ask: Ask, query: UsageQuery, counting: Counting, statistic: Statistic) -> UsageResult:
    """Answer a query by a statistic that fits the meter; the query's own aggregation does not matter.

    An event without the dimensions that a meter counts by counts nowhere (our reading).
    """
    if counting.kind is MeterKind.UNIQUE:
        base = UNIQUE_BASES[statistic]
        if not counting.distinct_by:
            return ask(_by(query, base), MeterKind.UNIQUE)
        return _taken(_count_distinct(ask, query, counting.distinct_by, base), query)
    asked = _by(query, BASES[statistic])
    if statistic is Statistic.AVG:
        counts = replace(asked, aggregation=Aggregation.COUNT, take=None)
        sums = ask(replace(asked, take=None), counting.kind)
        return _taken(averaged(sums, ask(counts, counting.kind)), query)
    if statistic is Statistic.MAX_COUNT:
        hourly = ask(replace(_hourly(asked), take=None), counting.kind)
        return _taken(coarsened(hourly, query.buckets, max), query)
    return ask(asked, counting.kind)


def _count_distinct(ask: Ask, query: UsageQuery, names: Sequence[str], base: Aggregation) -> UsageResult:
    """Distinct values of dimensions: of each group, as many as there are groups of it by those dimensions too."""
    whole = base is Aggregation.COUNT
    pieces = replace(
        query if whole else _hourly(query),
        aggregation=Aggregation.COUNT,
        group_by=tuple(dict.fromkeys((*query.group_by, *names))),
        take=None,
    )
    counted = distinct(ask(pieces, MeterKind.SUM), query.group_by)
    return counted if whole else coarsened(counted, query.buckets, max if base is Aggregation.MAX else min)


def distinct(pieces: UsageResult, group_by: Sequence[str]) -> UsageResult:
    """How many groups of a finer grouping each group of `group_by` has, in each bucket and in all."""
    inner: dict[tuple[str, ...], list[UsageGroup]] = {}
    for piece in pieces.groups:
        inner.setdefault(tuple(piece.info[name] for name in group_by), []).append(piece)
    groups = []
    for key, members in inner.items():
        counts = Counter(start for member in members for start, _ in member.buckets)
        buckets = [(start, float(counts[start])) for start in sorted(counts)]
        groups.append(UsageGroup(dict(zip(group_by, key, strict=True)), float(len(members)), buckets))
    return UsageResult(groups, pieces.overflowed)


def coarsened(hourly: UsageResult, buckets: Buckets, pick: Callable[[Sequence[float]], float]) -> UsageResult:
    """Reduce hours to larger buckets and to the whole range by picking one of their values."""
    groups = []
    for group in hourly.groups:
        found: dict[int, list[float]] = {}
        for start, value in group.buckets:
            found.setdefault(bucket_of_second(start, buckets), []).append(value)
        picked = [(bucket_start(ordinal, buckets), pick(values)) for ordinal, values in found.items()]
        groups.append(UsageGroup(group.info, pick([value for _, value in group.buckets]), picked))
    return UsageResult(groups, hourly.overflowed)


def averaged(sums: UsageResult, counts: UsageResult) -> UsageResult:
    """Sums by counts, of the same groups and buckets in the same order."""
    groups = [
        UsageGroup(
            total.info,
            total.total / count.total,
            [(start, value / many) for (start, value), (_, many) in zip(total.buckets, count.buckets, strict=True)],
        )
        for total, count in zip(sums.groups, counts.groups, strict=True)
    ]
    return UsageResult(groups, sums.overflowed)


def _hourly(query: UsageQuery) -> UsageQuery:
    """The query by hours, of which none lies in two of its own buckets."""
    return replace(query, interval=Interval.HOUR, by_hour=True)


def _by(query: UsageQuery, aggregation: Aggregation) -> UsageQuery:
    """The query with another aggregation; most queries have the right one already."""
    return query if query.aggregation is aggregation else replace(query, aggregation=aggregation)


def _taken(result: UsageResult, query: UsageQuery) -> UsageResult:
    return UsageResult(arrange(result.groups, query.take), result.overflowed)

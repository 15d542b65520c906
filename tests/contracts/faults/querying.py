"""What the faults of usage are made of: queries, and answers as tables by group and bucket."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.contracts.faults.fault import Answer, Request, Send, Wrong, acting, on

USAGE = "queryUsage"
_HOUR, _DAY = 3600, 86_400
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY
"""The first Monday: the epoch was a Thursday."""
Query = dict[str, Any]
Group = tuple[tuple[str, str], ...]
Table = dict[Group, dict[int, Any]]
"""Values by the start of the bucket, by what makes the group."""
Ask = Callable[..., Table]
"""Asks the same question with other fields; no table but an empty one when it is refused."""
Compute = Callable[[Query, Table, Ask], Table]
"""From the query, its right answer, and what else can be asked, to the wrong answer."""


def asking(change: Callable[[Query], Query]) -> Callable[[], Wrong]:
    """A fault that understands a query in the published form as another one."""

    def wrong(request: Request, send: Send) -> Answer:
        right = send(request)
        if not right.good or not is_published(request):
            return right
        answer = send(request.with_json(change(request.json())))
        return answer if answer.good else right

    return acting(USAGE, wrong)


def answering(compute: Compute, when: Callable[[Query], bool] = lambda _: True) -> Callable[[], Wrong]:
    """A fault that answers a query in the published form with another table.

    Args:
        compute: What is answered.
        when: Which queries are concerned.
    """

    def wrong(request: Request, send: Send) -> Answer:
        answer, query = send(request), request.json()
        right = read(answer) if is_published(request) else None
        if right is None or not when(query):
            return answer

        def ask(**other: Any) -> Table:
            return read(send(request.with_json({**query, **other}))) or {}

        return written(answer, compute(query, right, ask))

    return acting(USAGE, wrong)


def answering_live(change: Callable[[Any], Any], operation: str = USAGE) -> Callable[[], Wrong]:
    """A fault that alters the answer to a query in the live form."""
    return on(operation, answer=change, when=lambda request: not is_published(request))


def is_published(request: Request) -> bool:
    """Whether the query is in the published form."""
    query = request.json()
    return isinstance(query, dict) and "startTimeInSeconds" in query


def read(answer: Answer) -> Table | None:
    """The table of a good answer in the published form; None when it is another one."""
    content = answer.json() if answer.good else None
    if not isinstance(content, dict) or not isinstance(content.get("clientMeters"), dict):
        return None
    return {
        tuple(group["groupInfo"].items()): {
            int(start): value for record in group["records"] for start, value in record.items()
        }
        for groups in content["clientMeters"].values()
        for group in groups
    }


def written(answer: Answer, table: Table) -> Answer:
    """The answer with this table in the place of its own; groups without buckets are left out."""
    (meter,) = answer.json()["clientMeters"]
    groups = [
        {"groupInfo": dict(group), "records": [{str(start): buckets[start]} for start in sorted(buckets)]}
        for group, buckets in table.items()
        if buckets
    ]
    return answer.with_json({**answer.json(), "clientMeters": {meter: groups}})


def by_bucket(change: Callable[[int, float], float | str]) -> Compute:
    """Each value of the right answer, by its bucket's start, becomes another one."""
    return lambda _query, right, _ask: {
        group: {start: change(start, value) for start, value in buckets.items()} for group, buckets in right.items()
    }


def regrouped(
    fine: Table, start_of: Callable[[int], int], aggregation: str, keep: Callable[[int], bool] = lambda _: True
) -> Table:
    """A table of finer buckets as one of longer ones.

    Args:
        fine: It.
        start_of: The start of the long bucket that holds a fine one.
        aggregation: Whether values are added, or MAX, the largest is taken.
        keep: Which fine buckets count.
    """
    table: Table = {}
    for group, buckets in fine.items():
        longer = table.setdefault(group, {})
        for start, value in buckets.items():
            if keep(start):
                known = longer.get(start_of(start))
                longer[start_of(start)] = _joined(aggregation, known, value)
    return table


def _joined(aggregation: str, known: float | None, value: float) -> float:
    if known is None:
        return value
    return max(known, value) if aggregation == "MAX" else known + value


def start_of(interval: str, time: int) -> int:
    """The start of the bucket of this length that holds a time."""
    if interval == "WEEK":
        return start_of_week(time)
    return start_of_month(time) if interval == "MONTH" else time - time % {"HOUR": _HOUR, "DAY": _DAY}[interval]


def start_of_week(time: int, first: int = _MONDAY) -> int:
    """The start of the week that holds a time, when one week started at `first`."""
    return (time - first) // _WEEK * _WEEK + first


def start_of_month(time: int) -> int:
    """The start of the month that holds a time; of a time that no calendar holds, that time."""
    try:
        return int(datetime.fromtimestamp(time, UTC).replace(day=1, hour=0, minute=0, second=0).timestamp())
    except (ValueError, OverflowError, OSError):
        return time


def aggregates(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a query asks for one of these aggregations."""
    return lambda query: query.get("aggregation") in names


def by(*intervals: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a query asks for buckets of one of these lengths."""
    return lambda query: query.get("timeGroupingInterval") in intervals

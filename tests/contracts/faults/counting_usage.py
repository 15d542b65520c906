"""Faults of time in usage: edges, labels, lengths of buckets, and answers that are old."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from tests.contracts.faults.client import DAY, DAY_LONG, HOUR_LONG, Client, event
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited
from tests.contracts.faults.querying import (
    USAGE,
    Ask,
    Compute,
    Query,
    Table,
    answering,
    asking,
    by,
    regrouped,
    start_of,
    start_of_month,
    start_of_week,
)

_SUNDAY = 3 * DAY_LONG
"""The first Sunday: the epoch was a Thursday."""
_LENGTH = {"HOUR": HOUR_LONG, "DAY": DAY_LONG, "WEEK": 7 * DAY_LONG}
_fault = partial(Fault, category=Category.COUNTING, operations=frozenset({USAGE}))


def _made_of(finer: str, keep: Callable[[int], bool]) -> Compute:
    """Buckets are made of finer ones, of which only some are kept."""

    def compute(query: Query, _right: Table, ask: Ask) -> Table:
        start = partial(start_of, query["timeGroupingInterval"])
        return regrouped(ask(timeGroupingInterval=finer), start, query["aggregation"], keep)

    return compute


def _weeks_from_sunday(query: Query, _right: Table, ask: Ask) -> Table:
    days = ask(timeGroupingInterval="DAY")
    return regrouped(days, lambda at: start_of_week(at, _SUNDAY), query["aggregation"])


def _labelled_by_end(query: Query, right: Table, _ask: Ask) -> Table:
    return {
        group: {_end(at, query["timeGroupingInterval"]): value for at, value in buckets.items()}
        for group, buckets in right.items()
    }


def _end(start: int, interval: str) -> int:
    return start + _LENGTH[interval] if interval in _LENGTH else start_of_month(start + 32 * DAY_LONG)


def _labelled_by_asked_start(query: Query, right: Table, _ask: Ask) -> Table:
    asked = query["startTimeInSeconds"]
    return {group: {max(at, int(asked)): value for at, value in buckets.items()} for group, buckets in right.items()}


def _counts_in(interval: str, at: int) -> Callable[[Client], bool]:
    """A probe: what was used then counts in buckets of this length as in hours."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        client.ingest([event(meter, 2**index, at=time) for index, time in enumerate(sorted((at, DAY)))])
        wide = {"startTimeInSeconds": DAY - 60 * DAY_LONG}
        return client.total(meter, timeGroupingInterval=interval, **wide) == 3

    return probe


def _last_month_end() -> int:
    """Noon of the last day of the last month, in seconds; never so long ago that it would be late."""
    first = datetime.now(UTC).replace(day=1, hour=12, minute=0, second=0)
    return int((first - timedelta(days=1)).timestamp())


def _window(value: float, at: int) -> Callable[[Client], bool]:
    """A probe: of an event then and one at twenty past, so many are between ten and thirty minutes past."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        times = sorted((at, DAY + 1200))
        client.ingest([event(meter, at=time) for time in times])
        return client.total(meter, startTimeInSeconds=DAY + 600, endTimeInSeconds=DAY + 1800) == value

    return probe


def _labels_are_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 1, at=DAY + 3 * HOUR_LONG))
    return client.buckets(meter) == {DAY: 1}


def _cut_label_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 1, at=DAY + 3 * HOUR_LONG))
    return client.buckets(meter, startTimeInSeconds=DAY + HOUR_LONG) == {DAY: 1}


def _weeks_are_right(client: Client) -> bool:
    meter, saturday = client.meter(), DAY + 3 * DAY_LONG
    client.ingest([event(meter, at=saturday), event(meter, at=saturday + DAY_LONG)])
    return len(client.buckets(meter, timeGroupingInterval="WEEK")) == 1


def _cached() -> Wrong:
    answers: dict[tuple[str, bytes], Answer] = {}
    lock = threading.Lock()

    def wrong(request: Request, send: Send) -> Answer:
        question = (request.key, request.body)
        with lock:
            known = answers.get(question)
        if known is not None:
            return known
        answer = send(request)
        if answer.good:
            with lock:
                answers[question] = answer
        return answer

    return limited(USAGE, wrong)


def _writes_are_shown(client: Client) -> bool:
    meter = client.meter()
    totals = []
    for value in (1, 2):
        client.ingest(event(meter, value))
        totals.append(client.total(meter))
    return totals == [1, 3]


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="days_leave_out_their_last_hour",
        says="What was used from 23:00 on does not count in a day.",
        found_by=frozenset({"finer_intervals_sum_to_coarser"}),
        make=answering(_made_of("HOUR", lambda at: at % DAY_LONG < DAY_LONG - HOUR_LONG), by("DAY")),
        probe=_counts_in("DAY", DAY + DAY_LONG - 1800),
    ),
    _fault(
        name="weeks_leave_out_sunday",
        says="What was used on a Sunday does not count in a week.",
        found_by=frozenset({"finer_intervals_sum_to_coarser"}),
        make=answering(_made_of("DAY", lambda at: start_of_week(at, _SUNDAY) != at), by("WEEK")),
        probe=_counts_in("WEEK", DAY + 4 * DAY_LONG),
    ),
    _fault(
        name="months_leave_out_their_last_day",
        says="What was used on the last day of a month does not count in the month.",
        found_by=frozenset({"finer_intervals_sum_to_coarser"}),
        make=answering(_made_of("DAY", lambda at: start_of_month(at) == start_of_month(at + DAY_LONG)), by("MONTH")),
        probe=_counts_in("MONTH", _last_month_end()),
    ),
    _fault(
        name="end_of_a_window_counts",
        says="The second in which the asked range ends counts with it.",
        found_by=frozenset({"windows_are_half_open"}),
        make=asking(lambda query: query | {"endTimeInSeconds": query["endTimeInSeconds"] + 1}),
        probe=_window(1, at=DAY + 1800),
    ),
    _fault(
        name="start_of_a_window_does_not_count",
        says="The second in which the asked range starts does not count with it.",
        found_by=frozenset({"windows_are_half_open"}),
        make=asking(lambda query: query | {"startTimeInSeconds": query["startTimeInSeconds"] + 1}),
        probe=_window(2, at=DAY + 600),
    ),
    _fault(
        name="windows_begin_on_the_hour",
        says="The start of the asked range is taken back to the hour, so that earlier usage counts.",
        found_by=frozenset({"windows_are_half_open"}),
        make=asking(lambda query: query | {"startTimeInSeconds": query["startTimeInSeconds"] // 3600 * 3600}),
        probe=_window(1, at=DAY + 300),
    ),
    _fault(
        name="buckets_are_labelled_by_their_end",
        says="The time that names a bucket is the one at which it ends.",
        found_by=frozenset({"buckets_are_labelled_by_their_start"}),
        make=answering(_labelled_by_end),
        probe=_labels_are_right,
        shadows={"first_bucket_is_labelled_by_the_asked_start": "its probe looks at a label"},
    ),
    _fault(
        name="first_bucket_is_labelled_by_the_asked_start",
        says="The first bucket is named by the start of the asked range, when that lies inside the bucket.",
        found_by=frozenset({"buckets_are_labelled_by_their_start"}),
        make=answering(_labelled_by_asked_start),
        probe=_cut_label_is_right,
    ),
    _fault(
        name="weeks_begin_on_sunday",
        says="A week goes from Sunday to Saturday.",
        found_by=frozenset({"weeks_begin_on_monday"}),
        make=answering(_weeks_from_sunday, by("WEEK")),
        probe=_weeks_are_right,
    ),
    _fault(
        name="usage_is_answered_from_a_cache",
        says="A query that was answered once is answered the same again, whatever was ingested since.",
        found_by=frozenset({"query_after_write_shows_it"}),
        make=_cached,
        probe=_writes_are_shown,
    ),
)

"""Faults of taking events in: lost, merged, changed, moved and misattributed ones."""

import math
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tests.contracts.faults.client import DAY, DAY_LONG, HOUR_LONG, Client, event
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited
from tests.contracts.faults.ingesting import (
    INGEST,
    Change,
    Event,
    adds_up_to,
    as_another,
    counting,
    each,
    each_at,
    seconds,
)
from tests.contracts.faults.querying import USAGE

_LATE = 35 * DAY_LONG
_EARLY = DAY_LONG
_fault = partial(Fault, category=Category.COUNTING, operations=frozenset({INGEST}))


def _in_order() -> Change:
    newest: dict[tuple[str, Any], int] = {}

    def change(request: Request, events: list[Event]) -> list[Event]:
        kept = []
        for one in events:
            place = (request.key, one.get("meterApiName"))
            if one["meterTimeInMillis"] >= newest.setdefault(place, one["meterTimeInMillis"]):
                newest[place] = one["meterTimeInMillis"]
                kept.append(one)
        return kept

    return change


def _first_value_alone(one: Event) -> Event:
    return one | {"values": dict(list(one["values"].items())[:1])} if "values" in one else one


def _values_are_right(client: Client) -> bool:
    first, second = client.meter(), client.meter()
    one = event(first, values={first: 1, second: 2})
    client.ingest({name: value for name, value in one.items() if name not in {"meterApiName", "meterValue"}})
    return client.total(second) == 2


def _no_zero(one: Event) -> Event | None:
    return None if one.get("meterValue") == 0 else one


def _zero_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 0))
    return list(client.buckets(meter, aggregation="MAX").values()) == [0]


def _value(change: Callable[[float], float]) -> Callable[[Event], Event]:
    return lambda one: one | {"meterValue": change(one["meterValue"])} if "meterValue" in one else one


def _around(time: int) -> dict[str, int]:
    """The day before and after a time, as a query asks for them."""
    return {"startTimeInSeconds": time - DAY_LONG, "endTimeInSeconds": time + DAY_LONG}


def _not_late(one: Event, now: float) -> Event | None:
    return one if seconds(one) >= now - _LATE else None


def _late_is_right(client: Client) -> bool:
    meter, long_ago = client.meter(), DAY - 10 * _LATE
    client.ingest(event(meter, at=long_ago))
    return client.total(meter, **_around(long_ago)) == 1


def _at_arrival(one: Event, now: float) -> Event:
    return one | {"meterTimeInMillis": int(now * 1000)} if seconds(one) > now + _EARLY else one


def _future_is_right(client: Client) -> bool:
    meter, ahead = client.meter(), DAY + 100 * DAY_LONG
    client.ingest(event(meter, at=ahead))
    return client.total(meter, **_around(ahead)) == 1


def _whole_seconds(one: Event) -> Event:
    return one | {"meterTimeInMillis": (one["meterTimeInMillis"] + 500) // 1000 * 1000}


def _rounding_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, at=DAY + HOUR_LONG - 0.2))
    return client.total(meter, endTimeInSeconds=DAY + HOUR_LONG) == 1


def _stale(name: str, spread: Callable[[Event, Any], list[Event]]) -> Callable[[], Change]:
    """What an account's request before said in this field is still there when the next one says another thing."""

    def make() -> Change:
        before: dict[str, Any] = {}

        def change(request: Request, events: list[Event]) -> list[Event]:
            old = before.get(request.key)
            before[request.key] = events[-1].get(name)
            if old is None or old in {one.get(name) for one in events}:
                return events
            return [*spread(events[0], old), *events[1:]]

        return change

    return make


def _other_meter_is_right(client: Client) -> bool:
    first, second = client.meter(), client.meter()
    client.ingest(event(first, 1))
    client.ingest(event(second, 2))
    return client.total(first) == 1


def _other_customer_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 1))
    client.ingest(event(meter, 2, customer="bob"))
    return client.shares(meter, groupBy=["customerId"]) == {("ada",): 1, ("bob",): 2}


def _leaks() -> Wrong:
    last: list[str] = []
    lock = threading.Lock()

    def wrong(request: Request, send: Send) -> Answer:
        answer = send(request)
        with lock:
            before = last[0] if last and answer.good else request.key
            last[:] = [request.key] if answer.good else last
        if before != request.key:
            send(replace(request, headers=request.headers.put("X-API-KEY", before)))
        return answer

    return limited(INGEST, wrong)


def _other_account_is_right(client: Client) -> bool:
    meter, other = client.meter(), client.second()
    client.ingest(event(meter, 1))
    other.ingest(event(meter, 2))
    return client.total(meter) == 1


_FRACTION = "its probe needs a fraction"

FAULTS: tuple[Fault, ...] = (
    _fault(
        name="events_out_of_order_are_lost",
        says="An event that is older than the newest one of its meter is dropped.",
        found_by=frozenset({"order_is_free"}),
        make=counting(_in_order),
        probe=adds_up_to(3, {"value": 1, "at": DAY + 9}, {"value": 2, "at": DAY}),
    ),
    _fault(
        name="first_of_several_values_counts_alone",
        says="Of an event with a value for each of several meters, only the first one counts.",
        found_by=frozenset({"values_are_separate_events"}),
        make=each(_first_value_alone),
        probe=_values_are_right,
    ),
    _fault(
        name="zero_is_no_event",
        says="An event whose value is zero is dropped.",
        found_by=frozenset({"odd_values_count"}),
        make=each(_no_zero),
        probe=_zero_is_right,
    ),
    _fault(
        name="negative_values_count_as_zero",
        says="A value below zero is taken for zero.",
        found_by=frozenset({"odd_values_count"}),
        make=each(_value(lambda value: max(value, 0))),
        probe=adds_up_to(3, {"value": 5}, {"value": -2}),
        shadows={"maximum_is_never_negative": "its probe needs a value below zero"},
    ),
    _fault(
        name="fractions_are_cut_off",
        says="Values are kept as whole numbers.",
        found_by=frozenset({"odd_values_count"}),
        make=each(_value(math.trunc)),
        probe=adds_up_to(1.5, {"value": 1.5}),
        shadows={"live_form_rounds_values": _FRACTION, "sparse_leaves_out_fractions": _FRACTION},
    ),
    _fault(
        name="late_events_are_lost",
        says="An event that comes more than five weeks after its time is dropped without a word.",
        found_by=frozenset({"late_and_future_events_count"}),
        make=each_at(_not_late),
        probe=_late_is_right,
    ),
    _fault(
        name="future_events_count_at_arrival",
        says="An event whose time is more than a day ahead is counted at the time at which it comes.",
        found_by=frozenset({"late_and_future_events_count"}),
        make=each_at(_at_arrival),
        probe=_future_is_right,
    ),
    _fault(
        name="event_times_are_rounded_to_seconds",
        operations=frozenset({INGEST, USAGE}),
        says="An event in the last half of a second is counted in the next one, and so in the next hour or window.",
        found_by=frozenset({"windows_are_half_open"}),
        make=each(_whole_seconds),
        probe=_rounding_is_right,
    ),
    _fault(
        name="event_counts_on_the_meter_before_too",
        says="When a request is about another meter than the one before, its first event counts on both.",
        found_by=frozenset({"other_numbers_do_not_move"}),
        make=counting(_stale("meterApiName", lambda one, old: [as_another(one) | {"meterApiName": old}, one])),
        probe=_other_meter_is_right,
    ),
    _fault(
        name="event_counts_for_the_customer_before",
        says="When a request is about another customer than the one before, its first event counts for that one.",
        found_by=frozenset({"other_numbers_do_not_move"}),
        make=counting(_stale("customerId", lambda one, old: [one | {"customerId": old}])),
        probe=_other_customer_is_right,
    ),
    _fault(
        name="events_leak_into_the_account_before",
        says="A request counts, too, for the account that reported before, when that was another one.",
        found_by=frozenset({"other_account_does_not_move"}),
        make=_leaks,
        probe=_other_account_is_right,
    ),
)

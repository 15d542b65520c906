"""Faults of batches: events that are lost, merged or kept because of the request that they came in."""

import threading
from collections.abc import Callable
from functools import partial

from tests.contracts.faults.client import DAY, Client, event
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited
from tests.contracts.faults.ingesting import (
    INGEST,
    Event,
    adds_up_to,
    counting,
    events_of,
    identity,
    seconds,
    sent_instead,
    well_formed,
)

_fault = partial(Fault, category=Category.COUNTING, operations=frozenset({INGEST}))


def _whole(change: Callable[[list[Event]], list[Event]]) -> Callable[[], Wrong]:
    """A fault without state that concerns the events of a request together."""
    return counting(lambda: lambda _, events: change(events))


def _first_customer_for_all(events: list[Event]) -> list[Event]:
    return [one | {"customerId": events[0]["customerId"]} if "customerId" in events[0] else one for one in events]


def _first_customer_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter, 1), event(meter, 2, customer="bob")])
    return client.shares(meter, groupBy=["customerId"]) == {("ada",): 1, ("bob",): 2}


def _last_of_each_second(events: list[Event]) -> list[Event]:
    last = {(one.get("meterApiName"), one.get("customerId"), seconds(one)): one for one in events}
    return list(last.values())


def _without(position: int) -> Callable[[list[Event]], list[Event]]:
    return lambda events: events[: position - 1] + events[position:]


def _array_of_one(request: Request, send: Send) -> Answer:
    alone = isinstance(request.json(), list) and len(events_of(request) or ()) == 1
    return sent_instead(request, send, []) if alone else send(request)


def _batch_of(size: int) -> Callable[[Client], bool]:
    """A probe: a batch of so many events, each in a second of its own, counts as many."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        client.ingest([event(meter, at=DAY + second) for second in range(size)])
        return client.total(meter, aggregation="COUNT") == size

    return probe


def _keeps_the_good_ones(request: Request, send: Send) -> Answer:
    sent, answer = request.json(), send(request)
    good = [one for one in sent if well_formed(one)] if isinstance(sent, list) and answer.status == 400 else []
    if good:
        send(request.with_json(good))
    return answer


def _refused_batch_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter), {"meterApiName": meter, "meterTimeInMillis": "yesterday"}])
    return client.total(meter) == 0


def _refused_uses_up() -> Wrong:
    used: set[str] = set()
    lock = threading.Lock()

    def wrong(request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is not None:
            with lock:
                left = [each for each in events if identity(request, each) not in used]
            return sent_instead(request, send, left)
        answer = send(request)
        sent = request.json()
        if answer.status == 400 and isinstance(sent, list):
            with lock:
                used.update(identity(request, each) for each in sent if well_formed(each))
        return answer

    return limited(INGEST, wrong)


def _refused_is_free_again(client: Client) -> bool:
    meter = client.meter()
    one = event(meter, 5)
    client.ingest([one, {"meterApiName": meter, "meterTimeInMillis": "yesterday"}])
    client.ingest(one)
    return client.total(meter) == 5


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="batch_takes_the_first_customer_for_all",
        says="All events of a batch are counted for the customer of its first one.",
        found_by=frozenset({"batch_equals_singles", "splitting_is_invisible"}),
        make=_whole(_first_customer_for_all),
        probe=_first_customer_is_right,
    ),
    _fault(
        name="events_of_one_second_in_a_batch_are_merged",
        says="Of the events of a batch for one meter and customer in one second only the last one is kept.",
        found_by=frozenset({"splitting_is_invisible", "batch_equals_singles"}),
        make=_whole(_last_of_each_second),
        probe=adds_up_to(3, [{"value": 1}, {"value": 2}]),
    ),
    _fault(
        name="event_after_the_fiftieth_is_lost",
        says="Batches are worked on in parts of fifty, and the first event after the first part is lost.",
        found_by=frozenset({"every_event_of_a_batch_counts"}),
        make=_whole(_without(51)),
        probe=_batch_of(51),
        shadows={"thousandth_event_is_lost": "a batch of a thousand has an event after the fiftieth"},
    ),
    _fault(
        name="thousandth_event_is_lost",
        says="A batch is cut after 999 events.",
        found_by=frozenset({"every_event_of_a_batch_counts"}),
        make=_whole(lambda events: events[:999]),
        probe=_batch_of(1000),
    ),
    _fault(
        name="array_of_one_event_is_lost",
        says="An array that holds one event is taken, and counts nothing.",
        found_by=frozenset({"every_event_of_a_batch_counts", "batch_equals_singles"}),
        make=lambda: limited(INGEST, _array_of_one),
        probe=_batch_of(1),
    ),
    _fault(
        name="good_events_of_a_refused_batch_count",
        says="A batch with an invalid event is refused, but its valid events count.",
        found_by=frozenset({"invalid_batch_stores_nothing"}),
        make=lambda: limited(INGEST, _keeps_the_good_ones),
        probe=_refused_batch_is_right,
    ),
    _fault(
        name="refused_batch_uses_up_its_events",
        says="The good events of a refused batch are remembered, and dropped as repeated when they are sent again.",
        found_by=frozenset({"invalid_batch_stores_nothing"}),
        make=_refused_uses_up,
        probe=_refused_is_free_again,
    ),
)

"""Faults of event identity: repeated events that count again, and events that are taken for repeated ones."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.contracts.faults.client import DAY, DAY_LONG, Client, event, fresh
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited
from tests.contracts.faults.ingesting import (
    INGEST,
    Change,
    Event,
    as_another,
    as_cancellation,
    clock,
    counting,
    events_of,
    identity,
    is_cancellation,
    sent_instead,
)

_RACE = 0.01
_HOUR = 3600
_fault = partial(Fault, category=Category.COUNTING, operations=frozenset({INGEST}))


def _repeated(again: Callable[[Event], Event]) -> Change:
    """Single events that were seen as single ones before become others."""
    seen: set[str] = set()

    def change(request: Request, events: list[Event]) -> list[Event]:
        if len(events) != 1:
            return events
        known = identity(request, events[0])
        if known in seen:
            return [again(events[0])]
        seen.add(known)
        return events

    return change


def _resend_is_right(client: Client) -> bool:
    meter = client.meter()
    one = event(meter, 5)
    client.ingest(one)
    client.ingest(one)
    return client.total(meter) == 5


def _repeated_in_batch() -> Change:
    def change(request: Request, events: list[Event]) -> list[Event]:
        met: Counter[str] = Counter()
        counted = []
        for each in events:
            met[identity(request, each)] += 1
            counted.append(as_another(each) if met[identity(request, each)] > 1 else each)
        return counted

    return change


def _one_batch_is_right(client: Client) -> bool:
    meter = client.meter()
    one = event(meter, 5)
    client.ingest([one, one])
    return client.total(meter) == 5


def _repeated_across_batches() -> Change:
    seen: set[str] = set()

    def change(request: Request, events: list[Event]) -> list[Event]:
        if len(events) < 2:
            return events
        counted = [as_another(each) if identity(request, each) in seen else each for each in events]
        seen.update(identity(request, each) for each in events)
        return counted

    return change


def _batches_are_right(client: Client) -> bool:
    meter = client.meter()
    first, second, third = (event(meter, 2**day, at=DAY + day * DAY_LONG) for day in range(3))
    client.ingest([first, second])
    client.ingest([second, third])
    return client.total(meter) == 7


def _forgets_within_an_hour() -> Wrong:
    seen: dict[str, float] = {}
    lock = threading.Lock()

    def wrong(request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is None:
            return send(request)
        now = clock(request, send)
        with lock:
            since = [now - seen.setdefault(identity(request, each), now) for each in events]
        pairs = zip(events, since, strict=True)
        return sent_instead(request, send, [as_another(one) if age >= _HOUR else one for one, age in pairs])

    return limited(INGEST, wrong)


def _hours_later_is_right(client: Client) -> bool:
    meter = client.meter()
    first, second = event(meter, 1), event(meter, 2)
    client.ingest(first)
    client.clock(advance={"hours": 3})
    client.ingest([first, second])
    return client.total(meter) == 3


def _races() -> Wrong:
    under_way: Counter[str] = Counter()
    lock = threading.Lock()

    def wrong(request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is None:
            return send(request)
        known = [identity(request, each) for each in events]
        with lock:
            twins = [under_way[each] > 0 for each in known]
            under_way.update(known)
        # The time between looking for a duplicate and storing the event.
        threading.Event().wait(_RACE)
        pairs = zip(events, twins, strict=True)
        try:
            return sent_instead(request, send, [as_another(one) if twin else one for one, twin in pairs])
        finally:
            with lock:
                under_way.subtract(known)

    return limited(INGEST, wrong)


def _concurrency_is_right(client: Client) -> bool:
    meter = client.meter()
    one, other = event(meter, 1), event(meter, 2)
    start = threading.Barrier(2)

    def send(events: object) -> None:
        start.wait(timeout=10)
        client.ingest(events)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, [one, [one, other]]))
    return client.total(meter) == 3


def _known_by(*without: str) -> Callable[[], Change]:
    """Events that are the same but for these fields are taken for one."""

    def make() -> Change:
        first: dict[str, str] = {}

        def change(request: Request, events: list[Event]) -> list[Event]:
            return [each for each in events if not comparable(each) or not other(request, each)]

        def other(request: Request, each: Event) -> bool:
            known = identity(request, each)
            return first.setdefault(identity(request, each, *without), known) != known

        return change

    def comparable(each: Event) -> bool:
        return "uniqueId" in each and not is_cancellation(each)

    return make


def _reused_unique_id_is_right(client: Client) -> bool:
    meter, mark = client.meter(), fresh("shared")
    client.ingest(event(meter, 1, uniqueId=mark))
    client.ingest(event(meter, 2, at=DAY + 60, uniqueId=mark))
    return client.total(meter) == 3


def _dimensions_are_right(client: Client) -> bool:
    meter, mark = client.meter(), fresh("shared")
    for value, region in ((1, "eu"), (2, "us")):
        client.ingest(event(meter, value, uniqueId=mark, dimensions={"region": region}))
    return client.total(meter) == 3


_SEEN_ONCE = "its probe resends one event alone, as this one's does"

FAULTS: tuple[Fault, ...] = (
    _fault(
        name="resent_event_counts_twice",
        says="An event that is sent again alone, as after a lost answer, counts again.",
        found_by=frozenset({"resend_counts_once"}),
        make=counting(lambda: _repeated(as_another)),
        probe=_resend_is_right,
        shadows={"resent_event_vanishes": _SEEN_ONCE},
    ),
    _fault(
        name="resent_event_vanishes",
        says="An event that is sent again alone is taken back, so that it counts not even once.",
        found_by=frozenset({"resend_counts_once"}),
        make=counting(lambda: _repeated(as_cancellation)),
        probe=_resend_is_right,
        shadows={"resent_event_counts_twice": _SEEN_ONCE},
    ),
    _fault(
        name="repeat_inside_a_batch_counts",
        says="Events are compared with those stored, not with each other, so that a repeat inside a batch counts.",
        found_by=frozenset({"resend_in_one_batch_counts_once"}),
        make=counting(_repeated_in_batch),
        probe=_one_batch_is_right,
    ),
    _fault(
        name="repeat_in_another_batch_counts",
        says="Batches are deduplicated each for itself, so that an event of an earlier batch counts again.",
        found_by=frozenset({"resend_across_batches_counts_once"}),
        make=counting(_repeated_across_batches),
        probe=_batches_are_right,
    ),
    _fault(
        name="event_resent_hours_later_counts_again",
        says="Duplicates are remembered for an hour, so that an event that is sent again later counts again.",
        found_by=frozenset({"resend_hours_later_counts_once"}),
        make=_forgets_within_an_hour,
        probe=_hours_later_is_right,
    ),
    _fault(
        name="event_sent_twice_at_once_counts_twice",
        says="The duplicate check is made outside the lock, so that two equal events under way at once both count.",
        found_by=frozenset({"resend_under_concurrency_counts_once"}),
        make=_races,
        probe=_concurrency_is_right,
    ),
    _fault(
        name="unique_id_alone_is_the_identity",
        says="An event with a uniqueId that was met before is dropped, whatever else it says.",
        found_by=frozenset({"reused_unique_id_is_no_duplicate"}),
        make=counting(_known_by("meterApiName", "customerId", "meterTimeInMillis", "dimensions", "values")),
        probe=_reused_unique_id_is_right,
        shadows={"dimensions_are_no_part_of_the_identity": "it drops a part of the events that this one drops"},
    ),
    _fault(
        name="dimensions_are_no_part_of_the_identity",
        says="An event that differs from an earlier one in its dimensions alone is dropped.",
        found_by=frozenset({"reused_unique_id_is_no_duplicate"}),
        make=counting(_known_by("dimensions")),
        probe=_dimensions_are_right,
    ),
)

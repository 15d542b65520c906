"""What the faults of ingest are made of: the events of a request, and what is sent on in their place."""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.contracts.faults.client import Client, event
from tests.contracts.faults.fault import Answer, Request, Send, Wrong, limited

Event = dict[str, Any]
Change = Callable[[Request, list[Event]], list[Event]]
"""From the events that came to those that are counted."""

INGEST = "ingestMeterEvents"
_CANCEL = "aflo.cancel_previous_resource_event"
_HUGE = 1e300
_numbers = itertools.count(1)


def counting(make: Callable[[], Change]) -> Callable[[], Wrong]:
    """A fault that counts other events than those that came, and answers as if it had counted these.

    Args:
        make: Makes the change, with a state of its own; it is asked by one thread at a time, of well-formed JSON only.
    """
    return lambda: limited(INGEST, _counting(make()))


def each(change: Callable[[Event], Event | None]) -> Callable[[], Wrong]:
    """A fault that counts each event as another one, or not at all."""

    def changed(_: Request, events: list[Event]) -> list[Event]:
        return [found for event in events if (found := change(dict(event))) is not None]

    return counting(lambda: changed)


def each_at(change: Callable[[Event, float], Event | None]) -> Callable[[], Wrong]:
    """The same for a fault that looks at the account's clock, in seconds."""

    def wrong(request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is None:
            return send(request)
        now = clock(request, send)
        return sent_instead(request, send, [left for event in events if (left := change(event, now)) is not None])

    return lambda: limited(INGEST, wrong)


def clock(request: Request, send: Send) -> float:
    """The clock of a request's account, in seconds; this machine's where the target has none to be asked."""
    answer = send(replace(request, method="GET", path="/_mock/clock", query="", body=b""))
    return float(answer.json()["nowInMillis"]) / 1000 if answer.good else time.time()


def _counting(change: Change) -> Wrong:
    lock = threading.Lock()

    def count(request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is None:
            return send(request)
        with lock:
            changed = change(request, events)
        return sent_instead(request, send, changed)

    return count


def sent_instead(request: Request, send: Send, events: list[Event]) -> Answer:
    """Sends these events in the place of those that came; the answer tells the number of those."""
    came = events_of(request) or []
    if json.dumps(events) == json.dumps(came):
        return send(request)
    answer = send(request.with_json(events))
    told = re.sub(rb"\d+(?= records were ingested)", str(len(came)).encode(), answer.body)
    return Answer(answer.status, answer.headers, told)


def events_of(request: Request) -> list[Event] | None:
    """The events of a JSON request, each an object of its own; None when it holds another thing, or nothing."""
    if "json" not in request.headers.get("content-type", "json") or "ingestschemaid" in request.query.lower():
        return None
    found = request.json()
    events = found if isinstance(found, list) else [found]
    return events if events and all(well_formed(event) for event in events) else None


def well_formed(event: Any) -> bool:
    """Whether it is an event that a batch is not refused for."""
    if not isinstance(event, dict) or type(event.get("meterTimeInMillis")) is not int:
        return False
    texts = [event[name] for name in ("meterApiName", "customerId", "uniqueId") if name in event]
    values, dimensions = event.get("values", {}), event.get("dimensions", {})
    if not isinstance(values, dict) or not isinstance(dimensions, dict):
        return False
    numbers = [*values.values(), event.get("meterValue", 0)]
    return (
        abs(event["meterTimeInMillis"]) < 2**62
        and all(isinstance(text, str) for text in (*texts, *dimensions.values()))
        and all(type(number) in {int, float} and abs(number) < _HUGE for number in numbers)
    )


def identity(request: Request, event: Event, *without: str) -> str:
    """What makes two events of one account the same; the value belongs to it only when there is no uniqueId."""
    left_out = {*without, "meterValue"} if "uniqueId" in event else set(without)
    kept = {name: value for name, value in event.items() if name not in left_out}
    return json.dumps([request.key, kept], sort_keys=True)


def as_another(event: Event) -> Event:
    """The same event under a new uniqueId, so that it counts again."""
    return {**event, "uniqueId": f"{event.get('uniqueId', '')}~{next(_numbers)}"}


def as_cancellation(event: Event) -> Event:
    """The event that takes back the one of the same identity."""
    return {**event, "dimensions": {**event.get("dimensions", {}), _CANCEL: "true"}}


def is_cancellation(event: Event) -> bool:
    """Whether the event takes another one back."""
    return _CANCEL in event.get("dimensions", {})


def seconds(event: Event) -> int:
    """When the event was, in whole seconds."""
    return int(event["meterTimeInMillis"]) // 1000


def adds_up_to(expected: float, *requests: list[dict[str, Any]] | dict[str, Any]) -> Callable[[Client], bool]:
    """A probe: these events, reported to one meter, make this total; `meterApiName` is filled in."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        for sent in requests:
            client.ingest([event(meter, **one) for one in sent] if isinstance(sent, list) else event(meter, **sent))
        return client.total(meter) == expected

    return probe

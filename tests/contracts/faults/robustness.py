"""Faults under load: they show when several requests are under way at once, and never one after the other."""

import itertools
import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

from specs import catalog
from tests.contracts.faults.client import Client, fresh, published_query
from tests.contracts.faults.exchange import made, named, refusal
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong

READS = frozenset(each.operation_id for each in catalog.project("published").operations if each.method == "GET")
CREATES = named("createCustomer", "createMeterDefinition")
CONNECTIONS = 8
WAVES = 4
MANY = CONNECTIONS * WAVES
"""So many requests a probe sends, all but one by one."""


class _Load:
    """How much is under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._turns = itertools.count(1)

    @contextmanager
    def one(self) -> Iterator[int]:
        """One request more, for as long as it takes; yields how many there are with it."""
        with self._lock:
            self._under_way += 1
            number = self._under_way
        try:
            yield number
        finally:
            with self._lock:
                self._under_way -= 1

    def turn(self, every: int) -> bool:
        """Whether it is the turn of one in so many."""
        return next(self._turns) % every == 0


def _loaded(operations: Collection[str], least: int, every: int, wrong: Wrong) -> Callable[[], Wrong]:
    """A fault of one in so many requests that come while others are under way.

    Args:
        operations: Which go wrong.
        least: How many requests have to be under way, of any operation.
        every: One in how many of them goes wrong.
        wrong: How.
    """

    def make() -> Wrong:
        load = _Load()

        def meet(request: Request, send: Send) -> Answer:
            with load.one() as under_way:
                at_fault = request.operation in operations and under_way >= least and load.turn(every)
                return wrong(request, send) if at_fault else send(request)

        return meet

    return make


def _at_once(client: Client, method: str, path: str, bodies: Sequence[Any]) -> list[int]:
    """The statuses of requests that are sent many at a time; 0 where an answer is not whole.

    Each of several connections has sent its request before the first answer is read, and so again and again: the first
    time they are still being opened, one after the other.
    """
    headers = {"X-API-KEY": client.key, "Content-Type": "application/json"}
    statuses = []
    with ExitStack() as stack:
        place = urlsplit(client.url).netloc
        lines = [stack.enter_context(closing(HTTPConnection(place))) for _ in range(CONNECTIONS)]
        for start in range(0, len(bodies), CONNECTIONS):
            wave = list(zip(lines, bodies[start:], strict=False))
            for line, body in wave:
                line.request(method, path, None if body is None else json.dumps(body), headers)
            statuses += [_status(line) for line, _ in wave]
    return statuses


def _status(line: HTTPConnection) -> int:
    answer = line.getresponse()
    try:
        answer.read()
    except IncompleteRead:
        line.close()
        return 0
    return answer.status


def _too_many(_request: Request, _send: Send) -> Answer:
    return refusal(429, "TOO_MANY_REQUESTS", "too many requests at once")


def _reads_are_answered(client: Client) -> bool:
    return set(_at_once(client, "GET", "/meter-definition", [None] * MANY)) == {200}


def _deadlock(_request: Request, _send: Send) -> Answer:
    return refusal(500, "INTERNAL_ERROR", "deadlock detected")


def _writes_are_answered(client: Client) -> bool:
    customers = [{"customerId": fresh("customer"), "customerName": "Ada"} for _ in range(MANY)]
    return set(_at_once(client, "POST", "/customers", customers)) == {200}


def _cut(request: Request, send: Send) -> Answer:
    answer = send(request)
    return replace(answer, cut=len(answer.body) // 2)


def _usage_is_answered_whole(client: Client) -> bool:
    asked = published_query(fresh("meter"))
    return set(_at_once(client, "POST", "/usage", [asked] * MANY)) == {200}


def _only_answered(request: Request, send: Send) -> Answer:
    """The write is answered from memory, before the store that never got it."""
    body = request.json()
    if not isinstance(body, dict):
        return send(request)
    return made(200, body)


def _writes_are_kept(client: Client) -> bool:
    meters = [{"meterApiName": fresh("meter"), "displayName": "Calls", "type": "MAX_IN_PERIOD"} for _ in range(MANY)]
    statuses = _at_once(client, "POST", "/meter-definition", meters)
    kept = {each["meterApiName"] for each in client.get("/meter-definition").json()}
    taken = {each["meterApiName"] for each, status in zip(meters, statuses, strict=True) if status == 200}
    return kept >= taken


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="many_reads_at_once_are_too_many",
        category=Category.ROBUSTNESS,
        says="Reading is refused with 429 while two other requests or more are under way.",
        operations=READS,
        found_by=named("mixed_load_is_answered"),
        make=_loaded(READS, 3, 1, _too_many),
        probe=_reads_are_answered,
        schema_can_show=True,
    ),
    Fault(
        name="creations_at_once_block_each_other",
        category=Category.ROBUSTNESS,
        says="One in three creations that come while another request is under way ends in a deadlock, and 500.",
        operations=CREATES,
        found_by=named("mixed_load_is_answered"),
        make=_loaded(CREATES, 2, 3, _deadlock),
        probe=_writes_are_answered,
        schema_can_show=True,
    ),
    Fault(
        name="usage_answers_are_cut_under_load",
        category=Category.ROBUSTNESS,
        says="One in three usage answers that are given while another request is under way ends in its middle.",
        operations=named("queryUsage"),
        found_by=named("mixed_load_is_answered"),
        make=_loaded(named("queryUsage"), 2, 3, _cut),
        probe=_usage_is_answered_whole,
        schema_can_show=True,
    ),
    Fault(
        name="creations_are_lost_under_load",
        category=Category.ROBUSTNESS,
        says="One in three creations that come while another request is under way is answered and not kept.",
        operations=CREATES | READS - named("listInvoices", "listFilteringRules"),
        found_by=named("mixed_load_loses_no_write"),
        make=_loaded(CREATES, 2, 3, _only_answered),
        probe=_writes_are_kept,
    ),
)

"""A platform whose figures settle late: what is fresh counts resent events again, what has settled does not."""

import itertools
import threading
from dataclasses import replace
from typing import Any

from contracts.clock import Clock
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send

LAG = 4 * 3600.0
"""Seconds until what was ingested has settled."""

_MIRRORED = frozenset({"createMeterDefinition", "createCustomer", "createFilteringRule"})
_FRESH = "test-fresh-figures"


class Lagging:
    """Stands before a mock, and answers usage of the last hours from an account in which nothing is deduplicated.

    Args:
        clock: What tells the time.
        settles: Whether anything ever settles.
    """

    def __init__(self, clock: Clock, *, settles: bool = True) -> None:
        self._clock = clock
        self._settles = settles
        self._written: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.seen: list[Request] = []

    def __call__(self, request: Request, send: Send) -> Answer:
        """Takes one request."""
        self.seen.append(request)
        if request.operation in _MIRRORED:
            send(self._fresh(request))
        if request.operation == "ingestMeterEvents":
            send(self._fresh(request.with_json(self._told_apart(request.json()))))
        if request.operation == "queryUsage" and self._is_fresh(request.json()["meterApiName"]):
            return send(self._fresh(request))
        return send(request)

    def _fresh(self, request: Request) -> Request:
        return replace(request, headers=request.headers.put("x-api-key", _FRESH))

    def _is_fresh(self, meter: str) -> bool:
        written = self._written.get(meter)
        return written is not None and (not self._settles or self._clock.now() < written + LAG)

    def _told_apart(self, body: Any) -> Any:
        """The events with marks that no other event has, so that none of them is a duplicate."""
        events = body if isinstance(body, list) else [body]
        with self._lock:
            for event in events:
                self._written[event["meterApiName"]] = self._clock.now()
        return [{**event, "uniqueId": f"fresh-{next(self._numbers)}"} for event in events]

    def as_fault(self) -> Fault:
        """What a proxy is given."""
        return Fault(
            name="settles_late",
            category=Category.COUNTING,
            says="What was ingested is deduplicated only hours later.",
            operations=frozenset({"ingestMeterEvents"}),
            found_by=frozenset({"resend_counts_once"}),
            make=lambda: self,
            probe=lambda _: True,
        )

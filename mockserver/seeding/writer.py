"""Writes a plan into an account through the public API, as any client would."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx
import orjson

from mockserver.seeding.plan import Plan

Report = Callable[[str, int, int], None]
"""Told what is being written, how many are written and how many there are to write."""
PATIENCE_S = 60.0
EXCERPT = 300
"""Characters shown of an answer that is not the vendor's error body."""


class SeedError(Exception):
    """The account could not be written; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Written:
    """How much was sent.

    Attributes:
        customers: created or replaced.
        meters: created; those that were there already are left as they are.
        events: sent; the server drops those that it has already.
    """

    customers: int
    meters: int
    events: int


class Writer:
    """A connection to the account that a key stands for.

    Args:
        url: root of the server, without a trailing slash.
        api_key: sent as X-API-KEY.
        use_proxies: whether the environment's proxy settings apply; never for a server on this machine.
    """

    def __init__(self, url: str, api_key: str, *, use_proxies: bool = False) -> None:
        self._url = url
        self._client = httpx.Client(
            base_url=url, headers={"X-API-KEY": api_key}, timeout=PATIENCE_S, trust_env=use_proxies
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def write(self, plan: Plan, report: Report) -> Written:
        """Writes customers, then the meters that are not there yet, then the events in order of time.

        Raises:
            SeedError: the server cannot be reached, or refuses a request.
        """
        self._put_customers(plan.customers, report)
        meters = self._create_meters(plan.meters)
        events = self._ingest(plan, report)
        return Written(customers=len(plan.customers), meters=meters, events=events)

    def _put_customers(self, customers: Sequence[dict[str, Any]], report: Report) -> None:
        for done, customer in enumerate(customers, start=1):
            self._send("PUT", "/customers", customer)
            report("customers", done, len(customers))

    def _create_meters(self, meters: Sequence[dict[str, Any]]) -> int:
        listed = self._send("GET", "/meter-definition").json()
        present = {meter["meterApiName"] for meter in listed}
        absent = [meter for meter in meters if meter["meterApiName"] not in present]
        for meter in absent:
            self._send("POST", "/meter-definition", meter)
        return len(absent)

    def _ingest(self, plan: Plan, report: Report) -> int:
        sent = 0
        for batch in plan.batches():
            self._send("POST", "/ingest", batch)
            sent += len(batch)
            report("events", sent, plan.options.events)
        return sent

    def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        content = None if body is None else orjson.dumps(body)
        with self._reachable():
            response = self._client.request(
                method, path, content=content, headers={"Content-Type": "application/json"} if content else None
            )
        if not response.is_success:
            raise SeedError(f"{method} {self._url}{path} was refused with {response.status_code}: {_reason(response)}")
        return response

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise SeedError(f"{self._url} does not answer: {str(error) or type(error).__name__}") from error


def _reason(response: httpx.Response) -> str:
    """The message of an error body, or the beginning of whatever was answered."""
    try:
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text[:EXCERPT].strip()
    return str(message or "no reason was given")

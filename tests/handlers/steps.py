"""What a developer does with the mock, step by step, over HTTP."""

from collections.abc import Iterator
from typing import Any

import requests

from tests.support.client import MockClient

NOON_MS = 1_718_193_600_000
"""2024-06-12T12:00:00Z."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIDNIGHT_S = (NOON_MS - 12 * HOUR_MS) // 1000

Json = dict[str, Any]


def event(**fields: Any) -> Json:
    """An event of the meter `calls` and the customer `ann` at noon; a field given as None is left out."""
    whole = {"meterApiName": "calls", "customerId": "ann", "meterValue": 1, "meterTimeInMillis": NOON_MS, **fields}
    return {name: value for name, value in whole.items() if value is not None}


def stop_clock(mock: MockClient, now: int | str) -> None:
    """Stops the account's clock at an instant: stopped first, since a running clock would go on in between."""
    mock.clock(frozen=True)
    mock.clock(now=now)


def question(**fields: Any) -> Json:
    """A published usage query over all days of the years 1970 to 2100."""
    return {
        "meterApiName": "calls",
        "startTimeInSeconds": 0,
        "endTimeInSeconds": 4_102_444_800,
        "aggregation": "SUM",
        "timeGroupingInterval": "MONTH",
        **fields,
    }


class Account:
    """An account and the usual steps on it.

    Args:
        mock: the client of the account.
    """

    def __init__(self, mock: MockClient) -> None:
        self.mock = mock

    def define(self, meter: str, kind: str = "SUM_OF_ALL_USAGE") -> None:
        """Creates a meter."""
        self.take(self.mock.post("/meter-definition", json={"meterApiName": meter, "displayName": meter, "type": kind}))

    def register(self, customer: str) -> None:
        """Creates a customer."""
        self.take(self.mock.post("/customers", json={"customerId": customer, "customerName": customer}))

    def ingest(self, *events: Json) -> None:
        """Sends events as one batch."""
        answer = self.take(self.mock.post("/ingest", json=list(events)))
        assert answer == f"{len(events)} records were ingested"

    def usage(self, **fields: Any) -> Any:
        """The groups of the meter in a published usage query."""
        asked = question(**fields)
        return self.take(self.mock.post("/usage", json=asked))["clientMeters"][asked["meterApiName"]]

    def total(self, **fields: Any) -> float:
        """The usage of a published query that is not grouped, all buckets added up."""
        return sum(value for group in self.usage(**fields) for value in values_of(group))

    def live_usage(self, **fields: Any) -> Any:
        """A live report on `calls`."""
        return self.take(self.mock.post("/usage", json={"meterApiName": "calls", **fields}))

    def state(self) -> Json:
        """How much the account holds."""
        state: Json = self.take(self.mock.get("/_mock/state"))
        return state

    def stored(self, collection: str) -> Any:
        """The documents of a collection as they are kept."""
        return self.take(self.mock.get(f"/_mock/state/{collection}"))

    def unjudged(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request whose answer nobody but the test judges: it is very long, or its path is in no document."""
        headers = {"X-API-KEY": self.mock.key}
        return requests.request(method, self.mock.url + path, headers=headers, timeout=60, **options)

    @staticmethod
    def take(response: requests.Response) -> Any:
        """The body of a request that must succeed."""
        assert response.status_code in (200, 201), response.text
        return response.json()


def values_of(group: Json) -> Iterator[float]:
    """The values of a group of the published form."""
    for record in group["records"]:
        yield from record.values()


def refused(response: requests.Response, status: int = 400) -> str:
    """The field and the rule of a refused request."""
    assert response.status_code == status, response.text
    details: str = response.json().get("details", "")
    return details

"""A thin client of one account, for the probes: it knows the few calls that most of them make, and judges nothing."""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

HOUR_LONG = 3600
DAY_LONG = 24 * HOUR_LONG


def _wednesday(now: float) -> int:
    """Midnight, UTC, of the last Wednesday that was over a week before."""
    day = int(now) // DAY_LONG - 8
    # Day 0 was a Thursday, so Wednesdays are those that leave 6.
    return (day - (day - 6) % 7) * DAY_LONG


# Not a fixed date: what is weeks old is late, and some faults are about late events.
DAY = _wednesday(time.time())
"""Midnight, UTC, of a Wednesday one to two weeks ago, in seconds."""


def fresh(prefix: str = "it") -> str:
    """A name that nothing has yet."""
    return f"{prefix}-{uuid.uuid4().hex}"


def event(meter: str, value: float = 1, at: float = DAY, customer: str = "ada", **fields: Any) -> dict[str, Any]:
    """One event; `at` is in seconds, `fields` are further ones by their names on the wire, `uniqueId` a new one."""
    return {
        "meterApiName": meter,
        "customerId": customer,
        "meterValue": value,
        "meterTimeInMillis": round(at * 1000),
        "uniqueId": fresh("event"),
        **fields,
    }


class Client:
    """One account of a target.

    Args:
        url: Where the target is.
        key: The account's key; a new one when absent.
        http: The connections to use, which stay with whoever made them; new ones when absent.
    """

    def __init__(self, url: str, key: str | None = None, http: httpx.Client | None = None) -> None:
        self.url = url
        self.key = fresh("test") if key is None else key
        self._own = http is None
        self._http = connections() if http is None else http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives its connections back, when they are its own."""
        if self._own:
            self._http.close()

    def second(self) -> "Client":
        """Another account of the same target, over the same connections."""
        return Client(self.url, http=self._http)

    def keyed(self, key: str) -> "Client":
        """The same target with another key; an empty one sends none."""
        return Client(self.url, key, http=self._http)

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Any request; `options` are those of httpx, such as `json`, `params` and `content`."""
        own = {"X-API-KEY": self.key} if self.key else {}
        return self._http.request(method, self.url + path, headers={**own, **(headers or {})}, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET `path`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST to `path`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        """PUT to `path`."""
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE `path`."""
        return self.request("DELETE", path, **options)

    def clock(self, **change: Any) -> dict[str, Any]:
        """The account's clock, changed by `now`, `advance` or `frozen` first."""
        clock: dict[str, Any] = self.put("/_mock/clock", json=change).raise_for_status().json()
        return clock

    def customer(self, **fields: Any) -> str:
        """Makes a customer and answers its id."""
        body = {"customerId": fresh("customer"), "customerName": "Ada Byron", "customerEmail": "ada@example.com"}
        self.post("/customers", json={**body, **fields}).raise_for_status()
        return str({**body, **fields}["customerId"])

    def meter(self, kind: str = "SUM_OF_ALL_USAGE", **fields: Any) -> str:
        """Makes a meter in the published form and answers its API name."""
        body = {"meterApiName": fresh("meter"), "displayName": "Calls", "type": kind, "dimensions": ["region", "tier"]}
        self.post("/meter-definition", json={**body, **fields}).raise_for_status()
        return str({**body, **fields}["meterApiName"])

    def live_meter(self, kind: str = "sum_of_all_usage", **fields: Any) -> dict[str, Any]:
        """Makes a meter in the live form and answers it, its `id` and `meterApiName` included."""
        name = fresh("meter")
        body = {"meterApiName": name, "label": name, "meterType": kind, "dimensions": ["region", "tier"]}
        made: dict[str, Any] = self.post("/meters", json={**body, **fields}).raise_for_status().json()
        return made

    def rule(
        self, meter: str, values: Sequence[str], action: str = "EXCLUDE", dimension: str = "region", **fields: Any
    ) -> dict[str, Any]:
        """Makes a filtering rule, or replaces the one of `ruleId`, and answers it."""
        body = {"meterApiName": meter, "dimensionName": dimension, "dimensionValues": list(values), "action": action}
        made: dict[str, Any] = self.post("/meter-event-filtering-rules", json={**body, **fields}).json()
        return made

    def ingest(self, events: Any) -> httpx.Response:
        """Reports one event or a batch."""
        return self.post("/ingest", json=events)

    def groups(self, meter: str, **query: Any) -> dict[tuple[str, ...], dict[int, float]]:
        """Usage in the published form: by the values of the group, by the start of the bucket.

        Args:
            meter: Whose usage.
            query: Fields of the query to set; the month around `DAY` is asked for when they do not say, by day.
        """
        answered = self.post("/usage", json=published_query(meter, **query)).raise_for_status().json()
        found: dict[tuple[str, ...], dict[int, float]] = {}
        for group in answered["clientMeters"][meter]:
            key = tuple(str(group["groupInfo"][name]) for name in query.get("groupBy") or ())
            records = found.setdefault(key, {})
            for record in group["records"]:
                records.update({int(start): float(value) for start, value in record.items()})
        return found

    def buckets(self, meter: str, **query: Any) -> dict[int, float]:
        """Usage in the published form without groups: by the start of the bucket; empty when there is none."""
        return self.groups(meter, **query).get((), {})

    def shares(self, meter: str, **query: Any) -> dict[tuple[str, ...], float]:
        """The sum of each group's values, by the values of the group, in the published form."""
        return {group: sum(records.values()) for group, records in self.groups(meter, **query).items()}

    def total(self, meter: str, **query: Any) -> float:
        """The sum of all answered values, in the published form."""
        return sum(self.shares(meter, **query).values())

    def live(self, meter: str, path: str = "/usage", **query: Any) -> Any:
        """The answer to a usage query in the live form; of a batch path, to a batch of this one query."""
        asked = live_query(meter, **query)
        return self.post(path, json=[asked] if path.endswith("/batch") else asked).raise_for_status().json()

    def live_total(self, meter: str, **query: Any) -> float:
        """The sum of all groups' values over the whole range, in the live form."""
        return float(sum(group["groupValue"] for group in self.live(meter, **query)["clientMeters"]))


def connections() -> httpx.Client:
    """Connections that are kept open, to be shared by clients."""
    # No certificates are loaded and no environment is asked: the target is on this machine.
    return httpx.Client(verify=False, trust_env=False, timeout=30)  # noqa: S501


def published_query(meter: str, **query: Any) -> dict[str, Any]:
    """A usage query in the published form; it asks for two weeks before and after `DAY`, summed by day."""
    return {
        "meterApiName": meter,
        "startTimeInSeconds": DAY - 14 * DAY_LONG,
        "endTimeInSeconds": DAY + 14 * DAY_LONG,
        "aggregation": "SUM",
        "timeGroupingInterval": "DAY",
        **query,
    }


def live_query(meter: str, start: int = DAY - DAY_LONG, end: int = DAY + 2 * DAY_LONG, **query: Any) -> dict[str, Any]:
    """A usage query in the live form; it asks for the days before and after that of `DAY` too."""
    asked = {"startTimeInSeconds": start, "endTimeInSeconds": end}
    return {"meterApiName": meter, "timeRange": asked, "aggregation": "SUM", "timeGroupingInterval": "DAY", **query}

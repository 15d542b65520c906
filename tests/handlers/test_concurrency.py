"""Many clients at once: every request is atomic, and accounts never meet."""

import asyncio
import random
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.handlers.steps import NOON_MS, Json, event, question
from tests.support.client import MockClient
from tests.support.serving import Server

ACCOUNTS = 5
REQUESTS = 10_000
EVENTS = 1_500
AT_ONCE = 32
NO_TLS = ssl.create_default_context()
"""Shared by all clients, which would each load certificates that nobody needs."""


def numbered(number: int) -> Json:
    """The event of a number: the same number is the same event."""
    return event(
        meterApiName=f"m{number % 3}",
        customerId=f"c{number % 7}",
        meterValue=number % 100 + 1,
        meterTimeInMillis=NOON_MS + number * 1000,
        uniqueId=str(number),
    )


def planned(account: int) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of an account's requests: singles and batches with many repeats, reads, customers."""
    chance = random.Random(account)
    for turn in range(REQUESTS // ACCOUNTS):
        kind = turn % 8
        if kind < 4:
            yield "POST", "/ingest", numbered(chance.randrange(EVENTS))
        elif kind < 6:
            batch = [turn, *(chance.randrange(EVENTS) for _ in range(9))]
            yield "POST", "/ingest", [numbered(number % EVENTS) for number in batch]
        elif kind == 6:
            yield "POST", "/ingest", numbered(turn % EVENTS)
            yield "POST", "/usage", question(meterApiName=f"m{turn % 3}")
        else:
            customer = f"c{turn % 7}"
            yield "PUT", "/customers", {"customerId": customer, "customerName": f"{account}"}
            yield "POST", "/ingest", numbered(turn % EVENTS)


def expected_totals(account: int) -> dict[str, dict[str, float]]:
    """Sum by meter and customer of the distinct events that an account was sent."""
    sent = {}
    for _, path, body in planned(account):
        for each in (body if isinstance(body, list) else [body]) if path == "/ingest" else ():
            sent[each["uniqueId"]] = each
    totals: dict[str, dict[str, float]] = {}
    for each in sent.values():
        meter = totals.setdefault(each["meterApiName"], {})
        meter[each["customerId"]] = meter.get(each["customerId"], 0) + each["meterValue"]
    return totals


async def storm(url: str, keys: list[str]) -> set[int]:
    """Sends the requests of all accounts, shuffled together, many at a time; answers the statuses seen."""
    requests = [(key, *planned_request) for number, key in enumerate(keys) for planned_request in planned(number)]
    random.Random(3).shuffle(requests)
    assert len(requests) >= REQUESTS
    queue = iter(requests)
    statuses: set[int] = set()

    async def worker() -> None:
        # A client each: one connection pool for all of them is slower than the server.
        async with httpx.AsyncClient(base_url=url, verify=NO_TLS, timeout=60) as client:
            for key, method, path, body in queue:
                response = await client.request(method, path, json=body, headers={"X-API-KEY": key})
                statuses.add(response.status_code)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return statuses


@pytest.mark.slow
def test_concurrent_requests_are_counted_exactly(server: Server) -> None:
    """After ten thousand mixed requests with duplicates every total is exact and no account saw another's data."""
    clients = [MockClient(server.url) for _ in range(ACCOUNTS)]
    assert asyncio.run(storm(server.url, [client.key for client in clients])) == {200}
    for number, client in enumerate(clients):
        for meter, totals in expected_totals(number).items():
            asked = question(meterApiName=meter, groupBy=["customerId"], timeGroupingInterval="MONTH")
            groups = client.post("/usage", json=asked).json()["clientMeters"][meter]
            found = {group["groupInfo"]["customerId"]: sum(group["records"][0].values()) for group in groups}
            assert found == totals
        assert {customer["customerName"] for customer in client.get("/customers").json()} == {f"{number}"}
        client.close()

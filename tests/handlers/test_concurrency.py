"""Many clients at once: every request is atomic, and accounts never meet."""

import asyncio
import contextlib
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.handlers.steps import NOON_MS, Json, event, question
from tests.support.client import MockClient
from tests.support.serving import Server

ACCOUNTS = 5
REQUESTS = 10_000
EVENTS = 1_500
AT_ONCE = 32


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


class Connection:
    """A connection that is kept. It reads no more of an answer than it must: a whole client takes longer than the mock.

    Args:
        streams: the open connection.
        host: what it leads to.
    """

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], host: str) -> None:
        self._reader, self.writer = streams
        self._host = host

    async def status(self, key: str, method: str, path: str, body: Any) -> int:
        """Sends a request and answers the status, once the whole answer is there."""
        sent = json.dumps(body).encode()
        head = {"Host": self._host, "X-API-KEY": key, "Content-Type": "application/json", "Content-Length": len(sent)}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
        first, *headers = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().splitlines()
        lengths = [int(line.partition(":")[2]) for line in headers if line.startswith("content-length:")]
        await self._reader.readexactly(*lengths)
        return int(first.split()[1])


async def storm(url: str, keys: list[str]) -> set[int]:
    """Sends the requests of all accounts, shuffled together, many at a time; answers the statuses seen."""
    requests = [(key, *planned_request) for number, key in enumerate(keys) for planned_request in planned(number)]
    random.Random(3).shuffle(requests)
    assert len(requests) >= REQUESTS
    queue = iter(requests)
    address = urlsplit(url)
    statuses: set[int] = set()

    async def worker() -> None:
        connection = Connection(await asyncio.open_connection(address.hostname, address.port), address.netloc)
        with contextlib.closing(connection.writer):
            for request in queue:
                statuses.add(await connection.status(*request))

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

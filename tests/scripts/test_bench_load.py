"""The load generator: it counts what was answered, never sends a number twice, and stops at a wrong answer."""

import json
from urllib.parse import urlsplit

import pytest

from scripts.bench_http import NUMBER, WORKS, Work, large_body
from scripts.bench_load import LoadError, drive
from scripts.bench_report import ratio, table
from tests.support.client import MockClient


def address(mock: MockClient) -> tuple[str, int]:
    """Where the mock listens."""
    parts = urlsplit(mock.url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def work_of(mock: MockClient, name: str) -> tuple[Work, int]:
    """A kind of request by its name, and the port."""
    (work,) = [work for work in WORKS if work.name == name]
    return work, address(mock)[1]


@pytest.mark.parametrize("name", ["ingest 1 event", "ingest 1000 events"])
def test_every_event_is_another(mock: MockClient, name: str) -> None:
    """What is ingested under load is all there afterwards: no request repeats an event of another."""
    work, port = work_of(mock, name)
    make = work.requests(port)
    load = drive(
        address(mock), lambda number: make(number).replace(b"test-bench", mock.key.encode()), first=7, seconds=0.1,
        connections=3,
    )  # fmt: skip
    events = len(json.loads(work.body or b"[]")) if "1000" in name else 1
    assert load.requests >= 3
    assert len(load.latencies) == load.requests
    assert mock.get("/_mock/state").json()["events"] == load.requests * events


def test_reads(mock: MockClient) -> None:
    """Reads are answered and timed."""
    work, port = work_of(mock, "GET list of meters")
    load = drive(address(mock), work.requests(port), first=0, seconds=0.05, connections=2)
    assert load.requests == len(load.latencies)
    assert load.quantile(0) <= load.quantile(0.5) <= load.quantile(1)


def test_a_wrong_answer_stops(mock: MockClient) -> None:
    """A load that is answered with anything but 200 is no measurement."""
    with pytest.raises(LoadError, match="404"):
        drive(
            address(mock),
            Work("", "/nowhere", None, 1, {}).requests(address(mock)[1]),
            first=0,
            seconds=1,
            connections=1,
        )


def test_numbers_fill_their_place() -> None:
    """A request's number takes the place that was kept for it, so that the length stays right."""
    request = Work("", "/ingest", b'"' + NUMBER + b'"', 1, {}).requests(1)(42)
    assert request.endswith(b'Content-Length: 10\r\n\r\n"00000042"')


def test_the_large_body_is_a_batch() -> None:
    """The batch of the health measurement is whole JSON of about the size that was asked for."""
    body = large_body(100_000)
    assert 90_000 < len(body) <= 100_000
    assert all("uniqueId" in event for event in json.loads(body))


def test_the_report() -> None:
    """Ratios carry their goals, and tables are aligned."""
    assert ratio(30, 20, 3) == "1.50x (goal 3)"
    assert table([["a", "bb"], ["ccc", "d"]]) == "| a   | bb |\n| --- | -- |\n| ccc | d  |"

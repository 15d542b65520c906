"""Every fault is seen by its own probe, and leaves the others alone."""

import contextlib
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from specs import catalog
from tests.contracts.faults.client import DAY, Client, connections, event, live_query, published_query
from tests.contracts.faults.fault import Category, Fault, is_right
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS, ROWS
from tests.support.serving import Server

SAMPLE = 12
"""So many other probes a fault; all of them would take minutes."""
WANTED = {
    Category.COUNTING: 20,
    Category.RESOURCES: 14,
    Category.RULES: 5,
    Category.PROTOCOL: 12,
    Category.SECURITY: 6,
    Category.ROBUSTNESS: 3,
    Category.BILLING: 1,
    Category.CHARGES: 1,
}
NO_JSON = (b"", b"{", b"\xff\xfe", b"[" * 2000, b"meterApiName,meterTimeInMillis\na,1\n")
ODD: tuple[Any, ...] = (
    None, True, 0, -1.5, "", "x", [], {}, [[]], [None], [{}], {"": None}, {"meterApiName": None, "customerId": 5},
    {"meterTimeInMillis": "x"}, [{"meterTimeInMillis": 1}, 5], {"startTimeInSeconds": None}, {"timeRange": 5},
    [{"timeRange": {}}, {"timeRange": None}], {"dimensionValues": 5, "meterApiName": [], "action": {}},
    {"meterTimeInMillis": 1}, {"meterTimeInMillis": 2**63 - 1}, {"meterTimeInMillis": -(2**63), "meterValue": 1e308},
    {"meterTimeInMillis": 1, "values": {}, "dimensions": {}}, [{"meterTimeInMillis": 0, "values": {"a": 1, "b": -1}}],
)  # fmt: skip

every_fault = pytest.mark.parametrize("fault", ROWS, ids=lambda fault: fault.name)


@pytest.fixture(scope="module")
def unfaulted(server: Server) -> Iterator[str]:
    """A proxy that passes everything on."""
    with before(server.url, None) as url:
        yield url


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """Connections that all probes share."""
    with connections() as shared:
        yield shared


@every_fault
def test_probe_finds_right_target_right(fault: Fault, unfaulted: str, http: httpx.Client) -> None:
    """A probe says of a platform without a fault that it is right."""
    assert is_right(fault, Client(unfaulted, http=http))


@every_fault
def test_fault_is_seen_by_its_probe_alone(fault: Fault, server: Server) -> None:
    """A fault is seen by its own probe and by those that it is said to shadow, and by no other one."""
    others = sorted(FAULTS.keys() - {fault.name} - fault.shadows.keys())
    asked = {fault.name, *fault.shadows, *random.Random(fault.name).sample(others, SAMPLE)}
    with before(server.url, fault) as url, connections() as http:
        seen = {name for name in sorted(asked) if not is_right(FAULTS[name], Client(url, http=http))}
    assert seen == {fault.name, *fault.shadows}


@every_fault
def test_fault_takes_whatever_is_sent(fault: Fault, server: Server) -> None:
    """A fault answers every request, also one that makes no sense, so that no finding is due to its own breakdown."""
    with before(server.url, fault) as url, connections() as http:
        client = Client(url, http=http)
        for operation in (_operation(fault, name) for name in sorted(fault.operations)):
            path = re.sub(r"\{\w+\}", "a%2F", operation.path)
            for content in NO_JSON:
                _send(client, operation.method, path, content=content)
            for value in ODD:
                _send(client, operation.method, path, json=value)


@pytest.mark.parametrize("category", [Category.COUNTING, Category.RULES])
def test_counting_fault_reads_extreme_queries(category: Category, server: Server) -> None:
    """A fault of counting is asked for the longest ranges, in every interval, and does not break down."""
    for fault in (each for each in ROWS if each.category is category):
        with before(server.url, fault) as url, connections() as http:
            client = Client(url, http=http)
            client.ingest([event("odd", at=at) for at in (-(2**52), 0, DAY, 2**52)])
            for query in _extreme_queries():
                _send(client, "POST", "/usage", json=query)


def _extreme_queries() -> Iterator[dict[str, Any]]:
    odd: dict[str, Any]
    for odd in ({"groupBy": None}, {"groupBy": ["a", "b"], "filter": {"a": [], "b": ["x"]}}, {"filter": {"a": ["x"]}}):
        for interval in ("HOUR", "DAY", "WEEK", "MONTH"):
            for aggregation in ("SUM", "MAX", "COUNT"):
                asked = odd | {"timeGroupingInterval": interval, "aggregation": aggregation}
                yield published_query("odd", startTimeInSeconds=-(2**62), endTimeInSeconds=2**63 - 1, **asked)
    yield live_query("odd", aggregation="MIN")


def _operation(fault: Fault, name: str) -> catalog.Operation:
    document = catalog.project(fault.dialect) if fault.dialect else catalog.document(fault.document)
    return document.operation(name)


def _send(client: Client, method: str, path: str, **options: Any) -> None:
    # A body that is cut short is a fault like others; a breakdown is told when the proxy ends.
    with contextlib.suppress(httpx.RemoteProtocolError):
        client.request(method, path, **options)


def test_list_is_long_enough() -> None:
    """There are as many faults as asked for, over all, of each category, and of those that no schema can show."""
    counts = Counter(fault.category for fault in ROWS)
    assert not {category: counts[category] for category, number in WANTED.items() if counts[category] < number}
    assert len(ROWS) >= 60
    assert sum(not fault.schema_can_show for fault in ROWS) >= 25


def test_names_are_unique() -> None:
    """A name means one fault."""
    assert len(FAULTS) == len(ROWS)


@every_fault
def test_row_is_complete(fault: Fault) -> None:
    """A fault names operations that its document has in its dialect, what finds it, and only shadows that exist."""
    assert fault.operations
    assert all(_operation(fault, name) for name in fault.operations)
    assert 1 <= len(fault.found_by) <= 3
    assert fault.says.endswith(".")
    assert fault.name.replace("_", "").isalnum()
    assert fault.name == fault.name.lower()
    assert fault.shadows.keys() <= FAULTS.keys() - {fault.name}
    assert all(fault.shadows.values())
    assert bool(fault.dialect) == (fault.document == "amberflo")

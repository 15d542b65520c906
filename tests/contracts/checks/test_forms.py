"""The form of an answer follows the form of its request."""

import json
from typing import Any

import pytest

from contracts.checks.forms import answer_form
from contracts.checks.interaction import Interaction

FLAT = {"meterApiName": "m", "startTimeInSeconds": 1, "endTimeInSeconds": 2}
RANGE = {"meterApiName": "m", "timeRange": {"startTimeInSeconds": 1}}
MAP: dict[str, Any] = {"clientMeters": {}}
REPORT: dict[str, Any] = {"metadata": {}, "secondsSinceEpochIntervals": [], "clientMeters": []}
JSON = "application/json"


def exchange(operation_id: str, asked: Any, given: Any, **more: Any) -> Interaction:
    """An answered request, in JSON unless the test says otherwise."""
    asked_as, given_as = more.pop("asked_as", JSON), more.pop("given_as", JSON)
    values: dict[str, Any] = {
        "operation_id": operation_id,
        "dialect": "live",
        "phase": "fuzzing",
        "positive": True,
        "probe": "",
        "missing_header": False,
        "after_create": False,
        "after_delete": False,
        "method": "POST",
        "url": "/usage",
        "request_headers": {"content-type": asked_as, **more.pop("headers", {})},
        "request_body": asked if isinstance(asked, bytes) else json.dumps(asked).encode(),
        "status": 200,
        "headers": {"content-type": given_as},
        "body": given if isinstance(given, bytes) else json.dumps(given).encode(),
    }
    return Interaction(**values | more)


@pytest.mark.parametrize(
    ("asked", "given", "holds"),
    [
        (FLAT, MAP, True),
        (FLAT, REPORT, False),
        (RANGE, REPORT, True),
        (RANGE, MAP, False),
        (FLAT | RANGE, MAP, True),
        (FLAT | RANGE, REPORT, False),
        (RANGE, REPORT | {"clientMeters": {}}, False),
    ],
)
def test_usage(asked: Any, given: Any, *, holds: bool) -> None:
    """Flat times get a map of meters, also beside a time range; a time range alone gets intervals and a list."""
    assert (answer_form(exchange("queryUsage", asked, given)) == "") is holds


@pytest.mark.parametrize(
    ("more", "given_as", "holds"),
    [
        ({}, JSON, True),
        ({}, "text/plain", False),
        ({"url": "/ingest/"}, "text/plain; charset=utf-8", True),
        ({"url": "/ingest/"}, JSON, False),
        ({"url": "/ingest?schemaDetection=true"}, "text/plain", True),
        ({"asked_as": "application/x-ndjson"}, "text/plain", True),
        ({"asked_as": "application/x-ndjson"}, JSON, False),
        ({"headers": {"content-encoding": "gzip"}}, "text/plain", True),
    ],
)
def test_ingest(more: dict[str, Any], given_as: str, *, holds: bool) -> None:
    """Plain JSON is answered with a JSON string; what only the live platform knows, with bare text."""
    found = exchange("ingestMeterEvents", {}, b'"1 records"', given_as=given_as, **{"url": "/ingest", **more})
    assert (answer_form(found) == "") is holds


def test_ingest_answers_a_string() -> None:
    """JSON that is no string is not the published form."""
    assert answer_form(exchange("ingestMeterEvents", {}, {"accepted": 1}, url="/ingest"))


@pytest.mark.parametrize(
    ("url", "given", "holds"),
    [
        ("/customers", [], True),
        ("/customers", {}, False),
        ("/customers?customerId=a", {}, True),
        ("/customers?CustomerId=a", [], False),
    ],
)
def test_customers(url: str, given: Any, *, holds: bool) -> None:
    """One customer asked for by query is an object, all of them are a list."""
    assert (answer_form(exchange("listCustomers", b"", given, url=url, method="GET")) == "") is holds


@pytest.mark.parametrize(
    "more", [{"status": 400}, {"positive": False}, {"positive": None}, {"probe": "method"}, {"operation_id": "other"}]
)
def test_what_says_nothing(more: dict[str, Any]) -> None:
    """Refusals, invalid data, probes and operations of one form are not judged."""
    values = {"operation_id": "queryUsage"} | more
    assert answer_form(exchange(asked=FLAT, given=REPORT, **values)) is None

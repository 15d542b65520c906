"""The prebuilt path answers exactly as stock Connexion does, request by request."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from mockserver.settings import Settings
from tests.support.serving import Server, serving

NOON = 1_767_268_800_000
KEY = {"X-API-KEY": "test-recorded"}
JSON = {**KEY, "Content-Type": "application/json"}
METER = {"meterApiName": "api-calls", "displayName": "API Calls", "type": "SUM_OF_ALL_USAGE", "dimensions": ["region"]}
EVENT = {
    "meterApiName": "api-calls",
    "customerId": "acme",
    "meterValue": 2.5,
    "meterTimeInMillis": NOON,
    "uniqueId": "e-1",
    "dimensions": {"region": "us"},
}
CUSTOMER = {"customerId": "acme/1", "customerName": "Acme", "lifecycleStage": "trial", "customerEmail": "a@acme.com"}
PUBLISHED = {
    "meterApiName": "api-calls",
    "startTimeInSeconds": NOON // 1000 - 86400,
    "endTimeInSeconds": NOON // 1000 + 86400,
    "aggregation": "SUM",
    "timeGroupingInterval": "DAY",
    "groupBy": ["customerId"],
}
LIVE = {"meterApiName": "api-calls", "timeRange": {"startTimeInSeconds": NOON // 1000}, "aggregation": "sum"}
CHARGE = dict.fromkeys(("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id"), "x")

CSV = b"meterApiName,customerId,meterValue,meterTimeInMillis,region\nrows,acme,1,1767268800000,eu\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
PROMOTIONS = "/payments/pricing/amberflo/account-pricing/promotions"

# (method, path, headers, body): sent in this order to one server of each kind.
RECORDED: list[tuple[str, str, dict[str, str], Any]] = [
    ("GET", "/meter-definition", KEY, None),
    ("POST", "/meter-definition", JSON, METER),
    ("POST", "/meter-definition", JSON, METER),
    ("PUT", "/meter-definition", JSON, {**METER, "displayName": "Calls"}),
    ("PUT", "/meter-definition", JSON, {"meterApiName": "", "displayName": "", "type": "SUM_OF_ALL_USAGE"}),
    ("GET", "/meter-definition/api-calls", KEY, None),
    ("HEAD", "/meter-definition/api-calls", KEY, None),
    ("GET", "/meter-definition/none", KEY, None),
    ("GET", "/meter-definition/", KEY, None),
    ("POST", "/ingest", JSON, EVENT),
    ("POST", "/ingest/", JSON, [EVENT, {**EVENT, "uniqueId": "e-2"}]),
    ("POST", "/ingest", {**JSON, "Content-Encoding": "gzip"}, gzip.compress(json.dumps(EVENT).encode(), mtime=0)),
    ("POST", "/ingest", {**KEY, "Content-Type": "application/x-ndjson"}, b'{"meterTimeInMillis":1}\n'),
    ("POST", "/ingest", {**KEY, "Content-Type": "Application/JSON; charset=UTF-8"}, b'{"meterTimeInMillis":1}'),
    ("POST", "/ingest", JSON, [EVENT, {"meterTimeInMillis": None}]),
    ("POST", "/ingest", JSON, b"{"),
    ("POST", "/ingest", JSON, b""),
    ("POST", "/ingest", KEY, b"{}"),
    ("POST", "/ingest", {**KEY, "Content-Type": "text/plain"}, b"{}"),
    ("POST", "/ingest", {"Content-Type": "application/json"}, EVENT),
    ("POST", "/ingest", {**JSON, "X-API-KEY": "wrong"}, EVENT),
    ("POST", "/usage", JSON, PUBLISHED),
    ("POST", "/usage/", JSON, LIVE),
    ("POST", "/usage?MinimizeFresh=1", JSON, LIVE),
    ("POST", "/usage?minimizeFresh=maybe", JSON, LIVE),
    ("POST", "/usage", JSON, {"meterApiName": "x"}),
    ("POST", "/meter-event-filtering-rules", JSON, {"meterApiName": "api-calls", "dimensionName": "region"}),
    ("GET", "/meter-event-filtering-rules?meterapiname=api-calls", KEY, None),
    ("GET", "/meter-event-filtering-rules", KEY, None),
    ("POST", "/customers?autoCreateCustomerInStripe=if_payment_provider", JSON, CUSTOMER),
    ("POST", "/customers", JSON, CUSTOMER),
    ("POST", "/customers/", JSON, {**CUSTOMER, "customerId": "b", "customerEmail": "no"}),
    ("GET", "/customers/?customerId=acme%2F1", KEY, None),
    ("GET", "/customers?CUSTOMERID=none", KEY, None),
    ("GET", "/customers/acme%2F1", KEY, None),
    ("GET", "/customers/acme%2f1/", KEY, None),
    ("GET", "/customers/%00", KEY, None),
    ("GET", "/customers/%FF", KEY, None),
    ("PUT", "/customers", JSON, {"customerId": "acme/1", "customerName": "Other"}),
    ("POST", "/payments-pricing-amberflo-customer-prepaid", JSON, {"customerId": "acme/1", "amount": 10**30}),
    ("POST", "/payments-pricing-amberflo-customer-pricing", JSON, {"customerId": "acme/1", "productId": "p"}),
    ("GET", "/payments-billing-customer-product-invoice?customerId=acme%2F1", KEY, None),
    ("GET", "/payments-billing-customer-product-invoice", KEY, None),
    ("DELETE", "/customers/acme%2F1", KEY, None),
    ("DELETE", "/meter-definition/api-calls", KEY, None),
    ("PATCH", "/customers", KEY, None),
    ("DELETE", "/customers/", KEY, None),
    ("TRACE", "/ingest", KEY, None),
    ("GET", "/unknown", KEY, None),
    ("POST", "/v1/ingest/charge-data", JSON, {**CHARGE, "reference": "r"}),
    ("POST", "/v1/ingest/charge-data", JSON, {**CHARGE, "reference": "r", "description": "other"}),
    ("POST", "/v9/ingest/charge-data", JSON, CHARGE),
    ("POST", "/v1/ingest/charge-data", {"Authorization": "Bearer test-b", "Content-Type": "application/json"}, CHARGE),
    ("POST", "/v1/ingest/charge-data", {"Authorization": "Bearer no", "Content-Type": "application/json"}, CHARGE),
    ("POST", "/v1/ingest/charge-data", {**JSON, "X-API-KEY": "test-forbidden"}, CHARGE),
    (
        "POST",
        "/v1/ingest/charge-data",
        {"Authorization": "Bearer no", "X-API-KEY": "test-c", "Content-Type": "application/json"},
        CHARGE,
    ),
    ("POST", "/v1/ingest/charge-data", JSON, {**CHARGE, "reference": "not allowed!"}),
    ("POST", "/v1/ingest/charge-data", JSON, []),
    ("POST", "/ingest", {**KEY, "Content-Type": "text/csv"}, CSV),
    ("POST", "/ingest", {**KEY, "Content-Type": "text/csv; charset=utf-8"}, b"meterApiName\nx,y\n"),
    ("POST", "/ingest?ingestSchemaId=none", JSON, [{"anything": 1}]),
    ("POST", "/usage/batch", JSON, [LIVE, LIVE]),
    ("GET", "/usage/events?meterApiName=rows", KEY, None),
    ("POST", "/account-setting/logo", {**KEY, "Content-Type": "image/png"}, PNG),
    ("POST", "/account-setting/logo", {**KEY, "Content-Type": "image/gif"}, PNG),
    ("GET", "/account-setting/logo", KEY, None),
    ("DELETE", "/account-setting/logo", KEY, None),
    ("GET", "/customers/paging?page=1&limit=10", KEY, None),
    ("GET", "/customers/paging?page=0", KEY, None),
    ("GET", "/customers/stage?customerId=acme%2F1", KEY, None),
    ("GET", "/job", KEY, None),
    ("GET", "/job/none", KEY, None),
    ("GET", f"{PROMOTIONS}/none", KEY, None),
    ("GET", f"{PROMOTIONS}?id=none", KEY, None),
    ("OPTIONS", f"{PROMOTIONS}/generic_item_promotion", KEY, None),
    ("POST", f"{PROMOTIONS}/generic_item_promotion", JSON, {"type": "other"}),
    ("GET", "/customer-portal/customer-details", KEY, None),
    ("GET", "/customer-portal/customer-details", {"X-API-KEY": "Session nobody.nothing"}, None),
    ("GET", "/customers", {"X-API-KEY": "Session nobody.nothing"}, None),
]


def _settings(*, fast: bool) -> Settings:
    return Settings(clock_ms=NOON, frozen=True, fast=fast)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Server, Server]]:
    """A server on the prebuilt path, and one on stock Connexion."""
    with serving(create_app(_settings(fast=True))) as fast, serving(create_app(_settings(fast=False))) as stock:
        yield fast, stock


def _answer(
    server: Server, method: str, path: str, headers: dict[str, str], body: Any
) -> tuple[int, bytes, dict[str, str]]:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body)
    response = requests.request(method, server.url + path, headers=headers, data=data, timeout=10)
    varying = {"date", "x-request-id"}
    return (
        response.status_code,
        response.content,
        {name.lower(): value for name, value in response.headers.items() if name.lower() not in varying},
    )


def test_the_prebuilt_path_answers_exactly_as_stock_connexion(both: tuple[Server, Server]) -> None:
    """Status, body and headers are the same for every recorded request, in one sequence with state."""
    fast, stock = both
    statuses = set()
    for method, path, headers, body in RECORDED:
        answers = [_answer(server, method, path, headers, body) for server in (fast, stock)]
        assert answers[0] == answers[1], (method, path)
        statuses.add(answers[0][0])
    assert statuses == {200, 201, 400, 401, 403, 404, 405, 409}


def test_both_paths_write_the_same_journal(both: tuple[Server, Server]) -> None:
    """What is written down does not depend on the path either."""
    journals = []
    for server in both:
        for path in ("/customers", "/customers/none"):
            requests.get(server.url + path, headers={"X-API-KEY": "test-journal"}, timeout=10)
        listed = requests.get(server.url + "/_mock/journal", headers={"X-API-KEY": "test-journal"}, timeout=10).json()
        journals.append([{**entry, "durationInMicros": 0} for entry in listed["entries"]])
    assert journals[0] == journals[1]
    assert [entry["status"] for entry in journals[0]] == [200, 404]

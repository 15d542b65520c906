"""Every operation is written about: each stands in a table of round trips, answered with a success."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from specs import catalog
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, difference, run

NOON = 1_718_193_600
CUSTOMER = {"customerId": "ann", "customerName": "Ann Ltd", "lifecycleStage": "ACTIVE"}
METER = {"meterApiName": "calls", "displayName": "Calls", "type": "SUM_OF_ALL_USAGE"}
EVENT = {"meterApiName": "calls", "customerId": "ann", "meterValue": 2, "meterTimeInMillis": NOON * 1000}
RULE = {
    "meterApiName": "calls",
    "ruleId": "r",
    "dimensionName": "region",
    "dimensionValues": ["eu"],
    "action": "EXCLUDE",
}
QUERY = {
    "meterApiName": "calls",
    "startTimeInSeconds": NOON - 86_400,
    "endTimeInSeconds": NOON + 86_400,
    "aggregation": "SUM",
    "timeGroupingInterval": "DAY",
}
CHARGE = {
    "product_item_id": "item",
    "pricing_id": "pricing",
    "pricing_item_id": "pricing-item",
    "pricing_item_config_id": "config",
    "customer_reference": "ann",
    "reference": "charge-1",
}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "customers": [
        Step("createCustomer", body=CUSTOMER, expect=CUSTOMER),
        Step("getCustomerById", {"customerId": "ann"}, expect=CUSTOMER),
        Step("listCustomers", expect=[CUSTOMER]),
        Step("listCustomers", query={"customerId": "ann"}, expect=CUSTOMER),
        Step("updateCustomer", body={**CUSTOMER, "customerName": "Ann"}, expect={"customerName": "Ann"}),
        Step("getCustomerById", {"customerId": "ann"}, expect={"customerName": "Ann"}),
        Step("deleteCustomer", {"customerId": "ann"}, expect={"customerId": "ann", "deleteTime": ...}),
        Step("getCustomerById", {"customerId": "ann"}, status=404),
        Step("listCustomers", expect=[]),
    ],
    "meter definitions": [
        Step("createMeterDefinition", body=METER, expect=METER),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, expect=METER),
        Step("listMeterDefinitions", expect=[METER]),
        Step("updateMeterDefinition", body={**METER, "displayName": "All"}, expect={"displayName": "All"}),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, expect={"displayName": "All"}),
        Step("deleteMeterDefinition", {"meterApiName": "calls"}),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, status=404),
        Step("listMeterDefinitions", expect=[]),
    ],
    "events and filtering rules": [
        Step("createFilteringRule", body=RULE, expect=RULE),
        Step("listFilteringRules", query={"meterApiName": "calls"}, expect=[RULE]),
        Step("ingestMeterEvents", body=[EVENT, {**EVENT, "dimensions": {"region": "eu"}}]),
        Step("queryUsage", body=QUERY, expect={"clientMeters": {"calls": [{"records": [{str(NOON - 43_200): 2.0}]}]}}),
    ],
    "plan assignment, order, invoice": [
        Step("createCustomer", body=CUSTOMER),
        Step("ingestMeterEvents", body=[EVENT]),
        Step("assignPricingPlan", body={"customerId": "ann", "productId": "plan", "startTime": (NOON - 86_400) * 1000}),
        Step("createPrepaidOrder", body={"customerId": "ann", "amount": 5}, expect={"amount": 5, "currency": "USD"}),
        Step("listInvoices", query={"customerId": "ann"}, expect=[{"customerId": "ann", "totalAmount": 0}]),
    ],
    "charge event": [
        Step("ingestChargeEvents", {"version": "1"}, body=CHARGE, status=201, expect=CHARGE, save={"id": "id"}),
        Step("ingestChargeEvents", {"version": "1"}, body=CHARGE, status=201, expect={**CHARGE, "id": "$id"}),
        Step("ingestChargeEvents", {"version": "1"}, body={**CHARGE, "pricing_id": "other"}, status=409),
    ],
}


def tables() -> Iterator[tuple[str, Sequence[Step]]]:
    """Every round trip of this folder's test modules, with the name of its module."""
    for found in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if found.name.startswith("test_"):
            module = importlib.import_module(f"tests.handlers.{found.name}")
            yield from ((found.name, steps) for steps in getattr(module, "ROUND_TRIPS", {}).values())


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is read back by every reader, changed, and gone once it was deleted."""
    mock.clock(frozen=True)
    mock.clock(now=NOON * 1000)
    run(mock, ROUND_TRIPS[name])


def test_every_operation_stands_in_a_round_trip() -> None:
    """No operation is left out, and each is answered with a success somewhere."""
    reached = {step.operation_id for _, steps in tables() for step in steps if step.status < 300}
    known = {operation.operation_id for operation in catalog.operations()}
    assert sorted(known - reached) == []
    assert sorted(reached - known) == []


def test_every_round_trip_looks_at_answers() -> None:
    """A table whose steps expect nothing would show nothing."""
    blind = [(module, steps[0].operation_id) for module, steps in tables() if not any(step.looks for step in steps)]
    assert blind == []


@pytest.mark.parametrize(
    ("expected", "got", "fault"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": 1}, {"a": 1.0}, ""),
        ({"a": 1}, {"a": True}, "the answer.a"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "the answer.a.b"),
        ({"a": ...}, {"a": None}, ""),
        ({"a": ...}, {}, "the answer.a is absent"),
        ({"a": ABSENT}, {}, ""),
        ({"a": ABSENT}, {"a": 1}, "the answer.a is there"),
        ({}, {}, ""),
        ({}, {"a": 1}, "not empty"),
        ([1, ...], [1, 2], ""),
        ([1], [1, 2], "no list of 1"),
        ([{"a": 1}], [{"a": 2}], "the answer[0].a"),
        ("1", 1, "the answer is 1"),
        (None, None, ""),
        ({"a": 1}, [1], "no object"),
    ],
)
def test_an_answer_is_held_against_what_is_expected(expected: object, got: object, fault: str) -> None:
    """The judge of the tables finds what differs, says where, and overlooks what was not asked for."""
    found = difference(expected, got)
    assert (fault in found) if fault else found == ""

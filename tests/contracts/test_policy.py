"""The tables of what is safe are whole, and no field that holds a key is overlooked."""

import pytest

from contracts.model import RunError
from contracts.policy import (
    HAZARDS,
    QUERIES,
    REMOVALS,
    WRITES,
    KeyNames,
    Policy,
    checked_allow,
    is_nobodys,
    is_read,
    kind_of,
)
from specs import catalog

NAMES = KeyNames(catalog.operations())


def test_each_writing_operation_has_a_row() -> None:
    """An operation that a document gains is not sent elsewhere until somebody has said what it leaves behind."""
    writing = {each.operation_id for each in catalog.operations() if not is_read(each)}
    assert set(WRITES) == writing


def test_tables_name_operations_that_there_are() -> None:
    """A row whose operation was renamed protects nothing."""
    known = {each.operation_id for each in catalog.operations()}
    assert {hazard.operation_id for hazard in HAZARDS.values()} <= known
    assert {name for each in REMOVALS.values() for name in (each.delete, each.read)} <= known


def test_what_stays_for_ever_is_a_hazard() -> None:
    """Whatever creates something that no operation deletes needs a word of its own."""
    for operation_id, write in WRITES.items():
        if write.creates and write.creates not in REMOVALS:
            assert operation_id in HAZARDS, operation_id


def test_parameters_of_hazards_are_of_the_documents() -> None:
    """A hazard that hangs on a query parameter names one that the operation has."""
    for hazard in HAZARDS.values():
        operation = {each.operation_id: each for each in catalog.operations()}[hazard.operation_id]
        assert not hazard.parameter or hazard.parameter in {each["name"] for each in operation.parameters}


def test_only_gets_and_usage_queries_are_reads() -> None:
    """No other POST is taken for a read."""
    reads = {(each.method, each.path) for each in catalog.operations() if is_read(each)}
    assert {path for method, path in reads if method != "GET"} == {"/usage"}
    assert "/usage" in QUERIES


def _properties() -> set[str]:
    """The names of all properties in all request schemas and parameters of the documents."""
    found: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            found.update(node.get("properties", {}) if isinstance(node.get("properties"), dict) else ())
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    for document in catalog.documents():
        walk(document.spec["components"]["schemas"])
    return found | {each["name"] for operation in catalog.operations() for each in operation.parameters}


def test_fields_that_hold_keys_are_those() -> None:
    """Of every name in the documents exactly these hold keys; a new one has to be looked at here."""
    assert {name for name in _properties() if name in NAMES} == {
        "customerId",
        "customer_id",
        "customer_reference",
        "dimensionName",
        "id",
        "invoiceId",
        "meterApiName",
        "orderId",
        "pricing_id",
        "pricing_item_config_id",
        "pricing_item_id",
        "pricing_plan_subscription_id",
        "pricing_plan_subscription_reference",
        "productId",
        "product_item_id",
        "reference",
        "resource_id",
        "ruleId",
        "uniqueId",
        "x-platform-id",
    }


@pytest.mark.parametrize(
    "name", ["CUSTOMERID", "customer-id", "customer_Id", "CustomerID", "parentCustomerIds", "uuid", "meterapiname"]
)
def test_spelling_hides_no_key(name: str) -> None:
    """A server may read names without regard to case or marks."""
    assert name in NAMES


@pytest.mark.parametrize("name", ["customerName", "valid", "paid", "displayName", "version", "", "dimensions", 7])
def test_other_fields_are_left_alone(name: object) -> None:
    """What holds no key may hold anything."""
    assert name not in NAMES


def test_spellings_of_a_key_are_one_kind() -> None:
    """A customer is a customer, however the field is spelled."""
    assert kind_of("customerId") == kind_of("CUSTOMER_ID") == "customer"
    assert kind_of("productId") == "productid"


def test_allowed_names_are_checked() -> None:
    """A name that is in no table would allow nothing, and its author would think that it did."""
    operations = catalog.document("amberflo").operations
    assert checked_allow([], operations, allow_writes=False) == Policy()
    allowed = checked_allow(["ingestMeterEvents"], operations, allow_writes=True)
    assert allowed == Policy(allow_writes=True, allow=frozenset({"ingestMeterEvents"}))
    for wrong in ("listCustomers", "ingestmeterevents", "ingestChargeEvents", ""):
        with pytest.raises(RunError, match="names no operation"):
            checked_allow([wrong], operations, allow_writes=True)
    with pytest.raises(RunError, match="without --allow-writes"):
        checked_allow(["ingestMeterEvents"], operations, allow_writes=False)


def test_only_reserved_domains_are_nobodys() -> None:
    """No mail leaves for an address that could be somebody's."""
    assert all(map(is_nobodys, ["a@example.com", "a@b.example.org", "a@x.invalid", "a@b@Example.COM"]))
    assert not any(
        map(is_nobodys, ["a@acme.com", "a@notexample.com", "example.com@acme.com", "", "a@", "a@example.com.br"])
    )

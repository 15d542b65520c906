"""The tables of what is safe are whole, and no field that holds a key is overlooked."""

import re
from dataclasses import replace

import pytest

from contracts.checks.samples import schema_properties
from contracts.model import RunError
from contracts.policy import (
    HAZARDS,
    NEVER_BELOW,
    QUERIES,
    REMOVALS,
    WRITES,
    KeyNames,
    Policy,
    checked_allow,
    is_nobodys,
    is_read,
    kind_of,
    unsendable,
)
from specs import catalog

NAMES = KeyNames(catalog.operations())


OPERATIONS = {each.operation_id: each for each in catalog.operations()}
UNKNOWN = "nothing says what it leaves behind"

SENDABLE = {
    "createMeterDefinition",
    "updateMeterDefinition",
    "deleteMeterDefinition",
    "createCustomer",
    "updateCustomer",
    "deleteCustomer",
    "updateCustomerLifecycleStage",
    "reinstateCustomer",
    "createSession",
    "createFilteringRule",
    "createPrepaidOrder",
    "createCustomerPrepaidOrder",
    "createPrepaidOrderByUsage",
    "assignPricingPlan",
    "ingestMeterEvents",
}
"""What may be sent elsewhere at all; one more has to be looked at here."""


def test_what_may_be_written_elsewhere_is_these() -> None:
    """Every other writing operation is never sent elsewhere, and the table says why."""
    reasons = {name: unsendable(each) for name, each in OPERATIONS.items() if not is_read(each)}
    assert {name for name, reason in reasons.items() if not reason} == SENDABLE
    assert [name for name, reason in reasons.items() if reason == UNKNOWN] == []


def test_an_operation_that_no_table_has_is_not_sent() -> None:
    """A new family touches no table: its writes stay here, and the report gives the reason."""
    made_up = replace(OPERATIONS["createCustomer"], operation_id="createGadget", path="/gadgets")
    assert unsendable(made_up) == UNKNOWN
    near = replace(made_up, path="/webhooks")
    assert unsendable(near) == UNKNOWN
    below = replace(made_up, path="/webhook/new")
    assert "address" in unsendable(below)


def test_what_the_account_has_one_of_is_never_sent() -> None:
    """A setting of the whole account cannot be put back once it is written over."""
    for name in ("uploadCompanyLogo", "deleteCompanyLogo", "updateBillingSettings"):
        assert unsendable(OPERATIONS[name])


@pytest.mark.parametrize("name", ["calculateTaxes", "validateAddress"])
def test_a_question_that_somebody_else_may_answer_is_no_read(name: str) -> None:
    """What a target passes on to its tax provider is counted there, so it is not asked elsewhere."""
    assert not is_read(OPERATIONS[name])
    assert "provider" in unsendable(OPERATIONS[name])


def test_tables_name_operations_that_there_are() -> None:
    """A row whose operation was renamed protects nothing."""
    known = set(OPERATIONS)
    assert set(WRITES) <= known
    assert all(any(f"{each.path}/".startswith(f"{path}/") for each in OPERATIONS.values()) for path in NEVER_BELOW)
    assert {each.path for each in OPERATIONS.values() if each.method == "POST"} >= QUERIES
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
        operation = OPERATIONS[hazard.operation_id]
        assert not hazard.parameter or hazard.parameter in {each["name"] for each in operation.parameters}


def test_only_gets_and_usage_queries_are_reads() -> None:
    """No other POST is taken for a read, and no method but GET and POST."""
    reads = {(each.method, each.path) for each in OPERATIONS.values() if is_read(each)}
    assert {path for method, path in reads if method != "GET"} == set(QUERIES)
    assert {method for method, _ in reads} == {"GET", "POST"}


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


def _written() -> set[str]:
    """The names of the properties and parameters of what may be sent elsewhere."""
    documents = {each.name: each for each in catalog.documents()}
    names: set[str] = set()
    for name in SENDABLE:
        operation = OPERATIONS[name]
        names |= {each["name"] for each in operation.parameters}
        names |= {field for field, _ in schema_properties(documents[operation.document], operation)}
    return names


def test_fields_that_hold_keys_are_those() -> None:
    """Of every name in what may be sent elsewhere exactly these hold keys; a new one has to be looked at here."""
    assert {name for name in _written() if name in NAMES} == {
        "customerId",
        "dimensionName",
        "id",
        "ingestSchemaId",
        # A link passes a meter's label on, so that it is taken for one of its keys.
        "label",
        "meterApiName",
        "productId",
        "ruleId",
        "uniqueId",
    }


def test_no_name_that_ends_like_a_key_is_left_out() -> None:
    """Wherever it stands in the documents, a name that ends in id or reference holds a key."""
    ending = {name for name in _properties() if re.search(r"(?:Id|_id|Ids|reference)$", name)}
    assert ending
    assert {name for name in ending if name not in NAMES} == set()


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

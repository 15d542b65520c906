"""What the checks derive from a document: samples, lifecycles, where checks apply, and what excuses a failure."""

from typing import Any

import jsonschema_rs
import pytest

from contracts.checks.bearing import bears
from contracts.checks.excuses import LEGAL_REFUSALS, Ground, excuse, legal_statuses
from contracts.checks.lifecycles import lifecycles
from contracts.checks.preludes import prelude
from contracts.checks.samples import sample
from contracts.checks.second_opinion import Opinion
from contracts.checks.table import CHECKS, ENGINE_CHECKS, Scope, told_once
from specs import catalog
from specs.catalog import Document
from tests.contracts.checks.test_forms import exchange

PROJECTIONS = (catalog.project("published"), catalog.project("live"), catalog.document("solvimon"))
CASES = [(document, operation) for document in PROJECTIONS for operation in document.operations]


@pytest.mark.parametrize(("document", "operation"), CASES, ids=lambda each: getattr(each, "operation_id", ""))
def test_samples_are_valid(document: Document, operation: catalog.Operation) -> None:
    """Every operation has a sample, and openapi-core finds the request valid."""
    request = sample(document, operation)
    assert request is not None
    prepared = request.request("http://127.0.0.1", operation)
    found = exchange(
        operation.operation_id,
        prepared.body or b"",
        b"",
        method=operation.method,
        url=str(prepared.url).removeprefix("http://127.0.0.1"),
    )
    assert Opinion(document.spec).accepts(found)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            PROJECTIONS[0],
            {
                ("createMeterDefinition", "meterApiName", "getMeterDefinitionById", "deleteMeterDefinition"),
                ("createCustomer", "customerId", "getCustomerById", "deleteCustomer"),
            },
        ),
        (PROJECTIONS[1], {("createCustomer", "customerId", "getCustomerById", "deleteCustomer")}),
        (PROJECTIONS[2], set()),
    ],
    ids=["published", "live", "solvimon"],
)
def test_lifecycles(document: Document, expected: set[tuple[str, str, str, str]]) -> None:
    """What can be created, read and deleted is found by the links alone."""
    found = lifecycles(document)
    assert {
        (each.create.operation_id, each.key, each.read.operation_id, each.delete.operation_id)
        for each in found
        if each.read and each.delete
    } == expected


def test_every_reason_to_refuse_is_known() -> None:
    """No document has a word in `x-refuses` that the table does not explain."""
    assert {reason for each in catalog.operations() for reason in each.refuses} <= set(LEGAL_REFUSALS)


def test_a_refusal_by_rule_is_legal_only_where_the_document_says_so() -> None:
    """400 to valid data is legal for operations with `x-refuses`, and for no other."""
    for operation in catalog.operations():
        assert ("400" in legal_statuses(operation)) is bool(operation.refuses)


def test_every_check_has_its_places() -> None:
    """Each check applies to an operation of the documents, but for the one that needs a required header."""
    applying = {
        name
        for document in PROJECTIONS
        for operation in document.operations
        for name, check in CHECKS.items()
        if check.applies(operation, Scope(document, lifecycles(document)))
    }
    assert set(CHECKS) - applying == {"missing_required_header"}
    assert set(ENGINE_CHECKS) <= set(CHECKS)


@pytest.mark.parametrize(
    ("check", "more", "expected"),
    [
        ("not_a_server_error", {}, True),
        ("status_code_conformance", {"probe": "method"}, False),
        ("positive_data_acceptance", {}, True),
        ("positive_data_acceptance", {"status": 404}, False),
        ("positive_data_acceptance", {"positive": False}, False),
        ("negative_data_rejection", {"positive": False, "status": 400}, True),
        ("negative_data_rejection", {"positive": False, "status": 401}, False),
        ("negative_data_rejection", {"positive": False, "status": 429}, False),
        ("negative_data_rejection", {"positive": True, "status": 400}, False),
        ("unsupported_method", {"probe": "method", "status": 405}, True),
        ("unsupported_method", {"probe": "method", "status": 401}, False),
        ("allow_header_conformance", {"method": "OPTIONS", "headers": {"content-type": ""}}, False),
        ("use_after_free", {"after_delete": True, "status": 404}, True),
        ("use_after_free", {"status": 404}, False),
        ("ensure_resource_availability", {"after_create": True}, True),
        ("ensure_resource_availability", {}, False),
        ("response_schema_conformance", {}, True),
        ("response_schema_conformance", {"status": 418}, False),
        ("response_headers_conformance", {}, False),
    ],
)
def test_a_pass_that_means_nothing_is_none(check: str, more: dict[str, Any], *, expected: bool) -> None:
    """A check that had nothing to look at has not passed."""
    operation = PROJECTIONS[0].operation("queryUsage")
    assert bears(check, exchange("queryUsage", {}, {}, **more), operation) is expected


def test_every_check_of_the_engine_has_a_rule() -> None:
    """For each check of the engine it is known when a pass means something."""
    operation = PROJECTIONS[0].operation("queryUsage")
    assert all(isinstance(bears(name, exchange("queryUsage", {}, {}), operation), bool) for name in ENGINE_CHECKS)


def test_data_of_the_other_dialect_is_excused() -> None:
    """Data that is invalid in one dialect alone may be let in; data that is invalid in both may not."""
    ground = Ground.of(PROJECTIONS[0], catalog.document("amberflo"))
    body = {"customerId": "a", "customerName": "A"}

    def accepted(query: str) -> Any:
        return exchange(
            "createCustomer", body, body, url=f"/customers?autoCreateCustomerInStripe={query}", positive=False
        )

    assert excuse("negative_data_rejection", accepted("true"), ground)
    assert excuse("negative_data_rejection", accepted("nonsense"), ground) is None
    assert excuse("negative_data_rejection", accepted("if_payment_provider"), ground) is None
    assert excuse("status_code_conformance", accepted("true"), ground) is None


def test_one_cause_is_told_once() -> None:
    """What another failure of the same exchange explains is not told again."""
    assert told_once(dict.fromkeys(["not_a_server_error", "status_code_conformance"])) == {"not_a_server_error"}
    assert told_once(dict.fromkeys(["content_type_conformance", "response_schema_conformance"])) == {
        "content_type_conformance"
    }
    assert told_once(dict.fromkeys(["response_schema_conformance"])) == {"response_schema_conformance"}


def test_a_prelude_makes_what_is_read_and_clears_what_is_created() -> None:
    """A reading or deleting request is preceded by the creation, a creation by the deletion; others need nothing."""
    document = PROJECTIONS[0]
    known = lifecycles(document)
    read = prelude(document, known, exchange("getCustomerById", b"", {}, url="/customers/a%2Fb", method="GET"))
    assert read is not None
    assert read[0].operation_id == "createCustomer"
    assert read[1].body["customerId"] == "a/b"
    made = prelude(document, known, exchange("createCustomer", {"customerId": "x"}, {}, url="/customers"))
    assert made is not None
    assert (made[0].operation_id, made[1].path) == ("deleteCustomer", {"customerId": "x"})
    assert prelude(document, known, exchange("getCustomerById", b"", {}, url="/customers/a", status=404)) is None
    assert prelude(document, known, exchange("queryUsage", {}, {})) is None


def test_a_sample_of_a_bare_schema_is_valid() -> None:
    """Without any example the least is made that a schema asks for."""
    schema = {
        "type": "object",
        "required": ["a", "b", "c", "d", "e"],
        "properties": {
            "a": {"type": "integer", "minimum": 5},
            "b": {"anyOf": [{"enum": ["x"]}, {"type": "null"}]},
            "c": {"type": "array", "items": {"type": "string"}},
            "d": {"type": "string", "minLength": 3},
            "e": {"type": "boolean"},
        },
    }
    content = {"application/json": {"schema": schema}}
    node = {"requestBody": {"content": content}, "responses": {}}
    operation = catalog.Operation("op", "POST", "/op", "d", "d", "", None, (), node, ())
    request = sample(Document("d", {"paths": {}}, (operation,)), operation)
    assert request is not None
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(request.body)

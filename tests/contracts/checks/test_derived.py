"""What the checks derive from a document: samples, lifecycles, where checks apply, and what excuses a failure."""

from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from contracts.checks.bearing import bears
from contracts.checks.excuses import Ground, excuse, legal_statuses
from contracts.checks.fresh import fresh
from contracts.checks.lifecycles import Lifecycle, lifecycles
from contracts.checks.preludes import prelude
from contracts.checks.samples import Sample, sample, samples
from contracts.checks.second_opinion import Opinion
from contracts.checks.table import CHECKS, ENGINE_CHECKS, Scope, told_once
from specs import catalog
from specs.catalog import Document
from tests.contracts.checks.test_forms import exchange

PROJECTIONS = (catalog.project("published"), catalog.project("live"), catalog.document("solvimon"))


def asked_with(operation: catalog.Operation, request: Sample) -> Any:
    """A request as it would be sent, and answered with nothing."""
    prepared = request.request("http://127.0.0.1", operation)
    url = str(prepared.url).removeprefix("http://127.0.0.1")
    body, media_type = prepared.body or b"", request.media_type
    return exchange(operation.operation_id, body, b"", method=operation.method, url=url, asked_as=media_type)


@pytest.mark.parametrize("document", PROJECTIONS, ids=["published", "live", "solvimon"])
def test_samples_are_valid(document: Document) -> None:
    """Every operation has a sample for each example of its body, and openapi-core finds the requests valid."""
    opinion = Opinion(document.spec)
    for operation in document.operations:
        requests = [*samples(document, operation)]
        assert requests, operation.operation_id
        for request in requests:
            assert opinion.accepts(asked_with(operation, request)), (operation.operation_id, request)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            PROJECTIONS[0],
            {
                ("createMeterDefinition", "meterApiName", "getMeterDefinitionById", "deleteMeterDefinition"),
                ("createCustomer", "customerId", "getCustomerById", "deleteCustomer"),
                ("createFilteringRule", "meterApiName", "listFilteringRules", ""),
            },
        ),
        (PROJECTIONS[2], set()),
    ],
    ids=["published", "solvimon"],
)
def test_lifecycles(document: Document, expected: set[tuple[str, str, str, str]]) -> None:
    """What can be created, read and deleted is found by the links alone."""
    assert {named(each) for each in lifecycles(document)} == expected


def named(lifecycle: Lifecycle) -> tuple[str, str, str, str]:
    """What a lifecycle is made of."""
    delete = lifecycle.delete.operation.operation_id if lifecycle.delete else ""
    return lifecycle.create.operation_id, lifecycle.key, lifecycle.read.operation.operation_id, delete


LIVE = {
    # A key in a query, and a deletion that has to wait until the thing is deprecated.
    "createOrUpdatePromotion": ("id", True, "getPromotion", "deletePromotion", "createOrUpdatePromotion"),
    "createMeter": ("id", True, "getMeter", "deleteMeter", "updateMeter"),
    # A key that the target chooses, and one in a path.
    "createUsageReportJob": ("id", False, "getUsageReportJob", "deleteUsageReportJob", ""),
    "createWebhookSubscription": ("id", True, "getWebhookSubscription", "deleteWebhookSubscription", ""),
    # Two keys: whose it is, and which.
    "createCustomerPrepaidOrder": ("id", True, "getPrepaidOrder", "deletePrepaidOrder", ""),
    # The same thing by another path.
    "createOrUpdateFlatRatePrice": ("id", True, "getProductItemPrice", "", ""),
}


@pytest.mark.parametrize("name", LIVE)
def test_lifecycles_of_the_live_documents(name: str) -> None:
    """Where the key stands, who chooses it, and what has to come before a deletion follow from links and schemas."""
    found = next(each for each in lifecycles(PROJECTIONS[1]) if each.create.operation_id == name)
    _, key, read, delete = named(found)
    deprecate = found.deprecate.operation_id if found.deprecate else ""
    assert (key, found.chosen, read, delete, deprecate) == LIVE[name]


@pytest.mark.parametrize("name", ["updateBillingSettings", "extendPrepaidCard", "retryWebhookRequest", "createSession"])
def test_what_makes_nothing_has_no_lifecycle(name: str) -> None:
    """A setting, a change of what is there already, and what cannot be read back are no things with a life."""
    assert name not in {each.create.operation_id for each in lifecycles(PROJECTIONS[1])}


def test_a_handle_fills_each_parameter_where_it_stands() -> None:
    """A thing's fields go into the query or the path that takes them, and nothing else is lost."""
    document = PROJECTIONS[1]
    known = {each.create.operation_id: each for each in lifecycles(document)}
    order = known["createCustomerPrepaidOrder"].read.request(document, {"id": 7, "customerId": "c"})
    assert (order.path, order.query) == ({}, {"Id": "7", "CustomerId": "c"})
    job = known["createUsageReportJob"].read.request(document, {"id": "a/b"})
    assert (job.path, job.query) == ({"id": "a/b"}, {})
    assert job.url("", known["createUsageReportJob"].read.operation) == "/jobs/a%2Fb"


def test_what_must_not_be_there_twice_is_new() -> None:
    """Where a document refuses duplicates the free texts of a body get a name of their own, and its enums do not."""
    document = PROJECTIONS[1]
    made = next(fresh(document, document.operation("createMeter"), "k1", "id"))
    plain = sample(document, document.operation("createMeter"))
    assert plain is not None
    assert made.body["id"] == "k1"
    assert made.body["label"] == f"{plain.body['label']}-k1"
    assert made.body["meterType"] == plain.body["meterType"]
    assert Opinion(document.spec).accepts(asked_with(document.operation("createMeter"), made))


def test_what_must_not_overlap_has_a_customer_of_its_own() -> None:
    """A commitment, of which a customer has one at a time, is asked for a customer who has none."""
    document = PROJECTIONS[1]
    made = next(fresh(document, document.operation("createOrUpdateCustomCommitment"), "k1"))
    plain = sample(document, document.operation("createOrUpdateCustomCommitment"))
    assert plain is not None
    assert made.body == {**plain.body, "customerId": f"{plain.body['customerId']}-k1"}


def test_a_refusal_by_rule_is_legal_only_where_the_document_says_so() -> None:
    """400 to valid data is legal for operations with `x-refuses`, and for no other."""
    for operation in catalog.operations():
        assert ("400" in legal_statuses(operation)) is bool(operation.refuses)


def test_every_check_has_its_places() -> None:
    """Each check applies to an operation of the documents, but for the one that needs a required header."""
    applying = {
        name
        for scope in (Scope(document, lifecycles(document)) for document in PROJECTIONS)
        for operation in scope.document.operations
        for name, check in CHECKS.items()
        if check.applies(operation, scope)
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
        ("ensure_resource_availability", {"after_create": True, "body": b'{"id":1}'}, True),
        ("ensure_resource_availability", {"after_create": True}, False),
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


def test_what_the_document_has_under_an_alias_is_excused() -> None:
    """A method that the path has as an alias alone may be answered, and may stand in Allow; any other may not."""
    ground = Ground.of(PROJECTIONS[1], catalog.document("amberflo"))
    listing = "/payments/pricing/amberflo/account-pricing/promotions/list"

    def tried(method: str, url: str, allow: str = "") -> Any:
        headers = {"content-type": "", "allow": allow}
        found = exchange("listPromotions", b"", {}, method=method, url=url, status=404, probe="method")
        return replace(found, headers=headers)

    assert excuse("unsupported_method", tried("DELETE", listing), ground)
    assert excuse("unsupported_method", tried("PATCH", listing), ground) is None
    right = excuse("allow_header_conformance", tried("OPTIONS", listing, "DELETE, GET, HEAD"), ground)
    assert right is not None
    assert right.conforms
    for wrong in ("DELETE", "DELETE, GET, PATCH", ""):
        assert excuse("allow_header_conformance", tried("OPTIONS", listing, wrong), ground) is None


def test_a_body_of_text_cannot_be_of_a_wrong_type() -> None:
    """Whatever value was meant for CSV, a text arrives; a JSON body is of the type that it is."""
    ground = Ground.of(PROJECTIONS[1], catalog.document("amberflo"))

    def sent(media_type: str) -> Any:
        return exchange("ingestMeterEvents", b"7", "", positive=False, url="/ingest", asked_as=media_type)

    assert excuse("negative_data_rejection", sent("text/csv"), ground)
    assert excuse("negative_data_rejection", sent("application/json"), ground) is None


@pytest.mark.parametrize(("body", "excused"), [({}, True), ([], True), ({"id": "a"}, False), (b"", False), ("", False)])
def test_an_empty_answer_after_a_deletion_is_excused(body: Any, *, excused: bool) -> None:
    """A platform may say with an empty object or list that nothing is there."""
    ground = Ground.of(PROJECTIONS[1], catalog.document("amberflo"))
    found = exchange("getPromotion", b"", body, method="GET")
    assert (excuse("use_after_free", found, ground) is not None) is excused


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


def test_a_prelude_knows_keys_in_queries() -> None:
    """The key of what is read or deleted may stand in the query, and several operations may read the same things."""
    document = PROJECTIONS[1]
    known = lifecycles(document)
    url = "/payments/pricing/amberflo/account-pricing/promotions?id=a%26b"
    read = prelude(document, known, exchange("getPromotion", b"", {}, url=url, method="GET"))
    assert read is not None
    assert (read[0].operation_id, read[1].body["id"]) == ("createOrUpdatePromotion", "a&b")
    made = prelude(document, known, exchange("createOrUpdatePromotion", {"id": "x"}, {}, url="/"))
    assert made is not None
    assert (made[0].operation_id, made[1].query) == ("deletePromotion", {"id": "x"})
    assert prelude(document, known, exchange("getUsageReportJob", b"", {}, url="/jobs/a", method="GET")) is None


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

"""Projection keeps one dialect and removes the other, whatever carries the marker."""

from copy import deepcopy
from typing import Any

import pytest
from openapi_spec_validator import validate

from specs import catalog
from specs.projecting import project_spec, resolve

from .conftest import Judge


def small(**schemas: dict[str, Any]) -> dict[str, Any]:
    """A document of one operation, with these component schemas."""
    node = {"operationId": "one", "responses": {"200": {"description": "done"}}}
    return {"openapi": "3.0.3", "paths": {"/one": {"get": node}}, "components": {"schemas": schemas}}


LIVE = {"type": "string", "x-dialect": "live"}
PUBLISHED = {"type": "integer", "x-dialect": "published"}
BOTH = {"type": "boolean"}

ROWS = [
    # schema, what published keeps of it
    ({"anyOf": [PUBLISHED, LIVE]}, PUBLISHED),
    ({"anyOf": [BOTH, PUBLISHED, LIVE]}, {"anyOf": [BOTH, PUBLISHED]}),
    ({"description": "d", "anyOf": [BOTH, LIVE]}, {"description": "d", **BOTH}),
    ({"nullable": True, "anyOf": [BOTH, LIVE]}, {"nullable": True, "anyOf": [BOTH]}),
    ({"anyOf": [BOTH]}, {"anyOf": [BOTH]}),
    ({"oneOf": [BOTH, LIVE]}, BOTH),
    ({"anyOf": [BOTH, {"$ref": "#/components/schemas/Live"}]}, BOTH),
    ({"anyOf": [BOTH, {"$ref": "#/components/schemas/Both", "x-dialect": "live"}]}, BOTH),
    ({"anyOf": [{"$ref": "#/components/schemas/Both"}, LIVE]}, {"$ref": "#/components/schemas/Both"}),
    ({"properties": {"a": BOTH, "b": LIVE}, "required": ["a", "b"]}, {"properties": {"a": BOTH}, "required": ["a"]}),
    ({"properties": {"b": LIVE}, "required": ["b"]}, {"properties": {}}),
    ({"properties": {"example": LIVE, "default": BOTH, "enum": BOTH}}, {"properties": {"default": BOTH, "enum": BOTH}}),
    ({"properties": {"properties": {"properties": {"x": LIVE}}}}, {"properties": {"properties": {"properties": {}}}}),
    ({"example": {"x-dialect": "live"}, "default": [LIVE]}, {"example": {"x-dialect": "live"}, "default": [LIVE]}),
    ({"items": {"anyOf": [LIVE, BOTH]}}, {"items": BOTH}),
    ({"additionalProperties": {"anyOf": [LIVE, BOTH]}}, {"additionalProperties": BOTH}),
]


@pytest.mark.parametrize(("schema", "kept"), ROWS)
def test_schemas(schema: dict[str, Any], kept: dict[str, Any]) -> None:
    """A schema loses the branches and properties of the other dialect, and a choice of one becomes that one."""
    spec = small(Subject=schema, Live=LIVE, Both=BOTH)
    before = deepcopy(spec)
    schemas = project_spec(spec, "published")["components"]["schemas"]
    assert schemas["Subject"] == kept
    assert schemas.keys() == {"Subject", "Both"}
    assert spec == before


def test_operations_and_their_parts() -> None:
    """Operations, parameters, media types, answers and examples of the other dialect go, and links to what went."""
    spec = small()
    media = {"application/json": {"schema": BOTH, "examples": {"a": {"value": True}, "b": LIVE}}, "text/plain": LIVE}
    link = {"operationId": "two"}
    spec["paths"]["/one"]["get"] |= {
        "parameters": [{"name": "p", "in": "query", "x-dialect": "live"}, {"name": "q", "in": "query"}],
        "responses": {
            "200": {"content": media, "links": {"gone": link, "kept": {"operationId": "one"}}},
            "201": {"links": {"gone": link}},
            "202": {"x-dialect": "live"},
        },
    }
    spec["paths"]["/one"]["post"] = {"parameters": [LIVE], "responses": {}}
    spec["paths"]["/two"] = {"post": {"operationId": "two", "x-dialect": "live", "responses": {}}}
    paths = project_spec(spec, "published")["paths"]
    assert paths.keys() == {"/one"}
    assert paths["/one"]["post"] == {"responses": {}}
    assert paths["/one"]["get"]["parameters"] == [{"name": "q", "in": "query"}]
    assert paths["/one"]["get"]["responses"] == {
        "200": {
            "content": {"application/json": {"schema": BOTH, "examples": {"a": {"value": True}}}},
            "links": {"kept": {"operationId": "one"}},
        },
        "201": {},
    }
    assert project_spec(spec, "live")["paths"].keys() == {"/one", "/two"}


def test_a_choice_without_a_branch_is_an_error() -> None:
    """A choice whose branches all belong to the other dialect stops the projection."""
    with pytest.raises(catalog.CatalogError, match="no branch of the published dialect"):
        project_spec(small(Subject={"anyOf": [LIVE]}), "published")


def test_a_reference_that_leads_nowhere_is_an_error() -> None:
    """A reference to a component that is not there is named in the error."""
    with pytest.raises(catalog.CatalogError, match="#/components/schemas/Gone"):
        project_spec(small(Subject={"anyOf": [BOTH, {"$ref": "#/components/schemas/Gone"}]}), "live")


def test_references_are_followed_to_the_end() -> None:
    """A reference to a reference is opened, and its escaped names are read."""
    spec = small(**{"a/b": {"$ref": "#/components/schemas/Both"}}, Both=BOTH)
    assert resolve(spec, {"$ref": "#/components/schemas/a~1b"}) == BOTH


@pytest.mark.parametrize("dialect", catalog.DIALECTS)
def test_projections_are_valid_and_of_one_dialect(dialect: str) -> None:
    """The projection to a dialect is a valid document in which no mark of the other is left."""
    spec = catalog.project(dialect).spec
    other = next(each for each in catalog.DIALECTS if each != dialect)
    validate(spec)
    assert f"'x-dialect': '{other}'" not in str(spec)


def test_the_live_projection_has_all_but_the_published_only_operations() -> None:
    """Live knows the operations of both dialects and its own, and none that stands in a published document alone."""
    live = {operation.operation_id for operation in catalog.project("live").operations}
    whole = catalog.document("amberflo").operations
    assert live == {operation.operation_id for operation in whole if operation.dialect != "published"}
    shared = {"ingestMeterEvents", "queryUsage", "listCustomers", "createCustomer", "getCustomerById", "deleteCustomer"}
    assert shared <= live
    assert "createMeterDefinition" not in live


def test_parameters_and_media_types_follow_the_dialect() -> None:
    """Query parameters and media types that only the live platform knows are in the live projection alone."""
    found = {}
    for dialect in catalog.DIALECTS:
        projected = catalog.project(dialect)
        ingest = projected.operation("ingestMeterEvents").node
        found[dialect] = (
            [each["name"] for each in projected.operation("queryUsage").parameters],
            [each["name"] for each in projected.operation("listCustomers").parameters],
            list(ingest["requestBody"]["content"]),
            list(ingest["responses"]["200"]["content"]),
            projected.operation("queryUsage").refuses,
        )
    assert found["published"] == ([], [], ["application/json"], ["application/json"], ())
    assert found["live"] == (
        ["minimizeFresh"],
        ["customerId"],
        ["application/json", "application/x-ndjson", "text/csv"],
        ["application/json", "text/plain"],
        ("reversed-range", "too-many-rows"),
    )


FLAT = {
    "meterApiName": "m",
    "startTimeInSeconds": 1,
    "endTimeInSeconds": 2,
    "aggregation": "SUM",
    "timeGroupingInterval": "DAY",
}
NESTED = {"meterApiName": "m", "timeRange": {"startTimeInSeconds": 1}}


VALUES = [
    # operation, place, value, accepted by published, accepted by live
    ("queryUsage", "request", FLAT, True, False),
    ("queryUsage", "request", NESTED, False, True),
    ("queryUsage", "request", FLAT | NESTED, True, True),
    ("queryUsage", "request", FLAT | {"aggregation": "sum"}, False, False),
    ("queryUsage", "request", NESTED | {"aggregation": "min", "timeGroupingInterval": "Day"}, False, True),
    ("queryUsage", "request", NESTED | {"aggregation": "Sum"}, False, False),
    ("queryUsage", "request", NESTED | {"timeRange": {"startTimeInSeconds": 1, "endTimeInSeconds": None}}, False, True),
    ("queryUsage", "request", NESTED | {"timeRange": {"endTimeInSeconds": 1}}, False, False),
    ("queryUsage", "request", NESTED | {"groupBy": None}, False, True),
    ("queryUsage", "request", NESTED | {"take": {"limit": 1}}, False, True),
    ("queryUsage", "request", NESTED | {"take": {"limit": 0}}, False, False),
    ("queryUsage", "request", NESTED | {"take": {"isAscending": True}}, False, False),
    ("queryUsage", "request", NESTED | {"rescaleFunction": {"function": "multiply", "coefficient": 2}}, False, True),
    ("queryUsage", "request", NESTED | {"rescaleFunction": {"function": "divide", "coefficient": 2}}, False, False),
    ("queryUsage", "request", NESTED | {"filter": {"region": ["eu"]}}, False, True),
    ("queryUsage", "200", {"clientMeters": {"m": []}}, True, False),
    ("queryUsage", "200", {"metadata": {}, "secondsSinceEpochIntervals": [], "clientMeters": []}, False, True),
    ("queryUsage", "200", {"clientMeters": []}, False, False),
    ("listCustomers", "200", [], True, True),
    ("listCustomers", "200", {}, False, True),
    ("listCustomers", "200", {"customerId": "c", "customerName": "n"}, False, True),
    ("listCustomers", "200", {"customerId": "c"}, False, False),
    ("createCustomer", "request", {"customerId": "c", "customerName": "n", "lifecycleStage": "TRAIL"}, True, True),
    ("createCustomer", "request", {"customerId": "c", "customerName": "n", "lifecycleStage": "TRIAL"}, False, True),
    ("createCustomer", "request", {"customerId": "c", "customerName": "n", "lifecycleStage": "active"}, False, True),
    ("createCustomer", "request", {"customerId": "c", "customerName": "n", "lifecycleStage": "gone"}, False, False),
    ("createCustomer", "request", {"customerId": "c", "customerName": "n", "enabled": 1}, True, False),
    ("createCustomer", "autoCreateCustomerInStripe", "if_payment_provider", True, False),
    ("createCustomer", "autoCreateCustomerInStripe", "true", False, True),
    ("createCustomer", "autoCreateCustomerInStripe", "yes", False, False),
]


@pytest.mark.parametrize(("operation_id", "place", "value", "published", "live"), VALUES)
def test_each_form_is_accepted_by_its_dialect(  # noqa: PLR0913 - one row of a table
    *, accepts: Judge, operation_id: str, place: str, value: Any, published: bool, live: bool
) -> None:
    """A projection accepts the forms of its own dialect; the whole document accepts what either does."""
    found = [
        accepts(document.spec, schema_at(document, operation_id, place), value)
        for document in (catalog.project("published"), catalog.project("live"), catalog.document("amberflo"))
    ]
    # The one place where the whole document is narrower: it checks the type of a property that live added.
    whole = (published or live) and not (isinstance(value, dict) and value.get("enabled") == 1)
    assert found == [published, live, whole]


def schema_at(document: catalog.Document, operation_id: str, place: str) -> dict[str, Any]:
    """The schema of a parameter, of the request, or of a status."""
    operation = document.operation(operation_id)
    schemas = {each["name"]: each["schema"] for each in operation.parameters}
    holders = {"request": operation.node.get("requestBody", {}), **operation.node["responses"]}
    schemas |= {
        name: holder["content"]["application/json"]["schema"] for name, holder in holders.items() if "content" in holder
    }
    schema: dict[str, Any] = schemas[place]
    return schema

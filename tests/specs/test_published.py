"""The published documents are widened, never broken."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st

from specs import catalog
from specs.projecting import resolve

from .conftest import Judge, load_published

METHODS = ("get", "post", "put", "delete")
FREE = {"description", "summary", "tags", "links"}
# Below these keys stand names, not keywords.
NAMED = {"properties", "responses", "content", "examples"}
# The two documents give ErrorResponse different examples; the merged one keeps those of metering.
TOLD_TWICE = ("/properties/message/example", "/properties/code/example")
PUBLISHED = {name: load_published(name) for name in ("metering", "billing")}


def plain(spec: dict[str, Any], node: Any, *, named: bool = False) -> Any:
    """What of a node is the contract: references opened, prose and extensions left out, parameters by name."""
    if isinstance(node, list):
        return [plain(spec, item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: plain(spec, value, named=key in NAMED and not named)
        for key, value in resolve(spec, node).items()
        if named or (key not in FREE and not key.startswith("x-"))
    }
    if "parameters" in kept and not named:
        kept["parameters"] = {each["name"]: each for each in kept["parameters"]}
    return kept


def gains(theirs: Any, ours: Any, where: str = "") -> Iterator[str]:
    """The place of each key that ours has and theirs has not; whatever else differs fails."""
    if isinstance(theirs, dict):
        assert theirs.keys() <= ours.keys(), f"{where} lost {theirs.keys() - ours.keys()}"
        yield from (f"{where}/{key}" for key in ours if key not in theirs)
        for key, value in theirs.items():
            yield from gains(value, ours[key], f"{where}/{key}")
    elif not where.endswith(TOLD_TWICE):
        assert ours == theirs, where


def pairs() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Each schema of the published operations with ours: the file, where it is, theirs, ours."""
    projected = catalog.project("published")
    found = []
    for name, spec in PUBLISHED.items():
        for item in spec["paths"].values():
            for theirs in (item[method] for method in METHODS if method in item):
                ours = projected.operation(theirs["operationId"])
                label = theirs["operationId"]
                for each in theirs.get("parameters", []):
                    mine = next(mine for mine in ours.parameters if mine["name"] == each["name"])
                    found.append((name, f"{label} {each['name']}", each["schema"], mine["schema"]))
                for part, one, other in [
                    ("request", theirs.get("requestBody", {}), ours.node.get("requestBody", {})),
                    *((status, each, ours.node["responses"][status]) for status, each in theirs["responses"].items()),
                ]:
                    for media, content in one.get("content", {}).items():
                        found.append((name, f"{label} {part}", content["schema"], other["content"][media]["schema"]))
    return found


def test_the_published_projection_is_the_published_document(published: dict[str, Any]) -> None:
    """Without what live adds, each operation is the published one, save added statuses and answers of deletions."""
    projected = catalog.project("published")
    for path, item in published["paths"].items():
        for method in (method for method in METHODS if method in item):
            ours = projected.operation(item[method]["operationId"])
            assert (ours.path, ours.method) == (path, method.upper())
            theirs = {"security": published["security"]} | item[method]
            added = set(gains(plain(published, theirs), plain(projected.spec, dict(ours.node))))
            statuses = {f"/responses/{status}" for status in ("400", "413") if f"/responses/{status}" in added}
            deleted = {"/responses/200/content"} if method == "delete" else set()
            details = {place for place in added if place.endswith("/schema/properties/details")}
            assert added == statuses | deleted | details, ours.operation_id


def test_the_published_projection_has_nothing_else() -> None:
    """The published projection holds the 17 published operations and no other."""
    ids = {
        item[method]["operationId"]
        for spec in PUBLISHED.values()
        for item in spec["paths"].values()
        for method in METHODS
        if method in item
    }
    assert {operation.operation_id for operation in catalog.project("published").operations} == ids
    assert len(ids) == 17


def test_every_published_component_survives(published: dict[str, Any]) -> None:
    """Each published component is there under its name, gaining at most optional properties."""
    spec = catalog.project("published").spec
    for name, theirs in published["components"]["schemas"].items():
        ours = spec["components"]["schemas"][name]
        added = set(gains(plain(published, theirs), plain(spec, ours), name))
        assert added <= {"ErrorResponse/properties/details"}, name


def test_whole_components_gain_only_properties(published: dict[str, Any]) -> None:
    """Before any projection too, a published component keeps its properties and its required names."""
    spec = catalog.document("amberflo").spec
    for name, theirs in published["components"]["schemas"].items():
        ours = spec["components"]["schemas"][name]
        assert theirs["properties"].keys() <= ours["properties"].keys(), name
        assert theirs.get("required") == ours.get("required"), name


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair[1])
@settings(max_examples=15)
@given(data=st.data())
def test_what_the_published_documents_accept_is_accepted(
    accepts: Judge, pair: tuple[str, str, dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    """A value that a published schema accepts is accepted by its projection and by the whole document."""
    name, where, theirs, projected = pair
    published = PUBLISHED[name]
    value = data.draw(values(name, theirs))
    assert accepts(published, theirs, value), where
    assert accepts(catalog.project("published").spec, projected, value), where
    assert accepts(catalog.document("amberflo").spec, whole(where), value), where


def values(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of a published document accepts, as Schemathesis would send them."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    paths = {"/any": {"post": {"requestBody": body, "responses": {"200": {"description": "done"}}}}}
    document = schemathesis.openapi.from_dict(PUBLISHED[name] | {"paths": paths})
    return document["/any"]["POST"].as_strategy().map(lambda case: case.body)


def whole(where: str) -> dict[str, Any]:
    """The schema of the whole document at the place that ``pairs`` gave."""
    operation_id, part = where.split(" ")
    operation = catalog.document("amberflo").operation(operation_id)
    schema: dict[str, Any]
    for parameter in operation.parameters:
        if parameter["name"] == part:
            schema = parameter["schema"]
            return schema
    holder = operation.node["requestBody"] if part == "request" else operation.node["responses"][part]
    schema = holder["content"]["application/json"]["schema"]
    return schema

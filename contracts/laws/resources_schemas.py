"""What a document says of the things that its operations take and answer."""

from collections.abc import Mapping
from typing import Any

from contracts.checks.samples import JSON
from specs.catalog import Document, Operation
from specs.projecting import resolve

Schema = Mapping[str, Any]

_DEEPEST = 12
_CHOICES = ("allOf", "anyOf", "oneOf")


def asked(operation: Operation) -> Schema:
    """The schema of what an operation takes as JSON; empty when it does not say."""
    found: Schema = operation.node.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return found


def answered(document: Document, operation: Operation) -> Schema:
    """The schema of what an operation answers with success; empty when it does not say."""
    for status, answer in operation.node["responses"].items():
        if str(status).startswith("2"):
            content = resolve(document.spec, answer).get("content", {})
            return resolve(document.spec, content.get(JSON, {}).get("schema", {}))
    return {}


def listed(document: Document, operation: Operation) -> Schema:
    """The schema of one of what an operation answers a list of; empty when it answers none."""
    for branch in branches(document.spec, answered(document, operation)):
        if branch.get("type") == "array":
            return resolve(document.spec, branch.get("items", {}))
    return {}


def branches(spec: Mapping[str, Any], schema: Schema, depth: int = 0) -> tuple[Schema, ...]:
    """A schema and every part and choice of it, with references opened."""
    node = resolve(spec, schema)
    parts = [part for choice in _CHOICES for part in node.get(choice, [])] if depth < _DEEPEST else []
    return (node, *(each for part in parts for each in branches(spec, part, depth + 1)))


def members(spec: Mapping[str, Any], schema: Schema) -> dict[str, Schema]:
    """The schemas of an object's described members, by name."""
    found: dict[str, Schema] = {}
    for branch in branches(spec, schema):
        for name, member in branch.get("properties", {}).items():
            found.setdefault(name, resolve(spec, member))
    return found


def member(spec: Mapping[str, Any], schema: Schema, name: str) -> Schema | None:
    """The schema of a member by its name, of any other member where the object takes any; None when nothing says."""
    known = members(spec, schema)
    if name in known:
        return known[name]
    free = (branch.get("additionalProperties") for branch in branches(spec, schema))
    return next((resolve(spec, each) for each in free if isinstance(each, Mapping) and each), None)


def items(spec: Mapping[str, Any], schema: Schema) -> Schema:
    """The schema of a list's entries; empty when nothing says."""
    found = (branch.get("items") for branch in branches(spec, schema))
    return next((resolve(spec, each) for each in found if each), {})


def has(spec: Mapping[str, Any], schema: Schema, keyword: str) -> bool:
    """Whether a schema, or any choice of it, has a keyword that is not empty or false."""
    return any(branch.get(keyword) for branch in branches(spec, schema))


def is_type(spec: Mapping[str, Any], schema: Schema, name: str) -> bool:
    """Whether a schema, or any choice of it, is of a type."""
    return any(branch.get("type") == name for branch in branches(spec, schema))

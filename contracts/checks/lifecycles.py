"""What can be created, read and deleted, derived from a document's links."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.checks.samples import Sample, sample, schema_properties
from contracts.policy import kind_of
from specs.catalog import Document, Operation
from specs.projecting import resolve

LOCKED = "locked"
"""The word of `x-refuses` for a deletion that has to wait until the thing is deprecated."""

LOCKING = "lockingStatus"
DEPRECATED = "deprecated"

_SOURCES = ("$response.body#/", "$request.body#/")
_KEYS_AT_END = re.compile(r"(?:/\{[^{}]+\})+$")


@dataclass(frozen=True)
class Handle:
    """How an operation is told which thing is meant.

    Args:
        operation: Which.
        fields: The thing's field that fills each of its parameters, by the parameter's name.
    """

    operation: Operation
    fields: Mapping[str, str]

    def request(self, document: Document, thing: Mapping[str, Any]) -> Sample:
        """The request about a thing; what else the operation needs is made of the document's examples."""
        made = sample(document, self.operation) or Sample({}, {}, {}, None)
        filled = {name: as_text(thing[field]) for name, field in self.fields.items() if field in thing}
        places = {each["name"]: each["in"] for each in self.operation.parameters if each["name"] in filled}
        return replace(
            made,
            path={**made.path, **{name: value for name, value in filled.items() if places[name] == "path"}},
            query={**made.query, **{name: value for name, value in filled.items() if places[name] == "query"}},
        )

    def parameter(self, field: str) -> str:
        """The parameter that takes a field; empty when none does."""
        return next((name for name, each in self.fields.items() if each == field), "")


@dataclass(frozen=True)
class Lifecycle:
    """A kind of thing.

    Args:
        create: Makes one.
        key: The field of the answer that tells it from others of its kind.
        chosen: Whether the client chooses the key; otherwise the target does.
        read: Gives one by its key.
        delete: Removes one by its key, or None.
        deprecate: Replaces one, so that it may be deleted; None when nothing does.
    """

    create: Operation
    key: str
    chosen: bool
    read: Handle
    delete: Handle | None
    deprecate: Operation | None

    @property
    def names(self) -> frozenset[str]:
        """The operations that the life of a thing asks whether they want a key."""
        handles = (self.read, self.delete)
        return frozenset({self.create.operation_id, *(each.operation.operation_id for each in handles if each)})


def lifecycles(document: Document) -> tuple[Lifecycle, ...]:
    """Those of a document: each POST whose answer links to the reading of what it made.

    What answers 404 is about a thing that is there already, so it makes none.
    """
    known = {operation.operation_id: operation for operation in document.operations}
    found = []
    for operation in document.operations:
        if operation.method != "POST" or not _makes_one(document, operation):
            continue
        linked = {handle.operation.method: handle for handle in _handles(document, operation, known)}
        if "GET" in linked:
            found.append(_lifecycle(document, operation, linked["GET"], linked.get("DELETE")))
    return tuple(found)


def _makes_one(document: Document, operation: Operation) -> bool:
    """Whether an operation takes the description of one thing, and needs none to be there."""
    made = sample(document, operation) if "requestBody" in operation.node else None
    return made is not None and isinstance(made.body, dict) and "404" not in operation.node["responses"]


def _lifecycle(document: Document, create: Operation, read: Handle, delete: Handle | None) -> Lifecycle:
    # It can take two keys to name a thing: whose it is, and which one.
    fields = sorted(read.fields.values(), key=lambda field: kind_of(field) == "customer")
    key = fields[0]
    properties = dict(schema_properties(document, create))
    deprecate = _replacing(document, create) if delete and LOCKED in delete.operation.refuses else None
    return Lifecycle(create, key, key in properties, read, delete, deprecate)


def _replacing(document: Document, create: Operation) -> Operation | None:
    """What replaces a thing that the operation creates, its locking status with it: the path's PUT, or a POST again."""
    put = next((each for each in document.operations if (each.path, each.method) == (create.path, "PUT")), create)
    return put if LOCKING in dict(schema_properties(document, put)) else None


def _handles(document: Document, operation: Operation, known: Mapping[str, Operation]) -> Iterator[Handle]:
    """The operations on one thing that links of the answer call; the best of each method last."""
    found: list[Handle] = []
    for link in _links(document, operation):
        target = known.get(link.get("operationId", ""))
        fields = {name: _field(source) for name, source in link.get("parameters", {}).items()}
        if target is not None and fields and all(fields.values()) and _is_about_one(operation, target, fields):
            found.insert(0, Handle(target, fields))
    # A key in the path names one thing, where one in the query may only choose some from a list.
    yield from sorted(found, key=lambda handle: "{" in handle.operation.path)


def _is_about_one(create: Operation, target: Operation, fields: Mapping[str, str]) -> bool:
    """Whether an operation is about one of what another creates: its path is that of the creation, or above it."""
    places = {each["name"]: each for each in target.parameters}
    keyed = all(name in places and (places[name]["in"] == "path" or places[name].get("required")) for name in fields)
    base = _KEYS_AT_END.sub("", target.path)
    return keyed and f"{create.path}/".startswith(f"{base}/")


def _field(source: Any) -> str:
    """The field of an answer or a request that a link's expression names; empty for anything deeper, or else."""
    for prefix in _SOURCES:
        if isinstance(source, str) and source.startswith(prefix) and "/" not in source.removeprefix(prefix):
            return source.removeprefix(prefix)
    return ""


def _links(document: Document, operation: Operation) -> Iterator[Mapping[str, Any]]:
    for status, answer in operation.node["responses"].items():
        if str(status).startswith("2"):
            yield from resolve(document.spec, answer).get("links", {}).values()


def as_text(value: Any) -> str:
    """A value as a parameter."""
    return value if isinstance(value, str) else json.dumps(value)

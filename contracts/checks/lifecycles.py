"""What can be created, read and deleted, derived from a document's links."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from specs.catalog import Document, Operation
from specs.projecting import resolve

_FROM_BODY = "$response.body#/"


@dataclass(frozen=True)
class Lifecycle:
    """A kind of thing with a key of the client's own.

    Args:
        create: Makes one.
        key: The body's field that names it, in the request and in the answer.
        read: Gives one by its key, or None.
        delete: Removes one by its key, or None.
        parameter: The path parameter that takes the key.
    """

    create: Operation
    key: str
    read: Operation | None
    delete: Operation | None
    parameter: str


def lifecycles(document: Document) -> tuple[Lifecycle, ...]:
    """Those of a document: each POST whose answer links to the reading of what it made."""
    known = {operation.operation_id: operation for operation in document.operations}
    found = []
    for operation in document.operations:
        if operation.method != "POST" or "requestBody" not in operation.node:
            continue
        linked = {each.method: (each, name, key) for each, name, key in _keyed_links(document, operation, known)}
        if "GET" in linked:
            read, parameter, key = linked["GET"]
            delete = linked["DELETE"][0] if "DELETE" in linked else None
            found.append(Lifecycle(operation, key, read, delete, parameter))
    return tuple(found)


def _keyed_links(
    document: Document, operation: Operation, known: Mapping[str, Operation]
) -> Iterator[tuple[Operation, str, str]]:
    """The operations below the path that a link calls with one key of the answer: which, its parameter, the field."""
    for link in _links(document, operation):
        target = known.get(link.get("operationId", ""))
        parameters = link.get("parameters", {})
        if target is None or len(parameters) != 1 or not target.path.startswith(f"{operation.path}/"):
            continue
        ((name, source),) = parameters.items()
        if isinstance(source, str) and source.startswith(_FROM_BODY) and f"{{{name}}}" in target.path:
            field = source.removeprefix(_FROM_BODY)
            if "/" not in field:
                yield target, name, field


def _links(document: Document, operation: Operation) -> Iterator[Mapping[str, Any]]:
    for status, answer in operation.node["responses"].items():
        if str(status).startswith("2"):
            yield from resolve(document.spec, answer).get("links", {}).values()

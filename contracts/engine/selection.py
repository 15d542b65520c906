"""The copy of a document that the engine gets: what may be asked of the target, and nothing that leads elsewhere."""

import copy
from collections.abc import Mapping
from typing import Any

from contracts.policy import is_read
from specs.catalog import Document
from specs.merging import METHODS
from specs.projecting import resolve


def engine_document(document: Document, barred: Mapping[str, str], *, remote: bool) -> dict[str, Any]:
    """A copy of the document without the barred operations, and without examples that would be fetched.

    Elsewhere, no link goes from a reading operation to a writing one: what an account lists is not the run's.
    """
    spec: dict[str, Any] = _without_external(copy.deepcopy(document.spec))
    writing = {operation.operation_id for operation in document.operations if not is_read(operation)}
    for operation in document.operations:
        item = spec["paths"][operation.path]
        if operation.operation_id in barred:
            del item[operation.method.lower()]
        else:
            cut = set(barred) | (writing if remote and is_read(operation) else set())
            _cut_links(spec, item[operation.method.lower()], cut)
    spec["paths"] = {path: item for path, item in spec["paths"].items() if any(method in item for method in METHODS)}
    return spec


def _without_external(node: Any) -> Any:
    """The node without `externalValue`, which the engine would fetch past the gate."""
    if isinstance(node, dict):
        return {key: _without_external(value) for key, value in node.items() if key != "externalValue"}
    return [_without_external(value) for value in node] if isinstance(node, list) else node


def _cut_links(spec: Mapping[str, Any], node: dict[str, Any], cut: set[str]) -> None:
    for status, answer in node.get("responses", {}).items():
        opened = dict(resolve(spec, answer))
        links = opened.pop("links", {})
        kept = {name: link for name, link in links.items() if link.get("operationId") not in cut}
        node["responses"][status] = opened | ({"links": kept} if kept else {})

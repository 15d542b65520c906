"""Reduces a document of two dialects to one of them, by the marker ``x-dialect``."""

from collections.abc import Mapping
from typing import Any

from specs.errors import CatalogError
from specs.merging import METHODS

MARKER = "x-dialect"

# Below these keys stand names that the document chose, not keywords.
_NAMED = frozenset(
    {
        "paths",
        "properties",
        "schemas",
        "responses",
        "parameters",
        "headers",
        "content",
        "links",
        "examples",
        "callbacks",
    }
    | {"requestBodies", "securitySchemes", "patternProperties", "definitions", "components", "variables"}
)
# Below these stand values of the wire, in which nothing is a marker.
_VALUES = frozenset({"example", "default", "enum", "value"})
_NEVER_EMPTY = frozenset({"required", "parameters"})
_BRANCHES = ("anyOf", "oneOf")
# What may stand beside a $ref without changing what is valid.
_ANNOTATIONS = frozenset({"description", "title", "example", "deprecated", "externalDocs"})


def project_spec(spec: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """A copy of a document without what only another dialect knows.

    Removed is whatever mapping carries, itself or in the component that it refers to, ``x-dialect`` of another dialect:
    operations, parameters, media types, responses, properties, examples and branches. A choice with one branch left
    becomes that branch, a path without operations goes, and so do links to operations that went.

    Raises:
        CatalogError: A choice was left with no branch.
    """
    projected: dict[str, Any] = _Projection(spec, dialect).kept(spec)
    paths = projected["paths"] = {
        path: item for path, item in projected["paths"].items() if any(method in item for method in METHODS)
    }
    operations = [item[method] for item in paths.values() for method in METHODS if method in item]
    there = {operation.get("operationId") for operation in operations}
    for operation in operations:
        for response in operation["responses"].values():
            _drop_links(response, there)
    return projected


def _drop_links(response: dict[str, Any], there: set[str]) -> None:
    links = response.pop("links", {})
    kept = {name: link for name, link in links.items() if link.get("operationId", None) in there | {None}}
    if kept:
        response["links"] = kept


class _Projection:
    """One walk over one document."""

    def __init__(self, spec: Mapping[str, Any], dialect: str) -> None:
        self._spec = spec
        self._dialect = dialect

    def kept(self, node: Any, *, named: bool = False) -> Any:
        """The node without what another dialect owns; ``named`` says that its keys are names, not keywords."""
        if isinstance(node, list):
            return [self.kept(item) for item in node if not self._foreign(item)]
        if not isinstance(node, dict):
            return node
        out = {}
        for key, value in node.items():
            if key in _VALUES and not named:
                out[key] = value
            elif not self._foreign(value):
                out[key] = self.kept(value, named=key in _NAMED and not named)
        return out if named else self._tidied(node, out)

    def _foreign(self, node: Any) -> bool:
        if not isinstance(node, dict):
            return False
        marker = node.get(MARKER) or resolve(self._spec, node).get(MARKER)
        return isinstance(marker, str) and marker != self._dialect

    def _tidied(self, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        """A kept node without the names of removed properties, its choices of one branch collapsed."""
        if isinstance(before.get("required"), list):
            gone = before.get("properties", {}).keys() - after.get("properties", {}).keys()
            after["required"] = [name for name in before["required"] if name not in gone]
        for choice in _BRANCHES:
            if isinstance(before.get(choice), list) and len(after[choice]) < len(before[choice]):
                after = self._collapsed(after, choice)
        # A schema's list of required names must not be empty; a list of parameters need not be there.
        return {key: value for key, value in after.items() if key not in _NEVER_EMPTY or value != []}

    def _collapsed(self, node: dict[str, Any], choice: str) -> dict[str, Any]:
        branches = node[choice]
        if not branches:
            raise CatalogError(f"a choice has no branch of the {self._dialect} dialect: {node}")
        beside = {key: value for key, value in node.items() if key != choice}
        only_annotated = all(key in _ANNOTATIONS or key.startswith("x-") for key in beside)
        return beside | branches[0] if len(branches) == 1 and only_annotated else node


def resolve(spec: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a node refers to by a local ``$ref``, or the node itself when it refers to nothing.

    Raises:
        CatalogError: The reference leads nowhere.
    """
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    target: Any = spec
    for step in reference.removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            raise CatalogError(f"reference {reference} leads nowhere")
        target = target[name]
    return resolve(spec, target)

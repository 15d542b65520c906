"""One valid request of an operation, made of the document's own examples."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import requests

from specs.catalog import Document, Operation
from specs.projecting import resolve

JSON = "application/json"
_DEEPEST = 12
_BY_TYPE: Mapping[str, Any] = {"boolean": True, "array": [], "object": {}}
_BY_FORMAT = {"date-time": "2024-06-12T00:54:05Z", "date": "2024-06-12", "email": "nobody@example.com"}


@dataclass(frozen=True)
class Sample:
    """A request.

    Args:
        path: Values of the path parameters.
        query: Values of the required query parameters.
        headers: Values of the required header parameters.
        body: The body as a JSON value, or None.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any

    def url(self, root: str, operation: Operation) -> str:
        """The whole URL."""
        path = operation.path
        for name, value in self.path.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return f"{root}{path}{'?' if self.query else ''}{urlencode(self.query)}"

    def request(
        self, root: str, operation: Operation, headers: Mapping[str, str] = MappingProxyType({})
    ) -> requests.PreparedRequest:
        """The request as it is handed to the gate, with more headers if wanted."""
        body = None if self.body is None else json.dumps(self.body).encode()
        media = {} if body is None else {"Content-Type": JSON}
        own = {**self.headers, "Accept": "*/*", **media, **headers}
        return requests.Request(operation.method, self.url(root, operation), headers=own, data=body).prepare()


def sample(document: Document, operation: Operation) -> Sample | None:
    """A valid request of an operation; None when its body is no JSON."""
    content = resolve(document.spec, operation.node.get("requestBody", {})).get("content", {})
    if content and JSON not in content:
        return None
    needed = [each for each in operation.parameters if each.get("required") or each["in"] == "path"]
    values = {(each["in"], each["name"]): _text(_parameter(document.spec, each)) for each in needed}
    return Sample(
        path={name: value for (place, name), value in values.items() if place == "path"},
        query={name: value for (place, name), value in values.items() if place == "query"},
        headers={name: value for (place, name), value in values.items() if place == "header"},
        body=_body(document.spec, content[JSON]) if content else None,
    )


def _parameter(spec: Mapping[str, Any], parameter: Mapping[str, Any]) -> Any:
    return parameter["example"] if "example" in parameter else value_of(spec, parameter.get("schema", {}))


def _body(spec: Mapping[str, Any], media: Mapping[str, Any]) -> Any:
    for example in media.get("examples", {}).values():
        opened = resolve(spec, example)
        if "value" in opened:
            return copy.deepcopy(opened["value"])
    return copy.deepcopy(media["example"]) if "example" in media else value_of(spec, media.get("schema", {}))


def value_of(spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A valid value of a schema: its example, its first choice, or the least that it asks for."""
    node = resolve(spec, schema)
    for key in ("example", "default", "const"):
        if key in node:
            return copy.deepcopy(node[key])
    if node.get("enum"):
        return node["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if node.get(choice) and depth < _DEEPEST:
            return value_of(spec, node[choice][0], depth + 1)
    if "properties" in node and depth < _DEEPEST:
        required = node.get("required", [])
        known = node["properties"]
        return {name: value_of(spec, known.get(name, {}), depth + 1) for name in required}
    if node.get("type") == "string" or "type" not in node:
        return _BY_FORMAT.get(str(node.get("format", "")), "x" * max(1, int(node.get("minLength", 1))))
    least = node.get("minimum", 1)
    return max(1, least) if node["type"] in {"integer", "number"} else copy.deepcopy(_BY_TYPE.get(node["type"]))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

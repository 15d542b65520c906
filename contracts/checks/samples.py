"""One valid request of an operation, made of the document's own examples."""

import copy
import json
from collections.abc import Iterator, Mapping
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
        body: The body as a JSON value, as text of another media type, or None.
        media_type: Of the body.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    media_type: str = JSON

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
        body = None if self.body is None else self._written()
        media = {} if body is None else {"Content-Type": self.media_type}
        own = {**self.headers, "Accept": "*/*", **media, **headers}
        return requests.Request(operation.method, self.url(root, operation), headers=own, data=body).prepare()

    def _written(self) -> bytes:
        return (json.dumps(self.body) if self.media_type == JSON else str(self.body)).encode()


def sample(document: Document, operation: Operation) -> Sample | None:
    """A valid request of an operation; None when its body is no JSON and the document has no example of it."""
    return next(samples(document, operation), None)


def samples(document: Document, operation: Operation) -> Iterator[Sample]:
    """Valid requests of an operation, one for each example of its body; none when there is no body to be had."""
    content = operation.node.get("requestBody", {}).get("content", {})
    media_type = JSON if JSON in content else next((each for each in content if _has_text(document, content[each])), "")
    if content and not media_type:
        return
    needed = [each for each in operation.parameters if each.get("required") or each["in"] == "path"]
    values = {(each["in"], each["name"]): _text(_parameter(document.spec, each)) for each in needed}
    for body in _bodies(document.spec, content[media_type]) if content else (None,):
        yield Sample(
            path={name: value for (place, name), value in values.items() if place == "path"},
            query={name: value for (place, name), value in values.items() if place == "query"},
            headers={name: value for (place, name), value in values.items() if place == "header"},
            body=body,
            media_type=media_type or JSON,
        )


def _has_text(document: Document, media: Mapping[str, Any]) -> bool:
    """Whether a media type has an example that can be sent as it stands."""
    has = bool(media.get("examples")) or "example" in media
    return has and isinstance(next(_bodies(document.spec, media)), str)


def _parameter(spec: Mapping[str, Any], parameter: Mapping[str, Any]) -> Any:
    return parameter["example"] if "example" in parameter else value_of(spec, parameter.get("schema", {}))


def _bodies(spec: Mapping[str, Any], media: Mapping[str, Any]) -> Iterator[Any]:
    """The values of a media type's examples, or one of its schema when it has none."""
    opened = [resolve(spec, each) for each in media.get("examples", {}).values()]
    values = [each["value"] for each in opened if "value" in each]
    if not values:
        values = [media["example"] if "example" in media else value_of(spec, media.get("schema", {}))]
    for value in values:
        yield copy.deepcopy(value)


def schema_properties(document: Document, operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The properties that a JSON body of an operation may have by any of its schemas, with what they may hold."""
    media = operation.node.get("requestBody", {}).get("content", {}).get(JSON, {})
    return _properties(document.spec, media.get("schema", {}))


def _properties(
    spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    node = resolve(spec, schema)
    for name, value in node.get("properties", {}).items():
        yield name, resolve(spec, value)
    if depth < _DEEPEST:
        for choice in ("allOf", "anyOf", "oneOf"):
            for branch in node.get(choice, []):
                yield from _properties(spec, branch, depth + 1)


def value_of(spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A valid value of a schema: its example, its first choice, or the least that it asks for."""
    node = _whole(spec, schema) if depth < _DEEPEST else resolve(spec, schema)
    for key in ("example", "default", "const"):
        if key in node:
            return copy.deepcopy(node[key])
    if node.get("enum"):
        return node["enum"][0]
    choices = node.get("anyOf") or node.get("oneOf")
    if choices and depth < _DEEPEST:
        return value_of(spec, choices[0], depth + 1)
    if depth < _DEEPEST and ("properties" in node or node.get("type") == "array"):
        return _least(spec, node, depth)
    if node.get("type") == "string" or "type" not in node:
        return _BY_FORMAT.get(str(node.get("format", "")), "x" * max(1, int(node.get("minLength", 1))))
    least = node.get("minimum", 1)
    return max(1, least) if node["type"] in {"integer", "number"} else copy.deepcopy(_BY_TYPE.get(node["type"]))


def _least(spec: Mapping[str, Any], node: Mapping[str, Any], depth: int) -> Any:
    """An object with what it has to have, or a list as short as it may be."""
    if "properties" not in node:
        return [value_of(spec, node.get("items", {}), depth + 1) for _ in range(int(node.get("minItems", 0)))]
    known = node["properties"]
    return {name: value_of(spec, known.get(name, {}), depth + 1) for name in node.get("required", [])}


def _whole(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with what its `allOf` adds to it."""
    node = resolve(spec, schema)
    whole = dict(node)
    for part in whole.pop("allOf", []):
        added = _whole(spec, part)
        whole = {
            **added,
            **whole,
            "properties": {**added.get("properties", {}), **whole.get("properties", {})},
            "required": [*dict.fromkeys([*added.get("required", []), *whole.get("required", [])])],
        }
    return whole


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

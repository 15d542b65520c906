"""From OpenAPI 3.0 schemas to compiled JSON Schema validators.

OpenAPI's `nullable` is unknown to JSON Schema and jsonschema-rs leaves `int64` and `int32` unchecked, so both are
rewritten; annotations are dropped, because a validator that need not read them compiles and runs faster.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

Schema = Mapping[str, Any]

BOUNDS = {"int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1)}
BY_NAME = frozenset({"properties", "patternProperties"})
NESTED = frozenset({"items", "additionalProperties", "not"})
BRANCHES = ("anyOf", "oneOf", "allOf")
KEPT = frozenset(
    {
        "$ref",
        "type",
        "enum",
        "format",
        "required",
        "pattern",
        "uniqueItems",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    }
)


def json_schema(schema: Schema) -> dict[str, Any]:
    """The JSON Schema (draft 4) that accepts what the OpenAPI schema means."""
    result: dict[str, Any] = {key: value for key, value in schema.items() if key in KEPT}
    for key in BY_NAME & schema.keys():
        result[key] = {name: json_schema(each) for name, each in schema[key].items()}
    for key in NESTED & schema.keys():
        result[key] = json_schema(schema[key]) if isinstance(schema[key], Mapping) else schema[key]
    for key in schema.keys() & set(BRANCHES):
        result[key] = [json_schema(branch) for branch in schema[key]]
    if result.get("type") == "integer" and result.get("format") in BOUNDS:
        _bound(result)
    return _nullable(result) if schema.get("nullable") else result


def _bound(result: dict[str, Any]) -> None:
    low, high = BOUNDS[result.pop("format")]
    result["minimum"] = max(low, result.get("minimum", low))
    result["maximum"] = min(high, result.get("maximum", high))


def _nullable(result: dict[str, Any]) -> dict[str, Any]:
    if "type" not in result:
        return {"anyOf": [result, {"type": "null"}]}
    if "enum" in result:
        result["enum"] = [*result["enum"], None]
    result["type"] = [result["type"], "null"]
    return result


class Compiler:
    """Compiles schemas of one document; named components are shared.

    Args:
        document: a whole OpenAPI document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        schemas = document.get("components", {}).get("schemas", {})
        self._components = {name: json_schema(schema) for name, schema in schemas.items()}
        self._named = {name: frozenset(names_in(schema)) for name, schema in self._components.items()}

    def resolved(self, schema: Schema) -> Schema:
        """The JSON Schema of an OpenAPI schema, a reference to a component followed."""
        return self.followed(json_schema(schema))

    def followed(self, prepared: Schema) -> Schema:
        """A JSON Schema itself, or the component that it refers to."""
        while "$ref" in prepared:
            prepared = self._components[prepared["$ref"].rsplit("/", 1)[-1]]
        return prepared

    def compile(self, schema: Schema) -> jsonschema_rs.Draft4Validator:
        """A validator of one OpenAPI schema, formats enforced."""
        return self.compile_prepared(json_schema(schema))

    def compile_prepared(self, schema: Schema) -> jsonschema_rs.Draft4Validator:
        """A validator of a schema that `json_schema` or `resolved` made."""
        whole = {**schema, "components": {"schemas": self._needed(schema)}}
        return jsonschema_rs.Draft4Validator(whole, validate_formats=True)

    def _needed(self, schema: Schema) -> dict[str, Any]:
        """The components that a schema refers to, directly or not: a validator keeps a copy of all it is given."""
        waiting = list(names_in(schema))
        needed: dict[str, Any] = {}
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed[name] = self._components[name]
                waiting.extend(self._named[name])
        return needed


def names_in(node: Any) -> Iterator[str]:
    """The names of the components that a schema refers to directly."""
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference.rsplit("/", 1)[-1]
        for value in node.values():
            yield from names_in(value)
    elif isinstance(node, list):
        for item in node:
            yield from names_in(item)

"""OpenAPI 3.0 schemas become validators that enforce what OpenAPI means."""

from typing import Any

import pytest

from mockserver.http.schemas import Compiler, json_schema

DOCUMENT = {
    "components": {
        "schemas": {
            "Node": {
                "type": "object",
                "properties": {"next": {"$ref": "#/components/schemas/Node"}, "example": {"type": "integer"}},
            },
            "Alias": {"$ref": "#/components/schemas/Node"},
        }
    }
}
INT64 = {"type": "integer", "format": "int64"}
CASES: list[tuple[dict[str, Any], Any, bool]] = [
    (INT64, 2**63 - 1, True),
    (INT64, 2**63, False),
    (INT64, -(2**63), True),
    (INT64, -(2**63) - 1, False),
    (INT64, 10**40, False),
    (INT64, 1.0, False),
    (INT64, True, False),
    ({"type": "integer", "format": "int32"}, 2**31, False),
    ({"type": "integer", "format": "int32", "maximum": 5}, 6, False),
    ({"type": "integer", "format": "int32", "minimum": 0}, -1, False),
    ({"type": "string", "nullable": True}, None, True),
    ({"type": "string"}, None, False),
    ({"type": "string", "enum": ["a"], "nullable": True}, None, True),
    ({"type": "string", "enum": ["a"], "nullable": True}, "b", False),
    ({"$ref": "#/components/schemas/Node"}, {"next": {"next": {"example": "x"}}}, False),
    ({"$ref": "#/components/schemas/Node"}, {"next": {"next": {"example": 1}}}, True),
    ({"anyOf": [INT64], "nullable": True}, None, True),
    ({"type": "string", "format": "email"}, "no", False),
    ({"type": "string", "format": "email"}, "a@b.example", True),
    ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", True),
    ({"type": "string", "format": "date-time"}, "2026-13-01T00:00:00Z", False),
    ({"type": "string", "pattern": "^a*$"}, "aa\n", False),
    ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, 0, False),
    ({"type": "object", "additionalProperties": INT64}, {"a": 2**63}, False),
    ({"type": "object", "additionalProperties": False}, {"a": 1}, False),
    ({"type": "array", "items": INT64}, [1, 2**63], False),
]


@pytest.mark.parametrize(("schema", "value", "valid"), CASES)
def test_a_schema_accepts_what_openapi_means(schema: dict[str, Any], value: Any, *, valid: bool) -> None:
    """Formats, nullability and references are enforced."""
    assert Compiler(DOCUMENT).compile(schema).is_valid(value) is valid


def test_annotations_are_dropped_and_properties_named_like_them_are_kept() -> None:
    """A property may be called `example` or `description`."""
    schema = {"type": "object", "description": "x", "properties": {"description": {"type": "string", "example": "y"}}}
    assert json_schema(schema) == {"type": "object", "properties": {"description": {"type": "string"}}}


def test_references_to_references_are_followed() -> None:
    """A component may be another name of a component."""
    assert Compiler(DOCUMENT).resolved({"$ref": "#/components/schemas/Alias"})["type"] == "object"

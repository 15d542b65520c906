"""Which keywords sent bodies try: met at the bound by a valid body, and broken alone by one that is not valid."""

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.coverage.bodies import SentBodies
from contracts.coverage.schema import read_body

OLD, NEW = "3.0.3", "3.1.0"


def sent(
    schema: Mapping[str, Any], *bodies: Any, version: str = OLD, components: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """What bodies tried of a schema: `met`, `broken`, `both` or nothing, by pointer."""
    spec = {"openapi": version, "components": {"schemas": components or {}}}
    tried = SentBodies(lambda: read_body(spec, schema))
    for body in bodies:
        tried.take(body if isinstance(body, bytes) else json.dumps(body).encode())
    words = {(True, True): "both", (True, False): "met", (False, True): "broken", (False, False): ""}
    return {each.pointer: words[each.met, each.broken] for each in tried.keywords()}


def pointers(schema: Mapping[str, Any], version: str = OLD, components: Mapping[str, Any] | None = None) -> list[str]:
    """The keywords of a schema."""
    return list(sent(schema, version=version, components=components))


TABLE: list[tuple[str, dict[str, Any], str, tuple[Any, Any, Any]]] = [
    # version, schema, keyword, and values: one at the bound, a valid one that is not (None for none), one past it
    (OLD, {"type": "string"}, "/type", ("a", None, 5)),
    (OLD, {"enum": ["a", "b"]}, "/enum", ("b", None, "c")),
    (NEW, {"const": 3}, "/const", (3, None, 4)),
    (OLD, {"minLength": 2}, "/minLength", ("ab", "abc", "a")),
    (OLD, {"maxLength": 2}, "/maxLength", ("a\U0001f600", "a", "abc")),
    (OLD, {"pattern": "^a"}, "/pattern", ("ab", 5, "b")),
    (OLD, {"format": "date-time"}, "/format", ("2024-06-12T00:54:05Z", 5, "today")),
    (OLD, {"type": "integer", "format": "int32"}, "/format", (5, None, 2**31)),
    (OLD, {"type": "integer", "format": "int64"}, "/format", (2**40, None, -(2**63) - 1)),
    (OLD, {"minimum": 1.5}, "/minimum", (1.5, 2, 1)),
    (OLD, {"maximum": 3}, "/maximum", (3.0, 2, 3.5)),
    (OLD, {"minimum": 1, "exclusiveMinimum": True}, "/exclusiveMinimum", (2, 3, 1)),
    (OLD, {"maximum": 1, "exclusiveMaximum": True}, "/exclusiveMaximum", (0.5, -1, 1)),
    (NEW, {"exclusiveMinimum": 1}, "/exclusiveMinimum", (2, 3, 1)),
    (NEW, {"exclusiveMaximum": 1}, "/exclusiveMaximum", (0, -1, 1)),
    (OLD, {"multipleOf": 3}, "/multipleOf", (6, "a", 7)),
    (OLD, {"minItems": 1}, "/minItems", ([1], [1, 2], [])),
    (OLD, {"maxItems": 1}, "/maxItems", ([1], [], [1, 2])),
    (OLD, {"uniqueItems": True}, "/uniqueItems", ([1, 2], [1], [1, 1])),
    (OLD, {"minProperties": 1}, "/minProperties", ({"a": 1}, {"a": 1, "b": 2}, {})),
    (OLD, {"maxProperties": 1}, "/maxProperties", ({"a": 1}, {}, {"a": 1, "b": 2})),
    (OLD, {"required": ["a"]}, "/required/a", ({"a": 1}, 5, {})),
    (OLD, {"additionalProperties": False}, "/additionalProperties", ({}, 5, {"a": 1})),
    (OLD, {"not": {"enum": [5]}}, "/not", (6, None, 5)),
    (NEW, {"contains": {"const": 5}}, "/contains", ([1, 5], 5, [1])),
    (NEW, {"propertyNames": {"maxLength": 1}}, "/propertyNames", ({"a": 1}, 5, {"ab": 1})),
    (NEW, {"patternProperties": {"^a": {"type": "string"}}}, "/patternProperties", ({"a": ""}, 5, {"ab": 1})),
    (NEW, {"prefixItems": [{"type": "string"}]}, "/prefixItems", (["a"], 5, [5])),
    (NEW, {"dependentRequired": {"a": ["b"]}}, "/dependentRequired", ({"a": 1, "b": 1}, 5, {"a": 1})),
    (NEW, {"if": {"minimum": 5}, "then": {"multipleOf": 5}}, "/then", (10, None, 6)),
]


@pytest.mark.parametrize(("version", "schema", "pointer", "values"), TABLE, ids=str)
def test_a_keyword_alone(version: str, schema: dict[str, Any], pointer: str, values: tuple[Any, Any, Any]) -> None:
    """A keyword is met by a valid value at its bound, by no other valid value, and broken by one past it."""
    at, inside, past = values
    assert sent(schema, at, version=version)[pointer] == "met"
    assert sent(schema, past, version=version)[pointer] == "broken"
    assert sent(schema, past, at, version=version)[pointer] == "both"
    if inside is not None:
        assert sent(schema, inside, version=version)[pointer] == ""


NUMBERS = st.integers(-1000, 1000)
LENGTHS = st.integers(1, 20)


@given(NUMBERS, st.integers(1, 50), st.sampled_from(["minimum", "maximum"]))
def test_a_number_meets_its_bound_at_it_alone(bound: int, away: int, name: str) -> None:
    """Whatever the bound is: equal to it meets, past it breaks, and within it does neither."""
    past = -away if name == "minimum" else away
    schema = {"type": "integer", name: bound}
    assert sent(schema, bound)[f"/{name}"] == "met"
    assert sent(schema, bound + past)[f"/{name}"] == "broken"
    assert sent(schema, bound - past)[f"/{name}"] == ""


@given(LENGTHS, st.integers(1, 5), st.sampled_from(["Length", "Items", "Properties"]))
def test_a_size_meets_its_bound_at_it_alone(bound: int, away: int, of: str) -> None:
    """Texts, lists and objects of that size meet it, of a size past it break it, and others do neither."""
    at, more, fewer = (_of_size(of, size) for size in (bound, bound + away, max(0, bound - away)))
    for name, past, inside in ((f"min{of}", fewer, more), (f"max{of}", more, fewer)):
        assert sent({name: bound}, at)[f"/{name}"] == "met"
        assert sent({name: bound}, past)[f"/{name}"] == "broken"
        assert sent({name: bound}, inside)[f"/{name}"] == ""


def _of_size(of: str, size: int) -> Any:
    if of == "Length":
        return "\u00e9" * size
    return [None] * size if of == "Items" else dict.fromkeys(map(str, range(size)))


@given(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.data())
def test_a_missing_name_breaks_its_own_requirement(names: list[str], data: st.DataObject) -> None:
    """One name that is missing breaks its own requirement; two break none, since none was broken alone."""
    missing = data.draw(st.lists(st.sampled_from(names), unique=True))
    found = sent({"required": names}, {name: 1 for name in names if name not in missing})
    expected = dict.fromkeys(names, "" if missing else "met")
    if len(missing) == 1:
        expected[missing[0]] = "broken"
    assert found == {f"/required/{name}": state for name, state in expected.items()}


def test_two_broken_keywords_are_none() -> None:
    """A value that breaks two keywords shows nothing of either; the same keyword twice is still alone."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "list": {"items": {"type": "integer", "minimum": 0}}},
    }
    assert set(sent(schema, {"a": 5, "list": ["b"]}).values()) == {""}
    assert sent(schema, {"list": [-1, -2]})["/properties/list/items/minimum"] == "broken"


def test_an_invalid_body_meets_nothing() -> None:
    """What stands in a body that is not valid as a whole was not tried at its bound."""
    schema = {"properties": {"a": {"minimum": 1}, "b": {"type": "string"}}}
    assert sent(schema, {"a": 1, "b": 5}) == {"/properties/a/minimum": "", "/properties/b/type": "broken"}


def test_a_very_large_body_is_not_judged() -> None:
    """What tries how much a target takes is no trial of its keywords, and would take long to judge."""
    assert sent({"minLength": 1}, b'"' + b"a" * 1024 * 1024 + b'"', b"5") == {"/minLength": ""}
    assert sent({"maxLength": 1}, b'"' + b"a" * 1024 * 512 + b'"') == {"/maxLength": "broken"}


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'"\xff"', b"NaN", b"\xff\xfe1\x00", b"1e400", b"[" * 100_000, b'"\\ud800"', b"1" * 5000],
    ids=lambda text: repr(text[:9]),
)
def test_what_is_no_json_tries_nothing(text: bytes) -> None:
    """A body that no validator can read meets nothing and breaks nothing, and does no harm."""
    assert sent({"type": "string", "maxLength": 1}, text) == {"/type": "", "/maxLength": ""}


def test_what_is_said_twice_counts_once() -> None:
    """Keywords that say the same of the same value are broken together, so they count as the first."""
    components = {"Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}}
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}},
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "required": ["id", "name"]}],
    }
    found = sent(schema, 5, {"id": 5, "name": ""}, {"name": ""}, {"id": "a", "name": "b"}, components=components)
    assert found == {
        "/type": "both",
        "/allOf/0/required/id": "both",
        "/allOf/1/required/name": "met",
        "/properties/id/type": "both",
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False}, []),
        ({"type": "integer", "minLength": 2, "pattern": "a"}, ["/type"]),
        ({"format": "binary"}, []),
        ({"type": "string", "enum": ["a", "b"], "maxLength": 1}, ["/enum"]),
        ({"type": "string", "enum": ["a", None]}, ["/type", "/enum"]),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, ["/enum"]),
        ({"type": "string", "minLength": 1, "pattern": "^[a-z]+$"}, ["/type", "/pattern"]),
        ({"type": "string", "minLength": 1, "pattern": "^[a-z]*$"}, ["/type", "/minLength", "/pattern"]),
        ({"minProperties": 1, "required": ["a"]}, ["/required/a"]),
        ({"type": "integer", "format": "int32", "minimum": 0}, ["/type", "/format", "/minimum"]),
        ({"type": "integer", "format": "int32", "minimum": 0, "maximum": 9}, ["/type", "/minimum", "/maximum"]),
        ({"type": "integer", "format": "int32", "maximum": 2**40}, ["/type", "/format"]),
        ({"additionalProperties": True, "properties": {"a": {}}}, []),
        ({"const": 5}, []),
        (
            {
                "type": 5,
                "enum": "a",
                "required": "a",
                "pattern": 1,
                "minimum": "a",
                "format": [],
                "allOf": 5,
                "anyOf": {},
            },
            [],
        ),
        ({"properties": [], "items": 5, "allOf": {"a": 1}, "oneOf": "a", "not": True}, ["/not"]),
    ],
    ids=repr,
)
def test_what_no_value_could_break_alone_is_no_keyword(schema: dict[str, Any], expected: list[str]) -> None:
    """A keyword is left out when the same values are valid without it."""
    assert pointers(schema) == expected


def test_a_list_elsewhere_says_more() -> None:
    """Beside a list of all that is allowed, what all of it fulfils is no keyword, wherever the list is said."""
    components = {
        "Base": {"type": "object", "properties": {"kind": {"type": "string", "minLength": 1, "maxLength": 3}}},
        "Short": {"properties": {"kind": {"enum": ["ab", "abcd"]}}},
        "Shorter": {"properties": {"kind": {"enum": ["ab"]}}},
    }
    parts = [{"$ref": f"#/components/schemas/{name}"} for name in ("Base", "Short")]
    kind = "properties/kind"
    assert pointers({"allOf": parts}, OLD, components) == [
        "/allOf/0/type", f"/allOf/0/{kind}/maxLength", f"/allOf/1/{kind}/enum",
    ]  # fmt: skip
    assert sent({"allOf": parts}, {"kind": 5}, components=components)[f"/allOf/1/{kind}/enum"] == "broken"
    choice = {"allOf": parts, "anyOf": [{"$ref": "#/components/schemas/Shorter"}, {}]}
    assert f"/allOf/0/{kind}/maxLength" in pointers(choice, OLD, components)
    three = [*parts, {"$ref": "#/components/schemas/Shorter"}]
    assert pointers({"allOf": three}, OLD, components) == ["/allOf/0/type", f"/allOf/2/{kind}/enum"]


def test_a_choice_and_what_kept_a_value_from_its_branches() -> None:
    """A value of no branch breaks the choice, and each keyword that alone kept it from a branch."""
    by_name = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "minLength": 2}}}
    schema = {"anyOf": [by_name, {"type": "array", "items": {"type": "integer"}, "maxItems": 2}]}
    found = sent(schema, {"name": "a"}, [1, 2, 3], [1, 2])
    assert found == {
        "/anyOf": "both",
        "/anyOf/0/type": "broken",
        "/anyOf/0/required/name": "",
        "/anyOf/0/properties/name/type": "",
        "/anyOf/0/properties/name/minLength": "broken",
        "/anyOf/1/type": "both",
        "/anyOf/1/maxItems": "both",
        "/anyOf/1/items/type": "met",
    }
    # It breaks both types, and would be valid without either.
    assert {name for name, state in sent(schema, 5).items() if state} == {"/anyOf", "/anyOf/0/type", "/anyOf/1/type"}


def test_a_value_of_two_branches_breaks_oneof_alone() -> None:
    """A value that fits more than one branch of oneOf breaks the choice, and no keyword within."""
    schema = {"oneOf": [{"type": "integer"}, {"minimum": 3}, {"enum": ["a"]}]}
    assert sent(schema, 5) == {"/oneOf": "broken", "/oneOf/0/type": "", "/oneOf/1/minimum": "", "/oneOf/2/enum": ""}


def test_a_branch_is_met_by_what_fits_it() -> None:
    """A valid value meets keywords of the branches that it fits, and of no other."""
    schema = {"anyOf": [{"type": "integer", "minimum": 3}, {"type": "number", "maximum": 3}]}
    found = sent(schema, 2.5, 3)
    assert found["/anyOf/0/minimum"] == found["/anyOf/1/maximum"] == "met"
    assert sent(schema, 2.5)["/anyOf/0/type"] == ""


def test_null_breaks_and_meets_nothing_where_it_is_allowed() -> None:
    """In OpenAPI 3.0, what is nullable allows null: as one more type, or beside all that is said without a type."""
    text = {"type": "string", "nullable": True, "maxLength": 1}
    assert sent(text, None, "ab", 5) == {"/type": "both", "/maxLength": "broken"}
    components = {"Text": {"type": "string", "maxLength": 1}}
    wrapped = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Text"}]}
    assert sent(wrapped, None, components=components) == {"/allOf/0/type": "", "/allOf/0/maxLength": ""}
    assert sent(wrapped, "ab", "a", components=components) == {"/allOf/0/type": "met", "/allOf/0/maxLength": "both"}


def test_recursion_is_opened_once() -> None:
    """A schema that refers to itself is read once, and what is deep in a value tries the same keywords."""
    kids = {"items": {"$ref": "#/components/schemas/Tree"}}
    tree = {"type": "object", "properties": {"leaf~/%": {"type": "integer"}, "kids": kids}}
    schema = {"type": "object", "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}}
    deep = {"tree": {"kids": [{"kids": [{"leaf~/%": "no number"}]}]}}
    found = sent(schema, deep, {"tree": {"kids": [{"kids": [{"leaf~/%": 1}]}]}}, components={"Tree": tree})
    assert found == {
        "/type": "met",
        "/properties/tree/type": "met",
        "/properties/tree/properties/leaf~0~1%/type": "both",
    }
    assert sent(schema, {"tree": {"kids": [5]}}, components={"Tree": tree})["/properties/tree/type"] == "broken"


def test_a_document_of_references_is_read_in_bounds() -> None:
    """Schemas that refer to each other many times over are not opened without end, and still judge."""
    names = [f"S{number}" for number in range(40)]
    components: dict[str, Any] = {
        name: {"properties": {side: {"$ref": f"#/components/schemas/{after}"} for side in ("left", "right")}}
        for name, after in pairwise(names)
    }
    components[names[-1]] = {"type": "string"}
    body: Any = 5
    for _ in names[1:]:
        body = {"right": body}
    found = sent({"$ref": "#/components/schemas/S0"}, body, components=components)
    assert 0 < len(found) < 5000
    assert "broken" in found.values()


def test_what_stands_beside_a_reference_holds_since_31() -> None:
    """In 3.0 nothing beside a reference is read; since 3.1 both hold, and the reference is a part of allOf."""
    components = {"Text": {"type": "string"}}
    schema = {"$ref": "#/components/schemas/Text", "maxLength": 1, "description": "a letter"}
    assert pointers(schema, OLD, components) == ["/type"]
    assert pointers(schema, NEW, components) == ["/maxLength", "/allOf/0/type"]
    assert sent(schema, "ab", version=NEW, components=components)["/maxLength"] == "broken"


def test_a_schema_that_is_none_stays_untested() -> None:
    """A pattern that nobody can read, or a reference that leads nowhere, breaks no run and tests nothing."""
    assert sent({"type": "string", "pattern": "("}, "a", 5) == {"/type": "", "/pattern": ""}
    assert sent({"properties": {"a": {"$ref": "#/components/schemas/None"}}}, {"a": 1}) == {}
    circle = {name: {"$ref": f"#/components/schemas/{other}"} for name, other in ("AB", "BA")}
    assert sent({"type": "object", "properties": {"a": circle["A"]}}, {"a": 1}, components=circle) == {}

"""What is counted as broken is what it says: without that keyword alone, the body would have been valid."""

import copy
import json
from collections.abc import Iterator
from functools import reduce
from itertools import chain, combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft4Validator, Draft202012Validator

from contracts.coverage.bodies import SentBodies
from contracts.coverage.schema import Body, read_body

Schema = dict[str, Any]

SMALL = st.integers(0, 3)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1, 4), st.sampled_from(["", "a", "ab", "1", "2024-06-12"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=5,
)
TYPES = ["string", "integer", "number", "boolean", "array", "object"]


def some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    """Schemas with any of these keywords."""
    return st.fixed_dictionaries({}, optional=keywords)


PLAIN = some(
    type=st.sampled_from(TYPES),
    nullable=st.booleans(),
    enum=st.lists(SCALARS, min_size=1, max_size=3),
    minLength=SMALL,
    maxLength=SMALL,
    pattern=st.sampled_from(["^a*$", "a", "^$"]),
    format=st.sampled_from(["date", "int32", "binary"]),
    minimum=SMALL,
    exclusiveMinimum=st.booleans(),
    maximum=SMALL,
    minItems=SMALL,
    uniqueItems=st.booleans(),
    minProperties=SMALL,
    required=st.lists(st.sampled_from(["a", "b"]), min_size=1, unique=True),
)
SCHEMAS = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        lambda own, held: {**own, **held},
        PLAIN,
        some(
            properties=st.dictionaries(st.sampled_from(["a", "b"]), inner, min_size=1),
            additionalProperties=st.one_of(st.booleans(), inner),
            items=inner,
            anyOf=st.lists(inner, min_size=1, max_size=3),
            oneOf=st.lists(inner, min_size=1, max_size=3),
            allOf=st.lists(inner, min_size=1, max_size=2),
        ),
    ),
    max_leaves=4,
)


def old(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as one of draft 4, written anew and in the plainest way."""
    if isinstance(schema, list):
        return [old(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    held = {"properties": {name: old(each) for name, each in schema.get("properties", {}).items()}}
    read = {name: value if name == "enum" else old(value) for name, value in schema.items() if name not in held}
    read = {**read, **held}
    read.pop("nullable", None)
    if "minimum" not in read:
        read.pop("exclusiveMinimum", None)
    bounds = {"minimum": -(2**31), "maximum": 2**31 - 1}
    limits = [bounds] if read.get("type") == "integer" and read.get("format") == "int32" else []
    if schema.get("nullable") is True:
        if "type" not in schema:
            return {"anyOf": [read, {"type": "null"}]}
        # Null is one more of its types, and what else is said holds for it as well.
        allowed = {"enum": [*read["enum"], None]} if "enum" in read else {}
        read = {**read, "type": [read["type"], "null"], **allowed}
    return {"allOf": [read, *limits]}


def without(compiled: Schema, path: tuple[str | int, ...]) -> Schema:
    """A schema without one of its keywords."""
    found = copy.deepcopy(compiled)
    *steps, last = path
    holder: Any = found
    for step in steps:
        holder = holder[step]
    if isinstance(holder, list):
        holder.remove(last)
    elif last in holder:
        del holder[last]
    return found


def explaining(body: Body, value: Any) -> Iterator[int]:
    """The keywords without which, alone, the value would be valid: each left out, wherever it is said or in part."""
    for index in body.pointers:
        paths = [path for path, found in body.indexes.items() if found == index]
        parts = chain.from_iterable(combinations(paths, size) for size in range(1, len(paths) + 1))
        if any(_is_valid(reduce(without, part, dict(body.compiled)), value) for part in parts):
            yield index


def _is_valid(compiled: Schema, value: Any) -> bool:
    try:
        return Draft4Validator({"$ref": "#/body", **compiled}, validate_formats=True).is_valid(value)
    except ValueError:
        # A bound that is left out leaves its switch behind.
        return False


def tried(schema: Schema, *values: Any, version: str = "3.0.3") -> SentBodies:
    """What values tried of a schema."""
    found = SentBodies(lambda: read_body({"openapi": version}, schema))
    for value in values:
        found.take(json.dumps(value).encode())
    return found


@given(SCHEMAS, VALUES)
def test_what_is_left_out_changes_nothing(schema: Schema, value: Any) -> None:
    """A value is valid by the keywords that are counted when it is by the whole schema, and only then."""
    body = read_body({"openapi": "3.0.3"}, schema)
    expected = Draft4Validator(old(schema), validate_formats=True).is_valid(value)
    assert body.validator(body.node).is_valid(value) is expected


@settings(max_examples=50)
@given(SCHEMAS, VALUES)
def test_a_keyword_is_broken_when_it_alone_explains_the_refusal(schema: Schema, value: Any) -> None:
    """Leaving out a keyword that is counted as broken makes the value valid; no other one does."""
    body = read_body({"openapi": "3.0.3"}, schema)
    valid = body.validator(body.node).is_valid(value)
    expected = set() if valid else set(explaining(body, value))
    keywords = tried(schema, value).keywords()
    broken = {index for index, each in zip(body.pointers, keywords, strict=True) if each.broken}
    assert broken == expected


@given(SCHEMAS, VALUES)
def test_only_a_valid_value_meets_anything(schema: Schema, value: Any) -> None:
    """No value both meets and breaks, and one that is valid breaks nothing."""
    valid = Draft4Validator(old(schema), validate_formats=True).is_valid(value)
    keywords = tried(schema, value).keywords()
    assert not any(each.broken for each in keywords) if valid else not any(each.met for each in keywords)


@given(st.lists(VALUES, max_size=6), SCHEMAS)
def test_bodies_add_up(values: list[Any], schema: Schema) -> None:
    """What several bodies try is what each of them tries, in any order and however often they are sent."""
    single = [tried(schema, value).keywords() for value in values]
    together = tried(schema, *reversed(values), *values).keywords()
    for index, each in enumerate(together):
        assert each.met is any(one[index].met for one in single)
        assert each.broken is any(one[index].broken for one in single)


@given(some(type=st.sampled_from([*TYPES, ["string", "null"]]), exclusiveMinimum=SMALL, const=SCALARS), VALUES)
def test_later_documents_are_read_as_they_stand(schema: Schema, value: Any) -> None:
    """Since 3.1 a schema of a document is one of JSON Schema, and what is valid stays so."""
    body = read_body({"openapi": "3.1.0"}, schema)
    assert body.validator(body.node).is_valid(value) is Draft202012Validator(schema).is_valid(value)

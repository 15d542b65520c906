"""The keywords of one schema that hold no other, as they count and as a validator takes them.

A keyword is left out when the schema accepts the same values without it: it forbids nothing, it speaks of other types
than the schema's, or the only value that breaks it breaks what stands beside it. No value could break such a keyword
alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any

import jsonschema_rs

from contracts.coverage.rules import BOUNDS, FORMS, LEAVES, Rule, type_of

Schema = Mapping[str, Any]

_SINCE_31 = frozenset({"const"})
_NO_FORMAT = ("\0 (", "[", "")
"""Texts of which every format that is known refuses one."""


@dataclass(frozen=True)
class Draft:
    """A form of JSON Schema.

    Args:
        validator: What compiles it.
        old: Whether it is OpenAPI 3.0's: with `nullable`, and with bounds that a second keyword makes exclusive.
    """

    validator: type[Any]
    old: bool

    def accepts(self, schema: Schema, values: Iterable[Any]) -> bool | None:
        """Whether a schema accepts all these values; None when it is no schema."""
        try:
            validator = self.validator(dict(schema), validate_formats=True)
            return all(validator.is_valid(value) for value in values)
        except ValueError:
            return None


OLD = Draft(jsonschema_rs.Draft4Validator, old=True)
NEW = Draft(jsonschema_rs.Draft202012Validator, old=False)


def draft_of(spec: Mapping[str, Any]) -> Draft:
    """The form that the schemas of an OpenAPI document have."""
    return OLD if str(spec.get("openapi", "")).startswith("3.0") else NEW


@dataclass(frozen=True)
class Leaf:
    """A keyword.

    Args:
        steps: Where it stands in the schema, such as `("minLength",)` or `("required", "name")`.
        bound: What it asks for.
        rule: What meets it.
        compiled: The keywords that a validator takes for it.
    """

    steps: tuple[str, ...]
    bound: Any
    rule: Rule
    compiled: Schema

    @property
    def listed(self) -> list[Any] | None:
        """The only values that it allows, or None when it lists none."""
        if self.steps == ("const",):
            return [self.bound]
        return list(self.compiled["enum"]) if self.steps == ("enum",) else None

    @property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """Where a validator's errors say that it was broken."""
        return (self.steps,) if self.steps[0] == "required" else tuple((name,) for name in self.compiled)


def leaves(schema: Schema, draft: Draft) -> tuple[Leaf, ...]:
    """The keywords of a schema that could be broken, in its order."""
    found = [leaf for name in schema for leaf in _leaf(name, schema, draft) if _could_forbid(leaf, schema, draft)]
    return tuple(leaf for leaf in found if not _is_broken_with(leaf, found, draft))


def joined(found: Iterable[Leaf]) -> dict[str, Any]:
    """What a validator takes for all of them."""
    compiled: dict[str, Any] = {}
    for leaf in found:
        for name, bound in leaf.compiled.items():
            compiled[name] = [*compiled.get(name, ()), *bound] if name == "required" else bound
    return compiled


def _leaf(name: str, schema: Schema, draft: Draft) -> Iterator[Leaf]:
    bound, rule = schema[name], LEAVES.get(name)
    if rule is None or (draft.old and name in _SINCE_31):
        return
    if draft.old and name in _EXCLUSIVE:
        yield from _exclusive(name, schema, rule)
    elif name in FORMS and type_of(bound) not in FORMS[name]:
        return
    elif name == "required":
        yield from (Leaf((name, each), each, rule, {name: [each]}) for each in map(str, bound))
    elif name == "format" and bound in BOUNDS:
        yield from _integer(schema)
    elif not (draft.old and schema.get(_SWITCHES.get(name, "")) is True):
        yield Leaf((name,), bound, rule, {name: _nullable(name, schema) if draft.old else bound})


_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_SWITCHES = {limit: switch for switch, limit in _EXCLUSIVE.items()}


def _exclusive(name: str, schema: Schema, rule: Rule) -> Iterator[Leaf]:
    """A bound that a switch beside it leaves out counts as the switch."""
    limit = _EXCLUSIVE[name]
    if schema[name] is True and type_of(schema.get(limit)) == "number":
        yield Leaf((name,), schema[limit], rule, {limit: schema[limit], name: True})


def _integer(schema: Schema) -> Iterator[Leaf]:
    """The format of an integer as those of its bounds that nothing narrower stands beside."""
    if "integer" not in _types(schema, nullable=False):
        return
    low, high = BOUNDS[schema["format"]]
    bounds = {} if _number(schema.get("minimum"), -inf) >= low else {"minimum": low}
    bounds |= {} if _number(schema.get("maximum"), inf) <= high else {"maximum": high}
    if bounds:
        yield Leaf(("format",), schema["format"], Rule(frozenset({"number"})), bounds)


def _number(bound: Any, otherwise: float) -> float:
    return bound if isinstance(bound, int | float) and not isinstance(bound, bool) else otherwise


def _nullable(name: str, schema: Schema) -> Any:
    """The bound of a keyword that speaks of null too, where the schema allows null."""
    bound = schema[name]
    if schema.get("nullable") is not True or "type" not in schema:
        return bound
    if name == "enum":
        return bound if None in bound else [*bound, None]
    return sorted(_types(schema, nullable=True)) if name == "type" else bound


def _types(schema: Schema, *, nullable: bool) -> frozenset[str]:
    declared = schema.get("type") or ()
    names = frozenset([declared] if isinstance(declared, str) else map(str, declared))
    return names | {"null"} if names and nullable else names


def _could_forbid(leaf: Leaf, schema: Schema, draft: Draft) -> bool:
    declared = _types(schema, nullable=False)
    declared = (declared - {"integer"}) | {"number"} if "integer" in declared else declared
    if declared and leaf.rule.types and not leaf.rule.types & declared:
        return False
    if leaf.steps == ("format",) and leaf.bound not in BOUNDS:
        return _is_known(draft, leaf.bound)
    limits = BOUNDS.get(str(schema.get("format", "")))
    if limits and "integer" in _types(schema, nullable=False) and leaf.steps in {("minimum",), ("maximum",)}:
        return bool(limits[0] <= leaf.bound <= limits[1])
    return not leaf.rule.is_idle(leaf.bound)


@cache
def _is_known(draft: Draft, name: str) -> bool:
    return any(draft.accepts({"format": name}, [text]) is False for text in _NO_FORMAT)


def _is_broken_with(leaf: Leaf, found: list[Leaf], draft: Draft) -> bool:
    """Whether the only value that breaks this keyword breaks another one as well."""
    if leaf.rule.breaker is None or leaf.bound != 1:
        return False
    rest = joined(each for each in found if each is not leaf)
    return draft.accepts(rest, [leaf.rule.breaker]) is False

"""What meets each keyword of a schema at its bound, and when a keyword forbids nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_ANY: frozenset[str] = frozenset()
_STRING = frozenset({"string"})
_NUMBER = frozenset({"number"})
_ARRAY = frozenset({"array"})
_OBJECT = frozenset({"object"})


def _always(_bound: Any, _value: Any) -> bool:
    return True


def _never(_bound: Any) -> bool:
    return False


def _is(bound: Any, value: Any) -> bool:
    return bool(value == bound)


def _has_length(bound: Any, value: Any) -> bool:
    return bool(len(value) == bound)


def _is_zero(bound: Any) -> bool:
    return bool(bound <= 0)


@dataclass(frozen=True)
class Rule:
    """What is to be known of a keyword.

    Args:
        types: The JSON types of the values that it speaks of, integers among numbers; empty for all.
        met: Whether a valid value of those types is at the bound, given the bound and the value.
        is_idle: Whether the keyword, with this bound, forbids nothing.
        breaker: The only value that breaks the bound 1; None when there are others, or none.
    """

    types: frozenset[str] = _ANY
    met: Callable[[Any, Any], bool] = _always
    is_idle: Callable[[Any], bool] = _never
    breaker: Any = None

    def speaks_of(self, value: Any) -> bool:
        """Whether a value is of its types."""
        return not self.types or type_of(value) in self.types


LEAVES: Mapping[str, Rule] = MappingProxyType(
    {
        "type": Rule(),
        "enum": Rule(),
        "const": Rule(),
        "minLength": Rule(_STRING, _has_length, _is_zero, ""),
        "maxLength": Rule(_STRING, _has_length),
        "pattern": Rule(_STRING),
        "format": Rule(_STRING),
        "minimum": Rule(_NUMBER, _is),
        "maximum": Rule(_NUMBER, _is),
        # No number is next to a bound that is itself left out; a whole one is within 1 of it.
        "exclusiveMinimum": Rule(_NUMBER, lambda bound, value: bool(value <= bound + 1)),
        "exclusiveMaximum": Rule(_NUMBER, lambda bound, value: bool(value >= bound - 1)),
        "multipleOf": Rule(_NUMBER),
        "minItems": Rule(_ARRAY, _has_length, _is_zero, []),
        "maxItems": Rule(_ARRAY, _has_length),
        "uniqueItems": Rule(_ARRAY, lambda _, value: len(value) > 1, lambda bound: bound is not True),
        "minProperties": Rule(_OBJECT, _has_length, _is_zero, {}),
        "maxProperties": Rule(_OBJECT, _has_length),
        "required": Rule(_OBJECT, lambda name, value: name in value),
        "additionalProperties": Rule(_OBJECT, is_idle=lambda bound: bound is not False),
    }
)
"""The keywords that hold no schema."""

FORMS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "type": frozenset({"string", "array"}),
        "enum": frozenset({"array"}),
        "required": frozenset({"array"}),
        "pattern": frozenset({"string"}),
        "format": frozenset({"string"}),
        **{name: _NUMBER for name in LEAVES if name.startswith(("min", "max", "exclusive", "multiple"))},
    }
)
"""The JSON types that their bounds have; a keyword with another is none."""

CHOICES = ("anyOf", "oneOf")
"""The keywords whose branches are opened, and which count as well: `ANY_VALUE` meets them."""

CLOSED: Mapping[str, Rule] = MappingProxyType(
    {
        "not": Rule(),
        "then": Rule(),
        "else": Rule(),
        "contains": Rule(_ARRAY),
        "prefixItems": Rule(_ARRAY),
        "unevaluatedItems": Rule(_ARRAY),
        "propertyNames": Rule(_OBJECT),
        "patternProperties": Rule(_OBJECT),
        "dependentSchemas": Rule(_OBJECT),
        "dependentRequired": Rule(_OBJECT),
        "unevaluatedProperties": Rule(_OBJECT),
    }
)
"""Keywords with schemas that are not opened: each counts as one, and any valid value of its types meets it."""

ANY_VALUE = Rule()
"""The rule of what any valid value meets."""

BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"int64": (-(2**63), 2**63 - 1), "int32": (-(2**31), 2**31 - 1)}
)
"""The least and the greatest integer of the formats that no validator knows."""

_NAMES = ((bool, "boolean"), (str, "string"), (int | float, "number"), (list, "array"), (dict, "object"))


def type_of(value: Any) -> str:
    """The JSON type of a value that was read; an integer is a number."""
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "null")

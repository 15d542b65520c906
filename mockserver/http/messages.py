"""From a validator's errors to one short sentence that names the field and the rule."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jsonschema_rs import ValidationError

from mockserver.engine.errors import InvalidInput
from mockserver.engine.printing import printable

SHOWN = 120
"""Characters of a value or a path that a message repeats."""

Part = str | int


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(printable(str(value), 40) for value in list(values)[:12])


SENTENCES: dict[str, Callable[[Any], str]] = {
    "type": lambda types: f"must be of type {_listed(types)}",
    "required": lambda _name: "is required",
    "enum": lambda values: f"must be one of {_listed(values)}",
    "format": lambda name: f"must be a valid {name}",
    "pattern": lambda pattern: f"must match {printable(str(pattern), SHOWN)}",
    "minimum": lambda limit: f"must be at least {limit}",
    "maximum": lambda limit: f"must be at most {limit}",
    "exclusiveMinimum": lambda limit: f"must be greater than {limit}",
    "exclusiveMaximum": lambda limit: f"must be less than {limit}",
    "multipleOf": lambda step: f"must be a multiple of {step}",
    "minLength": lambda limit: f"must have at least {limit} characters",
    "maxLength": lambda limit: f"must have at most {limit} characters",
    "minItems": lambda limit: f"must have at least {limit} items",
    "maxItems": lambda limit: f"must have at most {limit} items",
    "uniqueItems": lambda _limit: "must not repeat an item",
    "maxProperties": lambda limit: f"must have at most {limit} properties",
    "additionalProperties": lambda names: f"must not have {_listed(names if isinstance(names, list) else [])}",
}


def field_path(parts: Sequence[Part]) -> str | None:
    """`[3].dimensions.region` for (3, "dimensions", "region"); None for the body itself."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{printable(part, 60)}" for part in parts)
    return text.removeprefix(".")[:SHOWN] or None


def best_error(errors: Sequence[ValidationError]) -> ValidationError:
    """The error that helps most: the first one, and inside alternatives that of the branch that fits best."""
    error = errors[0]
    branches = [branch for branch in getattr(error.kind, "context", None) or [] if branch]
    if not branches:
        return error
    depth = len(error.instance_path)
    return best_error(min(branches, key=lambda branch: (*_strangeness(branch, depth), len(branch))))


def _strangeness(branch: Sequence[ValidationError], depth: int) -> tuple[bool, bool]:
    """Whether a branch is of another JSON type than the value, or of another kind by one of the value's own fields."""
    return (
        any(error.kind.name == "type" and len(error.instance_path) == depth for error in branch),
        any(error.kind.name == "enum" and len(error.instance_path) == depth + 1 for error in branch),
    )


def invalid_input(error: ValidationError, path: Sequence[Part] | None = None) -> InvalidInput:
    """A refusal that names the field and the rule, and repeats nothing else of the caller's data.

    Args:
        error: what the validator found.
        path: where the fault stands, when that is not where the validator found it.
    """
    rule, value = error.kind.name, error.kind.value
    parts = [*(error.instance_path if path is None else path), *([value] if rule == "required" else [])]
    field = field_path(parts)
    if rule == "type" and error.instance is None:
        sentence, rule = "must not be null", "not-null"
    else:
        sentence = SENTENCES.get(rule, lambda _value: f"breaks the rule {rule}")(value)
    return InvalidInput(f"Invalid request: {field or 'the body'} {sentence}", field=field, rule=rule)

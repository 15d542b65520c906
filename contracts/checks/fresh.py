"""Requests that no earlier one is in the way of: what must not be there twice gets a value of its own."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.checks.samples import Sample, samples, schema_properties
from contracts.policy import plain
from specs.catalog import Document, Operation

_DUPLICATE = "duplicate-"
"""How the reasons of `x-refuses` begin that say what must not be there twice."""

_OVERLAPPING = "overlapping-"
"""How those begin that say of what a customer has no two at a time."""

_CUSTOMER = "customerId"

# A text with one of these is no free text.
_BOUND = frozenset({"enum", "format", "pattern", "maxLength"})


def fresh(document: Document, operation: Operation, key: str, field: str = "") -> Iterator[Sample]:
    """The examples of an operation whose bodies are objects, each with names of its own where names must be.

    Args:
        document: The operation's.
        operation: Which.
        key: What makes a name one of its own.
        field: The field of the body that takes the key as it is; empty for none.
    """
    unique = {reason.removeprefix(_DUPLICATE) for reason in operation.refuses if reason.startswith(_DUPLICATE)}
    if any(reason.startswith(_OVERLAPPING) for reason in operation.refuses):
        unique.add(_CUSTOMER)
    free = _free_texts(document, operation, unique) if unique else frozenset()
    for made in samples(document, operation):
        if isinstance(made.body, dict):
            renamed = {name: f"{value}-{key}" for name, value in made.body.items() if name in free and value}
            yield replace(made, body={**made.body, **renamed, **({field: key} if field else {})})


def _free_texts(document: Document, operation: Operation, unique: Collection[str]) -> frozenset[str]:
    """The fields of a body that must not be there twice, and may hold any text: those that are named, and API names."""
    return frozenset(
        name
        for name, schema in schema_properties(document, operation)
        if _is_free(schema) and (name in unique or plain(name).endswith("apiname"))
    )


def _is_free(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and _BOUND.isdisjoint(schema)

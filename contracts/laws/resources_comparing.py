"""Whether what is read is what was written."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.laws.resources_schemas import Schema, has, items, member, members

_LONGEST = 80
"""Characters of a value that are shown."""

_SHOWN = 3
"""Differences that are shown."""

ABSENT = object()
"""The value of what is not there."""


@dataclass(frozen=True)
class Difference:
    """A field that does not read as it was written.

    Args:
        path: Where, such as `address.city`.
        wrote: What was written.
        reads: What is read; `ABSENT` for nothing.
    """

    path: str
    wrote: Any
    reads: Any

    def __str__(self) -> str:
        if self.reads is ABSENT:
            return f"{self.path} was written as {_shown(self.wrote)} and is not there"
        return f"{self.path} was written as {_shown(self.wrote)} and reads {_shown(self.reads)}"


def told(differences: list[Difference]) -> str:
    """Some differences in words."""
    more = len(differences) - _SHOWN
    return "; ".join(map(str, differences[:_SHOWN])) + (f"; and {more} more" if more > 0 else "")


def differences(
    spec: Mapping[str, Any],
    shape: Schema,
    wrote: Mapping[str, Any],
    reads: Mapping[str, Any],
    answered: Mapping[str, Any],
) -> list[Difference]:
    """The fields that do not read as they were written.

    A field that the shape does not describe may be one that the target has turned into others: it has to read as it was
    written when the answer to the writing showed it so.

    Args:
        spec: The document.
        shape: The schema of what is read.
        wrote: What was written, but for what the target says itself.
        reads: What is read.
        answered: The answer to the writing.
    """
    known = members(spec, shape)
    kept = {
        name: value
        for name, value in wrote.items()
        if name in known or (name in answered and not list(_found(spec, {}, name, value, answered[name])))
    }
    return list(_object(spec, shape, "", kept, reads))


def _object(
    spec: Mapping[str, Any], schema: Schema, path: str, wrote: Mapping[str, Any], reads: Mapping[str, Any]
) -> Iterator[Difference]:
    for name, value in wrote.items():
        said = member(spec, schema, name) or {}
        if not has(spec, said, "readOnly"):
            yield from _found(spec, said, f"{path}.{name}" if path else name, value, reads.get(name, ABSENT))


def _found(spec: Mapping[str, Any], schema: Schema, path: str, wrote: Any, reads: Any) -> Iterator[Difference]:
    if wrote is None and reads in (None, ABSENT):
        return
    if isinstance(wrote, dict) and isinstance(reads, dict):
        yield from _object(spec, schema, path, wrote, reads)
    elif isinstance(wrote, list) and isinstance(reads, list):
        yield from _list(spec, schema, path, wrote, reads)
    elif not _same(spec, schema, wrote, reads):
        yield Difference(path, wrote, reads)


def _list(
    spec: Mapping[str, Any], schema: Schema, path: str, wrote: list[Any], reads: list[Any]
) -> Iterator[Difference]:
    entry = items(spec, schema)
    if len(wrote) != len(reads) or (wrote != reads and all(isinstance(each, str) for each in (*wrote, *reads))):
        yield Difference(path, wrote, reads)
        return
    for number, (one, other) in enumerate(zip(wrote, reads, strict=True)):
        yield from _found(spec, entry, f"{path}[{number}]", one, other)


def _same(spec: Mapping[str, Any], schema: Schema, wrote: Any, reads: Any) -> bool:
    """Whether two plain values are the same as far as the document goes."""
    if isinstance(reads, list) and isinstance(wrote, str):
        return bool(reads == [wrote])
    if isinstance(wrote, str) and isinstance(reads, str):
        return wrote == reads or (has(spec, schema, "enum") and wrote.lower() == reads.lower())
    if isinstance(wrote, bool) or isinstance(reads, bool):
        return wrote is reads
    one, other = _number(wrote), _number(reads)
    if one is not None and other is not None:
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(wrote == reads)


def _number(value: Any) -> float | None:
    """A number, or a text that is one: documents take some numbers as texts."""
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

"""Reads the body of a write more strictly than any server does: what cannot be read surely is not sent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.policy import NAMED_BY_MEMBERS, KeyNames, kind_of, plain

_LINES = "application/x-ndjson"
_MEDIA_TYPES = ("application/json", _LINES)
_DEEPEST = 50


class UnreadableBodyError(ValueError):
    """Two servers could read the body differently, or it cannot be read at all."""


@dataclass(frozen=True)
class KeyUse:
    """A key somewhere in a body: the field that holds it, the kind of thing, and the value, whatever its type."""

    field: str
    kind: str
    value: Any


def read_records(body: bytes, content_type: str, encoding: str = "") -> list[Any]:
    """What a body says, as a list: the items of an array, the lines of NDJSON, or the one value.

    Raises:
        UnreadableBodyError: It is neither JSON nor NDJSON in UTF-8, is encoded, holds a name twice or is very deep.
    """
    media_type, _, options = content_type.partition(";")
    media_type = media_type.strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise UnreadableBodyError(f"a body of type {media_type or 'unknown'!r} is not read")
    if options and options.strip().lower().replace('"', "") not in {"charset=utf-8", "charset=utf8"}:
        raise UnreadableBodyError(f"a body with {options.strip()!r} is not read")
    if encoding not in {"", "identity"}:
        raise UnreadableBodyError("an encoded body is not read")
    try:
        text = body.decode("utf-8")
        parts = [line for line in text.splitlines() if line.strip()] if media_type == _LINES else [text]
        values = [json.loads(each, object_pairs_hook=_object, parse_constant=_no_constant) for each in parts]
    except (ValueError, RecursionError) as error:
        raise UnreadableBodyError(f"the body cannot be read: {error}") from None
    if media_type == _LINES or not isinstance(values[0], list):
        return values
    return list(values[0])


def key_uses(value: Any, names: KeyNames, depth: int = 0) -> Iterator[KeyUse]:
    """Every key in a value, however deep it stands.

    Raises:
        UnreadableBodyError: The value is very deep.
    """
    if depth > _DEEPEST:
        raise UnreadableBodyError("the body is too deep to be read")
    if isinstance(value, list):
        for each in value:
            yield from key_uses(each, names, depth + 1)
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        if name in names:
            yield from _uses(name, member)
        if kind := NAMED_BY_MEMBERS.get(plain(name)):
            yield from (KeyUse(name, kind, each) for each in (member if isinstance(member, dict) else [member]))
        yield from key_uses(member, names, depth + 1)


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a value that was read, with the name of the member that holds it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, name)
    elif isinstance(value, dict):
        for member, each in value.items():
            yield from texts(each, member)


def member_names(value: Any) -> Iterator[str]:
    """Every member name in a value that was read."""
    if isinstance(value, list):
        for each in value:
            yield from member_names(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from member_names(each)


def _uses(field: str, value: Any) -> Iterator[KeyUse]:
    """The keys that one field holds: one, or a list of them; an object is looked into by its members."""
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict | list):
            yield KeyUse(field, kind_of(field), each)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableBodyError("a name stands twice in one object")
    return found


def _no_constant(text: str) -> None:
    raise UnreadableBodyError(f"{text} is no JSON")

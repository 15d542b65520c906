"""What laws of resources write: the documents' examples, with more in them that can be lost on the way."""

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from contracts.checks.fresh import fresh
from contracts.checks.lifecycles import LOCKING
from contracts.checks.samples import JSON, samples
from contracts.laws.resources_fields import Fields
from contracts.laws.resources_kinds import Kind, required
from contracts.laws.resources_schemas import Schema, asked, items, member, members
from contracts.policy import plain
from specs.catalog import Document

FIRST, SECOND = "first", "second"
"""The members that an object of free texts gets."""

CHANGES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "createOrUpdateIngestSchema": {"schema": {"customerId": "tenant", "meterValue": "size"}},
        "createOrUpdateCustomFilteringRule": {"filter": {"region": ["eu-west-1"]}},
        "createOrUpdateCurrencyExchangeRateTable": {"exchangeRateTable": {"EUR": 0.5, "GBP": 2}},
    }
)
"""What else a thing is replaced by, where its document shows nothing but words that could change, or nothing at all."""

_DEEPEST = 6
_FINER = 0.000375
"""What is added to an amount with a fraction, so that rounding it to cents would show."""

_PLACES = 6

Path = tuple[str, ...]


class Bodies:
    """The bodies of one kind of thing.

    Args:
        document: The kind's.
        kind: Which.
    """

    def __init__(self, document: Document, kind: Kind) -> None:
        self._document = document
        self._spec = document.spec
        self._kind = kind
        self._fields = Fields(document, kind)
        self._schema = asked(kind.create)
        self.examples = len(list(fresh(document, kind.create, "")))

    def example(self, key: str, owner: str, number: int = 0) -> dict[str, Any]:
        """An example of the document, under names of its own.

        Args:
            key: What makes the names its own, and is the key where the client chooses it.
            owner: Whose it is, where it is somebody's.
            number: Which of the examples.
        """
        kind = self._kind
        found = [*fresh(self._document, kind.create, key, kind.key if kind.chosen else "")]
        body: dict[str, Any] = {**self._shown(), **found[number].body}
        named = [name for name, each in body.items() if plain(name).endswith("apiname") and str(each).endswith(key)]
        one = self._fields.unique
        unique = {one: f"{body[one]} {key}".replace("_", "-")} if one in body else {}
        return {**body, **dict.fromkeys(named, key), **unique, **dict.fromkeys(kind.owners, owner)}

    def full(self, key: str, owner: str, words: str, number: int = 0) -> dict[str, Any]:
        """An example in which every field for people's words has some, and which says more where anything may be said.

        Switches that the example has on are off, and its amounts have more places behind the point: what is false, and
        what is small, is lost most easily.

        Args:
            key: As for `example`.
            owner: As for `example`.
            words: What the fields hold.
            number: As for `example`.
        """
        body = self._said(self._schema, _finer(self.example(key, owner, number)), words)
        known = {name: each for name, each in members(self._spec, self._schema).items() if name in body}
        off = {name: False for name in known if body[name] is True}
        lists = [name for name, each in known.items() if body[name] == [] and self._fields.is_free_list(name, each)]
        return {**self._added(body, words), **body, **off, **{name: [SECOND, FIRST] for name in lists}}

    def other(self, body: Mapping[str, Any], words: str) -> dict[str, Any]:
        """What a thing may be replaced by: with other words, and what the document's example of replacing changes."""
        return {**self._said(self._schema, dict(body), words), **self._changes(body)}

    def less(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Path, ...]]:
        """A body without some of what it may do without, and the paths of what was left out."""
        left = copy.deepcopy(dict(body))
        needed = required(self._document, asked(self._kind.replace or self._kind.create))
        known = {name: each for name, each in members(self._spec, self._schema).items() if name in left}
        inner = [(name, self._spare(name, each, left[name])) for name, each in sorted(known.items())]
        gone: list[Path] = [(name, spare) for name, spare in inner if spare]
        words = [name for name, each in sorted(known.items()) if self._fields.is_spoken(name, each)]
        gone += [(name,) for name in words if name not in needed][:1]
        for path in gone:
            del (left if len(path) == 1 else left[path[0]])[path[-1]]
        return left, tuple(gone)

    def _spare(self, name: str, schema: Schema, value: Any) -> str:
        """A member that an object can do without; empty for none."""
        if not isinstance(value, dict):
            return ""
        if self._fields.is_free_map(name, schema):
            return SECOND if SECOND in value else ""
        spare = sorted(value.keys() - set(schema.get("required", []))) if self._fields.is_plain(schema) else []
        return next((each for each in spare if isinstance(value[each], str)), "")

    def _shown(self) -> dict[str, Any]:
        """What the schema's own examples say, where the operation itself has none."""
        media = self._kind.create.node["requestBody"]["content"][JSON]
        known = {} if "example" in media or "examples" in media else members(self._spec, self._schema)
        return {name: each["example"] for name, each in known.items() if "example" in each and name != self._kind.key}

    def _changes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the example of replacing says otherwise than that of creating; keys, names and the lock stay."""
        replace, create = self._kind.replace, next(samples(self._document, self._kind.create)).body
        if replace is None or replace is self._kind.create:
            return dict(CHANGES.get(self._kind.create.operation_id, {}))
        other = next(samples(self._document, replace)).body
        kept = {LOCKING, self._fields.unique, *self._kind.owners}
        names = [each for each in other if each in body and each in create and other[each] != create[each]]
        # Of what has been switched already, the other way is the change.
        return {
            name: other[name] if other[name] != body[name] else create[name]
            for name in names
            if name not in kept and name not in self._fields.keys
        }

    def _said(self, schema: Schema, body: Mapping[str, Any], words: str, depth: int = 0) -> dict[str, Any]:
        """An object with its words replaced, and those of the objects in it."""
        known = {name: member(self._spec, schema, name) for name in body}
        return {name: self._member(known[name] or {}, name, each, words, depth) for name, each in body.items()}

    def _member(self, schema: Schema, name: str, value: Any, words: str, depth: int) -> Any:
        if isinstance(value, str):
            return words if self._fields.is_spoken(name, schema) else value
        if isinstance(value, dict) and depth < _DEEPEST:
            return self._object(schema, value, words, depth)
        if isinstance(value, list) and depth < _DEEPEST:
            entry = items(self._spec, schema)
            return [self._said(entry, each, words, depth + 1) if isinstance(each, dict) else each for each in value]
        return value

    def _object(self, schema: Schema, value: dict[str, Any], words: str, depth: int) -> dict[str, Any]:
        if FIRST in value and all(isinstance(each, str) for each in value.values()):
            return dict.fromkeys(value, words)
        said = self._said(schema, value, words, depth + 1)
        return {**said, schema["required"][0]: words} if self._fields.is_plain(schema) else said

    def _added(self, body: Mapping[str, Any], words: str) -> dict[str, Any]:
        """What the example leaves out, and anything will do for."""
        known = members(self._spec, self._schema)
        absent = {name: each for name, each in known.items() if name not in body and name != self._kind.key}
        found = {name: self._anything(name, each, words) for name, each in absent.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _anything(self, name: str, schema: Schema, words: str) -> Any:
        """A value of a field that may hold any; None when it may not."""
        if self._fields.is_spoken(name, schema):
            return words
        if self._fields.is_free_map(name, schema):
            return {FIRST: words, SECOND: words}
        if self._fields.is_free_map_of_lists(name, schema):
            return {FIRST: [SECOND, FIRST]}
        if not self._fields.is_plain(schema):
            return None
        known = members(self._spec, schema)
        texts = {name: each.get("example", words) for name, each in known.items() if each.get("type") == "string"}
        return {**dict.fromkeys(known, False), **texts, schema["required"][0]: words}


def _finer(value: Any) -> Any:
    """A value in which every number with a fraction has a longer one."""
    if isinstance(value, dict):
        return {name: _finer(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finer(each) for each in value]
    return round(value + _FINER, _PLACES) if isinstance(value, float) and not value.is_integer() else value

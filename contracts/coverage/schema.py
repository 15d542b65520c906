"""The schema of a request body as coverage sees it: its keywords, what is compiled, and where values meet it.

References are opened, until one refers to what is being opened; below that a value meets the keywords of the first
opening. What is said twice of the same value counts once, where it is said first; and beside a list of all that is
allowed, what each value of the list fulfils does not count at all, since no value could break it alone.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.coverage.leaves import Draft, Leaf, Schema, draft_of, joined, leaves
from contracts.coverage.rules import ANY_VALUE, CHOICES, CLOSED, LEAVES, Rule
from specs.errors import CatalogError
from specs.projecting import resolve

Path = tuple[str | int, ...]

_ROOT = "body"
_BY_NAME = frozenset({"patternProperties", "dependentSchemas"})
_SILENT = ("if", "minContains", "maxContains")
_HELD = frozenset({*LEAVES, *CLOSED, *CHOICES, *_SILENT, "allOf", "properties", "items"})
_MOST_SCHEMAS = 5000
"""Schemas that one body is opened into; after that, what was opened before is not opened again."""


@dataclass(frozen=True)
class Mark:
    """A keyword that a value can meet: which one, its bound, and its rule."""

    index: int
    bound: Any
    rule: Rule


@dataclass
class Node:
    """A schema, as a value is led through it.

    Args:
        path: Where it stands in what is compiled.
        marks: Its own keywords.
        members: The schemas of its properties.
        others: The schema of what is no property, or None.
        items: The schema of its items, or None.
        parts: Schemas that hold as well.
        branches: Schemas of which some hold.
    """

    path: Path
    marks: list[Mark] = field(default_factory=list)
    members: dict[str, "Node"] = field(default_factory=dict)
    others: "Node | None" = None
    items: "Node | None" = None
    parts: list["Node"] = field(default_factory=list)
    branches: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Body:
    """The schema of a request body.

    Args:
        pointers: Of its keywords, by index, in their order.
        node: Where a value begins.
        draft: Of what is compiled.
        compiled: A JSON Schema with this one within.
        indexes: Which keyword stands at which path of `compiled`.
    """

    pointers: Mapping[int, str]
    node: Node
    draft: Draft
    compiled: Mapping[str, Any]
    indexes: Mapping[Path, int]

    def validator(self, node: Node) -> Any:
        """A validator of a schema within.

        Raises:
            ValueError: It is no schema.
        """
        return self.draft.validator({**_reference(node.path), **self.compiled}, validate_formats=True)


def read_body(spec: Mapping[str, Any], schema: Schema) -> Body:
    """Reads the schema of a request body.

    Args:
        spec: The OpenAPI document, 3.0 or 3.1.
        schema: The body's, with references into the document.
    """
    reader = _Reader(spec)
    node, compiled = reader.read(schema, _Place((), (_ROOT,)))
    same = dict(reader.listed())
    pointers = {index: each.pointer for index, each in enumerate(reader.said) if index not in same}
    indexes = {path: same.get(index, index) for path, index in reader.indexes.items()}
    return Body(pointers, node, reader.draft, {_ROOT: compiled}, indexes)


def pointer_of(steps: Path) -> str:
    """The JSON pointer of these steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _reference(path: Path) -> dict[str, str]:
    # A percent sign would begin a code of the URI's own.
    return {"$ref": "#" + pointer_of(path).replace("%", "%25")}


@dataclass(frozen=True)
class _Said:
    """A keyword, of what in the body it speaks, and in which of the branches that lead to it."""

    pointer: str
    value: Path
    scope: tuple[Path, ...]
    leaf: Leaf

    def holds_with(self, other: "_Said") -> bool:
        """Whether it speaks of a value wherever the other one does."""
        return self.value == other.value and self.scope == other.scope[: len(self.scope)]


@dataclass(frozen=True)
class _Place:
    """Where a schema stands.

    Args:
        pointer: In the body's schema, references opened.
        path: In what is compiled.
        value: Of what in the body it speaks.
        said: What was said of which values, by all schemas that hold together, and as which keyword.
        scope: The branches that lead here.
        opened: What the references lead to that lead here.
        counts: Whether its keywords count.
    """

    pointer: Path
    path: Path
    value: Path = ()
    said: dict[tuple[Path, str], int] = field(default_factory=dict)
    scope: tuple[Path, ...] = ()
    opened: Mapping[str, Node] = field(default_factory=dict)
    counts: bool = True

    def into(self, *steps: str | int, value: Path = ()) -> "_Place":
        """A schema within, which speaks of the same value or of one within that."""
        return replace(self, pointer=self.pointer + steps, path=self.path + steps, value=self.value + value)

    def apart(self, *, counts: bool = True) -> "_Place":
        """The same place, where what is said does not hold for what comes after it."""
        return replace(self, said=dict(self.said), scope=(*self.scope, self.path), counts=self.counts and counts)


class _Reader:
    """Reads one body."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.draft = draft_of(spec)
        self.said: list[_Said] = []
        self.indexes: dict[Path, int] = {}
        self._spec = spec
        self._schemas = 0
        self._first: dict[str, Node] = {}

    def read(self, schema: Any, place: _Place, node: Node | None = None) -> tuple[Node, Any]:
        """A schema as a node, and as it is compiled."""
        node = node or Node(place.path)
        self._schemas += 1
        if not isinstance(schema, Mapping):
            return node, schema
        if isinstance(schema.get("$ref"), str):
            return self._refer(schema, place, node)
        if self.draft.old and schema.get("nullable") is True and "type" not in schema:
            # Whatever else is said, null is valid.
            rest = {name: value for name, value in schema.items() if name != "nullable"}
            inner, compiled = self.read(rest, replace(place.apart(), path=(*place.path, "anyOf", 0)))
            node.branches.append(inner)
            return node, {"anyOf": [compiled, {"type": "null"}]}
        return node, self._read(schema, place, node)

    def listed(self) -> Iterator[tuple[int, int]]:
        """Each keyword that every value of a list fulfils, with the shortest list that there is of that."""
        lists = [(len(each.leaf.listed), index) for index, each in enumerate(self.said) if each.leaf.listed]
        of: dict[Path, list[int]] = {}
        for _, index in sorted(lists):
            of.setdefault(self.said[index].value, []).append(index)
        for index, said in enumerate(self.said):
            # Of two lists the longer one says less.
            those = of.get(said.value, [])
            shorter = those[: those.index(index)] if index in those else those
            found = next((each for each in shorter if self._is_listed(said, self.said[each])), None)
            if found is not None:
                yield index, found

    def _is_listed(self, said: _Said, by: _Said) -> bool:
        return (
            said.leaf.steps[0] in LEAVES
            and by.holds_with(said)
            and self.draft.accepts(said.leaf.compiled, by.leaf.listed or ()) is True
        )

    def _refer(self, schema: Schema, place: _Place, node: Node) -> tuple[Node, Any]:
        """Opens a reference."""
        reference: str = schema["$ref"]
        beside = {} if self.draft.old else {name: schema[name] for name in schema if name in _HELD}
        if beside:
            # Since 3.1 it holds as well: the reference is one more part of allOf.
            return self.read({**beside, "allOf": [*_list(schema, "allOf"), {"$ref": reference}]}, place, node)
        known = place.opened.get(reference)
        if known is None and self._schemas > _MOST_SCHEMAS:
            known = self._first.get(reference)
        if known is not None:
            return known, _reference(known.path)
        self._first.setdefault(reference, node)
        target: Schema = {}
        with suppress(CatalogError, AttributeError):
            target = resolve(self._spec, schema)
        return self.read(target, replace(place, opened={**place.opened, reference: node}), node)

    def _read(self, schema: Schema, place: _Place, node: Node) -> dict[str, Any]:
        found = leaves(schema, self.draft)
        for leaf in found:
            self._mark(leaf, place, node)
        # What the schema says itself comes first, so that a part or a branch that repeats it is not counted.
        return {
            **joined(found),
            **dict(self._closed(schema, place, node)),
            **dict(self._within(schema, place, node)),
            **dict(self._parts(schema, place, node)),
            **dict(self._choices(schema, place, node)),
        }

    def _mark(self, leaf: Leaf, place: _Place, node: Node) -> None:
        """Counts a keyword, or finds the one that says the same of the same value."""
        if not place.counts:
            return
        key = (place.value, json.dumps([leaf.steps, leaf.compiled], default=str))
        # What is no property here may be one in another schema of the same value.
        index = None if leaf.steps == ("additionalProperties",) else place.said.get(key)
        if index is None:
            index = place.said[key] = len(self.said)
            self.said.append(_Said(pointer_of((*place.pointer, *leaf.steps)), place.value, place.scope, leaf))
        node.marks.append(Mark(index, leaf.bound, leaf.rule))
        self.indexes.update(((*place.path, *each), index) for each in leaf.places)

    def _closed(self, schema: Schema, place: _Place, node: Node) -> Iterator[tuple[str, Any]]:
        """Keywords whose schemas are not opened."""
        for name in schema:
            if name in CLOSED and (name == "not" or not self.draft.old):
                self._mark(Leaf((name,), None, CLOSED[name], {name: schema[name]}), place, node)
                yield name, self._unopened(name, schema[name], place.into(name))
            elif name in _SILENT and not self.draft.old:
                yield name, self._unopened(name, schema[name], place.into(name))

    def _unopened(self, name: str, bound: Any, place: _Place) -> Any:
        apart = place.apart(counts=False)
        if isinstance(bound, list):
            return [self.read(each, apart.into(number))[1] for number, each in enumerate(bound)]
        if name in _BY_NAME and isinstance(bound, Mapping):
            return {each: self.read(inner, apart.into(each))[1] for each, inner in bound.items()}
        return bound if name == "dependentRequired" else self.read(bound, apart)[1]

    def _parts(self, schema: Schema, place: _Place, node: Node) -> Iterator[tuple[str, Any]]:
        read = [self.read(each, place.into("allOf", number)) for number, each in enumerate(_list(schema, "allOf"))]
        node.parts += [part for part, _ in read]
        if read:
            yield "allOf", [compiled for _, compiled in read]

    def _within(self, schema: Schema, place: _Place, node: Node) -> Iterator[tuple[str, Any]]:
        """The schemas of what an object or a list holds."""
        properties = {}
        for name, inner in _mapping(schema, "properties").items():
            node.members[name], properties[name] = self.read(
                inner, place.into("properties", name, value=("members", name))
            )
        if properties:
            yield "properties", properties
        if "items" in schema:
            node.items, items = self.read(schema["items"], place.into("items", value=("items",)))
            yield "items", items
        if isinstance(schema.get("additionalProperties"), Mapping):
            others, compiled = self.read(
                schema["additionalProperties"], place.into("additionalProperties", value=("others",)).apart()
            )
            # Beside patterns it would take another reading of each name to know whose values are meant.
            node.others = None if "patternProperties" in schema else others
            yield "additionalProperties", compiled

    def _choices(self, schema: Schema, place: _Place, node: Node) -> Iterator[tuple[str, Any]]:
        for name in CHOICES:
            branches = _list(schema, name)
            if not branches:
                continue
            self._mark(Leaf((name,), None, ANY_VALUE, {name: branches}), place, node)
            read = [self.read(each, place.into(name, number).apart()) for number, each in enumerate(branches)]
            node.branches += [branch for branch, _ in read]
            yield name, [compiled for _, compiled in read]


def _list(schema: Schema, name: str) -> list[Any]:
    """A keyword's list; one that is none holds nothing."""
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _mapping(schema: Schema, name: str) -> Mapping[str, Any]:
    found = schema.get(name)
    return found if isinstance(found, Mapping) else {}

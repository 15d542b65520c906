"""Which keywords of a body's schema the bodies that were sent have met at their bounds, and broken alone."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from math import isinf
from typing import Any

from contracts.coverage.model import Keyword
from contracts.coverage.schema import Body, Node, Path, read_body

_CHOSEN_OF_NONE = frozenset({"AnyOf", "OneOfNotValid"})
"""Errors of a choice that tell what each of its branches had against the value."""

_LARGEST = 1024 * 1024
"""Bytes of a body that is judged; it takes about a second."""


class SentBodies:
    """Judges the bodies that are sent to one operation, and keeps nothing of them but what they tried.

    Args:
        read: Gives the schema, when it is asked for.
    """

    def __init__(self, read: Callable[[], Body]) -> None:
        self._read = read
        self._met: set[int] = set()
        self._broken: set[int] = set()
        self._seen: set[int] = set()
        self._branches: dict[Path, Any] = {}

    @cached_property
    def _body(self) -> Body:
        try:
            return self._read()
        except RecursionError:
            # References that lead in a circle, or without end, say nothing of any body.
            return read_body({}, {})

    @cached_property
    def _validator(self) -> Any:
        try:
            return self._body.validator(self._body.node)
        except ValueError:
            # A schema that is none judges nothing, so that its keywords stay untested.
            return None

    def keywords(self, *, reachable: bool = True) -> tuple[Keyword, ...]:
        """Every keyword, in the order of the schema."""
        return tuple(
            Keyword(pointer, met=index in self._met, broken=index in self._broken, reachable=reachable)
            for index, pointer in self._body.pointers.items()
        )

    def take(self, text: bytes) -> None:
        """Judges a body; one that is no JSON, is very large or was seen before tries nothing."""
        mark = hash(text)
        if mark in self._seen or len(text) > _LARGEST or self._is_done():
            return
        self._seen.add(mark)
        try:
            self._judge(json.loads(text.decode(), parse_constant=_refuse, parse_float=_finite))
        except (ValueError, RecursionError):
            return

    def _is_done(self) -> bool:
        return self._body.pointers.keys() <= self._met & self._broken

    def _judge(self, value: Any) -> None:
        if self._validator is None:
            return
        if self._validator.is_valid(value):
            self._meet(self._body.node, value)
        elif not self._body.pointers.keys() <= self._broken:
            self._broken |= self._blamed(self._validator.iter_errors(value))

    def _meet(self, node: Node, value: Any) -> None:
        """Marks every keyword that a valid value meets."""
        for mark in node.marks:
            if mark.index not in self._met and mark.rule.speaks_of(value) and mark.rule.met(mark.bound, value):
                self._met.add(mark.index)
        for part in node.parts:
            self._meet(part, value)
        for inner, member in _held(node, value):
            self._meet(inner, member)
        for branch in node.branches:
            if self._is_of(branch, value):
                self._meet(branch, value)

    def _is_of(self, branch: Node, value: Any) -> bool:
        validator = self._branches.get(branch.path)
        if validator is None:
            validator = self._branches[branch.path] = self._body.validator(branch)
        return bool(validator.is_valid(value))

    def _blamed(self, errors: Iterable[Any]) -> frozenset[int]:
        """The keywords of which each alone explains every error: without it, the value would be valid."""
        blamed: frozenset[int] | None = None
        for error in errors:
            suspects = self._suspects(error)
            blamed = suspects if blamed is None else blamed & suspects
            if not blamed:
                break
        return blamed or frozenset()

    def _suspects(self, error: Any) -> frozenset[int]:
        """The keyword that an error is of, and any that alone kept the value from a branch of it."""
        path: Path = tuple(error.schema_path)
        kind = error.kind
        name = type(kind).__name__
        if name == "Required":
            path = (*path, kind.property)
        index = self._index(path)
        own = frozenset(() if index is None else (index,))
        contexts = kind.context if name in _CHOSEN_OF_NONE else ()
        return own.union(*(self._blamed(context) for context in contexts))

    def _index(self, path: Path) -> int | None:
        """The keyword at a path, or the one above it whose schemas are not opened."""
        indexes = self._body.indexes
        return next((indexes[path[:end]] for end in range(len(path), 0, -1) if path[:end] in indexes), None)


def _held(node: Node, value: Any) -> Iterator[tuple[Node, Any]]:
    """What a value holds, each with its schema."""
    if isinstance(value, dict):
        for name, member in value.items():
            inner = node.members.get(name, node.others)
            if inner is not None:
                yield inner, member
    elif isinstance(value, list) and node.items is not None:
        yield from ((node.items, item) for item in value)


def _finite(digits: str) -> float:
    """A number as a validator takes it; one that is too large for that would be none to it."""
    number = float(digits)
    if isinf(number):
        raise ValueError(f"{digits} is too large")
    return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")

"""What an assertion looks for, and how far a request is from it."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mockserver.testing.entries import Query, Request
from mockserver.testing.paths import Paths

ANYTHING = object()
"""A body that is not asked about, since None is one."""
LONGEST = 300
"""Characters of a value that are shown."""


class Distance(NamedTuple):
    """How far a request is from what was wanted; the least is the closest."""

    place: float
    verb: int
    differences: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that is looked for; what is None is not asked about.

    Attributes:
        method: such as POST.
        path: a path, or a template of paths.
        operation: an operationId.
        query: parameters that it has.
        body: a JSON value that its body holds, or `ANYTHING`.
        status: of the answer.
        place: the path as the journal has it, once it is resolved.
        operations: the operationIds of the template or the operation, once they are resolved.
    """

    method: str | None = None
    path: str | None = None
    operation: str | None = None
    query: Mapping[str, Any] | None = None
    body: Any = ANYTHING
    status: int | None = None
    place: str | None = None
    operations: frozenset[str] | None = None

    def __str__(self) -> str:
        parts = [" ".join(part for part in (self.method, self.path, self.operation) if part)]
        if self.query:
            parts.append(f"with the query {shown(self.query)}")
        if self.body is not ANYTHING:
            parts.append(f"with the body {shown(self.body)}")
        if self.status is not None:
            parts.append(f"and the status {self.status}")
        return " ".join(parts)

    def differences(self, request: Request) -> list[str]:
        """What of a request is not as wanted, a sentence each; nothing for one that matches."""
        return [*self.misplaced(request), *self._otherwise(request)]

    def matches(self, request: Request) -> bool:
        """Whether a request is as wanted."""
        return not self.misplaced(request) and next(self._otherwise(request), None) is None

    def undecided(self, request: Request) -> bool:
        """Whether a request would match but for its body, which was not kept whole."""
        return self.body is not ANYTHING and request.cut and replace(self, body=ANYTHING).matches(request)

    def distance(self, request: Request) -> Distance:
        """How far a request is from what is wanted."""
        alike = difflib.SequenceMatcher(None, self.place or self.path or "", request.path).ratio()
        return Distance(
            0 if self._in_place(request) else 2 - alike,
            self.method not in (None, request.method),
            len(list(self._otherwise(request))),
            request.sequence,
        )

    def _in_place(self, request: Request) -> bool:
        return self.place in (None, request.path) and (self.operations is None or request.operation in self.operations)

    def misplaced(self, request: Request) -> list[str]:
        """How the request went elsewhere, a sentence each; nothing for one that went where it was wanted."""
        differences = []
        if self.method not in (None, request.method):
            differences.append(f"the method is {request.method}, not {self.method}")
        if self.place not in (None, request.path):
            differences.append(f"the path is {request.path}, not {self.path}")
        elif not self._in_place(request):
            differences.append(f"the operation is {request.operation}, not {self.operation or self.path}")
        return differences

    def _otherwise(self, request: Request) -> Iterator[str]:
        if self.status not in (None, request.status):
            yield f"the status is {request.status}, not {self.status}"
        yield from unlike("query", self.query or {}, request.query)
        if self.body is not ANYTHING and request.cut:
            yield "the body is too long to be kept whole, so it cannot be compared"
        elif self.body is not ANYTHING:
            yield from unlike("body", self.body, request.body)


EVERYTHING = Wanted()


def resolved(wanted: Wanted, paths: Paths) -> Wanted:
    """What is wanted, in the journal's own terms.

    Raises:
        ValueError: it names nothing, or no operation that is served.
    """
    method = wanted.method and wanted.method.upper()
    query: Query = {name: _written(value) for name, value in (wanted.query or {}).items()}
    operations = None if wanted.operation is None else frozenset({paths.named(wanted.operation)})
    place = None
    if wanted.path is None and wanted.operation is None:
        raise ValueError('say what was requested: "POST", "/ingest", or operation="ingestEvents"')
    if wanted.path is not None and "{" in wanted.path:
        templates = paths.template(method, wanted.path)
        operations = templates if operations is None else operations & templates
    elif wanted.path is not None:
        place, query = paths.canonical(method, wanted.path, query)
    return replace(wanted, method=method, query=query, place=place, operations=operations)


def _written(value: Any) -> str | list[str]:
    """A query parameter's value as a URL has it."""
    if isinstance(value, list | tuple):
        return [str(_written(each)) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def unlike(name: str, expected: Any, actual: Any) -> Iterator[str]:
    """Where a value is not as expected, a sentence each. A mapping holds at least what is expected of it.

    Args:
        name: names the value: `body`, `body.items[2].id`.
        expected: a JSON value; in the place of any value may stand what compares with `==`.
        actual: the value.
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key, value in expected.items():
            inner = f"{name}.{key}"
            if key in actual:
                yield from unlike(inner, value, actual[key])
            else:
                yield f"{inner} is absent, not {shown(value)}"
    elif isinstance(expected, list | tuple) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{name} has length {len(actual)}, not {len(expected)}"
        for index, (value, found) in enumerate(zip(expected, actual, strict=False)):
            yield from unlike(f"{name}[{index}]", value, found)
    elif not same(expected, actual):
        yield f"{name} is {shown(actual)}, not {shown(expected)}"


def same(expected: Any, actual: Any) -> bool:
    """Whether they are equal; true is not 1, as it is to Python."""
    plain = type(expected) in (bool, int, float)
    return bool(expected == actual) and not (plain and isinstance(expected, bool) != isinstance(actual, bool))


def shown(value: Any) -> str:
    """A value in one line, as JSON where it is that, shortened."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text)} characters)"
    # Control characters beyond ASCII, and marks that turn the direction of text, would garble a terminal.
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"

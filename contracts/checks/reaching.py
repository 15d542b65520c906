"""A success of each operation: by the document's own examples, else about what another operation has just answered."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from contracts.checks.asking import Asker, Reply
from contracts.checks.fresh import fresh
from contracts.checks.lifecycles import as_text
from contracts.checks.samples import Sample, samples
from specs.catalog import Operation

_DEEPEST = 3
"""Links in a row."""

_MOST = 6
"""Requests to one operation until one of them succeeds."""

Link = Mapping[str, Any]


@dataclass(frozen=True)
class Reached:
    """An operation that answered with success.

    Args:
        operation: Which.
        asked: The request.
        reply: The answer.
        linked: Whether the request was made of another answer, so that nobody can repeat it by itself.
    """

    operation: Operation
    asked: Sample
    reply: Reply
    linked: bool


class Reaching:
    """Looks for a request that succeeds.

    Args:
        asker: Does the asking.
        barred: The operations that are never sent.
        key: What makes the names of new things their own.
    """

    def __init__(self, asker: Asker, barred: Collection[str], key: str) -> None:
        self._asker = asker
        self._key = key
        self._made = 0
        known = {each.operation_id: each for each in asker.document.operations if each.operation_id not in barred}
        self._sources: dict[str, list[tuple[Operation, Link]]] = {}
        for source, link in _documented(known):
            target = link.get("operationId", "")
            if target in known and target != source.operation_id:
                self._sources.setdefault(target, []).append((source, link))

    def reach(self, operation: Operation) -> Reached | None:
        """A success of an operation, or None when neither an example nor a chain of links leads to one."""
        examples = ((asked, False) for asked in self._examples(operation))
        for asked, linked in chain(examples, ((asked, True) for asked in self._linked(operation, 0))):
            if reply := self._success(operation, asked):
                return Reached(operation, asked, reply, linked)
        return None

    def _examples(self, operation: Operation) -> list[Sample]:
        """The requests of an operation's examples."""
        self._made += 1
        named = [*fresh(self._asker.document, operation, f"{self._key}-{self._made}")]
        return named or [*samples(self._asker.document, operation)]

    def _linked(self, operation: Operation, depth: int) -> Iterator[Sample]:
        """Requests to an operation about what another one has just answered."""
        tried = 0
        for source, link in self._sources.get(operation.operation_id, []) if depth < _DEEPEST else []:
            for asked, reply in self._answers(source, depth):
                for made in samples(self._asker.document, operation):
                    filled = _filled(made, operation, link, asked, reply)
                    if filled is not None and tried < _MOST:
                        tried += 1
                        yield filled

    def _answers(self, source: Operation, depth: int) -> Iterator[tuple[Sample, Reply]]:
        """Successes of an operation: of its examples, else of what links lead to it."""
        found = self._examples(source)
        answered = [(asked, reply) for asked in found if (reply := self._success(source, asked))]
        yield from answered
        for asked in self._linked(source, depth + 1) if not answered else ():
            if reply := self._success(source, asked):
                yield asked, reply
                return

    def _success(self, operation: Operation, asked: Sample) -> Reply | None:
        reply = self._asker.ask(operation, self._asker.owned(operation, asked))
        return reply if isinstance(reply, Reply) and reply.success else None


def _documented(known: Mapping[str, Operation]) -> Iterator[tuple[Operation, Link]]:
    for operation in known.values():
        for status, answer in operation.node["responses"].items():
            if str(status).startswith("2"):
                yield from ((operation, link) for link in answer.get("links", {}).values())


def _filled(made: Sample, operation: Operation, link: Link, asked: Sample, reply: Reply) -> Sample | None:
    """A request with what a link takes out of an answer; None when the answer does not have it."""
    places = {each["name"]: each["in"] for each in operation.parameters}
    try:
        values = {
            name.rpartition(".")[2]: as_text(_evaluated(source, asked, reply))
            for name, source in link.get("parameters", {}).items()
        }
        body = _evaluated(link["requestBody"], asked, reply) if "requestBody" in link else None
    except LookupError:
        return None
    if body is not None and isinstance(body, dict) and isinstance(made.body, dict):
        body = {**made.body, **body}
    return replace(
        made,
        path={**made.path, **{name: value for name, value in values.items() if places.get(name) == "path"}},
        query={**made.query, **{name: value for name, value in values.items() if places.get(name) == "query"}},
        body=made.body if body is None else body,
    )


def _evaluated(source: Any, asked: Sample, reply: Reply) -> Any:
    """A link's value with its runtime expressions replaced.

    Raises:
        LookupError: An expression names what is not there, or is of a kind that is not known.
    """
    if isinstance(source, dict):
        return {name: _evaluated(value, asked, reply) for name, value in source.items()}
    if isinstance(source, list):
        return [_evaluated(value, asked, reply) for value in source]
    if not isinstance(source, str) or not source.startswith("$"):
        return source
    place, _, pointer = source.partition("#")
    if place in {"$response.body", "$request.body"}:
        return _at(reply.json() if place == "$response.body" else asked.body, pointer)
    where, _, name = source.removeprefix("$request.").partition(".")
    return {"path": asked.path, "query": asked.query}[where][name]


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer names.

    Raises:
        LookupError: Nothing is there.
    """
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdecimal():
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value[name]
        else:
            raise LookupError(pointer)
    if value is None:
        raise LookupError(pointer)
    return value

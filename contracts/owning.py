"""Gives a generated request keys of the run's own, so that it may be sent where only those may be written."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.ledger import Ledger
from contracts.policy import NAMED_BY_MEMBERS, SELF_MADE, WRITES, KeyNames, Write, kind_of, plain
from specs.catalog import Operation

MOST = 12
"""Different keys of one kind that a run makes up; generated data has no end of them."""


class Owner:
    """Rewrites requests. The same request is rewritten alike as long as the ledger holds the same.

    Args:
        operations: Whose parameters and links say which fields hold keys.
        ledger: The run's, whose prefix the keys get.
    """

    def __init__(self, operations: Iterable[Operation], ledger: Ledger) -> None:
        operations = tuple(operations)
        self._names = KeyNames(operations)
        self._ledger = ledger
        self._made: dict[tuple[str, str], str] = {}

    def adopt(
        self, operation: Operation, path: Mapping[str, Any], query: Mapping[str, Any], body: Any
    ) -> tuple[dict[str, Any], dict[str, Any], Any]:
        """The path parameters, the query and the body with the run's own keys instead of any other.

        A key that the operation creates may be a new one; every other is one that stands in the ledger, if there is
        one of its kind. Nothing is added, and nothing of a wrong type is repaired.
        """
        write = WRITES.get(operation.operation_id, Write())
        return (
            {name: self._key_for(name, value, write) for name, value in path.items()},
            {name: self._key_for(name, value, write) for name, value in query.items()},
            self._adopt_value(body, write),
        )

    def _adopt_value(self, value: Any, write: Write, name: str = "") -> Any:
        if isinstance(value, list):
            return [self._adopt_value(each, write, name) for each in value]
        if isinstance(value, dict):
            kind = NAMED_BY_MEMBERS.get(plain(name))
            return {
                (self._choose(kind, member, write) if kind else member): self._adopt_value(each, write, member)
                for member, each in value.items()
            }
        if isinstance(value, str) and "email" in plain(name) and "@" in value:
            return f"{self._ledger.prefix}mail@example.com"
        return self._key_for(name, value, write)

    def _key_for(self, name: str, value: Any, write: Write) -> Any:
        named = name in self._names or name in write.needs
        if not named or not isinstance(value, str) or not value or self._ledger.owns(value):
            return value
        return self._choose(kind_of(name), value, write)

    def _choose(self, kind: str, value: str, write: Write) -> str:
        there = [entry.thing.key for entry in self._ledger.entries() if entry.thing.kind == kind]
        if kind == write.creates or kind in SELF_MADE or not there:
            return self._make(kind, value)
        return there[sum(value.encode()) % len(there)]

    def _make(self, kind: str, value: str) -> str:
        """A key that stands for this value; after some, the first ones again."""
        number = len([key for key in self._made if key[0] == kind]) % MOST + 1
        return self._made.setdefault((kind, value), f"{self._ledger.prefix}{kind}-{number}")

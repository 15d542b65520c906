"""State of one account behind a narrow seam: collections of documents, the event store, sequences.

A behaviour reaches state through `Store` alone, so that a store over a network can serve the same behaviours:
every document that goes in or comes out is a copy, and events are never handed out as columns.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.identity import Dedup
from mockserver.domain.selection import Cancellation, EventPage, EventSelection
from mockserver.domain.usage import UsageQuery, UsageResult
from mockserver.engine.events import Appended, Conflict, EventBatch, EventStore
from mockserver.engine.paging import Index, Page, Selection

JsonObject = dict[str, Any]
"""A document: JSON types, and Decimal for money."""


class Collection(Protocol):
    """Documents by key, in the order of their creation."""

    def get(self, key: str) -> JsonObject | None:
        """The document under `key`, or None."""

    def put(self, key: str, document: JsonObject) -> None:
        """Stores the document; one that exists is replaced and keeps its place in the order."""

    def delete(self, key: str) -> JsonObject | None:
        """Removes and answers the document under `key`, or None when there is none."""

    def documents(self) -> list[JsonObject]:
        """All documents, oldest first."""

    def page(self, selection: Selection) -> Page:
        """The selected documents; only those that are answered are copied."""

    def distinct(self, *paths: str) -> list[tuple[Any, ...]]:
        """The combinations of scalars that documents have at some dotted paths, in no order of meaning."""

    def __contains__(self, key: object) -> bool:
        """Whether a document has this key."""

    def __len__(self) -> int:
        """How many documents there are."""


class Events(Protocol):
    """The account's events: appended, aggregated, paged through and cancelled, never handed out as columns."""

    def append(  # noqa: PLR0913  # what comes, when, by which rule, and who is told
        self,
        batch: EventBatch,
        dedup: Dedup,
        on_conflict: Callable[[Conflict], None] | None = None,
        *,
        now_ms: int = 0,
        cancelling: EventBatch | None = None,
        on_missing: Callable[[int], None] | None = None,
    ) -> Appended:
        """Stores a batch whole at `now_ms`, or nothing of it when a listener raises.

        Each event of `cancelling` cancels the one of the same identity; `on_missing` hears of those that find none.
        """

    def aggregate(self, query: UsageQuery, kind: MeterKind) -> UsageResult:
        """Usage of one meter, over every event appended before."""

    def page(
        self, selection: EventSelection, size: int, after: int | None = None, *, ascending: bool = True
    ) -> EventPage:
        """The first `size` selected events behind the position `after`, in order of arrival or against it."""

    def cancel(self, cancellation: Cancellation, dedup: Dedup) -> int:
        """Lets events count no more, and answers how many counted before."""

    def latest_ms(self, meter: str) -> int | None:
        """Time of the meter's latest event in Unix milliseconds, or None."""

    def meters(self) -> list[str]:
        """The meters that have events, defined or not."""

    def count(self, meter: str | None = None) -> int:
        """How many events count, of one meter or of all."""


class Store(Protocol):
    """All state of one account."""

    blocking: bool
    """Whether calls may wait for I/O: such a store's behaviours run in a worker thread."""

    @property
    def events(self) -> Events:
        """The account's events."""

    def collection(self, name: str) -> Collection:
        """The collection of that name, empty when nothing was put there."""

    def collections(self) -> list[str]:
        """Names of the collections that hold documents."""

    def next_number(self, sequence: str) -> int:
        """1, 2, 3 … a sequence; the same calls give the same numbers."""

    def clear(self) -> None:
        """Forgets everything."""

    def transaction(self) -> AbstractContextManager[None]:
        """Everything done inside happens, or nothing does when an exception leaves it."""


_HOLDING = frozenset({dict, list})


def copied(value: Any) -> Any:
    """A deep copy of JSON-like data. Scalars are shared, since nobody can change them."""
    # Most values of a document are scalars: a shallow copy in C, and then only what holds something.
    if type(value) is dict:
        copy = value.copy()
        for key, item in value.items():
            if type(item) in _HOLDING:
                copy[key] = copied(item)
        return copy
    if type(value) is list:
        return [copied(item) if type(item) in _HOLDING else item for item in value]
    return value


class MemoryCollection:
    """A collection in a dict; copies on the way in and out."""

    def __init__(self) -> None:
        self._documents: dict[str, JsonObject] = {}
        self._index = Index(self._documents)

    def get(self, key: str) -> JsonObject | None:
        document = self._documents.get(key)
        return None if document is None else copied(document)

    def put(self, key: str, document: JsonObject) -> None:
        before = self._documents.get(key)
        after = self._documents[key] = copied(document)
        self._index.changed(key, before, after)

    def delete(self, key: str) -> JsonObject | None:
        gone = self._documents.pop(key, None)
        self._index.changed(key, gone, None)
        return gone

    def documents(self) -> list[JsonObject]:
        return [copied(document) for document in self._documents.values()]

    def page(self, selection: Selection) -> Page:
        page = self._index.page(selection)
        return page._replace(documents=[copied(document) for document in page.documents])

    def distinct(self, *paths: str) -> list[tuple[Any, ...]]:
        return self._index.distinct(*paths)

    def __contains__(self, key: object) -> bool:
        return key in self._documents

    def __len__(self) -> int:
        return len(self._documents)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._documents))


class MemoryStore:
    """State in this process.

    Behaviours check before they write and run one at a time an account, so a transaction has nothing to undo.

    Args:
        conflict_warnings: whether the event store tells of conflicting duplicates.
    """

    blocking = False

    def __init__(self, *, conflict_warnings: bool = True) -> None:
        self._conflict_warnings = conflict_warnings
        self.clear()

    def clear(self) -> None:
        self.events: Events = EventStore(conflict_warnings=self._conflict_warnings)
        self._collections: dict[str, MemoryCollection] = {}
        self._sequences: dict[str, int] = {}

    def collection(self, name: str) -> Collection:
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = MemoryCollection()
        return found

    def collections(self) -> list[str]:
        return sorted(name for name, collection in self._collections.items() if len(collection))

    def next_number(self, sequence: str) -> int:
        number = self._sequences.get(sequence, 0) + 1
        self._sequences[sequence] = number
        return number

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

"""A second store, as one over a network would be: everything that passes is copied, in worker threads."""

import copy
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.identity import Dedup
from mockserver.domain.selection import Cancellation, EventPage, EventSelection
from mockserver.domain.usage import UsageQuery, UsageResult
from mockserver.engine.events import Appended, Conflict, EventBatch
from mockserver.engine.paging import Page, Selection
from mockserver.engine.store import Collection, Events, JsonObject, MemoryStore


def _written(value: Any) -> Any:
    return {"$decimal": str(value)}


def _read(pairs: dict[str, Any]) -> Any:
    return Decimal(pairs["$decimal"]) if pairs.keys() == {"$decimal"} else pairs


def through_text(value: Any) -> Any:
    """A copy that went through JSON text, Decimals kept."""
    return json.loads(json.dumps(value, default=_written), object_hook=_read)


class CopyingCollection:
    """A collection whose documents go through text in both directions."""

    def __init__(self, inner: Collection) -> None:
        self._inner = inner

    def get(self, key: str) -> JsonObject | None:
        return through_text(self._inner.get(key))  # type: ignore[no-any-return]

    def put(self, key: str, document: JsonObject) -> None:
        self._inner.put(key, through_text(document))

    def delete(self, key: str) -> JsonObject | None:
        return through_text(self._inner.delete(key))  # type: ignore[no-any-return]

    def documents(self) -> list[JsonObject]:
        return through_text(self._inner.documents())  # type: ignore[no-any-return]

    def page(self, selection: Selection) -> Page:
        page = self._inner.page(copy.deepcopy(selection))
        return page._replace(documents=through_text(page.documents))

    def distinct(self, *paths: str) -> list[tuple[Any, ...]]:
        return [tuple(values) for values in through_text(self._inner.distinct(*paths))]

    def __contains__(self, key: object) -> bool:
        return key in self._inner

    def __len__(self) -> int:
        return len(self._inner)


class CopyingEvents:
    """Events whose batches, queries and results are copies."""

    def __init__(self, inner: Events) -> None:
        self._inner = inner

    def append(  # noqa: PLR0913  # as the protocol has it
        self,
        batch: EventBatch,
        dedup: Dedup,
        on_conflict: Callable[[Conflict], None] | None = None,
        *,
        now_ms: int = 0,
        cancelling: EventBatch | None = None,
        on_missing: Callable[[int], None] | None = None,
    ) -> Appended:
        copies = copy.deepcopy(batch), copy.deepcopy(cancelling)
        return self._inner.append(
            copies[0], dedup, on_conflict, now_ms=now_ms, cancelling=copies[1], on_missing=on_missing
        )

    def page(
        self, selection: EventSelection, size: int, after: int | None = None, *, ascending: bool = True
    ) -> EventPage:
        return copy.deepcopy(self._inner.page(copy.deepcopy(selection), size, after, ascending=ascending))

    def cancel(self, cancellation: Cancellation, dedup: Dedup) -> int:
        return self._inner.cancel(copy.deepcopy(cancellation), dedup)

    def aggregate(self, query: UsageQuery, kind: MeterKind) -> UsageResult:
        return copy.deepcopy(self._inner.aggregate(copy.deepcopy(query), kind))

    def latest_ms(self, meter: str) -> int | None:
        return self._inner.latest_ms(meter)

    def meters(self) -> list[str]:
        return list(self._inner.meters())

    def count(self, meter: str | None = None) -> int:
        return self._inner.count(meter)


class CopyingStore:
    """The whole store; `blocking`, so the server runs its behaviours in worker threads."""

    blocking = True

    def __init__(self) -> None:
        self._inner = MemoryStore()

    @property
    def events(self) -> CopyingEvents:
        return CopyingEvents(self._inner.events)

    def collection(self, name: str) -> CopyingCollection:
        return CopyingCollection(self._inner.collection(name))

    def collections(self) -> list[str]:
        return list(self._inner.collections())

    def next_number(self, sequence: str) -> int:
        return self._inner.next_number(sequence)

    def clear(self) -> None:
        self._inner.clear()

    def transaction(self) -> AbstractContextManager[None]:
        return self._inner.transaction()

"""Parts of a collection: which documents are asked for, in which order, and a page of them.

A page of a few documents out of thousands must cost neither a copy nor a look at them all. Orders, searchable texts and
counts are made when they are first asked for, and from then on every change of the collection is entered into them.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

Document = dict[str, Any]
Rank = tuple[int, Any]
Entry = tuple[Rank, int]
"""A document in an order: the rank of its value, and its number, which is higher for a younger document."""

_UNHASHABLE = frozenset({dict, list})
_BETWEEN = "\x00"
"""Stands between the searched texts of a document, so that no search finds the end of one and the start of another."""


class Span(NamedTuple):
    """Numbers in a field: from `first` on and below `end`; None leaves a side open."""

    path: str
    first: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents of a collection are asked for. Fields are named by dotted paths through objects.

    Attributes:
        sort: the field that orders them, texts without regard to case, documents without it as the largest; empty for
            the order of creation, which also decides between equals.
        ascending: whether the smallest, or oldest, comes first; otherwise the order is the exact reverse.
        search: a part of one of the `searched` fields, without regard to case; empty for no search.
        among: fields and the scalars that are admitted there.
        span: a field that must hold a number, and its bounds.
        after: the key behind which the documents follow in that order; the collection has it.
        offset, limit: how many documents are passed over, and how many are answered at the most.
    """

    sort: str = ""
    ascending: bool = True
    search: str = ""
    searched: tuple[str, ...] = ()
    among: Mapping[str, AbstractSet[Any]] = field(default_factory=dict)
    span: Span | None = None
    after: str = ""
    offset: int = 0
    limit: int | None = None


class Page(NamedTuple):
    """Documents of a selection, how many the collection has, and how many of them the selection has behind `after`."""

    documents: list[Document]
    total: int
    found: int


class Index:
    """Orders, texts and counts of the documents of one collection.

    Args:
        documents: the collection's own documents by key, oldest first; `changed` must follow each change of them.
    """

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._following = count()
        self._numbers: dict[str, int] = {}
        self._keys: dict[int, str] = {}
        self._orders: dict[str, list[Entry]] = {}
        self._texts: dict[tuple[str, ...], dict[str, str]] = {}
        self._counts: dict[tuple[str, ...], Counter[tuple[Any, ...]]] = {}

    def changed(self, key: str, old: Document | None, new: Document | None) -> None:
        """Enters a change: the document under `key` was `old` and is `new`, None for none."""
        if not self._orders and not self._counts:
            return
        if old is not None:
            self._forget(key, old, for_good=new is None)
        if new is not None:
            self._remember(key, new)

    def page(self, selection: Selection) -> Page:
        """The selected documents themselves, not copies."""
        entries = self._order(selection.sort)
        first, end = 0, len(entries)
        if selection.after:
            place = bisect_left(entries, self._entry(selection.sort, selection.after))
            first, end = (place + 1, end) if selection.ascending else (0, place)
        places = range(first, end) if selection.ascending else range(end - 1, first - 1, -1)
        wanted = slice(selection.offset, None if selection.limit is None else selection.offset + selection.limit)
        conditions = list(self._conditions(selection))
        if conditions:
            keys = [self._keys[entries[place][1]] for place in places]
            for keep in conditions:
                keys = list(filter(keep, keys))
            found, keys = len(keys), keys[wanted]
        else:
            found, keys = len(places), [self._keys[entries[place][1]] for place in places[wanted]]
        return Page([self._documents[key] for key in keys], len(self._documents), found)

    def distinct(self, *paths: str) -> list[tuple[Any, ...]]:
        """The combinations of scalars that documents have at some fields, in no order that means anything."""
        if paths not in self._counts:
            self._number_all()
            values = [_getter(path) for path in paths]
            self._counts[paths] = Counter(
                tuple(value(document) for value in values) for document in self._documents.values()
            )
        return list(self._counts[paths])

    def _remember(self, key: str, document: Document) -> None:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = next(self._following)
            self._keys[number] = key
        for path, entries in self._orders.items():
            insort(entries, (_rank(value_at(document, path)), number))
        for paths, texts in self._texts.items():
            texts[key] = _text(document, paths)
        for paths, counts in self._counts.items():
            counts[tuple(value_at(document, path) for path in paths)] += 1

    def _forget(self, key: str, document: Document, *, for_good: bool) -> None:
        number = self._numbers[key]
        for path, entries in self._orders.items():
            del entries[bisect_left(entries, (_rank(value_at(document, path)), number))]
        for paths, counts in self._counts.items():
            values = tuple(value_at(document, path) for path in paths)
            counts[values] -= 1
            if not counts[values]:
                del counts[values]
        if for_good:
            del self._numbers[key], self._keys[number]
            for texts in self._texts.values():
                texts.pop(key, None)

    def _order(self, path: str) -> list[Entry]:
        entries = self._orders.get(path)
        if entries is None:
            self._number_all()
            value = _getter(path)
            entries = self._orders[path] = sorted(
                (_rank(value(document)), self._numbers[key]) for key, document in self._documents.items()
            )
        return entries

    def _number_all(self) -> None:
        if not self._orders and not self._counts:
            self._numbers = {key: next(self._following) for key in self._documents}
            self._keys = {number: key for key, number in self._numbers.items()}

    def _entry(self, path: str, key: str) -> Entry:
        return _rank(value_at(self._documents[key], path)), self._numbers[key]

    def _conditions(self, selection: Selection) -> Iterator[Callable[[str], bool]]:
        for path, admitted in selection.among.items():
            yield self._is_among(_getter(path), admitted)
        if selection.span is not None:
            yield self._is_within(_getter(selection.span.path), selection.span)
        if selection.search:
            yield self._is_found(selection.search, selection.searched)

    def _is_among(self, value: Callable[[Document], Any], admitted: AbstractSet[Any]) -> Callable[[str], bool]:
        def keep(key: str) -> bool:
            found = value(self._documents[key])
            return type(found) not in _UNHASHABLE and found in admitted

        return keep

    def _is_within(self, value: Callable[[Document], Any], span: Span) -> Callable[[str], bool]:
        def keep(key: str) -> bool:
            number = value(self._documents[key])
            if not isinstance(number, int | float | Decimal):
                return False
            return (span.first is None or number >= span.first) and (span.end is None or number < span.end)

        return keep

    def _is_found(self, search: str, paths: tuple[str, ...]) -> Callable[[str], bool]:
        texts = self._texts.get(paths)
        if texts is None:
            texts = self._texts[paths] = {key: _text(document, paths) for key, document in self._documents.items()}
        needle = search.casefold()
        return lambda key: needle in texts[key]


def value_at(document: Document, path: str) -> Any:
    """The value at a dotted path through objects; None where the path breaks off."""
    return _getter(path)(document)


def _getter(path: str) -> Callable[[Document], Any]:
    name, dot, rest = path.partition(".")
    if not dot:
        return lambda document: document.get(name)
    below = _getter(rest)

    def value(document: Document) -> Any:
        inner = document.get(name)
        return below(inner) if isinstance(inner, dict) else None

    return value


def _rank(value: Any) -> Rank:
    """Numbers before texts, texts before everything else; within their kind, by value."""
    if isinstance(value, int | float | Decimal):
        return 0, value
    return (1, value.casefold()) if isinstance(value, str) else (2, 0)


def _text(document: Document, paths: tuple[str, ...]) -> str:
    return _BETWEEN.join(str(value_at(document, path) or "") for path in paths).casefold()

"""Dictionaries that turn the words of events into small numbers: meters, customers, whole sets of dimensions."""

from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.identity import identity_dimensions

Codes32 = NDArray[np.int32]
Word = TypeVar("Word", bound=Hashable)
DimensionItems = tuple[tuple[str, str], ...]

ABSENT: Final = -1

_REMEMBERED: Final = 65_536
"""Spellings of dimension sets remembered for speed; when there are more, all are forgotten and learnt anew."""


class Codes(dict[Word, int]):
    """Word to code, numbered from 0 in order of appearance; looking up a new word numbers it."""

    _words: tuple[Word, ...] = ()

    def __missing__(self, word: Word) -> int:
        code = self[word] = len(self)
        return code

    def encode(self, words: Sequence[Word]) -> Codes32:
        """Return the code of every word."""
        return np.fromiter(map(self.__getitem__, words), np.int32, len(words))

    def words(self) -> tuple[Word, ...]:
        """Return every word at the place of its code; kept until there is a new one."""
        if len(self._words) != len(self):
            self._words = tuple(self)
        return self._words

    def chosen(self, wanted: Iterable[Word]) -> list[int]:
        """Return the codes of those words that have one."""
        return [self[word] for word in wanted if word in self]


class DimensionColumn:
    """One dimension over all dimension sets: which sets have it, and with which value."""

    def __init__(self) -> None:
        self.values: Codes[str] = Codes()
        self._sets = array("i")
        self._codes = array("i")
        self._by_set: Codes32 = np.empty(0, np.int32)
        self._entered = 0

    def add(self, dimension_set: int, value: str) -> None:
        """Note that a set holds a value."""
        self._sets.append(dimension_set)
        self._codes.append(self.values[value])

    def by_set(self, sets: int) -> Codes32:
        """Return the value's code for each of the first `sets` dimension sets, ABSENT where a set lacks it.

        The array is the column's own and must only be read: it is kept, and what is new is entered when asked for.
        """
        known = len(self._by_set)
        if known < sets:
            self._by_set = np.append(self._by_set, np.full(max(sets, 2 * known) - known, ABSENT, np.int32))
        if self._entered < len(self._sets):
            new = slice(self._entered, None)
            self._by_set[np.array(self._sets[new], np.int32)] = np.array(self._codes[new], np.int32)
            self._entered = len(self._sets)
        return self._by_set[:sets]


class DimensionSets:
    """Every distinct set of dimensions met, whatever the order it was written in, with a code."""

    def __init__(self) -> None:
        self._sets: Codes[DimensionItems] = Codes()
        self._words: list[DimensionItems] = []
        self._identities = array("i")
        self._columns: dict[str, DimensionColumn] = {}
        self._any_reserved = False
        self._spelt: dict[DimensionItems, int] = {}
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._remembered = 0

    def __len__(self) -> int:
        return len(self._sets)

    def column(self, name: str) -> DimensionColumn:
        """The column of a dimension; an empty one when no set has it."""
        return self._columns.get(name) or DimensionColumn()

    def encode_one(self, dimensions: Mapping[str, str] | None) -> int:
        """Return the code of a set; None is the empty set."""
        spelling = tuple(dimensions.items()) if dimensions else ()
        code = self._spelt.get(spelling)
        if code is None:
            self._forget_some()
            code = self._spelt[spelling] = self.learn(spelling)
        return code

    def encode(self, dimensions: Sequence[Mapping[str, str] | None]) -> Codes32:
        """Return the code of every set; None is the empty set."""
        self._forget_some()
        codes = self._encode_uniform(dimensions)
        return np.array([self.encode_one(each) for each in dimensions], np.int32) if codes is None else codes

    def words(self, code: int) -> dict[str, str]:
        """Return the dimensions of a set, in the order of their names."""
        return dict(self._words[code])

    def identity(self, code: int) -> int:
        """Return the code of a set without its reserved dimensions."""
        return self._identities[code]

    def identities(self, codes: Codes32) -> Codes32:
        """Return, for every set, the code of the set without reserved dimensions."""
        return np.frombuffer(self._identities, np.int32)[codes] if self._any_reserved else codes

    def learn(self, items: DimensionItems) -> int:
        """Return the code of a spelling met for the first time."""
        self._remembered += 1
        canonical = tuple(sorted(items))
        known = len(self._sets)
        code = self._sets[canonical]
        if code == known:
            self._register(code, canonical)
        return code

    def _forget_some(self) -> None:
        if self._remembered > _REMEMBERED:
            self._spelt, self._shapes, self._remembered = {}, {}, 0

    def _register(self, code: int, canonical: DimensionItems) -> None:
        for name, value in canonical:
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = DimensionColumn()
            column.add(code, value)
        self._words.append(canonical)
        self._identities.append(code)
        identity = identity_dimensions(dict(canonical))
        if identity != canonical:
            self._any_reserved = True
            self._identities[code] = self.learn(identity)

    def _encode_uniform(self, dimensions: Sequence[Mapping[str, str] | None]) -> Codes32 | None:
        """The common case at a fraction of the cost: every event has the same dimensions as the first one."""
        names = tuple(dimensions[0] or ()) if dimensions else ()
        if not names:
            return None
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shapes[names] = _Shape(self, names)
        values: Iterator[Any] = map(itemgetter(*names), dimensions)  # type: ignore[arg-type]  # None raises
        try:
            alike = sum(map(len, dimensions)) == len(names) * len(dimensions)  # type: ignore[arg-type]  # so here
            return np.fromiter(map(shape.__getitem__, values), np.int32, len(dimensions)) if alike else None
        except (TypeError, KeyError):
            return None


class _Shape(dict[Any, int]):
    """Codes of the sets with the same names in the same order, by their values (a bare one for a single name)."""

    def __init__(self, sets: DimensionSets, names: tuple[str, ...]) -> None:
        super().__init__()
        self._sets, self._names = sets, names

    def __missing__(self, values: Any) -> int:
        several = values if len(self._names) > 1 else (values,)
        code = self[values] = self._sets.learn(tuple(zip(self._names, several, strict=True)))
        return code

"""Patterns of product item ids: the few signs of regular expressions that can be matched in the time of one reading.

A client's pattern is matched by the server for everybody's account, so nothing that could backtrack is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_ANY: Final = ""
"""Stands for one character, whichever it is."""
_STAR: Final = ".*"
_UNKNOWN: Final = frozenset("+?()[]{}*^$")
"""Signs that mean something in a regular expression and nothing here."""

_Part = tuple[str, ...]
"""Characters, `_ANY` among them."""


@dataclass(frozen=True, slots=True)
class ItemPattern:
    """Alternatives, each a sequence of parts with any text between them."""

    alternatives: tuple[tuple[_Part, ...], ...]

    def matches(self, text: str) -> bool:
        """Whether the whole of a text fits one of the alternatives."""
        return any(_fits(parts, text) for parts in self.alternatives)


def read_pattern(text: str) -> ItemPattern | None:
    """A pattern; None where it has a sign that is not known here.

    Args:
        text: `.` is any character, `.*` any text, `|` stands between alternatives, a backslash takes the meaning from
            the character behind it; `^` at the start and `$` at the end change nothing.
    """
    try:
        tokens = list(_tokens(text.removeprefix("^").removesuffix("$")))
    except ValueError:
        return None
    return ItemPattern(tuple(_split(alternative, _STAR) for alternative in _split(tuple(tokens), "|.")))


def _tokens(text: str) -> Iterator[str]:
    """Characters as they are, and of two signs: `.*` for any text, `|.` for the next alternative.

    Raises:
        ValueError: there is a sign that is not known here.
    """
    place = 0
    while place < len(text):
        sign = text[place]
        if text.startswith(_STAR, place):
            yield _STAR
            place += 1
        elif sign == "\\" and place + 1 < len(text):
            place += 1
            yield text[place]
        elif sign in _UNKNOWN or sign == "\\":
            raise ValueError(sign)
        else:
            yield {".": _ANY, "|": "|."}.get(sign, sign)
        place += 1


def _split(tokens: _Part, at: str) -> tuple[_Part, ...]:
    """The runs of tokens between those that are `at`."""
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(tuple(part) for part in parts)


def _fits(parts: Sequence[_Part], text: str) -> bool:
    """Whether a text begins with the first part, ends with the last one, and has the others in between in order."""
    first, *middle = parts
    if not middle:
        return len(text) == len(first) and _stands(first, text, 0)
    *middle, last = middle
    if not _stands(first, text, 0):
        return False
    place = len(first)
    for part in middle:
        starts = range(place, len(text) - len(part) + 1)
        found = next((start for start in starts if _stands(part, text, start)), None)
        if found is None:
            return False
        place = found + len(part)
    end = len(text) - len(last)
    return end >= place and _stands(last, text, end)


def _stands(part: _Part, text: str, start: int) -> bool:
    """Whether a part stands at a place of a text."""
    here = text[start : start + len(part)]
    return len(here) == len(part) and all(sign in (_ANY, found) for sign, found in zip(part, here, strict=True))

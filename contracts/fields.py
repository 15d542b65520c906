"""Takes the values of named fields out of texts: members of JSON, parameters of queries, fields of forms, headers.

A value is masked where its name stands beside it, whatever it is and even when the text ends in the middle of it. It is
also kept in mind, so that it is masked where it comes again by itself, as in what a check says of it.
"""

import html
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from contracts.secrets import MASK

SHORTEST = 4
"""Shorter values, and words of JSON, are masked beside their name alone: by themselves they could be anything."""

_WHOLE_WORDS = 8
"""Shorter values are masked only where no letter or digit touches them."""

_MOST_VALUES = 50_000
_DEEPEST = 4
_COMMON = frozenset({"true", "false", "null", "none"})

# How a shell writes a quote within quotes; in its place stands a character that no text has a use for.
_SHELL_QUOTE = "'\"'\"'"
_STAND_IN = "\U0010fffd"

_BEFORE = r"(?:^|[?&;\s'\"({,]|&amp;)"
_OPEN, _CLOSE = r"(?:\[|%5B)", r"(?:\]|%5D)"
# A quote that something other than the end of a word or a clause follows is part of the value.
_FORM_VALUE = r"(?:[^&#\s\"'\\]|[\"'](?![\s,.;:)}\]]|$)|\\(?![\"']))*"

_CUT = re.compile(r"\.\.\.|…|\Z")
_VARIABLE = re.compile(r"\\*\"(?:Session )?\$[A-Z_]+\\*\"")
_QUOTE = re.compile(r"(?<!\\)(\\*)([\"'])")
_INSIDE = re.compile(r"(?<!\\)\\*[\"']|[\[\]{}()]")
_BARE = re.compile(r"[^,}\])\s\"'\\({\[]*")


class Fields:
    """The fields whose values are not to be seen.

    Args:
        names: Of the fields; whether a letter is large or small does not matter.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        known = sorted({name for name in names if name}, key=len, reverse=True)
        self._names = frozenset(name.casefold() for name in known)
        self._values = _Values()
        if known:
            name = f"(?:{'|'.join(map(_name, known))})"
            self._key = re.compile(rf"(?<!\\)(?P<quote>\\*[\"']){name}(?P=quote)\s*:\s*", re.IGNORECASE)
            self._pairs = _pairs(name)

    def __bool__(self) -> bool:
        return bool(self._names)

    def has(self, name: str) -> bool:
        """Whether something of this name is one of them."""
        return name.casefold() in self._names

    def masked(self, text: str) -> str:
        """The text without their values."""
        if not self._names:
            return text
        shell = _SHELL_QUOTE in text
        masked = self._members(text.replace(_SHELL_QUOTE, _STAND_IN) if shell else text)
        for sign, pattern in self._pairs:
            # To look for a sign is quicker than to look for all that may stand around it.
            masked = masked if sign not in masked else pattern.sub(rf"\g<1>{MASK}", masked)
        return self._values.masked(masked.replace(_STAND_IN, _SHELL_QUOTE) if shell else masked)

    def _members(self, text: str) -> str:
        parts, at = [], 0
        for found in self._found(text):
            quoted = found.quote
            parts += [text[at : found.start], f"{quoted}{MASK}{quoted}"]
            at = found.end
        return "".join(parts) + text[at:]

    def _found(self, text: str) -> "Iterator[_Span]":
        """Where the values of members stand."""
        at = 0
        while (key := self._key.search(text, at)) is not None:
            at = _end(text, key.end(), key["quote"])
            if at > key.end() and not _VARIABLE.fullmatch(text, key.end(), at):
                yield _Span(key.end(), at, key["quote"])

    def learn(self, text: str, depth: int = 0) -> None:
        """Keeps in mind the values that a body, a query or a form has of them."""
        if not self._names or depth > _DEEPEST or len(text) < SHORTEST:
            return
        if not self._learn_json(text, depth):
            for line in text.splitlines():
                if not self._learn_json(line, depth):
                    self._learn_found(line)
        if "=" in text:
            self._learn_pairs(text, depth)

    def learn_path(self, template: str, path: str) -> None:
        """Keeps in mind what a path has in the place of its parameters.

        Args:
            template: With the parameters in braces.
            path: As sent; there may be more of it before what the template tells of.
        """
        segments = path.partition("?")[0].split("/")
        for wanted, found in zip(reversed(template.split("/")), reversed(segments), strict=False):
            self.learn_value(wanted.strip("{}"), unquote(found))

    def learn_value(self, name: str, value: Any) -> None:
        """Keeps a value in mind if its name is one of theirs."""
        if self.has(name):
            for leaf in _leaves(value):
                self._values.add(leaf)

    def _learn_json(self, text: str, depth: int) -> bool:
        """Learns from a text that is JSON, and says whether it is."""

        def opened(pairs: list[tuple[str, Any]]) -> list[Any]:
            # Of two members of one name both count, so that an object becomes the list of its values.
            for name, value in pairs:
                self.learn_value(name, value)
            return [value for _, value in pairs]

        try:
            whole = json.loads(text, object_pairs_hook=opened)
        except (ValueError, RecursionError):
            return False
        for leaf in _leaves(whole):
            if _is_more(leaf):
                self.learn(leaf, depth + 1)
        return True

    def _learn_found(self, text: str) -> None:
        """Learns from what looks like JSON."""
        for found in self._found(text):
            self._values.add(_plain(text[found.start : found.end]))

    def _learn_pairs(self, text: str, depth: int) -> None:
        for name, value in parse_qsl(text.rpartition("?")[2], keep_blank_values=True):
            for part in re.split(r"[\[\]]+", name):
                self.learn_value(part, value)
            if _is_more(value):
                self.learn(value, depth + 1)


class _Span:
    """Where a value stands in a text, and the quote of its name."""

    __slots__ = ("end", "quote", "start")

    def __init__(self, start: int, end: int, quote: str) -> None:
        self.start, self.end, self.quote = start, end, quote


def _pairs(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What finds the values that stand behind a name without quotes, each with a sign without which it finds none."""
    brackets = f"{_CLOSE}?(?:{_OPEN}[^=&\\s]{{0,60}}?{_CLOSE})*"
    member = rf"({_BEFORE}(?:[^=&?#\s'\"]{{0,60}}?{_OPEN})?{name}{brackets}=){_FORM_VALUE}"
    # Of a command, or written out; a variable that stands for a key stays.
    header = rf"{name}\s*:(?![ \t]*(?:Session )?\$[A-Z_]+['\"]?\s)[ \t]*"
    argument = rf"(-H\s+(?P<quote>['\"]){header}).*?(?=(?P=quote)(?:\s|$)|\Z)"
    line = rf"(^{header})[^\r\n]*"
    part = rf"(\bname=\\*[\"']?{name}\\*[\"']?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n).*?(?=\r?\n--|\Z)"
    return (
        ("=", re.compile(member, re.IGNORECASE)),
        ("-H", re.compile(argument, re.IGNORECASE | re.DOTALL)),
        (":", re.compile(line, re.IGNORECASE | re.MULTILINE)),
        ("\n", re.compile(part, re.IGNORECASE | re.DOTALL)),
    )


def _end(text: str, start: int, key: str) -> int:
    """Where a value ends: at its own end, or at that of the text or of the string that it stands in."""
    if start >= len(text):
        return len(text)
    opening = _QUOTE.match(text, start)
    if opening is not None:
        # With fewer backslashes than the name has, it is the end of the text around.
        return start if len(opening[1]) < len(key) - 1 else _end_of_string(text, opening)
    if text[start] in "[{(":
        return _end_of_nested(text, start, key)
    bare = _BARE.match(text, start)
    at = bare.end() if bare is not None else start
    # `Decimal('1.5')` and its like, in what Python writes.
    opens = key.endswith("'") and start < at < len(text) and text[at] in "('\"["
    return _end(text, at, key) if opens else at


def _end_of_string(text: str, opening: re.Match[str]) -> int:
    """After the closing quote. Each level of escaping doubles the backslashes before a quote, and adds one."""
    level, at = len(opening[1]), opening.end()
    while (mark := _QUOTE.search(text, at)) is not None:
        at, before = mark.end(), len(mark[1])
        if mark[2] != opening[2]:
            continue
        if before % (2 * level + 2) == level:
            return at
        if before < level:
            # The string around ends here.
            return mark.start()
    return len(text)


def _end_of_nested(text: str, start: int, key: str) -> int:
    """After the bracket that closes the one at the start."""
    level, depth, at = len(key) - 1, 0, start
    while (found := _INSIDE.search(text, at)) is not None:
        mark, at = found[0], found.end()
        if mark in {"[", "{", "("}:
            depth += 1
        elif mark in {")", "}", "]"}:
            depth -= 1
            if depth == 0:
                return at
        elif len(mark) - 1 < level:
            return found.start()
        elif mark[-1] == '"' or key.endswith("'"):
            opening = _QUOTE.match(text, found.start())
            at = _end_of_string(text, opening) if opening is not None else at
    return len(text)


class _Values:
    """Values that are masked wherever they stand, in each way in which they are usually written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._forms: set[str] = set()
        # By how they begin, so that a text is gone through once however many values there are.
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._begin: dict[str, dict[str, None]] = {}

    def add(self, value: str) -> None:
        if len(value) < SHORTEST or value.casefold() in _COMMON or value == MASK:
            return
        with self._lock:
            if value in self._known:
                self._known.move_to_end(value)
                return
            self._known[value] = forms = tuple(dict.fromkeys(_forms(value)))
            for form in forms:
                # The lengths come last: by them whoever masks meanwhile finds the rest.
                self._begin.setdefault(form[:SHORTEST], {})[form] = None
                self._forms.add(form)
                lengths = {len(form), *self._lengths.get(form[:SHORTEST], ())}
                self._lengths[form[:SHORTEST]] = tuple(sorted(lengths, reverse=True))
            if len(self._known) > _MOST_VALUES:
                self._forget()

    def _forget(self) -> None:
        """Forgets the one that has not come for the longest time."""
        for form in self._known.popitem(last=False)[1]:
            self._forms.discard(form)
            self._begin[form[:SHORTEST]].pop(form, None)

    def masked(self, text: str) -> str:
        if not self._forms:
            return text
        lengths = self._lengths
        # Nearly all of any text begins no value, so that this one line is what it takes.
        starts = [start for start in range(len(text) - SHORTEST + 1) if text[start : start + SHORTEST] in lengths]
        parts, at = [], 0
        for start in starts:
            length = self._longest(text, start) if start >= at else 0
            if length:
                parts += [text[at:start], MASK]
                at = start + length
        return "".join(parts) + text[at:] if at else text

    def _longest(self, text: str, position: int) -> int:
        """How much of the text from a position on is a known value, or the beginning of one that was cut."""
        head = text[position : position + SHORTEST]
        lengths = self._lengths.get(head, ())
        whole = next((length for length in lengths if self._stands(text, position, position + length)), 0)
        return whole or self._cut(text, position, head)

    def _cut(self, text: str, position: int, head: str) -> int:
        cut = _CUT.search(text, position)
        begun = text[position : cut.start() if cut is not None else len(text)]
        if len(begun) < _WHOLE_WORDS or len(begun) > self._lengths[head][0]:
            return 0
        return len(begun) if any(form.startswith(begun) for form in list(self._begin[head])) else 0

    def _stands(self, text: str, start: int, end: int) -> bool:
        if text[start:end] not in self._forms:
            return False
        around = text[max(0, start - 1) : start], text[end : end + 1]
        return end - start >= _WHOLE_WORDS or not any(map(_touches, around))


def _touches(character: str) -> bool:
    return character.isalnum() or character == "_"


def _forms(value: str) -> Iterator[str]:
    for each in dict.fromkeys((value, value.encode("utf-8", "surrogatepass").decode("latin-1"))):
        yield each
        escaped = json.dumps(each)[1:-1]
        unescaped = json.dumps(each, ensure_ascii=False)[1:-1]
        yield from (escaped, unescaped, json.dumps(escaped)[1:-1], json.dumps(unescaped, ensure_ascii=False)[1:-1])
        yield from (repr(each)[1:-1], html.escape(each), each.replace("'", _SHELL_QUOTE))
    data = value.encode("utf-8", "surrogatepass")
    whole = "".join(f"%{byte:02X}" for byte in data)
    usual = (quote(data), quote(data, safe=""), quote_plus(data), quote(data, safe="/:@!$&'()*+,;=~-._"))
    for encoded in (*usual, quote(quote(data, safe=""), safe=""), whole):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda each: each[0].lower(), encoded)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)


def _plain(fragment: str) -> str:
    """The value that a piece of JSON stands for, as far as it goes."""
    text = fragment.lstrip("\\")
    try:
        return str(json.loads(text))
    except (ValueError, RecursionError):
        return text.strip("\"'\\")


def _is_more(text: str) -> bool:
    """Whether a text may have members or pairs in it."""
    return text[:1] in {"{", "["} or "=" in text or "%" in text


def _name(name: str) -> str:
    """A pattern of a name, however its letters are written."""
    return "".join(map(_character, name))


def _character(character: str) -> str:
    """As it is, percent-encoded, with escapes of JSON, or as its bytes are read one by one; small or large."""
    forms: dict[str, None] = {}
    for each in (character, character.lower(), character.upper()):
        data, units = each.encode("utf-8", "surrogatepass"), each.encode("utf-16-be", "surrogatepass")
        forms[re.escape(each)] = None
        forms[re.escape(data.decode("latin-1"))] = None
        forms["".join(f"%{byte:02x}" for byte in data)] = None
        forms["".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))] = None
    return f"(?:{'|'.join(forms)})"

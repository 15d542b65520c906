"""What the page tells of a finding; how much of its examples, there being a limit to what a page should weigh."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from contracts.conformance import Words
from contracts.model import Example, Exchange, Finding
from contracts.report.page.anchors import Anchors
from contracts.report.page.index import Key, Operation
from contracts.report.page.values import block, hides
from contracts.report.page.wording import SEVERITIES

LEAST = 800
"""Bytes that the examples of every finding may take."""

MOST = 40_000
"""Bytes that the examples of a finding may take while there is room."""

BUDGET = 280_000
"""Bytes beyond the least of each that all findings may take together; the worst ones come first."""

SHOWN = 1_000
"""Findings of a kind that the page tells of; a report of more is read by a program."""

_CURL = 20_000
_PART = 5_000
_SHORTEST = 120
# Nobody gets more than this part of what is left, so that the first ones do not take it all.
_PORTIONS = 8


@dataclass(frozen=True)
class Part:
    """A piece of an example: its title, and its text, cut to what there is room for."""

    title: str
    text: Markup


@dataclass(frozen=True)
class Shown:
    """An example.

    Args:
        title: The request and its answer in a line.
        curl: The command, or None when there is none or no room for it.
        garbled: Whether the command holds something that is shown as an escape, so that it must not be copied.
        parts: Request and answer.
        left_out: Whether something was cut or left out.
    """

    title: str
    curl: Markup | None
    garbled: bool
    parts: tuple[Part, ...]
    left_out: bool


@dataclass(frozen=True)
class Told:
    """A finding as the page tells it.

    Args:
        anchor: Its id, made from its identity: the same from run to run.
        finding: The finding.
        words: What its check or law is, or None when nobody says.
        operation: Its operation, or None when the page does not list it.
        examples: As many as there is room for.
    """

    anchor: str
    finding: Finding
    words: Words | None
    operation: Operation | None
    examples: tuple[Shown, ...]


class Teller:
    """Tells findings.

    Args:
        words: What the checks and laws are, by name.
        operations: Where operations are listed.
        anchors: Gives out ids.
    """

    def __init__(self, words: Mapping[str, Words], operations: Mapping[Key, Operation], anchors: Anchors) -> None:
        self._words = words
        self._operations = operations
        self._anchors = anchors
        self._left = BUDGET

    def tell(self, prefix: str, findings: Iterable[Finding]) -> tuple[Told, ...]:
        """The worst findings, the worst first."""
        return tuple(self._told(prefix, each) for each in sorted(findings, key=_order)[:SHOWN])

    def _told(self, prefix: str, finding: Finding) -> Told:
        identity = finding.identity
        purse = _Purse(LEAST + min(MOST, self._left // _PORTIONS))
        examples = tuple(_examples(finding.examples, purse))
        self._left -= max(0, purse.spent - LEAST)
        return Told(
            anchor=self._anchors.give(f"{prefix}--{identity.fingerprint[:16]}"),
            finding=finding,
            words=self._words.get(identity.check),
            operation=self._operations.get((identity.document, identity.operation_id)),
            examples=examples,
        )


def _order(finding: Finding) -> tuple[int, str, str, str, int, str, tuple[str, ...]]:
    identity = finding.identity
    return (
        SEVERITIES.index(finding.severity),
        identity.check,
        identity.document,
        identity.operation_id,
        identity.status or 0,
        identity.schema_path,
        identity.dialects,
    )


class _Purse:
    """Room for examples, which gets less with each."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.spent = 0
        self.short = False

    def whole(self, text: str, limit: int) -> Markup | None:
        """The text, or None when it is too long or there is no room for all of it."""
        made = block(text, limit) if len(text) <= min(limit, self._room) else None
        if made is None or not self._spend(made):
            self.short = True
            return None
        return made

    def some(self, text: str) -> Markup | None:
        """As much of the text as there is room for, or None when that is next to nothing."""
        limit = min(_PART, self._room)
        while limit >= min(_SHORTEST, len(text)):
            made = block(text, limit)
            if self._spend(made):
                self.short = self.short or limit < len(text)
                return made
            # Its escapes take more room than its characters.
            limit //= 2
        self.short = True
        return None

    def _spend(self, made: Markup) -> bool:
        size = len(made.encode())
        if size > self._room + _SHORTEST:
            return False
        self._room -= size
        self.spent += size
        return True


def _examples(examples: Sequence[Example], purse: _Purse) -> Iterable[Shown]:
    for example in examples:
        purse.short = False
        curl = purse.whole(example.curl, _CURL) if example.curl else None
        parts = tuple(_parts(example.exchange, purse, with_body=curl is None))
        if curl is None and not parts:
            return
        yield Shown(
            title=_title(example.exchange),
            curl=curl,
            garbled=curl is not None and hides(example.curl),
            parts=parts,
            left_out=purse.short,
        )


def _title(exchange: Exchange) -> str:
    answer = f"status {exchange.status}" if exchange.status is not None else "no whole answer"
    tried = f", after {exchange.attempts} attempts" if exchange.attempts > 1 else ""
    return f"{exchange.method} {exchange.path}: {answer} in {exchange.elapsed:.3f} s{tried}"


def _parts(exchange: Exchange, purse: _Purse, *, with_body: bool) -> Iterable[Part]:
    """The answer's body first, should there not be room for all."""
    wanted = [("Answer", _text(exchange.response_body)), ("Headers of the answer", _headers(exchange.response_headers))]
    if with_body:
        wanted.append(("Request", _text(exchange.body)))
    wanted.append(("Headers of the request", _headers(exchange.headers)))
    for title, text in wanted:
        made = purse.some(text) if text else None
        if made is not None:
            yield Part(title, made)


def _text(body: bytes) -> str:
    # What is cut away below need not be decoded.
    return body[: 4 * _PART].decode("utf-8", "backslashreplace")


def _headers(headers: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())

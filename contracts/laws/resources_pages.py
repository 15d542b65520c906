"""Pages neither lose nor repeat what one long page holds."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.metering import HOUR, Event
from contracts.laws.resources_kinds import Kind, kinds
from contracts.laws.resources_replacing import OTHER_WORDS
from contracts.laws.resources_schemas import answered, items, listed, members
from contracts.laws.resources_things import Things
from contracts.laws.trial import Trial
from contracts.model import Result, Severity
from specs.catalog import Document, Operation

_TOKEN = "nextPageToken"  # noqa: S105 - a parameter's name
_PAGE = "page"
_SIZES = ("pageSize", "limit")
_SEARCH, _CUSTOMER, _METER = "search", "customerId", "meterApiName"
_ASCENDING, _SORT = "isAscending", "sort"
_WHOLE = 1000
"""How long a page is that holds everything."""

_EVENTS = "events"
_ABOUT, _PAGES = "metadata", "totalFilteredPages"
"""Where an answer says how many pages there are of what was searched for."""

_MOST_PAGES = 40
_INGEST, _METERS, _CUSTOMERS = "ingestMeterEvents", ("createMeterDefinition", "createMeter"), "createCustomer"


@dataclass(frozen=True)
class Case:
    """How something is paged through.

    Args:
        count: How many entries there are.
        size: How many a page holds.
        backwards: Whether the largest comes first, and entries are sorted by what they share, where that can be said.
    """

    count: int
    size: int
    backwards: bool = False


_ELSEWHERE = Case(2, 1)
"""What is paged through where it is somebody's, whatever the case."""


@dataclass(frozen=True)
class Paging:
    """An operation that answers page by page, and what fills its pages.

    Args:
        operation: Which.
        size: The parameter that says how long a page is.
        entries: The member of the answer that holds the page; empty when the answer does.
        source: What makes entries, one of `_SOURCES`.
        kind: What has to be made for them, or None.
    """

    operation: Operation
    size: str
    entries: str
    source: str
    kind: Kind | None

    @property
    def names(self) -> frozenset[str]:
        """The names of its parameters."""
        return frozenset(each["name"] for each in self.operation.parameters)


def _paged(document: Document) -> Iterator[Subject]:
    for operation in document.operations:
        found = _paging(document, operation) if operation.method == "GET" else None
        if found is not None:
            made = _SOURCES[found.source].asks(document, found.kind)
            yield Subject(operation.operation_id, frozenset({operation.operation_id, *made}), found)


def _paging(document: Document, operation: Operation) -> Paging | None:
    """How an operation pages; None when it does not, or when nothing is known that would fill its pages."""
    names = {each["name"] for each in operation.parameters}
    size = next((each for each in _SIZES if each in names), "")
    if not size or not names & {_TOKEN, _PAGE}:
        return None
    shape = answered(document, operation)
    lists = [name for name, each in members(document.spec, shape).items() if each.get("type") == "array"]
    entries = "" if listed(document, operation) else next((each for each in lists if each in {"items", "rows"}), "")
    entry = listed(document, operation) or items(document.spec, members(document.spec, shape).get(entries, {}))
    for source, each in _SOURCES.items():
        for kind in (*kinds(document), None):
            if each.needs <= names and each.fills(document, kind, members(document.spec, entry)):
                return Paging(operation, size, entries, source, kind)
    return None


@dataclass(frozen=True)
class _Source:
    """What makes the entries of pages.

    Args:
        needs: The parameters by which the operation is told of them alone.
        fills: Whether things of a kind, or none, make entries with these members.
        asks: The operations that make them.
        make: Makes so many, and gives the query that asks for them alone.
    """

    needs: frozenset[str]
    fills: Callable[[Document, Kind | None, Mapping[str, Any]], bool]
    asks: Callable[[Document, Kind | None], frozenset[str]]
    make: Callable[[Trial, Kind | None, int], dict[str, str]]


def _make_things(trial: Trial, kind: Kind | None, count: int) -> dict[str, str]:
    things = Things(trial, kind)
    for number in range(count):
        things.make(things.plain(f"p{number}"))
    return {_SEARCH: things.key("p")}


def _make_events(trial: Trial, _kind: Kind | None, count: int) -> dict[str, str]:
    meter, customer = trial.key("m"), trial.key("c")
    trial.metering.define(meter)
    trial.metering.register(customer)
    for number in range(count):
        at = trial.day + number * HOUR
        trial.metering.send(Event(meter, customer, at, number + 1, trial.key(f"u{number}")))
    return {_METER: meter, _CUSTOMER: customer}


def _make_changes(trial: Trial, kind: Kind | None, count: int) -> dict[str, str]:
    things = Things(trial, kind)
    thing = things.make(things.full("c"))
    for number in range(count - 1):
        things.replace(thing, things.bodies.other(thing.asked, f"{OTHER_WORDS} {number}"))
    return {_CUSTOMER: thing.key}


def _ingesting(document: Document, _kind: Kind | None) -> frozenset[str]:
    names = {each.operation_id for each in document.operations}
    return frozenset(names & {_INGEST, _CUSTOMERS, *_METERS})


_SOURCES: Mapping[str, _Source] = MappingProxyType(
    {
        "things": _Source(
            frozenset({_SEARCH}),
            lambda _document, kind, entry: kind is not None and kind.chosen and kind.key in entry,
            lambda _document, kind: kind.asks() if kind else frozenset(),
            _make_things,
        ),
        _EVENTS: _Source(
            frozenset({_CUSTOMER, _METER}),
            lambda document, kind, _entry: kind is None and _INGEST in _ingesting(document, None),
            _ingesting,
            _make_events,
        ),
        "changes": _Source(
            frozenset({_CUSTOMER}),
            lambda _document, kind, entry: (
                kind is not None and kind.replace is not None and kind.key == _CUSTOMER and _CUSTOMER in entry
            ),
            lambda _document, kind: kind.asks(kind.replace) if kind else frozenset(),
            _make_changes,
        ),
    }
)
"""What makes entries: things of the kind that is paged, events of a meter, or changes of a customer."""


def _pages_neither_lose_nor_repeat(trial: Trial, case: Case) -> None:
    paging: Paging = trial.subject.about
    if not trial.asker.gate.target.loopback:
        if paging.source == _EVENTS:
            raise Unclear("elsewhere the events that would be paged through stay for ever", Result.UNTESTED)
        case = _ELSEWHERE
    query = _SOURCES[paging.source].make(trial, paging.kind, case.count)
    query |= _backwards(paging) if case.backwards else {}
    trial.hold(lambda: _judge(trial, paging, case, query))


def _backwards(paging: Paging) -> dict[str, str]:
    """What sorts the largest first, by a field that all things of the trial share, where that can be said."""
    query = {_ASCENDING: "false"} if _ASCENDING in paging.names else {}
    sorting = next((each for each in paging.operation.parameters if each["name"] == _SORT), None)
    return query | ({_SORT: str(sorting["example"])} if sorting and "example" in sorting else {})


def _judge(trial: Trial, paging: Paging, case: Case, query: Mapping[str, str]) -> None:
    whole = _page(trial, paging, {**query, paging.size: str(_WHOLE)})
    shown = trial.talk.last
    if len(whole) < min(case.count, 2):
        raise Unclear("there is not enough to be paged through")
    found: list[str] = []
    for page in _walk(trial, paging, {**query, paging.size: str(case.size)}):
        _require_length(trial, case, page, len(whole))
        found += page
        if len(found) > len(whole):
            break
    if found != whole:
        wanted = (
            f"that the pages of {case.size} together hold the {len(whole)} entries of one long page, in their order"
        )
        raise Broken(wanted, _told(whole, found), shown, trial.talk.last)


def _require_length(trial: Trial, case: Case, page: list[str], entries: int) -> None:
    """Looks whether a page is as long as was asked for at the most, and whether it knows how many there are."""
    answer = trial.talk.last.json()
    if len(page) > case.size:
        wanted = f"that a page holds {case.size} entries at the most, when so many were asked for"
        raise Broken(wanted, f"it holds {len(page)}", trial.talk.last)
    about = answer.get(_ABOUT) if isinstance(answer, dict) else None
    pages = about.get(_PAGES) if isinstance(about, dict) else None
    wanted_pages = math.ceil(entries / case.size)
    if isinstance(pages, int) and pages != wanted_pages:
        wanted = f"that {entries} entries make {wanted_pages} pages of {case.size}, so that whoever counts loses none"
        raise Broken(wanted, f"{_PAGES} is {pages}", trial.talk.last)


def _told(whole: list[str], found: list[str]) -> str:
    lost = [each for each in whole if each not in found]
    repeated = [each for each in dict.fromkeys(found) if found.count(each) > whole.count(each)]
    for word, entries in (("lose", lost), ("repeat, or add,", repeated)):
        if entries:
            return f"they {word} {len(entries)} of them, such as {entries[0]}"
    return "they hold them in another order"


def _walk(trial: Trial, paging: Paging, query: Mapping[str, str]) -> Iterator[list[str]]:
    """The pages, one by one."""
    following: dict[str, str] = {_PAGE: "1"} if _PAGE in paging.names else {}
    for number in range(1, _MOST_PAGES + 1):
        page = _page(trial, paging, {**query, **following})
        yield page
        if not page:
            return
        answer = trial.talk.last.json()
        if _PAGE in paging.names:
            following = {_PAGE: str(number + 1)}
        else:
            token = answer.get(_TOKEN) if isinstance(answer, dict) else _last_id(answer)
            if not token:
                return
            following = {_TOKEN: str(token)}


def _last_id(answer: Any) -> str:
    """The key of the last entry, where that is the token of the next page."""
    last = answer[-1] if isinstance(answer, list) and answer else {}
    return str(last.get("id") or "") if isinstance(last, dict) else ""


def _page(trial: Trial, paging: Paging, query: Mapping[str, str]) -> list[str]:
    """The entries of a page, each as a text that is the same wherever it stands."""
    answer = trial.talk.want(paging.operation.operation_id, query=query).json()
    entries = answer.get(paging.entries) if isinstance(answer, dict) else answer
    if not isinstance(entries, list):
        raise Unclear("the page cannot be read; response_schema_conformance looks at its form")
    columns = answer.get("columns") if isinstance(answer, dict) else None
    return [json.dumps(_named(each, columns), sort_keys=True, ensure_ascii=False) for each in entries]


def _named(entry: Any, columns: Any) -> Any:
    """A row of a table by the names of its columns, which may stand in another order on another page."""
    if isinstance(entry, list) and isinstance(columns, list) and len(entry) == len(columns):
        return {str(name): value for name, value in zip(columns, entry, strict=True) if value is not None}
    return entry


def _cases() -> SearchStrategy[Case]:
    return strategies.builds(Case, strategies.integers(2, 7), strategies.integers(2, 4), strategies.booleans())


PAGES = Law(
    name="pages_neither_lose_nor_repeat",
    family=Family.RESOURCES,
    expects="that the pages of a list together hold what one long page holds, each entry once and in the same order",
    why="Whoever copies or adds up what a platform holds reads it page by page. An entry between two pages is lost "
    "without a word, one on both is counted twice. The law makes a few things, or events, reads them as one long "
    "page and then in short ones, forwards and backwards, sorted by what they all share, and compares.",
    evidence=Evidence.DOCUMENTED,
    source="the vendor's pages on searching customers and on listing events, which page by number and by token",
    severity=Severity.HIGH,
    subjects=_paged,
    play=_pages_neither_lose_nor_repeat,
    cases=(Case(7, 3), Case(6, 2, backwards=True)),
    generated=_cases,
    examples=3,
)

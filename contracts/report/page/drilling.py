"""What the page tells of one operation: what became of its checks, and what of it was tried."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.coverage.model import Covered, Keyword, OperationCoverage
from contracts.model import Result
from contracts.report.page.index import Operation
from contracts.report.page.wording import RESULTS
from contracts.results import Outcome

ROOT = "the body itself"


@dataclass(frozen=True)
class Together:
    """The checks of an operation that came to one result for one reason."""

    result: Result
    reason: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """What of an operation was tried.

    Args:
        state: Of the operation itself.
        reason: Why it is not reachable, or empty.
        parts: What became of statuses and parameters, such as `200, 400 tested; 401 untested`.
        keywords: How many of the body's schema were tested, and of how many; None without any.
        gaps: Keywords that were not tested: why not, and which, by the place in the body that they are about.
    """

    state: Covered
    reason: str
    parts: tuple[tuple[str, str], ...]
    keywords: tuple[int, int] | None
    gaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Form:
    """An operation under those dialects of its document that came to the same."""

    dialects: tuple[str, ...]
    groups: tuple[Together, ...]
    tried: Tried | None


def worst(operation: Operation) -> Result | None:
    """The worst result of an operation's checks, or None when it has no check."""
    found = {outcome.result for outcome in operation.outcomes}
    return next((result for result in RESULTS if result in found), None)


def forms(operation: Operation) -> tuple[Form, ...]:
    """What became of an operation; dialects that came to the same are told of once."""
    told: dict[tuple[tuple[Together, ...], Tried | None], list[str]] = defaultdict(list)
    dialects = [each.cell.dialect for each in operation.outcomes] + [each.dialect for each in operation.coverage]
    for dialect in dict.fromkeys(dialects):
        groups = tuple(_groups(each for each in operation.outcomes if each.cell.dialect == dialect))
        coverage = next((each for each in operation.coverage if each.dialect == dialect), None)
        told[groups, tried(coverage) if coverage else None].append(dialect)
    return tuple(Form(tuple(names), *same) for same, names in told.items())


def _groups(outcomes: Iterable[Outcome]) -> Iterable[Together]:
    found: dict[tuple[Result, str], list[str]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.result, outcome.reason].append(outcome.cell.check)
    for (result, reason), checks in sorted(found.items(), key=lambda each: (RESULTS.index(each[0][0]), each[0][1])):
        yield Together(result, reason, tuple(checks))


def tried(coverage: OperationCoverage) -> Tried:
    """What of an operation was tried, equal states together."""
    parts = {
        "statuses": coverage.statuses,
        "parameters": tuple((f"{each.name} ({each.place})", each.state) for each in coverage.parameters),
    }
    counted = sum(keyword.state is Covered.TESTED for keyword in coverage.keywords)
    return Tried(
        state=coverage.state,
        reason=coverage.reason,
        parts=tuple((kind, told) for kind, states in parts.items() if (told := _states(states))),
        keywords=(counted, len(coverage.keywords)) if coverage.keywords else None,
        gaps=tuple(_gaps(coverage.keywords)),
    )


def _states(states: Iterable[tuple[str, Covered]]) -> str:
    found: dict[Covered, list[str]] = defaultdict(list)
    for name, state in states:
        found[state].append(name)
    told = ((state.value.replace("-", " "), found[state]) for state in Covered if found[state])
    return "; ".join(f"{', '.join(names)} {state}" for state, names in told)


def _gaps(keywords: Iterable[Keyword]) -> Iterable[tuple[str, str]]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for keyword in keywords:
        if keyword.state is not Covered.TESTED:
            place, _, name = keyword.pointer.rpartition("/")
            found[_lack(keyword)][_place(place)].append(name)
    for lack, places in sorted(found.items()):
        yield lack, "; ".join(f"{place} ({', '.join(names)})" for place, names in places.items())


def _place(pointer: str) -> str:
    """What of a body a schema's place is about, in fewer words than the pointer's: `/properties/a/items` is `a[]`."""
    place = pointer.replace("/properties/", ".").replace("/items", "[]")
    return place.lstrip("./") or ROOT


def _lack(keyword: Keyword) -> str:
    if not keyword.reachable:
        return "not reachable"
    if keyword.met:
        return "never broken alone"
    return "never met at its bound" if keyword.broken else "neither met nor broken"

"""What coverage comes to: how much is tested, untested or not reachable, as a whole, by family and by evidence."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.coverage.model import Covered, OperationCoverage

DIMENSIONS: Mapping[str, Callable[[OperationCoverage], Iterator[Covered]]] = MappingProxyType(
    {
        "operations": lambda each: iter((each.state,)),
        "statuses": lambda each: (state for _, state in each.statuses),
        "parameters": lambda each: (parameter.state for parameter in each.parameters),
        "keywords": lambda each: (keyword.state for keyword in each.keywords),
    }
)
"""What is counted, in the order in which it is shown, each with the states that an operation has of it."""

NO_EVIDENCE = "none"
"""How operations are called whose document says nothing of how well they are known."""


@dataclass(frozen=True)
class Tally:
    """How many of something came to each state."""

    tested: int = 0
    untested: int = 0
    not_reachable: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.tested + self.untested + self.not_reachable

    @property
    def share(self) -> float | None:
        """The part of all that is tested, from 0 to 1; None of nothing."""
        return self.tested / self.total if self.total else None


def whole(coverage: Iterable[OperationCoverage]) -> dict[str, Tally]:
    """The tally of each of `DIMENSIONS`, all there even when nothing is counted.

    An operation of two projections is counted in each.
    """
    operations = tuple(coverage)
    return {name: _tally(state for each in operations for state in of(each)) for name, of in DIMENSIONS.items()}


def by_family(coverage: Iterable[OperationCoverage]) -> dict[str, dict[str, Tally]]:
    """As `whole`, by the documents' files, in the order of their names."""
    return _by(coverage, lambda each: each.family)


def by_evidence(coverage: Iterable[OperationCoverage]) -> dict[str, dict[str, Tally]]:
    """As `whole`, by class of evidence, in the order of their names; what has none is under `NO_EVIDENCE`."""
    return _by(coverage, lambda each: each.evidence or NO_EVIDENCE)


def _by(coverage: Iterable[OperationCoverage], key: Callable[[OperationCoverage], str]) -> dict[str, dict[str, Tally]]:
    groups: dict[str, list[OperationCoverage]] = {}
    for each in coverage:
        groups.setdefault(key(each), []).append(each)
    return {name: whole(group) for name, group in sorted(groups.items())}


def _tally(states: Iterable[Covered]) -> Tally:
    counted = Counter(states)
    return Tally(*(counted[state] for state in (Covered.TESTED, Covered.UNTESTED, Covered.NOT_REACHABLE)))

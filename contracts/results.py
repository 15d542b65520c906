"""What became of each check of each operation; nothing that was not seen to hold is ever counted as conforming."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.model import Result


@dataclass(frozen=True, order=True)
class Cell:
    """A check of an operation, under one dialect of its document."""

    document: str
    dialect: str
    operation_id: str
    check: str


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Args:
        cell: Which.
        result: One of five.
        evidence: The class of the operation, or empty.
        conform: How many exchanges held.
        differs: How many did not, as the documents or we read them.
        inconclusive: How many said nothing, for the environment's sake.
        reason: Why there is no verdict; empty when there is one.
    """

    cell: Cell
    result: Result
    evidence: str
    conform: int
    differs: int
    inconclusive: int
    reason: str


@dataclass
class _Tally:
    evidence: str
    counts: Counter[Result] = field(default_factory=Counter)
    reasons: dict[Result, str] = field(default_factory=dict)

    def result(self) -> Result:
        # One exchange that differs settles it; without one, what was seen to hold outweighs what was not seen.
        order = (Result.DIFFERS, Result.READING, Result.CONFORM, Result.INCONCLUSIVE, Result.NOT_REACHABLE)
        return next((each for each in order if self.counts[each]), Result.UNTESTED)


class Board:
    """The cells of a run, and what is known of each."""

    def __init__(self) -> None:
        self._tallies: dict[Cell, _Tally] = {}

    def open(self, cell: Cell, evidence: str) -> None:
        """Enters a cell that applies, and how well its property is known; until it is counted it is untested."""
        self._tallies.setdefault(cell, _Tally(evidence))

    def count(self, cell: Cell, result: Result, reason: str = "") -> None:
        """Counts an exchange; of a cell that was never entered it is entered now, without evidence."""
        tally = self._tallies.setdefault(cell, _Tally(""))
        tally.counts[result] += 1
        if reason:
            tally.reasons.setdefault(result, reason)

    def explain(self, cells: Iterable[Cell], reason: str) -> None:
        """Says why these cells are untested, if they are and nothing has been said yet."""
        for cell in cells:
            tally = self._tallies.get(cell)
            if tally is not None and tally.result() is Result.UNTESTED:
                tally.reasons.setdefault(Result.UNTESTED, reason)

    def cells(self, document: str, dialect: str) -> tuple[Cell, ...]:
        """The cells of one projection."""
        return tuple(cell for cell in self._tallies if (cell.document, cell.dialect) == (document, dialect))

    def result(self, cell: Cell) -> Result:
        """What became of a cell so far."""
        tally = self._tallies.get(cell)
        return tally.result() if tally is not None else Result.UNTESTED

    def outcomes(self) -> tuple[Outcome, ...]:
        """Every cell, in order."""
        return tuple(_outcome(cell, tally) for cell, tally in sorted(self._tallies.items()))


def _outcome(cell: Cell, tally: _Tally) -> Outcome:
    result = tally.result()
    settled = result in {Result.CONFORM, Result.DIFFERS, Result.READING}
    return Outcome(
        cell=cell,
        result=result,
        evidence=tally.evidence,
        conform=tally.counts[Result.CONFORM],
        differs=tally.counts[Result.DIFFERS] + tally.counts[Result.READING],
        inconclusive=tally.counts[Result.INCONCLUSIVE],
        reason="" if settled else tally.reasons.get(result, "no request of the run could tell"),
    )


def by_evidence(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """How many cells came to each result, by class of evidence."""
    counted: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counted.setdefault(outcome.evidence or "none", Counter())[outcome.result.value] += 1
    return {evidence: _row(counts) for evidence, counts in sorted(counted.items())}


def totals(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many cells came to each result."""
    return _row(Counter(outcome.result.value for outcome in outcomes))


def _row(counts: Mapping[str, int]) -> dict[str, int]:
    return {result.value: counts.get(result.value, 0) for result in Result}

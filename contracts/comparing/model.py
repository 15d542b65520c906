"""The words of a comparison: what became of checks and of findings from one run to the next. Data alone."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.exitcodes import ExitCode
from contracts.model import Finding, Result
from contracts.results import Cell

TESTED = frozenset({Result.CONFORM, Result.DIFFERS, Result.READING})
"""The results that are verdicts."""


class Move(StrEnum):
    """What became of a check of an operation; only `WORSE` is a regression."""

    WORSE = "worse"
    ACCEPTED = "accepted"
    """It differs now, and all that was found of it is accepted."""
    READING = "our-reading"
    """It differs now from what nobody says but us, which fails nothing."""
    BETTER = "better"
    STILL = "still"
    NEW_GROUND = "new-ground"
    """The new run alone has a verdict."""
    NO_LONGER_TESTED = "no-longer-tested"
    """The old run alone has a verdict."""
    UNTESTED = "untested"


class Fate(StrEnum):
    """What became of a finding; only `NEW` is a regression."""

    NEW = "new"
    ACCEPTED = "accepted"
    """It is new, and somebody has accepted it."""
    READING = "our-reading"
    """It is new, and differs from what nobody says but us."""
    GONE = "gone"
    STILL = "still"
    NEW_GROUND = "new-ground"
    """It is met where the old run did not look."""
    NOT_LOOKED_AT = "not-looked-at"
    """It was met where the new run did not look."""


class Standing(StrEnum):
    """How a run told a finding."""

    OPEN = "open"
    ACCEPTED = "accepted"
    READING = "our-reading"


@dataclass(frozen=True)
class Side:
    """One of the two runs, in short.

    Args:
        target: Its name.
        url: Its URL.
        profile: How hard the run looked.
        seed: Of what was generated.
        started: When, as ISO 8601 in UTC.
    """

    target: str
    url: str
    profile: str
    seed: int
    started: str


@dataclass(frozen=True)
class Difference:
    """Something about the runs themselves in which they differ."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """What became of a check.

    Args:
        cell: Which.
        move: What became of it.
        before: Its result in the old run.
        after: Its result in the new one.
        reason: Why the new run has no verdict; empty when it has one, or neither has.
    """

    cell: Cell
    move: Move
    before: Result
    after: Result
    reason: str = ""


@dataclass(frozen=True)
class Met:
    """What became of a finding.

    Args:
        finding: As the new run tells it, or the old one when the new one does not.
        fate: What became of it.
        before: How the old run told it, or None.
        after: How the new run tells it, or None.
    """

    finding: Finding
    fate: Fate
    before: Standing | None
    after: Standing | None


@dataclass(frozen=True)
class Comparison:
    """Two runs, held against each other.

    Args:
        old: The earlier run.
        new: The later run.
        obstacles: Why they cannot be compared as a whole.
        remarks: In what else they differ; they are compared all the same.
        families: Those that were asked for; empty for all.
        empty: Those of them in which both runs tested nothing in common.
        left_out: Projections that are not compared, and why, in words.
        changes: Of every check of which either run says something, in order.
        findings: Of every finding that either run tells, the gravest first.
    """

    old: Side
    new: Side
    obstacles: tuple[Difference, ...] = ()
    remarks: tuple[Difference, ...] = ()
    families: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    findings: tuple[Met, ...] = ()

    def moved(self, move: Move) -> tuple[Change, ...]:
        """The checks of which that became."""
        return tuple(each for each in self.changes if each.move is move)

    def met(self, fate: Fate) -> tuple[Met, ...]:
        """The findings of which that became."""
        return tuple(each for each in self.findings if each.fate is fate)

    @property
    def comparable(self) -> bool:
        """Whether the runs can be compared as far as was asked."""
        return bool(self.families) or not self.obstacles

    @property
    def tested(self) -> int:
        """How many checks have a verdict in both runs."""
        return sum(each.before in TESTED and each.after in TESTED for each in self.changes)

    @property
    def exit_code(self) -> ExitCode:
        """1 with a regression; else 2 when anything that was asked for could not be compared; else 0."""
        if self.moved(Move.WORSE) or self.met(Fate.NEW):
            return ExitCode.FINDINGS
        compared = self.comparable and self.tested and not self.empty
        return ExitCode.CONFORMS if compared else ExitCode.COULD_NOT_RUN

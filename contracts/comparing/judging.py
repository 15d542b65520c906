"""Holds two reports against each other. Nothing is a change that only one of the runs has looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from contracts.comparing.model import TESTED, Change, Comparison, Fate, Met, Move, Side, Standing
from contracts.comparing.setting import obstacles, remarks, strangers
from contracts.conformance import Conformance
from contracts.findings import SEVERITY_ORDER
from contracts.model import Finding, Identity, Result, RunError
from contracts.report.visible import visible
from contracts.results import Cell, Outcome

Projection = tuple[str, str]
"""The name of a document, and a dialect or an empty string."""

_ABSENT = "it was not part of the run"
_MOST_NAMED = 600


def compare(old: Conformance, new: Conformance, families: Sequence[str] = ()) -> Comparison:
    """What changed from one run to the next.

    Args:
        old: The report of the earlier run.
        new: The report of the later run.
        families: What alone is compared, whatever documents, dialects and profiles the runs had; all when empty.

    Raises:
        RunError: A family is in neither report, or neither says to which family an operation belongs.
    """
    named = tuple(dict.fromkeys(families))
    known = _families(old, new)
    _require_known(named, known)
    stands = Comparison(
        old=_side(old),
        new=_side(new),
        obstacles=tuple(obstacles(old, new)),
        remarks=tuple(remarks(old, new)),
        families=named,
        left_out=tuple(strangers(old, new)) if named else (),
    )
    if not stands.comparable:
        return stands
    shared = _projections(old) & _projections(new)
    laws = frozenset(each.name for each in (*old.words, *new.words) if each.kind == "law")
    scope = _Scope(shared, frozenset(named), known, laws)
    before, after = _Run(old, scope), _Run(new, scope)
    changes = tuple(_change(cell, before, after) for cell in sorted(before.cells | after.cells))
    return replace(
        stands,
        changes=changes,
        findings=tuple(_met(before, after)),
        empty=tuple(each for each in named if not _is_tested(each, changes, known)),
    )


Families = Mapping[tuple[str, str], str]
"""The family of an operation, by its document and its name."""


@dataclass(frozen=True)
class _Scope:
    """What is compared: projections of both runs, of the families that were asked for; and which names are laws."""

    projections: frozenset[Projection]
    families: frozenset[str]
    known: Families
    laws: frozenset[str]

    def has(self, document: str, operation_id: str) -> bool:
        """Whether an operation is compared."""
        return not self.families or self.known.get((document, operation_id)) in self.families


class _Run:
    """What a run says of what is compared."""

    def __init__(self, report: Conformance, scope: _Scope) -> None:
        self._report, self._scope = report, scope

    @cached_property
    def outcomes(self) -> dict[Cell, Outcome]:
        """Its verdicts, and why it has none."""
        return {each.cell: each for each in self._shared if self._scope.has(each.cell.document, each.cell.operation_id)}

    @cached_property
    def _shared(self) -> list[Outcome]:
        """What it says of projections that both runs have, of whichever family."""
        return [
            each for each in self._report.outcomes if (each.cell.document, each.cell.dialect) in self._scope.projections
        ]

    @property
    def cells(self) -> set[Cell]:
        """Every check that it knows of."""
        return set(self.outcomes)

    @cached_property
    def _laws(self) -> dict[tuple[str, str, str], set[Result]]:
        """What became of each law in each projection, on whichever operations."""
        found: dict[tuple[str, str, str], set[Result]] = {}
        for outcome in self._shared:
            cell = outcome.cell
            if cell.check in self._scope.laws:
                found.setdefault((cell.document, cell.dialect, cell.check), set()).add(outcome.result)
        return found

    @cached_property
    def _operations(self) -> frozenset[tuple[str, str, str]]:
        """The operations that there were; empty when the report does not say."""
        return frozenset((each.document, each.dialect, each.operation_id) for each in self._report.coverage)

    def result(self, cell: Cell) -> Result:
        """What became of a check.

        A law that breaks is told of the operation that broke it, which need not be the one that it is tried on; where
        it held it held for both.
        """
        outcome = self.outcomes.get(cell)
        if outcome is not None:
            return outcome.result
        projection = (cell.document, cell.dialect)
        if self._operations and (*projection, cell.operation_id) not in self._operations:
            return Result.UNTESTED
        verdicts = self._laws.get((*projection, cell.check), set()) & TESTED
        return Result.CONFORM if verdicts == {Result.CONFORM} else Result.UNTESTED

    def reason(self, cell: Cell) -> str:
        """Why there is no verdict on a check."""
        outcome = self.outcomes.get(cell)
        return outcome.reason if outcome is not None else _ABSENT

    @cached_property
    def findings(self) -> dict[Identity, tuple[Finding, Standing]]:
        """What it found, by what makes findings the same in two runs: everything but the target and the dialects."""
        judgement = self._report.judgement
        told = [
            *((each, Standing.OPEN) for each in judgement.open),
            *((each.finding, Standing.ACCEPTED) for each in judgement.accepted),
            *((each, Standing.READING) for each in self._report.readings),
        ]
        found: dict[Identity, tuple[Finding, Standing]] = {}
        for finding, standing in told:
            identity = finding.identity
            if self._scope.has(identity.document, identity.operation_id):
                found.setdefault(replace(identity, target="", dialects=()), (finding, standing))
        return found

    def cells_of(self, finding: Finding) -> list[Cell]:
        """The checks that a finding is about, as far as they are compared."""
        about = finding.identity
        return [
            Cell(document, dialect, about.operation_id, about.check)
            for document, dialect in sorted(self._scope.projections)
            if document == about.document and (not about.dialects or dialect in about.dialects)
        ]

    def is_accepted(self, cell: Cell) -> bool:
        """Whether all that was found of a check is accepted, and anything was found."""
        standings = self._standings.get(cell, set())
        return standings == {Standing.ACCEPTED}

    @cached_property
    def _standings(self) -> dict[Cell, set[Standing]]:
        found: dict[Cell, set[Standing]] = {}
        for finding, standing in self.findings.values():
            for cell in self.cells_of(finding):
                found.setdefault(cell, set()).add(standing)
        return found


def _change(cell: Cell, old: _Run, new: _Run) -> Change:
    before, after = old.result(cell), new.result(cell)
    if before in TESTED and after in TESTED:
        return Change(cell, _move(before, after, accepted=new.is_accepted(cell)), before, after)
    if before in TESTED:
        return Change(cell, Move.NO_LONGER_TESTED, before, after, new.reason(cell))
    return Change(cell, Move.NEW_GROUND if after in TESTED else Move.UNTESTED, before, after)


def _move(before: Result, after: Result, *, accepted: bool) -> Move:
    """What became of a check with two verdicts.

    A law of our reading differs as a reading or, when a run counts readings, as a finding; from the one to the other
    nothing has changed at the target.
    """
    if (before is Result.CONFORM) == (after is Result.CONFORM):
        return Move.STILL
    if after is Result.CONFORM:
        return Move.BETTER
    if after is Result.READING:
        return Move.READING
    return Move.ACCEPTED if accepted else Move.WORSE


_FATES = {Standing.OPEN: Fate.NEW, Standing.ACCEPTED: Fate.ACCEPTED, Standing.READING: Fate.READING}


def _met(old: _Run, new: _Run) -> Iterator[Met]:
    """The findings of both runs, the gravest first."""
    found = [_fate(key, old, new) for key in old.findings.keys() | new.findings.keys()]
    yield from sorted((each for each in found if each is not None), key=_gravest)


def _gravest(met: Met) -> tuple[int, tuple[str, ...]]:
    about = met.finding.identity
    name = (about.document, about.operation_id, about.check, str(about.status), about.schema_path)
    return SEVERITY_ORDER.index(met.finding.severity), name


def _fate(key: Identity, old: _Run, new: _Run) -> Met | None:
    """What became of a finding; None when it is in no projection that is compared."""
    was, found = old.findings.get(key), new.findings.get(key)
    told = found or was
    cells = new.cells_of(told[0]) if told else []
    if told is None or not cells:
        return None
    if was and found:
        fate = Fate.STILL
    elif found:
        seen = any(old.result(cell) in TESTED for cell in cells)
        fate = _FATES[found[1]] if seen else Fate.NEW_GROUND
    else:
        seen = all(new.result(cell) in TESTED for cell in cells)
        fate = Fate.GONE if seen else Fate.NOT_LOOKED_AT
    return Met(told[0], fate, was[1] if was else None, found[1] if found else None)


def _side(report: Conformance) -> Side:
    return Side(report.target, report.url, report.profile, report.seed, report.started)


def _projections(report: Conformance) -> frozenset[Projection]:
    return frozenset((each.name, each.dialect) for each in report.documents)


def _families(*reports: Conformance) -> dict[tuple[str, str], str]:
    return {(each.document, each.operation_id): each.family for report in reports for each in report.coverage}


def _require_known(families: Iterable[str], known: Families) -> None:
    there = sorted(set(known.values()))
    unknown = [each for each in families if each not in there]
    if not unknown:
        return
    if not there:
        raise RunError("neither report says to which family an operation belongs", "compare them without --family")
    names = visible(", ".join(there), most=_MOST_NAMED)
    raise RunError(f"no operation is of the family {unknown[0]}", f"the families are {names}")


def _is_tested(family: str, changes: Iterable[Change], known: Families) -> bool:
    """Whether both runs have a verdict on any check of a family."""
    return any(
        known.get((each.cell.document, each.cell.operation_id)) == family
        and each.before in TESTED
        and each.after in TESTED
        for each in changes
    )

"""What a comparison comes to, for a reader: the verdict, and what is listed under which heading."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.comparing.model import Change, Comparison, Difference, Fate, Met, Move, Standing
from contracts.exitcodes import ExitCode
from contracts.model import Result


@dataclass(frozen=True)
class Row:
    """A line under a heading.

    Args:
        name: Which check of which operation.
        where: Of which document, or in which forms; can be empty.
        words: What is said of it.
    """

    name: str
    where: str
    words: str


@dataclass(frozen=True)
class Section:
    """A heading, and what stands under it."""

    title: str
    rows: tuple[Row, ...]


_MOVES = {
    Move.WORSE: "Worse",
    Move.ACCEPTED: "Worse, but accepted: no regression",
    Move.READING: "Differs from our reading now, which fails nothing",
    Move.BETTER: "Better",
    Move.NEW_GROUND: "New ground: it differs, and the old run had not looked",
    Move.NO_LONGER_TESTED: "No longer tested",
}
_FATES = {
    Fate.NEW: "New findings",
    Fate.ACCEPTED: "New findings that are accepted: no regression",
    Fate.READING: "New differences from our reading, which fail nothing",
    Fate.GONE: "Findings that are gone",
    Fate.NEW_GROUND: "Findings on new ground",
    Fate.NOT_LOOKED_AT: "Findings of the old run that the new one did not look for",
}
# The order of the headings: the checks, then what was found of them.
_PAIRS = (
    (Move.WORSE, Fate.NEW),
    (Move.ACCEPTED, Fate.ACCEPTED),
    (Move.READING, Fate.READING),
    (Move.BETTER, Fate.GONE),
    (Move.NEW_GROUND, Fate.NEW_GROUND),
    (Move.NO_LONGER_TESTED, Fate.NOT_LOOKED_AT),
)


def verdict(comparison: Comparison) -> str:
    """What it comes to, in one sentence."""
    worse, new = len(comparison.moved(Move.WORSE)), len(comparison.met(Fate.NEW))
    if comparison.exit_code is ExitCode.FINDINGS:
        return f"It got worse: {_many(worse, 'check')} and {_many(new, 'new finding')}."
    if not comparison.comparable:
        return "The runs are not comparable."
    if not comparison.tested:
        return "Nothing could be compared: no check has a verdict in both runs."
    if comparison.empty:
        return f"Nothing could be compared of {', '.join(comparison.empty)}: no check has a verdict in both runs."
    better = len(comparison.moved(Move.BETTER))
    more = f" {_many(better, 'check')} got better." if better else ""
    return f"It did not get worse, as far as both runs looked.{more}"


def advice(comparison: Comparison) -> str:
    """What to do next when nothing could be compared; empty otherwise."""
    if comparison.exit_code is not ExitCode.COULD_NOT_RUN:
        return ""
    if not comparison.comparable:
        return "Check both targets alike, or name with --family what is to be compared all the same."
    return "Look in both reports for why there is no verdict."


def differences(differing: Iterable[Difference]) -> Iterator[Row]:
    """In what the runs themselves differ."""
    return (Row(each.what, "", f"{each.old} in the old run, {each.new} in the new one") for each in differing)


def sections(comparison: Comparison) -> Iterator[Section]:
    """What is listed, what matters most first; headings without anything under them are left out."""
    for move, fate in _PAIRS:
        yield from _section(_MOVES[move], map(_changed, _telling(comparison.moved(move))))
        yield from _section(_FATES[fate], map(_found, comparison.met(fate)))
    yield from _section("No longer accepted: findings of both runs", map(_found, _disowned(comparison)))


def counts(comparison: Comparison) -> Iterator[str]:
    """What is only counted, in sentences."""
    still = Counter(each.after is Result.CONFORM for each in comparison.moved(Move.STILL))
    findings = _many(len(comparison.met(Fate.STILL)), "finding")
    ground = sum(each.after is Result.CONFORM for each in comparison.moved(Move.NEW_GROUND))
    yield f"Checks with a verdict in both runs: {comparison.tested}."
    yield f"Unchanged: {still[True]} conform, {still[False]} differ; {findings} of both runs."
    neither = len(comparison.moved(Move.UNTESTED))
    yield f"New ground that conforms: {ground}. Without a verdict in either run: {neither}."


def _telling(changes: Iterable[Change]) -> Iterator[Change]:
    """Those that are listed: what conforms on new ground is only counted."""
    return (each for each in changes if each.move is not Move.NEW_GROUND or each.after is not Result.CONFORM)


def _disowned(comparison: Comparison) -> Iterator[Met]:
    kept = comparison.met(Fate.STILL)
    return (each for each in kept if (each.before, each.after) == (Standing.ACCEPTED, Standing.OPEN))


def _section(title: str, rows: Iterable[Row]) -> Iterator[Section]:
    found = tuple(rows)
    if found:
        yield Section(title, found)


def _changed(change: Change) -> Row:
    cell = change.cell
    words = f"{change.before.value}, now {change.after.value}"
    if change.reason:
        words += f": {change.reason}"
    return Row(f"{cell.operation_id}: {cell.check}", f"{cell.document} {cell.dialect}".rstrip(), words)


def _found(met: Met) -> Row:
    finding, identity = met.finding, met.finding.identity
    about = f"{finding.severity.value}, likely owner {finding.owner.value}"
    where = " ".join((identity.document, *identity.dialects))
    words = f"{about}; expected {finding.expected}; got {finding.got}"
    return Row(f"{identity.operation_id}: {identity.check}", where, words)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

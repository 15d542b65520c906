"""What became of an item, from the report of its run: it held, it failed with these words, or it is not known why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from contracts.conformance import Conformance
from contracts.deviations import Accepted
from contracts.model import Finding, Result
from contracts.report.visible import visible

_MOST_REASONS = 3
_MOST_SHOWN = 50_000
"""Characters; there are tools that give up on a test with more."""


class End(StrEnum):
    """How an item ends; an item of which nothing was seen to hold has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Verdict:
    """What became of an item.

    Args:
        end: How it ended.
        words: Why; empty when it passed.
        notes: What the reader should know besides, such as what stays at the target.
    """

    end: End
    words: str = ""
    notes: tuple[str, ...] = ()


def verdict(conformance: Conformance) -> Verdict:
    """What became of an item; of what a target said nothing is shown that could turn or hide other text."""
    found = _ended(conformance)
    notes = tuple(visible(each, most=_MOST_SHOWN) for each in conformance.notes)
    return replace(found, words=visible(found.words, keep="\n", most=_MOST_SHOWN), notes=notes)


def _ended(conformance: Conformance) -> Verdict:
    judgement = conformance.judgement
    if judgement.open:
        return Verdict(End.FAILED, _findings(conformance))
    if conformance.faults:
        first = conformance.faults[0]
        return Verdict(End.FAILED, "; ".join(filter(None, (f"could not run: {first.message}", first.advice))))
    if judgement.accepted:
        return Verdict(End.SKIPPED, "; ".join(map(_agreement, judgement.accepted)))
    if conformance.readings:
        return Verdict(End.SKIPPED, "; ".join(map(_reading, conformance.readings)))
    if any(each.result is Result.CONFORM for each in conformance.outcomes):
        return Verdict(End.PASSED)
    return Verdict(End.SKIPPED, _reasons(conformance))


def reasons_of(pairs: Iterable[tuple[str, str]]) -> str:
    """The commonest of some results, each with its reason, as one line."""
    counted = Counter(pairs).most_common()
    words = [f"{result}: {reason}" for (result, reason), _ in counted[:_MOST_REASONS]]
    return "; ".join(words) + (f"; and {len(counted) - _MOST_REASONS} more reasons" if counted[_MOST_REASONS:] else "")


def _reasons(conformance: Conformance) -> str:
    found = reasons_of((each.result.value, each.reason) for each in conformance.outcomes)
    return found or "untested: the document has nothing of it"


def _agreement(accepted: Accepted) -> str:
    deviation = accepted.deviation
    words = f"accepted until {deviation.until} by {deviation.owner}: {deviation.reason}"
    return f"{words} ({accepted.finding.identity.check})"


def _reading(finding: Finding) -> str:
    return f"differs from our reading, which is no finding: expected {finding.expected}; got {finding.got}"


def _findings(conformance: Conformance) -> str:
    """Every finding, as `contracts check` shows it, with why it matters."""
    matters = {each.name: each.matters for each in conformance.words}
    found = conformance.judgement.open
    expired = {each.finding.identity: each for each in conformance.judgement.expired}
    parts = [f"{conformance.url} does not conform: {len(found)} finding{'s' if len(found) > 1 else ''}"]
    for each in found:
        late = expired.get(each.identity)
        until = [f"  was {_agreement(late)}"] if late else []
        parts.append("\n".join([*_finding(each, matters.get(each.identity.check, "")), *until, *_again(each)]))
    return "\n\n".join(parts)


def _finding(finding: Finding, matters: str) -> list[str]:
    identity, line = finding.identity, finding.rests_on
    dialects = f" [{', '.join(identity.dialects)}]" if identity.dialects else ""
    where = f"{line.file}:{line.line}; " if line else ""
    path = f" at {identity.schema_path}" if identity.schema_path else ""
    return [
        f"{finding.severity.value}  {identity.operation_id}: {identity.check}{dialects}",
        f"  expected  {finding.expected}{path}",
        f"  got       {finding.got}",
        *([f"  matters   {matters}"] if matters else []),
        f"  rests on  {where}evidence {finding.evidence or 'none'}; likely owner: {finding.owner.value}",
        f"  seen      {finding.count} times",
    ]


def _again(finding: Finding) -> list[str]:
    return [f"  again:\n{example.curl}" for example in finding.examples[:1] if example.curl]

"""The first screen: the verdict in a sentence, and the few numbers that it rests on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from contracts.conformance import Conformance
from contracts.exitcodes import ExitCode
from contracts.model import Finding, Owner, Result, Severity
from contracts.report.page.charts import Part, bar
from contracts.report.page.findings import Told
from contracts.report.page.index import Key, Operation
from contracts.report.page.wording import NAMES, RESULTS, SETTLED, SEVERITIES, counted, evidence_order, share
from contracts.results import Outcome, by_evidence, totals

_MOST_REASONS = 3
_MOST_CHECKS = 5


@dataclass(frozen=True)
class Row:
    """A row of the table of results: a class of evidence, its bar, and how many checks came to each result."""

    name: str
    bar: Markup
    counts: tuple[int, ...]
    total: int


@dataclass(frozen=True)
class Differing:
    """A check or law that does not hold: its worst finding, how many there are, and of how many operations."""

    check: str
    severity: Severity
    anchor: str
    findings: int
    operations: int


@dataclass(frozen=True)
class Acting:
    """Somebody who should act: who, on how many findings, and how many of each severity in words."""

    owner: Owner
    count: int
    severities: str


@dataclass(frozen=True)
class Untold:
    """Checks without a verdict that share a reason."""

    result: Result
    reason: str
    count: int


@dataclass(frozen=True)
class Head:
    """The first screen.

    Args:
        tone: good, bad or open; chooses the colour of the verdict.
        verdict: Whether the deployment conforms.
        settled: Whether anything was tested.
        grounds: What that rests on, as the rest of the sentence.
        rows: Results by evidence.
        sum: The results of all.
        differing: What does not hold, the worst first.
        acting: Who should act, those with the most first.
        without: How many checks have no verdict, by result.
        share: Their part of all, in words.
        untold: Why there is no verdict, the most frequent reasons first.
    """

    tone: str
    verdict: str
    settled: bool
    grounds: str
    rows: tuple[Row, ...]
    sum: Row
    differing: tuple[Differing, ...]
    acting: tuple[Acting, ...]
    without: tuple[tuple[Result, int], ...]
    share: str
    untold: tuple[Untold, ...]


def head(conformance: Conformance, operations: Mapping[Key, Operation], findings: Sequence[Told]) -> Head:
    """The first screen of a run, whose findings the page tells so."""
    tone, verdict = _verdict(conformance)
    results = Counter(outcome.result for outcome in conformance.outcomes)
    return Head(
        tone=tone,
        verdict=verdict,
        settled=any(result in SETTLED for result in results),
        grounds=_grounds(conformance, operations),
        rows=tuple(_rows(conformance.outcomes)),
        sum=_row("all", totals(conformance.outcomes)),
        differing=tuple(islice(_differing(findings), _MOST_CHECKS)),
        acting=tuple(_acting(conformance.judgement.open)),
        without=tuple((result, results[result]) for result in RESULTS if result not in SETTLED and results[result]),
        share=share(_without(conformance), len(conformance.outcomes)),
        untold=_reasons(conformance.outcomes)[:_MOST_REASONS],
    )


def _verdict(conformance: Conformance) -> tuple[str, str]:
    verdicts = any(outcome.result in SETTLED for outcome in conformance.outcomes)
    if conformance.exit_code is ExitCode.FINDINGS:
        return "bad", "This deployment does not conform"
    if conformance.exit_code is ExitCode.COULD_NOT_RUN:
        return "open", "This deployment could not be checked in full" if verdicts else "Nothing could be checked"
    if not verdicts:
        return "open", "Nothing was tested, so nothing is known of this deployment"
    return "good", "This deployment conforms, as far as it was tested"


def _grounds(conformance: Conformance, operations: Mapping[Key, Operation]) -> str:
    found = conformance.judgement.open
    concerned = {(each.identity.document, each.identity.operation_id) for each in found}
    known = counted(len(operations), "operation")
    parts = [
        f"{counted(len(found), 'finding')} in {len(concerned):,} of {known}" if found else f"no finding in {known}"
    ]
    if accepted := len(conformance.judgement.accepted):
        parts.append(f"{accepted:,} more accepted")
    if conformance.faults:
        parts.append(f"{counted(len(conformance.faults), 'part')} of the run could not be made")
    if without := _without(conformance):
        parts.append(f"{share(without, len(conformance.outcomes))} of the checks have no verdict")
    return "; ".join(parts)


def _without(conformance: Conformance) -> int:
    """How many checks have no verdict."""
    return sum(outcome.result not in SETTLED for outcome in conformance.outcomes)


def _rows(outcomes: Iterable[Outcome]) -> Iterable[Row]:
    classes = by_evidence(outcomes)
    for name in sorted(classes, key=evidence_order):
        yield _row(name, classes[name])


def _row(name: str, counts: Mapping[str, int]) -> Row:
    ordered = (Result.CONFORM, *(result for result in RESULTS if result is not Result.CONFORM))
    drawn = bar(name, [Part(result.value, NAMES[result], counts[result]) for result in ordered])
    return Row(name, drawn, tuple(counts[result] for result in ordered), sum(counts.values()))


def _differing(findings: Sequence[Told]) -> Iterable[Differing]:
    groups: dict[str, list[Told]] = {}
    for each in findings:
        groups.setdefault(each.finding.identity.check, []).append(each)
    for check, found in groups.items():
        concerned = {(each.finding.identity.document, each.finding.identity.operation_id) for each in found}
        yield Differing(check, found[0].finding.severity, found[0].anchor, len(found), len(concerned))


def _acting(findings: Iterable[Finding]) -> Iterable[Acting]:
    groups: dict[Owner, list[Finding]] = {owner: [] for owner in Owner}
    for finding in findings:
        groups[finding.owner].append(finding)
    for owner, found in sorted(groups.items(), key=lambda each: -len(each[1])):
        counts = Counter(each.severity for each in found)
        words = ", ".join(f"{counts[severity]:,} {severity.value}" for severity in SEVERITIES if counts[severity])
        if found:
            yield Acting(owner, len(found), words)


def _reasons(outcomes: Iterable[Outcome]) -> tuple[Untold, ...]:
    counts = Counter((each.result, each.reason) for each in outcomes if each.result not in SETTLED)
    return tuple(
        Untold(result, reason, count)
        for (result, reason), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )

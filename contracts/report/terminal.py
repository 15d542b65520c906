"""The report for a person: a table of the operations, then the findings, then what was not looked at."""

from collections import Counter
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.checks.table import CHECKS
from contracts.conformance import Conformance
from contracts.deviations import Accepted
from contracts.exitcodes import ExitCode
from contracts.model import Deviation, Finding, Result, Severity
from contracts.results import Outcome, by_evidence

_COLOURS = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "blue"}
_RESULT_COLOURS = {
    Result.CONFORM: "green",
    Result.DIFFERS: "red",
    Result.READING: "yellow",
    Result.INCONCLUSIVE: "yellow",
    Result.UNTESTED: "yellow",
    Result.NOT_REACHABLE: "yellow",
}
_HEADINGS = {Result.READING: "other reading"}
_VERDICTS = {
    ExitCode.CONFORMS: ("It conforms, as far as it was tested.", "green"),
    ExitCode.FINDINGS: ("It does not conform.", "red"),
    ExitCode.COULD_NOT_RUN: ("It could not be checked.", "red"),
}
_SETTLED = frozenset({Result.CONFORM, Result.DIFFERS, Result.READING})
_MOST_REASONS = 12
_MOST_UNREACHED = 40


def render(conformance: Conformance) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = [Text(""), _head(conformance), _operations(conformance), _evidence(conformance)]
    parts += [_finding(each) for each in conformance.judgement.open]
    parts += [_finding(each, heading="differs from our reading, no finding: ") for each in conformance.readings]
    parts += _agreed(conformance)
    parts += _unreached(conformance)
    parts += _untold(conformance)
    parts += _last(conformance)
    return Group(*parts)


def print_report(conformance: Conformance, console: Console) -> None:
    """Prints the whole report."""
    console.print(render(conformance), soft_wrap=True)


def _head(conformance: Conformance) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("target", Text(f"{conformance.url} ({conformance.target})"))
    for document in conformance.documents:
        label = f"{document.name} {document.dialect}".strip()
        table.add_row("document", Text(f"{label}, {document.operations} operations, sha256 {document.digest[:16]}"))
    table.add_row("profile", Text(f"{conformance.profile}, seed {conformance.seed}"))
    table.add_row("versions", Text(", ".join(f"{name} {number}" for name, number in conformance.versions.items())))
    sent = conformance.requests
    extra = "".join(
        f", {sum(counts.values())} {words}"
        for counts, words in ((sent.refused, "not sent"), (sent.environment, "put off"), (sent.faults, "unanswered"))
        if counts
    )
    table.add_row("requests", Text(f"{sent.sent} sent{extra}, in {conformance.seconds:.1f} s"))
    if not any(outcome.cell.check in CHECKS for outcome in conformance.outcomes):
        return table
    asked = sum(document.operations for document in conformance.documents)
    table.add_row("reached", Text(f"{asked - len(conformance.unreached)} of {asked} operations answered with success"))
    return table


def _operations(conformance: Conformance) -> Table:
    table = Table(title="Checks by operation", title_justify="left", box=None, padding=(0, 2))
    for heading in ("operation", "document"):
        table.add_column(heading, no_wrap=True)
    for result in Result:
        table.add_column(_HEADINGS.get(result, result.value), justify="right", style=_RESULT_COLOURS[result])
    for (document, dialect, operation), group in groupby(conformance.outcomes, _key):
        counts = Counter(outcome.result for outcome in group)
        numbers = [str(counts[result]) if counts[result] else "-" for result in Result]
        table.add_row(operation, f"{document} {dialect}".strip(), *numbers)
    return table


def _key(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.cell.document, outcome.cell.dialect, outcome.cell.operation_id


def _evidence(conformance: Conformance) -> Table:
    """How well the operations are known to which the results belong."""
    table = Table(title="Checks by evidence", title_justify="left", box=None, padding=(0, 2))
    table.add_column("evidence")
    for result in Result:
        table.add_column(_HEADINGS.get(result, result.value), justify="right")
    for evidence, row in by_evidence(conformance.outcomes).items():
        table.add_row(evidence, *(str(row[result.value]) for result in Result))
    return table


def _finding(finding: Finding, *, heading: str = "") -> Text:
    identity = finding.identity
    dialects = f" [{', '.join(identity.dialects)}]" if identity.dialects else ""
    text = Text(f"\n{heading}{finding.severity.value}", style=_COLOURS[finding.severity])
    text.append(f"  {identity.operation_id}: {identity.check}{dialects}\n", style="bold default")
    line = finding.rests_on
    where = f"{line.file}:{line.line}; " if line else ""
    path = f" at {identity.schema_path}" if identity.schema_path else ""
    lines = [
        f"  expected  {finding.expected}{path}",
        f"  got       {finding.got}",
        f"  rests on  {where}evidence {finding.evidence or 'none'}; likely owner: {finding.owner.value}",
        f"  seen      {finding.count} times",
    ]
    text.append("\n".join(lines), style="default")
    for command in (example.curl for example in finding.examples[:1] if example.curl):
        text.append("\n  again:\n" + command, style="default")
    return text


def _agreed(conformance: Conformance) -> list[RenderableType]:
    judgement = conformance.judgement
    parts: list[RenderableType] = [
        _finding(each.finding, heading=_until("accepted", each)) for each in judgement.accepted
    ]
    parts += [Text(f"\n{_until('expired', each)}{_name(each.deviation)}", style="yellow") for each in judgement.expired]
    parts += [Text(f"\nstale: {_name(each)} holds now; take it out of the list", "yellow") for each in judgement.stale]
    parts += [Text(f"\nnot looked at: {_name(each)}", "yellow") for each in judgement.unmet]
    return parts


def _until(word: str, accepted: Accepted) -> str:
    deviation = accepted.deviation
    return f"{word} ({deviation.reason}; {deviation.owner}, until {deviation.until}): "


def _name(deviation: Deviation) -> str:
    identity = deviation.identity
    return f"{identity.operation_id}: {identity.check}"


def _unreached(conformance: Conformance) -> list[RenderableType]:
    """What is known by its refusals alone."""
    lines = [f"  {each.operation_id} ({each.document} {each.dialect}".rstrip() + ")" for each in conformance.unreached]
    shown = lines[:_MOST_UNREACHED]
    if len(lines) > len(shown):
        shown.append(f"  and {len(lines) - len(shown)} more, in the JSON report")
    return [Text("\nOperations never answered with success\n" + "\n".join(shown), style="default")] if lines else []


def _untold(conformance: Conformance) -> list[RenderableType]:
    """Why there is no verdict where there is none."""
    without = [each for each in conformance.outcomes if each.result not in _SETTLED]
    reasons = Counter((outcome.result.value, outcome.reason) for outcome in without)
    lines = [f"  {count:>4}  {result}: {reason}" for (result, reason), count in reasons.most_common(_MOST_REASONS)]
    if len(reasons) > _MOST_REASONS:
        lines.append(f"        and {len(reasons) - _MOST_REASONS} more reasons, in the JSON report")
    return [Text("\nChecks without a verdict\n" + "\n".join(lines), style="default")] if lines else []


def _last(conformance: Conformance) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for fault in conformance.faults:
        where = f"{fault.document} {fault.dialect}".strip()
        advice = f"; {fault.advice}" if fault.advice else ""
        parts.append(Text(f"\ncould not run{' ' if where else ''}{where}: {fault.message}{advice}", style="red"))
    parts += [Text(f"\nnote: {note}") for note in conformance.notes]
    words, colour = _VERDICTS[conformance.exit_code]
    findings = len(conformance.judgement.open)
    accepted = f", {len(conformance.judgement.accepted)} accepted" if conformance.judgement.accepted else ""
    return [*parts, Text(f"\n{words} {findings} findings{accepted}.", style=colour)]

"""The report for a person: tables of what was looked at, then the findings, then what was not looked at.

What a target says is shown without its control characters: a terminal would obey them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.checks.table import CHECKS
from contracts.conformance import Conformance
from contracts.coverage.summary import DIMENSIONS, Tally, by_evidence, by_family
from contracts.deviations import Accepted
from contracts.exitcodes import ExitCode
from contracts.model import Deviation, Finding, Result, Severity
from contracts.report.sums import (
    NOT_COUNTED,
    incidents,
    law_results,
    laws_line,
    owners_line,
    remains,
    share,
    untold,
    verdict,
)
from contracts.report.visible import visible
from contracts.results import Outcome
from contracts.results import by_evidence as results_by_evidence

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
_VERDICT_COLOURS = {ExitCode.CONFORMS: "green", ExitCode.FINDINGS: "red", ExitCode.COULD_NOT_RUN: "red"}
_MOST_REASONS = 12
_MOST_UNREACHED = 40
_MOST_CHARACTERS = 2000
_MOST_COMMAND = 20_000


def render(conformance: Conformance) -> RenderableType:
    """The whole report."""
    parts: list[RenderableType] = [Text(""), _head(conformance), _operations(conformance), _evidence(conformance)]
    parts += _coverage(conformance)
    parts += _laws(conformance)
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


def _said(text: str, *, keep: str = "") -> str:
    """A text that a target may have had a hand in."""
    return visible(text, keep=keep, most=_MOST_CHARACTERS)


def _label(*parts: str) -> str:
    return _said(" ".join(part for part in parts if part))


def _head(conformance: Conformance) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("target", Text(_said(f"{conformance.url} ({conformance.target})")))
    for each in conformance.documents:
        label = _label(each.name, each.dialect)
        table.add_row("document", Text(f"{label}, {each.operations} operations, sha256 {_said(each.digest[:16])}"))
    table.add_row("profile", Text(_said(f"{conformance.profile}, seed {conformance.seed}")))
    versions = ", ".join(f"{name} {number}" for name, number in conformance.versions.items())
    table.add_row("versions", Text(_said(versions)))
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


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2))
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _operations(conformance: Conformance) -> Table:
    table = _table("Checks by operation", "operation", "document")
    for result in Result:
        table.add_column(_HEADINGS.get(result, result.value), justify="right", style=_RESULT_COLOURS[result])
    for (document, dialect, operation), group in groupby(conformance.outcomes, _key):
        counts = Counter(outcome.result for outcome in group)
        numbers = [str(counts[result]) if counts[result] else "-" for result in Result]
        table.add_row(Text(_said(operation)), Text(_label(document, dialect)), *numbers)
    return table


def _key(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.cell.document, outcome.cell.dialect, outcome.cell.operation_id


def _evidence(conformance: Conformance) -> Table:
    """How well the operations are known to which the results belong."""
    table = _table("Checks by evidence", "evidence")
    for result in Result:
        table.add_column(_HEADINGS.get(result, result.value), justify="right")
    for evidence, row in results_by_evidence(conformance.outcomes).items():
        table.add_row(Text(_said(evidence)), *(str(row[result.value]) for result in Result))
    return table


def _coverage(conformance: Conformance) -> list[RenderableType]:
    """What was tried of what is documented."""
    if not conformance.coverage:
        return [Text(f"\nCoverage: {NOT_COUNTED}")]
    families = _shares("Tested of what is documented, by family", "family", by_family(conformance.coverage))
    evidence = _shares("Tested of what is documented, by evidence", "evidence", by_evidence(conformance.coverage))
    return [families, evidence]


def _shares(title: str, heading: str, rows: Mapping[str, Mapping[str, Tally]]) -> Table:
    table = _table(title, heading)
    for dimension in DIMENSIONS:
        table.add_column(dimension, justify="right")
    for name, tallies in rows.items():
        table.add_row(Text(_said(name)), *(share(tallies[dimension]) for dimension in DIMENSIONS))
    return table


def _laws(conformance: Conformance) -> list[RenderableType]:
    """How many laws hold, and the names of those that are not seen to."""
    lines = [f"Laws: {laws_line(conformance)}"]
    for result, names in _by_result(law_results(conformance)):
        lines.append(f"  {result.value}: {_said(', '.join(names))}")
    return [Text("\n" + "\n".join(lines))] if law_results(conformance) else []


def _by_result(laws: Mapping[str, Result]) -> Iterable[tuple[Result, list[str]]]:
    for result in Result:
        names = [name for name, found in laws.items() if found is result]
        if names and result is not Result.CONFORM:
            yield result, names


def _finding(finding: Finding, *, heading: str = "") -> Text:
    identity = finding.identity
    dialects = f" [{', '.join(identity.dialects)}]" if identity.dialects else ""
    text = Text(f"\n{_said(heading)}{finding.severity.value}", style=_COLOURS[finding.severity])
    text.append(f"  {_said(f'{identity.operation_id}: {identity.check}{dialects}')}\n", style="bold default")
    line = finding.rests_on
    where = f"{line.file}:{line.line}; " if line else ""
    path = f" at {identity.schema_path}" if identity.schema_path else ""
    rests_on = f"{where}evidence {finding.evidence or 'none'}; likely owner: {finding.owner.value}"
    lines = [
        f"  expected  {_said(finding.expected + path)}",
        f"  got       {_said(finding.got)}",
        f"  rests on  {_said(rests_on)}",
        f"  seen      {finding.count} times",
    ]
    text.append("\n".join(lines), style="default")
    for command in (example.curl for example in finding.examples[:1] if example.curl):
        text.append("\n  again:\n" + visible(command, keep="\n", most=_MOST_COMMAND), style="default")
    return text


def _agreed(conformance: Conformance) -> list[RenderableType]:
    judgement = conformance.judgement
    parts: list[RenderableType] = [
        _finding(each.finding, heading=_until("accepted", each)) for each in judgement.accepted
    ]
    lines = [f"{_until('expired', each)}{_name(each.deviation)}" for each in judgement.expired]
    lines += [f"stale: {_name(each)} holds now; take it out of the list" for each in judgement.stale]
    lines += [f"not looked at: {_name(each)}" for each in judgement.unmet]
    return [*parts, *(Text(f"\n{_said(line)}", style="yellow") for line in lines)]


def _until(word: str, accepted: Accepted) -> str:
    deviation = accepted.deviation
    return f"{word} ({deviation.reason}; {deviation.owner}, until {deviation.until}): "


def _name(deviation: Deviation) -> str:
    identity = deviation.identity
    return f"{identity.operation_id}: {identity.check}"


def _unreached(conformance: Conformance) -> list[RenderableType]:
    """What is known by its refusals alone."""
    lines = [f"{each.operation_id} ({each.document} {each.dialect}".rstrip() + ")" for each in conformance.unreached]
    return _section("Operations never answered with success", lines, "", _MOST_UNREACHED)


def _untold(conformance: Conformance) -> list[RenderableType]:
    """Why there is no verdict where there is none."""
    lines = [f"{count:>4}  {words}" for count, words in untold(conformance)]
    return _section("Checks without a verdict", lines, " reasons", _MOST_REASONS)


def _section(title: str, lines: list[str], things: str, most: int) -> list[RenderableType]:
    """A heading and lines; how many more there are stands in the place of the others."""
    if not lines:
        return []
    shown = [f"  {_said(line)}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(f"  and {len(lines) - most} more{things}, in the JSON report")
    return [Text("\n" + "\n".join([title, *shown]), style="default")]


def _last(conformance: Conformance) -> list[RenderableType]:
    met = [f"{count:>4}  {words}" for count, words in incidents(conformance)]
    parts = _section("Incidents on the way to the target", met, "", _MOST_REASONS)
    for fault in conformance.faults:
        where = f"{fault.document} {fault.dialect}".strip()
        advice = f"; {fault.advice}" if fault.advice else ""
        words = f"could not run{' ' if where else ''}{where}: {fault.message}{advice}"
        parts.append(Text(f"\n{_said(words)}", style="red"))
    parts += _section("What stays at the target", list(remains(conformance)), "", _MOST_UNREACHED)
    owners = owners_line(conformance)
    act = [Text(f"\nWho should act, as far as that can be told: {owners}")] if owners else []
    return [*parts, *act, Text(f"\n{verdict(conformance)}", style=_VERDICT_COLOURS[conformance.exit_code])]

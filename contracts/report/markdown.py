"""The report as Markdown, for a comment on a pull request: short enough for one, the worst first."""

from collections.abc import Iterable, Iterator

from contracts.conformance import Conformance
from contracts.coverage.summary import DIMENSIONS, by_evidence, by_family
from contracts.deviations import Accepted
from contracts.model import Deviation, Finding, Result
from contracts.report.escaping import cell, code, fenced, prose
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
from contracts.results import by_evidence as results_by_evidence

LIMIT = 60_000
"""Characters of the whole, which is less than what the platforms take for a comment."""

_ROOM = 3_500
"""Characters of a section that is not the findings'."""

_IN_FULL = 0.7
"""The part of the findings' room in which they are told in full; the others have a line each."""

_MOST_ROWS = 12
_MOST_OF_NAME = 120
_MOST_OF_COMMAND = 3_000
_ELSEWHERE = "the JSON and the HTML report have all of it"


def render(conformance: Conformance) -> str:
    """The report as text of at most `LIMIT` characters."""
    before = [_head(conformance), *_sections(_counted(conformance)), *_sections(_not_run(conformance))]
    after = [*_sections(_besides(conformance)), *_sections(_around(conformance))]
    taken = sum(len(each) + 2 for each in (*before, *after)) + 1
    return "\n\n".join([*before, *_findings(conformance, LIMIT - taken), *after]) + "\n"


Section = tuple[str, list[str]]
"""A heading, and the lines of its list."""


def _sections(sections: Iterable[Section]) -> list[str]:
    return [f"### {title}\n\n{_listed(lines, _ROOM)}" for title, lines in sections if lines]


def _listed(lines: list[str], room: int) -> str:
    """As many of the lines as there is room for, as a list, and how many are left out."""
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 3
        if room < 0:
            break
        shown.append(f"- {line}")
    if len(shown) < len(lines):
        shown.append(f"- and {len(lines) - len(shown)} more; {_ELSEWHERE}")
    return "\n".join(shown)


def _name(text: str) -> str:
    return code(text, _MOST_OF_NAME)


def _head(conformance: Conformance) -> str:
    rows = results_by_evidence(conformance.outcomes)
    heads = " | ".join(result.value for result in Result)
    lines = [
        f"## Conformance of {_name(conformance.url)}",
        "",
        f"**{verdict(conformance)}**{_who(conformance)}",
        "",
        f"Target {_name(conformance.target)}, profile {_name(conformance.profile)}, {_asked(conformance)}.",
        "",
        f"| evidence | {heads} |",
        "| --- |" + " ---: |" * len(Result),
        *(
            f"| {cell(name)} | " + " | ".join(str(row[result.value]) for result in Result) + " |"
            for name, row in list(rows.items())[:_MOST_ROWS]
        ),
    ]
    if len(rows) > _MOST_ROWS:
        lines += ["", f"And {len(rows) - _MOST_ROWS} classes more; {_ELSEWHERE}."]
    return "\n".join(lines)


def _who(conformance: Conformance) -> str:
    owners = owners_line(conformance)
    return f" Who should act, as far as that can be told: {owners}." if owners else ""


def _asked(conformance: Conformance) -> str:
    read = "" if conformance.writes else ", only read"
    sent = f"{conformance.requests.sent} requests{read}"
    return f"{_name(conformance.started)}, {conformance.seconds:.1f} s, {sent}"


def _counted(conformance: Conformance) -> Iterator[Section]:
    """How much was looked at."""
    coverage = conformance.coverage
    yield (
        "Coverage: tested of what is documented",
        [
            f"{label} {prose(name, _MOST_OF_NAME)}: "
            + ", ".join(f"{dimension} {share(tallies[dimension])}" for dimension in DIMENSIONS)
            for label, rows in (("family", by_family(coverage)), ("evidence", by_evidence(coverage)))
            for name, tallies in rows.items()
        ]
        or [NOT_COUNTED],
    )
    yield "Checks without a verdict", [*_unreached(conformance), *map(_counting, untold(conformance))]
    yield (
        "Laws",
        [f"in all: {laws_line(conformance)}"] * bool(law_results(conformance))
        + [
            f"{result.value}: {_name(name)}"
            for name, result in law_results(conformance).items()
            if result in {Result.DIFFERS, Result.READING}
        ],
    )


def _unreached(conformance: Conformance) -> Iterator[str]:
    """What is known by its refusals alone."""
    if conformance.unreached:
        names = ", ".join(dict.fromkeys(each.operation_id for each in conformance.unreached))
        yield f"{len(conformance.unreached)} operations never answered with success: {code(names)}"


def _counting(counted: tuple[int, str]) -> str:
    return f"{counted[0]} times {prose(counted[1])}"


def _not_run(conformance: Conformance) -> Iterator[Section]:
    yield (
        "What could not be run",
        [
            f"{_name(' '.join(filter(None, (each.document, each.dialect))) or 'the run')}: {prose(each.message)}"
            + (f"; to do: {prose(each.advice)}" if each.advice else "")
            for each in conformance.faults
        ],
    )


def _findings(conformance: Conformance, room: int) -> Iterator[str]:
    """The findings, the gravest first: in full, then a line each, then their number."""
    findings = conformance.judgement.open
    if not findings:
        return
    title = "### Findings, the gravest first"
    matters = {each.name: each.matters for each in conformance.words}
    # Room for the title, and for the number of those that are left out.
    room -= len(title) + 200
    yield title
    told = 0
    full = room * _IN_FULL
    for number, finding in enumerate(findings, start=1):
        block = _finding(number, finding, matters.get(finding.identity.check, ""))
        full -= len(block) + 2
        if full < 0:
            break
        room -= len(block) + 2
        told = number
        yield block
    if told < len(findings):
        yield _listed([f"{each.severity}: {_where(each)}" for each in findings[told:]], room)


def _where(finding: Finding) -> str:
    identity = finding.identity
    dialects = f" in {_name(', '.join(identity.dialects))}" if identity.dialects else ""
    return f"{_name(identity.operation_id)} and {_name(identity.check)}{dialects}"


def _finding(number: int, finding: Finding, matters: str) -> str:
    line, path = finding.rests_on, finding.identity.schema_path
    lines = [
        f"#### {number}. {finding.severity}: {_where(finding)}",
        "",
        f"- expected: {prose(finding.expected)}{f' at {_name(path)}' if path else ''}",
        f"- got: {prose(finding.got)}",
        *([f"- why it matters: {prose(matters)}"] if matters else []),
        f"- likely owner: {finding.owner}; evidence: {_name(finding.evidence or 'none')}; seen {finding.count} times",
        *([f"- rests on: {_name(f'{line.file}:{line.line}')}"] if line else []),
    ]
    return "\n".join([*lines, *_again(finding)])


def _again(finding: Finding) -> Iterator[str]:
    """The command that sends it again, folded."""
    command = next((each.curl for each in finding.examples if each.curl), "")
    if not command:
        return
    block = fenced(command) if len(command) <= _MOST_OF_COMMAND else ""
    if not block or len(block) > _MOST_OF_COMMAND:
        yield f"- to send it again: a command of {len(command)} characters; {_ELSEWHERE}"
        return
    yield f"\n<details>\n<summary>Send it again</summary>\n\n{block}\n\n</details>"


def _besides(conformance: Conformance) -> Iterator[Section]:
    """What differs and is no finding, or was agreed on."""
    judgement = conformance.judgement
    yield "Differs from our reading, which is no finding", [_reading(each) for each in conformance.readings]
    yield "Accepted deviations", [_accepted(each) for each in judgement.accepted]
    yield "Expired deviations, whose findings count again", [_accepted(each) for each in judgement.expired]
    yield "Stale deviations: it holds now, so take them out of the list", [_about(each) for each in judgement.stale]
    yield "Deviations that this run could say nothing about", [_about(each) for each in judgement.unmet]


def _reading(finding: Finding) -> str:
    return f"{_where(finding)}: expected {prose(finding.expected)}; got {prose(finding.got)}"


def _accepted(accepted: Accepted) -> str:
    return f"{_where(accepted.finding)}: {_agreed(accepted.deviation)}"


def _agreed(deviation: Deviation) -> str:
    until = f"until {_name(deviation.until)}, owner {prose(deviation.owner, _MOST_OF_NAME)}"
    return f"{prose(deviation.reason)}; {until}"


def _about(deviation: Deviation) -> str:
    identity = deviation.identity
    return f"{_name(identity.operation_id)} and {_name(identity.check)}: {_agreed(deviation)}"


def _around(conformance: Conformance) -> Iterator[Section]:
    """What a reader needs to judge the run itself, and to repeat it."""
    yield (
        "Incidents on the way to the target",
        list(map(_counting, incidents(conformance))),
    )
    yield "What stays at the target", [f"note: {prose(each)}" for each in remains(conformance)]
    yield "The run", list(_run(conformance))


def _run(conformance: Conformance) -> Iterator[str]:
    yield f"seed: {conformance.seed}"
    versions = ", ".join(f"{name} {number}" for name, number in conformance.versions.items())
    yield f"versions: {code(versions)}"
    for each in conformance.documents:
        label = " ".join(filter(None, (each.name, each.dialect)))
        yield f"document {_name(label)}: {each.operations} operations, sha256 {_name(each.digest)}"

"""The report of a run without what is to be masked in it: the second look, when the run has learned all it will."""

from collections.abc import Iterable
from dataclasses import replace

from contracts.conformance import Conformance
from contracts.model import Example, Exchange, Finding
from contracts.redact import Redactor


def masked(conformance: Conformance) -> Conformance:
    """The same report, with everything masked in every text that the target had a hand in."""
    redactor, judgement = conformance.redactor, conformance.judgement
    text = redactor.text
    return replace(
        conformance,
        outcomes=tuple(replace(each, reason=text(each.reason)) for each in conformance.outcomes),
        judgement=replace(
            judgement,
            open=_findings(judgement.open, redactor),
            accepted=tuple(replace(each, finding=_finding(each.finding, redactor)) for each in judgement.accepted),
            expired=tuple(replace(each, finding=_finding(each.finding, redactor)) for each in judgement.expired),
        ),
        readings=_findings(conformance.readings, redactor),
        faults=tuple(
            replace(each, message=text(each.message), advice=text(each.advice)) for each in conformance.faults
        ),
        notes=tuple(map(text, conformance.notes)),
    )


def _findings(findings: Iterable[Finding], redactor: Redactor) -> tuple[Finding, ...]:
    return tuple(_finding(each, redactor) for each in findings)


def _finding(finding: Finding, redactor: Redactor) -> Finding:
    return replace(
        finding,
        expected=redactor.text(finding.expected),
        got=redactor.text(finding.got),
        examples=tuple(_example(each, redactor) for each in finding.examples),
    )


def _example(example: Example, redactor: Redactor) -> Example:
    return Example(redactor.text(example.curl), _exchange(example.exchange, redactor))


def _exchange(exchange: Exchange, redactor: Redactor) -> Exchange:
    return replace(
        exchange,
        path=redactor.text(exchange.path),
        headers=redactor.sent_headers(exchange.headers.items()),
        body=redactor.data(exchange.body),
        response_headers=redactor.headers(exchange.response_headers.items()),
        response_body=redactor.data(exchange.response_body),
    )

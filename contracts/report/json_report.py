"""The report as JSON, by the schema beside this module."""

import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from contracts.conformance import Conformance, Fault, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage
from contracts.coverage.summary import Tally, by_family, whole
from contracts.coverage.summary import by_evidence as covered_by_evidence
from contracts.deviations import Accepted
from contracts.model import Deviation, Example, Exchange, Finding, Identity
from contracts.results import Outcome, by_evidence, totals

VERSION = 4
"""Of the format; a reader of one version is not surprised by any report of it."""

SCHEMA = "report.schema.json"

KEYWORD_STATES: Mapping[tuple[bool, bool], str] = MappingProxyType(
    {(True, True): "tested", (True, False): "met", (False, True): "broken", (False, False): "untested"}
)
"""What is written of a keyword that something could be sent for, by whether it was met and whether it was broken."""


def schema() -> dict[str, Any]:
    """The JSON Schema that every report fits."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath(SCHEMA).read_text(encoding="utf-8"))
    return found


def as_json(conformance: Conformance) -> dict[str, Any]:
    """The report as JSON values."""
    judgement = conformance.judgement
    return {
        "report": VERSION,
        **conformance.described(),
        # As it was measured: what is read back is what was written.
        "seconds": conformance.seconds,
        "loopback": conformance.loopback,
        "writes": conformance.writes,
        "exit_code": int(conformance.exit_code),
        "requests": vars(conformance.requests),
        "totals": totals(conformance.outcomes),
        "evidence": by_evidence(conformance.outcomes),
        "coverage": _coverage(conformance.coverage) if conformance.coverage else None,
        "checks": {each.name: _words(each) for each in conformance.words},
        "findings": [finding_as_json(each) for each in judgement.open],
        "readings": [finding_as_json(each) for each in conformance.readings],
        "deviations": {
            "accepted": [_accepted(each) for each in judgement.accepted],
            "expired": [_accepted(each) for each in judgement.expired],
            "stale": [_deviation(each) for each in judgement.stale],
            "unmet": [_deviation(each) for each in judgement.unmet],
        },
        "results": [_outcome(each) for each in conformance.outcomes],
        "unreached": [
            {"document": each.document, "dialect": each.dialect or None, "operation": each.operation_id}
            for each in conformance.unreached
        ],
        "excused": conformance.excused,
        "faults": [_fault(each) for each in conformance.faults],
        "notes": list(conformance.notes),
    }


def render(conformance: Conformance) -> str:
    """The report as text."""
    return json.dumps(as_json(conformance), indent=2, ensure_ascii=False) + "\n"


def _coverage(coverage: tuple[OperationCoverage, ...]) -> dict[str, Any]:
    return {
        "whole": _tallies(whole(coverage)),
        "families": {name: _tallies(tallies) for name, tallies in by_family(coverage).items()},
        "evidence": {name: _tallies(tallies) for name, tallies in covered_by_evidence(coverage).items()},
        "operations": [_covered(each) for each in coverage],
    }


def _tallies(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {
        name: {
            Covered.TESTED.value: each.tested,
            Covered.UNTESTED.value: each.untested,
            Covered.NOT_REACHABLE.value: each.not_reachable,
        }
        for name, each in tallies.items()
    }


def _covered(each: OperationCoverage) -> dict[str, Any]:
    return {
        "document": each.document,
        "dialect": each.dialect or None,
        "operation": each.operation_id,
        "method": each.method,
        "path": each.path,
        "family": each.family,
        "evidence": each.evidence or None,
        "state": each.state.value,
        "reason": each.reason or None,
        "statuses": {status: state.value for status, state in each.statuses},
        "parameters": [{"in": one.place, "name": one.name, "state": one.state.value} for one in each.parameters],
        "keywords": {one.pointer: _keyword(one) for one in each.keywords},
    }


def _keyword(keyword: Keyword) -> str:
    """A state more than coverage has: half of what makes a keyword tested."""
    return KEYWORD_STATES[keyword.met, keyword.broken] if keyword.reachable else Covered.NOT_REACHABLE.value


def _words(words: Words) -> dict[str, Any]:
    return {
        "kind": words.kind,
        "expects": words.expects,
        "matters": words.matters,
        "evidence": words.evidence or None,
    }


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "target": identity.target,
        "document": identity.document,
        "dialects": list(identity.dialects),
        "check": identity.check,
        "operation": identity.operation_id,
        "status": identity.status,
        "schema_path": identity.schema_path,
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    line = finding.rests_on
    return {
        "fingerprint": finding.identity.fingerprint,
        "identity": _identity(finding.identity),
        "severity": finding.severity.value,
        "expected": finding.expected,
        "got": finding.got,
        "rests_on": {"file": line.file, "line": line.line} if line else None,
        "owner": finding.owner.value,
        "evidence": finding.evidence or None,
        "count": finding.count,
        "examples": [_example(each) for each in finding.examples],
    }


def _example(example: Example) -> dict[str, Any]:
    return {"curl": example.curl or None, **_exchange(example.exchange)}


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "request": {
            "number": exchange.number,
            "method": exchange.method,
            "path": exchange.path,
            "headers": dict(exchange.headers),
            "body": _text(exchange.body),
        },
        "answer": None
        if exchange.status is None
        else {
            "status": exchange.status,
            "headers": dict(exchange.response_headers),
            "body": _text(exchange.response_body),
        },
        "seconds": exchange.elapsed,
        "attempts": exchange.attempts,
    }


def _text(body: bytes) -> str:
    """A body as text, what is no UTF-8 as escapes; a cut may fall into the middle of a character."""
    return body.decode("utf-8", "backslashreplace")


def _accepted(accepted: Accepted) -> dict[str, Any]:
    return {"finding": finding_as_json(accepted.finding), "deviation": _deviation(accepted.deviation)}


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {
        "identity": _identity(deviation.identity),
        "reason": deviation.reason,
        "owner": deviation.owner,
        "until": deviation.until,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "document": outcome.cell.document,
        "dialect": outcome.cell.dialect or None,
        "operation": outcome.cell.operation_id,
        "check": outcome.cell.check,
        "result": outcome.result.value,
        "evidence": outcome.evidence or None,
        "counts": {
            "conform": outcome.conform,
            "differs": outcome.differs,
            "inconclusive": outcome.inconclusive,
        },
        "reason": outcome.reason or None,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "document": fault.document or None,
        "dialect": fault.dialect or None,
        "message": fault.message,
        "advice": fault.advice or None,
    }

"""The report as SARIF 2.1.0, which code hosts show beside the lines of a document.

A check or a law is a rule, a finding a result on the line that it rests on. What nobody states but us is a note, and
what was accepted is there as suppressed.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from contracts.conformance import Conformance, Fault, Words
from contracts.coverage.summary import whole
from contracts.deviations import Accepted
from contracts.model import Finding, Severity
from contracts.report.visible import visible

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "contractsIdentity/v1"
"""Under which name a result has the identity of its finding: the same from run to run."""

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_MOST = 2_000
_MOST_OF_ALL = 20_000
"""Characters of any text, a command's too."""


def render(conformance: Conformance) -> str:
    """The report as text."""
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [_run(conformance)]}
    return json.dumps(_visible(log), indent=2, ensure_ascii=False) + "\n"


def _visible(value: Any) -> Any:
    """The same with no character in it that is not seen, or that UTF-8 has no way to write."""
    if isinstance(value, str):
        return visible(value, keep="\n", most=_MOST_OF_ALL)
    if isinstance(value, dict):
        return {visible(name, most=_MOST): _visible(each) for name, each in value.items()}
    return [_visible(each) for each in value] if isinstance(value, list) else value


def _run(conformance: Conformance) -> dict[str, Any]:
    found = list(_found(conformance))
    rules = sorted({finding.identity.check for finding, *_ in found})
    return {
        "tool": {"driver": _driver(conformance, rules)},
        "automationDetails": {"id": f"contracts/{conformance.target}/"},
        "invocations": [
            {
                "executionSuccessful": not conformance.faults,
                "exitCode": int(conformance.exit_code),
                "toolExecutionNotifications": [_notification(each) for each in conformance.faults],
            }
        ],
        "results": [
            _result(finding, level, suppressions, rules.index(finding.identity.check))
            for finding, level, suppressions in found
        ],
        "columnKind": "unicodeCodePoints",
        "properties": _properties(conformance),
    }


def _found(conformance: Conformance) -> Iterator[tuple[Finding, str, list[dict[str, str]]]]:
    """Each finding with its level, and with why it is suppressed if it is."""
    judgement = conformance.judgement
    yield from ((each, _LEVELS[each.severity], []) for each in judgement.open)
    yield from ((each, "note", []) for each in conformance.readings)
    yield from ((each.finding, _LEVELS[each.finding.severity], [_suppression(each)]) for each in judgement.accepted)


def _suppression(accepted: Accepted) -> dict[str, str]:
    deviation = accepted.deviation
    words = f"{deviation.reason}; {deviation.owner}, until {deviation.until}"
    return {"kind": "external", "status": "accepted", "justification": _said(words)}


def _driver(conformance: Conformance, rules: Iterable[str]) -> dict[str, Any]:
    words = {each.name: each for each in conformance.words}
    driver = {
        "name": "contracts",
        "version": conformance.versions.get("metermock", ""),
        "rules": [_rule(name, words.get(name)) for name in rules],
    }
    return {name: value for name, value in driver.items() if value != ""}


def _rule(name: str, words: Words | None) -> dict[str, Any]:
    if words is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": _said(words.expects)},
        "help": {"text": _said(words.matters)},
        "properties": {"kind": words.kind, "tags": [words.kind, *([words.evidence] if words.evidence else [])]},
    }


def _notification(fault: Fault) -> dict[str, Any]:
    where = " ".join(filter(None, (fault.document, fault.dialect)))
    text = ": ".join(filter(None, (where, fault.message)))
    return {"level": "error", "message": {"text": _said("; ".join(filter(None, (text, fault.advice))))}}


def _result(finding: Finding, level: str, suppressions: list[dict[str, str]], rule: int) -> dict[str, Any]:
    identity = finding.identity
    return {
        "ruleId": identity.check,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": f"{_said(identity.operation_id)}: expected {_said(finding.expected)}; {_got(finding)}"},
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT: identity.fingerprint},
        "occurrenceCount": max(1, finding.count),
        "suppressions": suppressions,
        "properties": {
            "severity": finding.severity.value,
            "owner": finding.owner.value,
            "evidence": finding.evidence or "none",
            "dialects": list(identity.dialects),
            "status": identity.status,
            "schemaPath": identity.schema_path,
            "curl": next((each.curl for each in finding.examples if each.curl), ""),
        },
    }


def _got(finding: Finding) -> str:
    return f"got {_said(finding.got)}"


def _location(finding: Finding) -> dict[str, Any]:
    """The line of the document, where there is one, and the operation."""
    identity, line = finding.identity, finding.rests_on
    name = f"{identity.document}/{identity.operation_id}"
    logical = {"name": identity.operation_id, "fullyQualifiedName": name, "kind": "function"}
    location: dict[str, Any] = {"logicalLocations": [logical]}
    if line is not None:
        location["physicalLocation"] = {"artifactLocation": _artifact(line.file), "region": {"startLine": line.line}}
    return location


def _artifact(file: str) -> dict[str, str]:
    """Where a file is: by itself, or below the root of what is checked out."""
    path = quote(visible(file), safe="/")
    return {"uri": f"file://{path}"} if file.startswith("/") else {"uri": path, "uriBaseId": "%SRCROOT%"}


def _properties(conformance: Conformance) -> dict[str, Any]:
    """What the run was, for whoever has to repeat it."""
    tallies = whole(conformance.coverage) if conformance.coverage else {}
    return {
        **conformance.described(),
        "requests": conformance.requests.sent,
        "writes": conformance.writes,
        "coverage": {name: vars(tally) for name, tally in tallies.items()} or None,
        "notes": [_said(each) for each in conformance.notes],
    }


def _said(text: str) -> str:
    """A text that a target may have had a hand in; brackets before a parenthesis would make a link of it."""
    return visible(text, keep="\n", most=_MOST).replace("](", "] (")

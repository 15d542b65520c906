"""The operations of a run as the page speaks of them: each once, whichever forms of its document it is in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contracts.conformance import Conformance
from contracts.coverage.model import OperationCoverage
from contracts.model import Finding
from contracts.report.page.anchors import Anchors, anchor
from contracts.results import Outcome

Each = TypeVar("Each")

Key = tuple[str, str]
"""The name of a document, and the id of one of its operations."""


@dataclass(frozen=True)
class Operation:
    """An operation.

    Args:
        key: Which.
        anchor: Where the page tells of it.
        family: The documents' file that has it, or the document's name when nobody says.
        method: In upper case, or empty when nobody says.
        path: With its parameters in braces, or empty.
        evidence: How well it is known, or empty.
        outcomes: What became of its checks, in every dialect.
        coverage: What of it was tried, an entry a dialect.
        findings: Those that nobody accepted.
    """

    key: Key
    anchor: str
    family: str
    method: str
    path: str
    evidence: str
    outcomes: tuple[Outcome, ...]
    coverage: tuple[OperationCoverage, ...]
    findings: tuple[Finding, ...]


def operations(conformance: Conformance, anchors: Anchors) -> dict[Key, Operation]:
    """Every operation that the run knows of, by family, path and method."""
    outcomes = _by_key((each.cell.document, each.cell.operation_id, each) for each in conformance.outcomes)
    coverage = _by_key((each.document, each.operation_id, each) for each in conformance.coverage)
    findings = _by_key(
        (each.identity.document, each.identity.operation_id, each) for each in conformance.judgement.open
    )
    made = [
        _operation(key, anchors, outcomes.get(key, ()), coverage.get(key, ()), findings.get(key, ()))
        for key in sorted({*outcomes, *coverage, *findings})
    ]
    return {each.key: each for each in sorted(made, key=lambda each: (each.family, each.path, each.method, each.key))}


def _by_key(entries: Iterable[tuple[str, str, Each]]) -> Mapping[Key, tuple[Each, ...]]:
    groups: dict[Key, list[Each]] = defaultdict(list)
    for document, operation_id, entry in entries:
        groups[document, operation_id].append(entry)
    return {key: tuple(entries) for key, entries in groups.items()}


def _operation(
    key: Key,
    anchors: Anchors,
    outcomes: tuple[Outcome, ...],
    coverage: tuple[OperationCoverage, ...],
    findings: tuple[Finding, ...],
) -> Operation:
    known = coverage[0] if coverage else None
    seen = [each.evidence for each in outcomes] + [each.evidence for each in findings]
    return Operation(
        key=key,
        anchor=anchors.give(anchor("op", *key)),
        family=known.family if known else key[0],
        method=known.method if known else "",
        path=known.path if known else "",
        evidence=known.evidence if known else next(filter(None, seen), ""),
        outcomes=outcomes,
        coverage=coverage,
        findings=findings,
    )

"""What findings and operations can be filtered by; the page carries short tokens, and their names once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from contracts.model import Finding, Owner
from contracts.report.page.index import Operation
from contracts.report.page.wording import SEVERITIES, evidence_order

_NO_EVIDENCE = "none"


@dataclass(frozen=True)
class Facet:
    """Something to filter by: its name in the page, its label, and its choices as token and name."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]


class Facets:
    """The facets of a report.

    Args:
        findings: Those that nobody accepted.
        operations: All that are listed.
    """

    def __init__(self, findings: Iterable[Finding], operations: Iterable[Operation]) -> None:
        found, listed = tuple(findings), tuple(operations)
        values: dict[str, set[str]] = {name: set() for name in ("severity", "owner", "evidence", "check", "place")}
        for each in (*map(_of_finding, found), *map(_of_operation, listed)):
            for name, taken in each.items():
                values[name] |= taken
        severities, owners = [each.value for each in SEVERITIES], [each.value for each in Owner]
        self.all = (
            _facet("severity", "Severity", sorted(values["severity"], key=severities.index)),
            _facet("owner", "Who should act", sorted(values["owner"], key=owners.index)),
            _facet("evidence", "Evidence", sorted(values["evidence"], key=evidence_order)),
            _facet("check", "Check or law", sorted(values["check"])),
            _facet("place", "Document and dialect", sorted(values["place"])),
        )
        self._tokens = {each.name: {name: token for token, name in each.choices} for each in self.all}

    def of_finding(self, finding: Finding) -> Markup:
        """The attributes by which a finding is found."""
        return self._attributes(_of_finding(finding))

    def of_operation(self, operation: Operation) -> Markup:
        """The attributes by which an operation is found."""
        return self._attributes(_of_operation(operation))

    def _attributes(self, values: Mapping[str, Iterable[str]]) -> Markup:
        parts = []
        for name, taken in values.items():
            tokens = self._tokens[name]
            parts.append(f' data-{name}="{" ".join(sorted(tokens[value] for value in taken))}"')
        return Markup("".join(parts))  # noqa: S704 - numbers alone


def _facet(name: str, label: str, values: Iterable[str]) -> Facet:
    return Facet(name, label, tuple((str(number), value) for number, value in enumerate(values)))


def _of_finding(finding: Finding) -> dict[str, set[str]]:
    identity = finding.identity
    return {
        "severity": {finding.severity.value},
        "owner": {finding.owner.value},
        "evidence": {finding.evidence or _NO_EVIDENCE},
        "check": {identity.check},
        "place": {_place(identity.document, dialect) for dialect in identity.dialects or ("",)},
    }


def _of_operation(operation: Operation) -> dict[str, set[str]]:
    """An operation has what its findings have, and every check that was made of it."""
    dialects = {each.cell.dialect for each in operation.outcomes} | {each.dialect for each in operation.coverage}
    dialects |= {dialect for each in operation.findings for dialect in each.identity.dialects}
    return {
        "severity": {each.severity.value for each in operation.findings},
        "owner": {each.owner.value for each in operation.findings},
        "evidence": {operation.evidence or _NO_EVIDENCE},
        "check": {each.cell.check for each in operation.outcomes}
        | {each.identity.check for each in operation.findings},
        "place": {_place(operation.key[0], dialect) for dialect in dialects or {""}},
    }


def _place(document: str, dialect: str) -> str:
    return f"{document} {dialect}".strip()

"""From symptoms to findings: the same symptom from several cases, phases and dialects is one finding."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from contracts.lines import Places
from contracts.model import EXAMPLE_LIMIT, Example, Finding, Identity, Owner, Severity
from specs.catalog import Operation

SEVERITY_ORDER = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)

# Whatever combines schemas differs between the dialects' documents, and a bundled reference is named at random.
_COMBINED = re.compile(r"/(?:anyOf|oneOf|allOf)(?:/\d+)?(?=/|$)|/(?:\$ref|x-bundled|\$defs|schema\d+)(?=/|$)")

# Statuses that servers answer and documents forget; one of these is the document's omission before it is a fault.
_FORGOTTEN = frozenset({400, 404, 405, 406, 413, 415, 422, 429})


@dataclass(frozen=True)
class Symptom:
    """One exchange that broke one check.

    Args:
        check: Which property did not hold.
        operation_id: Of which operation.
        document: The name of its document.
        dialect: Of the projection that it was checked against; empty when the document has no dialects.
        severity: How much it matters.
        expected: What the document asks for.
        got: What the target did.
        status: Of the answer, or None when there was none.
        schema_path: Where in the schema, as a JSON pointer.
        example: The exchange, and how to repeat it.
        owner: Who likely has to change something, when the check itself knows.
    """

    check: str
    operation_id: str
    document: str
    dialect: str
    severity: Severity
    expected: str
    got: str
    status: int | None = None
    schema_path: str = ""
    example: Example | None = None
    owner: Owner | None = None


@dataclass
class _Gathered:
    first: Symptom
    dialects: set[str] = field(default_factory=set)
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, symptom: Symptom) -> None:
        self.dialects |= {symptom.dialect} - {""}
        self.count += 1
        if symptom.example is not None:
            self._keep([symptom.example])

    def absorb(self, other: "_Gathered") -> None:
        self.dialects |= other.dialects
        self.count += other.count
        self._keep(other.examples)

    def _keep(self, examples: Sequence[Example]) -> None:
        """Keeps the shortest commands: they are the easiest to read, and those without one tell the least."""
        known = {example.curl for example in self.examples if example.curl}
        self.examples += [example for example in examples if example.curl not in known]
        self.examples.sort(key=lambda example: (not example.curl, len(example.curl)))
        del self.examples[EXAMPLE_LIMIT:]


class Findings:
    """The findings of a run on one target.

    Args:
        target: Its name.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._gathered: dict[Identity, _Gathered] = {}

    def __len__(self) -> int:
        return len(self._gathered)

    def identities(self) -> tuple[Identity, ...]:
        """What was found so far, each with the dialects that it was found in."""
        return tuple(replace(each, dialects=tuple(sorted(group.dialects))) for each, group in self._gathered.items())

    def add(self, symptom: Symptom) -> None:
        """Takes a symptom in."""
        identity = Identity(
            target=self._target,
            document=symptom.document,
            check=symptom.check,
            operation_id=symptom.operation_id,
            status=symptom.status,
            schema_path=plain_path(symptom.schema_path),
        )
        self._gathered.setdefault(identity, _Gathered(symptom)).add(symptom)

    def all(self, operations: Iterable[Operation], places: Places) -> tuple[Finding, ...]:
        """The findings, the gravest first.

        Args:
            operations: Of every document that was checked.
            places: Where in the documents' files their lines are.
        """
        known = {operation.operation_id: operation for operation in operations}
        findings = [
            _finding(identity, gathered, known.get(identity.operation_id), places)
            for identity, gathered in _merged(self._gathered)
        ]
        return tuple(sorted(findings, key=lambda each: (SEVERITY_ORDER.index(each.severity), _sortable(each.identity))))


def plain_path(schema_path: str) -> str:
    """A schema's path without the steps that differ between documents that mean the same."""
    return _COMBINED.sub("", schema_path)


def _merged(gathered: dict[Identity, _Gathered]) -> Iterator[tuple[Identity, _Gathered]]:
    """Adds what broke a choice as a whole to the finding of its branch, when the other dialect's document names one."""
    named: dict[Identity, Identity] = {}
    for identity in gathered:
        if identity.schema_path:
            named.setdefault(replace(identity, schema_path=""), identity)
    absorbed = set()
    for identity, group in gathered.items():
        branch = named.get(identity)
        if branch is not None and group.dialects and group.dialects.isdisjoint(gathered[branch].dialects):
            gathered[branch].absorb(group)
            absorbed.add(identity)
    yield from ((identity, group) for identity, group in gathered.items() if identity not in absorbed)


def _finding(identity: Identity, gathered: _Gathered, operation: Operation | None, places: Places) -> Finding:
    first = gathered.first
    return Finding(
        identity=replace(identity, dialects=tuple(sorted(gathered.dialects))),
        severity=first.severity,
        expected=first.expected,
        got=first.got,
        rests_on=places.of(identity),
        owner=first.owner or _owner(identity, operation),
        evidence=operation.evidence if operation else "",
        count=gathered.count,
        examples=tuple(gathered.examples),
    )


def _owner(identity: Identity, operation: Operation | None) -> Owner:
    """Who likely has to change something: a guess, from how well the broken sentence is known."""
    if operation is None:
        return Owner.TARGET
    answer = operation.node.get("responses", {}).get(str(identity.status), {})
    if "inferred" in {operation.evidence, operation.node.get("x-path-evidence"), answer.get("x-evidence")}:
        return Owner.OUR_READING
    if identity.check == "status_code_conformance" and identity.status in _FORGOTTEN:
        return Owner.DOCUMENT
    return Owner.TARGET


@cache
def _sortable(identity: Identity) -> tuple[str, ...]:
    return (
        identity.document,
        identity.operation_id,
        identity.check,
        str(identity.status),
        identity.schema_path,
        *identity.dialects,
    )

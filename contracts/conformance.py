"""The report of a run as data; the modules of `contracts.report` only render it."""

from dataclasses import dataclass, field
from typing import Any

from contracts.coverage.model import OperationCoverage
from contracts.deviations import Judgement
from contracts.exitcodes import ExitCode
from contracts.model import Finding
from contracts.redact import Redactor
from contracts.results import Outcome


@dataclass(frozen=True)
class CheckedDocument:
    """A projection that was checked: its name, its dialect or an empty string, the SHA-256 of its canonical JSON."""

    name: str
    dialect: str
    digest: str
    operations: int


@dataclass(frozen=True, order=True)
class Unreached:
    """An operation that was not once answered with success, so that nothing is known of it but its refusals."""

    document: str
    dialect: str
    operation_id: str


@dataclass(frozen=True)
class Requests:
    """What went through the gate.

    Args:
        sent: Requests that were sent, each once.
        attempts: With repetitions.
        refused: That were not sent, by reason.
        environment: Answers that say nothing of a target elsewhere, by status.
        faults: Requests without a whole answer, by kind.
        operations: Sent, by operationId; empty for what no document has.
    """

    sent: int
    attempts: int
    refused: dict[str, int]
    environment: dict[str, int]
    faults: dict[str, int]
    operations: dict[str, int]


@dataclass(frozen=True)
class Fault:
    """A part of the run that could not be made.

    Args:
        document: Of which document; empty for the run as a whole.
        dialect: Of which dialect.
        message: What is wrong.
        advice: What to do next, or empty.
    """

    document: str
    dialect: str
    message: str
    advice: str = ""


@dataclass(frozen=True)
class Words:
    """What a check or a law is, for a reader who has not met it.

    Args:
        name: As in findings and results.
        kind: check or law.
        expects: What has to hold.
        matters: What goes wrong for whom when it does not hold.
        evidence: On whose word a law rests, one of `contracts.laws.law.Evidence`; empty for a check.
    """

    name: str
    kind: str
    expects: str
    matters: str
    evidence: str = ""


@dataclass(frozen=True)
class Conformance:
    """What a run found out.

    Args:
        target: Name and URL.
        documents: What it was held against.
        profile: How hard the run looked.
        seed: Of everything that was generated.
        versions: Of what the verdicts depend on.
        started: When, as ISO 8601 in UTC.
        seconds: How long it took.
        requests: What was sent.
        outcomes: What became of each check of each operation.
        judgement: The findings, sorted by what was accepted.
        readings: What differs from our reading of what nobody says; no findings.
        faults: What could not be run.
        unreached: Operations that were not once answered with success.
        coverage: What was tried of each operation of each projection; empty when nobody counted it.
        words: What the checks and laws are that the results name.
        loopback: Whether the target is on this machine.
        writes: Whether the run was allowed to write.
        notes: What the reader should know, such as what stays at the target for ever.
        excused: How often a failure was none, by reason.
        redactor: Knows the run's secrets, for whoever writes something.
    """

    target: str
    url: str
    documents: tuple[CheckedDocument, ...]
    profile: str
    seed: int
    versions: dict[str, str]
    started: str
    seconds: float
    requests: Requests
    outcomes: tuple[Outcome, ...]
    judgement: Judgement
    exit_code: ExitCode
    readings: tuple[Finding, ...] = ()
    faults: tuple[Fault, ...] = ()
    unreached: tuple[Unreached, ...] = ()
    coverage: tuple[OperationCoverage, ...] = ()
    words: tuple[Words, ...] = ()
    loopback: bool = True
    writes: bool = True
    notes: tuple[str, ...] = ()
    excused: dict[str, int] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor, repr=False, compare=False)

    def described(self) -> dict[str, Any]:
        """The head of every report: what was checked against what, how, and with what."""
        return {
            "target": {"name": self.target, "url": self.url},
            "documents": [
                {
                    "name": each.name,
                    "dialect": each.dialect or None,
                    "sha256": each.digest,
                    "operations": each.operations,
                }
                for each in self.documents
            ],
            "profile": self.profile,
            "seed": self.seed,
            "versions": self.versions,
            "started": self.started,
            "seconds": round(self.seconds, 3),
        }

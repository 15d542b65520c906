"""The words of a check: what is checked, how hard, what was sent, and what was found. Data alone, no behaviour."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from contracts.secrets import Secret

BODY_LIMIT = 4096
"""Bytes of a body that a record or a report keeps."""

EXAMPLE_LIMIT = 3
"""Examples that a finding keeps."""


class RunError(Exception):
    """A fault of our own, of the command line or of the environment: the run ends with status 2.

    Args:
        message: One line: what is wrong.
        advice: What to do next; empty when there is nothing to add.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.message = message
        self.advice = advice


@dataclass(frozen=True)
class Keys:
    """The keys of a run.

    Args:
        amberflo: Of the account that is checked.
        other: Of a second Amberflo account, for what must not be seen from the first.
        solvimon: Of the Solvimon platform.
        session: The token of a portal session that somebody has opened already.
    """

    amberflo: Secret | None = None
    other: Secret | None = None
    solvimon: Secret | None = None
    session: Secret | None = None

    def all(self) -> tuple[Secret, ...]:
        """Those that are set."""
        return tuple(key for key in (self.amberflo, self.other, self.solvimon, self.session) if key)

    def of(self, vendor: str) -> Secret | None:
        """The key that the vendor's own document is called with; any file but Solvimon's takes Amberflo's."""
        return self.solvimon if vendor == "solvimon" else self.amberflo


@dataclass(frozen=True)
class Target:
    """What is checked.

    Args:
        url: Its root, http or https, without a trailing slash.
        document: A vendor's name, or the path of a file.
        dialect: Of which form of the document the run is, or None for every one that there is.
        loopback: Whether it is on this machine, where everything is allowed.
        keys: What it is called with.
        name: How findings and deviations call it. Targets on this machine share one name, since their port says
            nothing; others are named by host, port and path.
    """

    url: str
    document: str
    dialect: str | None
    loopback: bool
    keys: Keys = field(repr=False)
    name: str = "loopback"


class Profile(StrEnum):
    """How hard a run looks."""

    SMOKE = "smoke"
    STANDARD = "standard"
    DEEP = "deep"


@dataclass(frozen=True)
class Limits:
    """What a profile may use.

    Args:
        max_examples: Generated cases an operation, in each phase that generates.
        seconds: The time after which what is not finished is untested; for the whole run, all dialects.
        phases: Schemathesis' phases, in their order.
        requests: The most that one operation is asked elsewhere than on this machine; the gate holds it.
        alike: The most cases of one kind, such as a wrong type, that the coverage phase sends to an operation; None for
            all that the schema gives.
    """

    max_examples: int
    seconds: float
    phases: tuple[str, ...]
    requests: int
    alike: int | None = None


LIMITS: Mapping[Profile, Limits] = MappingProxyType(
    {
        Profile.SMOKE: Limits(2, 240, ("examples", "coverage", "fuzzing"), 30, alike=1),
        Profile.STANDARD: Limits(15, 900, ("examples", "coverage", "fuzzing", "stateful"), 120),
        Profile.DEEP: Limits(150, 1800, ("examples", "coverage", "fuzzing", "stateful"), 800),
    }
)


class Result(StrEnum):
    """What became of one check of one operation; only `DIFFERS` is a finding, and only `CONFORM` has passed.

    `READING` is a difference from what nobody says but us: it is told, and fails nothing.
    """

    CONFORM = "conform"
    DIFFERS = "differs"
    READING = "differs-from-our-reading"
    INCONCLUSIVE = "inconclusive"
    UNTESTED = "untested"
    NOT_REACHABLE = "not-reachable"


class Outcome(StrEnum):
    """What became of one request at the gate."""

    SENT = "sent"
    REFUSED = "refused"
    ENVIRONMENT = "environment"
    FAULT = "fault"


@dataclass(frozen=True)
class Verdict:
    """What became of one request, and why if it was not simply sent and answered."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer as the gate saw them; secrets are masked in all of it.

    Args:
        number: Counts the requests of a run from 1.
        operation_id: What the document calls it; empty for a method or path that it does not know.
        method: In upper case.
        path: Path and query as sent.
        headers: As sent. A key of the run is shown as the variable that it comes from, such as `$AMBERFLO_API_KEY`.
        body: The first `BODY_LIMIT` bytes as sent.
        status: None when there was no whole answer.
        response_headers: As received.
        response_body: The first `BODY_LIMIT` bytes as received.
        elapsed: Seconds from the sending of the last attempt to the end of its answer.
        attempts: How often it was sent; 0 when it was refused.
        verdict: What became of it.
    """

    number: int
    operation_id: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None
    response_headers: Mapping[str, str]
    response_body: bytes
    elapsed: float
    attempts: int
    verdict: Verdict


class Severity(StrEnum):
    """How much a finding matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Owner(StrEnum):
    """Who likely has to change something."""

    TARGET = "target"
    DOCUMENT = "document"
    OUR_READING = "our reading"


@dataclass(frozen=True, order=True)
class Identity:
    """What makes two failures one finding; never a value, a time or a seed.

    Args:
        target: The target's name.
        document: The document's name.
        check: Which property does not hold.
        operation_id: Of which operation.
        status: Of the answer, or None when it does not matter or there was none.
        schema_path: Where in the schema, as a JSON pointer; empty when no schema is concerned.
        dialects: Of which forms, sorted. The same symptom in both is one finding of both.
    """

    target: str
    document: str
    check: str
    operation_id: str
    status: int | None = None
    schema_path: str = ""
    dialects: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of all but the dialects: the same from run to run, whichever forms a run looks at."""
        parts = [self.target, self.document, self.check, self.operation_id, self.status, self.schema_path]
        return sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class DocumentLine:
    """The place in a file that a finding rests on; `line` counts from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Example:
    """One exchange that shows a finding.

    Args:
        curl: A command that sends the request again and reads the key from the environment.
        exchange: What was sent and received.
    """

    curl: str
    exchange: Exchange


@dataclass(frozen=True)
class Finding:
    """Failures of one identity.

    Args:
        identity: What it is about.
        severity: How much it matters.
        expected: What the document asks for.
        got: What the target did.
        rests_on: The line of the document, or None for a file that is not at hand.
        owner: Who likely has to change something.
        evidence: The evidence class of the operation, one of `specs.catalog.EVIDENCE`, or empty.
        count: How often it was seen.
        examples: At most `EXAMPLE_LIMIT`.
    """

    identity: Identity
    severity: Severity
    expected: str
    got: str
    rests_on: DocumentLine | None
    owner: Owner
    evidence: str
    count: int = 1
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Deviation:
    """A finding that is accepted.

    Args:
        identity: Of the finding.
        reason: Why it is accepted.
        owner: Who answers for it.
        until: The last day of it, as `YYYY-MM-DD`.
    """

    identity: Identity
    reason: str
    owner: str
    until: str

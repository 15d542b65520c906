"""Findings, outcomes and whole reports for the tests of what is done with them."""

from typing import Any

from contracts.conformance import CheckedDocument, Conformance, Fault, Requests
from contracts.deviations import Judgement
from contracts.exitcodes import ExitCode
from contracts.findings import Symptom
from contracts.model import (
    Deviation,
    DocumentLine,
    Example,
    Exchange,
    Finding,
    Identity,
    Outcome,
    Owner,
    Result,
    Severity,
    Verdict,
)
from contracts.results import Cell
from contracts.results import Outcome as CellOutcome

CHECK = "response_schema_conformance"


def exchange(number: int = 1, body: bytes = b"{}") -> Exchange:
    """A request that was answered."""
    return Exchange(
        number=number,
        operation_id="getCustomerById",
        method="GET",
        path="/customers/a",
        headers={"X-API-KEY": "$AMBERFLO_API_KEY"},
        body=b"",
        status=200,
        response_headers={"Content-Type": "application/json"},
        response_body=body,
        elapsed=0.01,
        attempts=1,
        verdict=Verdict(Outcome.SENT),
    )


def symptom(**more: Any) -> Symptom:
    """A failed check."""
    values: dict[str, Any] = {
        "check": CHECK,
        "operation_id": "getCustomerById",
        "document": "amberflo",
        "dialect": "published",
        "severity": Severity.HIGH,
        "expected": "a body that fits",
        "got": "customerName is missing",
        "status": 200,
        "schema_path": "/required",
        "example": Example("curl -sS http://127.0.0.1/customers/a", exchange()),
    }
    return Symptom(**values | more)


def identity(**more: Any) -> Identity:
    """What that failed check is about."""
    values: dict[str, Any] = {
        "target": "loopback",
        "document": "amberflo",
        "check": CHECK,
        "operation_id": "getCustomerById",
        "status": 200,
        "schema_path": "/required",
        "dialects": ("published",),
    }
    return Identity(**values | more)


def finding(**more: Any) -> Finding:
    """A finding of that identity."""
    return Finding(
        identity=identity(**more),
        severity=Severity.HIGH,
        expected="a body that fits",
        got='customerName is missing \x00\x1b "<&>" \ud800',
        rests_on=DocumentLine("specs/amberflo/billing.yaml", 12),
        owner=Owner.TARGET,
        evidence="published",
        count=3,
        examples=(Example("curl -sS http://127.0.0.1/customers/a", exchange(body=b"\xff\x00")),),
    )


def deviation(until: str = "2030-01-31", **more: Any) -> Deviation:
    """An agreement about that finding."""
    return Deviation(identity(**{"dialects": (), **more}), "known since spring", "billing team", until)


def outcome(result: Result, check: str = CHECK, dialect: str = "published", reason: str = "") -> CellOutcome:
    """What became of a check."""
    cell = Cell("amberflo", dialect, "getCustomerById", check)
    return CellOutcome(cell, result, "published", int(result is Result.CONFORM), 0, 0, reason)


def conformance(judgement: Judgement | None = None, **more: Any) -> Conformance:
    """A report with one of everything."""
    values: dict[str, Any] = {
        "target": "loopback",
        "url": "http://127.0.0.1:8000",
        "documents": (
            CheckedDocument("amberflo", "published", "a" * 64, 17),
            CheckedDocument("solvimon", "", "b" * 64, 1),
        ),
        "profile": "smoke",
        "seed": 7,
        "versions": {"metermock": "0.1.0", "schemathesis": "4.32.5", "python": "3.11.7"},
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": 1.5,
        "requests": Requests(10, 12, {"it writes": 3}, {"429": 2}, {"cut": 1}, {"getCustomerById": 10}),
        "outcomes": (
            outcome(Result.DIFFERS),
            outcome(Result.CONFORM, "not_a_server_error"),
            outcome(Result.INCONCLUSIVE, "key_required", reason="503 after 4 attempts"),
            outcome(Result.UNTESTED, "use_after_free", reason="the time of the run was over"),
            outcome(Result.NOT_REACHABLE, "account_isolation", reason="there is no key of a second account"),
        ),
        "judgement": judgement or Judgement(open=(finding(),)),
        "exit_code": ExitCode.FINDINGS,
        "faults": (Fault("solvimon", "", "the target gives no answer", "look at its URL"),),
        "notes": ("Deleted: 3. Not there any more: 0.",),
        "excused": {"negative_data_rejection: the other dialect": 1},
    }
    return Conformance(**values | more)

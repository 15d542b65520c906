"""Whole reports for the tests of the page: of a clean run, a large one, one that only read, and a hostile target's."""

import random
from collections.abc import Iterator

from contracts.checks.table import CHECKS
from contracts.conformance import CheckedDocument, Conformance, Fault, Requests, Unreached
from contracts.coverage import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.laws.table import LAWS
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
from contracts.telling import words_of
from specs.catalog import EVIDENCE

OPERATIONS = 190
FINDINGS = 200
DIALECTS = ("published", "live")
FAMILIES = ("billing", "customers", "invoices", "metering", "notifications", "plans", "portal", "prepaid", "usage")
KINDS = ("list", "get", "create", "replace", "delete")
CHECK_NAMES = tuple(CHECKS)
LAW_NAMES = tuple(LAWS)
REASONS = ("the time of the run was over", "there is no key of a second account", "503 after 4 attempts")


def family(number: int) -> str:
    """The family of an operation."""
    return FAMILIES[number % len(FAMILIES)]


def operation_id(number: int) -> str:
    """Its id."""
    return f"{KINDS[number % len(KINDS)]}{family(number).capitalize()}Thing{number}"


def body(number: int, size: int = 4096) -> bytes:
    """A JSON body of about that size."""
    members = (f'"member{each}": {{"value": {number * each}, "text": "as it is & was <here>"}}' for each in range(999))
    return ("{" + ", ".join(members))[:size].encode()


def exchange(number: int, size: int = 4096) -> Exchange:
    """A request that was answered."""
    return Exchange(
        number=number,
        operation_id=operation_id(number),
        method="POST",
        path=f"/{family(number)}/things/{number}?limit=100",
        headers={"X-API-KEY": "$AMBERFLO_API_KEY", "Content-Type": "application/json"},
        body=body(number, size),
        status=200,
        response_headers={"Content-Type": "application/json", "Date": "Sat, 31 Jan 2026 12:00:00 GMT"},
        response_body=body(number + 1, size),
        elapsed=0.01,
        attempts=1,
        verdict=Verdict(Outcome.SENT),
    )


def curl(number: int, size: int = 4096) -> str:
    """The command of that request."""
    text = body(number, size).decode()
    return f"curl -sS -X POST -H \"X-API-KEY: $AMBERFLO_API_KEY\" --data-raw '{text}' http://127.0.0.1/things/{number}"


def finding(number: int, size: int = 4096) -> Finding:
    """One of many findings, no two alike."""
    name = CHECK_NAMES[number % len(CHECK_NAMES)]
    return Finding(
        identity=Identity("loopback", "amberflo", name, operation_id(number % 60), 200, f"/properties/a{number}"),
        severity=tuple(Severity)[number % len(Severity)],
        expected="a body that fits the documented schema",
        got=f'"member{number}" is a required property',
        rests_on=DocumentLine("specs/amberflo/billing.yaml", number + 1),
        owner=tuple(Owner)[number % len(Owner)],
        evidence=EVIDENCE[number % len(EVIDENCE)],
        count=number + 1,
        examples=tuple(Example(curl(number + each, size), exchange(number + each, size)) for each in range(3)),
    )


def outcomes(results: tuple[Result, ...], weights: tuple[int, ...]) -> Iterator[CellOutcome]:
    """Ten checks and a law of each operation, half of the operations in both dialects."""
    chance = random.Random(7)
    for number in range(OPERATIONS):
        for dialect in DIALECTS if number % 2 else DIALECTS[:1]:
            for name in (*CHECK_NAMES[:10], LAW_NAMES[number % len(LAW_NAMES)]):
                (result,) = chance.choices(results, weights)
                reason = "" if result in {Result.CONFORM, Result.DIFFERS, Result.READING} else chance.choice(REASONS)
                cell = Cell("amberflo", dialect, operation_id(number), name)
                yield CellOutcome(cell, result, EVIDENCE[number % 4], 3, 0, 0, reason)


def coverage() -> Iterator[OperationCoverage]:
    """Thirty keywords of each operation, in both dialects."""
    chance = random.Random(7)
    for number in range(OPERATIONS):
        for dialect in DIALECTS:
            yield OperationCoverage(
                document="amberflo",
                dialect=dialect,
                operation_id=operation_id(number),
                method="POST",
                path=f"/{family(number)}/things/{{thingId}}/{number}",
                family=family(number),
                evidence=EVIDENCE[number % 4],
                state=chance.choice(tuple(Covered)),
                statuses=(("200", Covered.TESTED), ("400", Covered.TESTED), ("401", Covered.UNTESTED)),
                parameters=(
                    Parameter("path", "thingId", Covered.TESTED),
                    Parameter("query", "limit", Covered.UNTESTED),
                ),
                keywords=tuple(
                    Keyword(f"/properties/member{each // 3}/{name}", met=chance.random() < 0.7, broken=each % 2 == 0)
                    for each in range(30)
                    for name in (("type", "minLength", "pattern")[each % 3],)
                ),
            )


def report(**more: object) -> Conformance:
    """A clean run of the mock."""
    found = tuple(outcomes((Result.CONFORM,), (1,)))
    values = {
        "target": "loopback",
        "url": "http://127.0.0.1:8000",
        "documents": tuple(CheckedDocument("amberflo", dialect, "3b" * 32, OPERATIONS) for dialect in DIALECTS),
        "profile": "standard",
        "seed": 7,
        "versions": {"metermock": "0.1.0", "schemathesis": "4.32.5", "python": "3.11.7"},
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": 431.5,
        "requests": Requests(21034, 21040, {}, {}, {}, {}),
        "outcomes": found,
        "judgement": Judgement(open=()),
        "exit_code": ExitCode.CONFORMS,
        "coverage": tuple(coverage()),
        "words": words_of(each.cell.check for each in found),
    }
    return Conformance(**(values | more))  # type: ignore[arg-type] # the members of a report, by name


def large(size: int = 4096) -> Conformance:
    """190 operations in two dialects and 200 findings, each with three examples."""
    found = tuple(outcomes(tuple(Result), (80, 8, 2, 2, 5, 3)))
    accepted, expired = finding(300, size), finding(301, size)
    return report(
        outcomes=found,
        judgement=Judgement(
            open=tuple(finding(number, size) for number in range(FINDINGS)),
            accepted=(Accepted(accepted, agreement(accepted)),),
            expired=(Accepted(expired, agreement(expired)),),
            stale=(agreement(finding(302, 1)),),
            unmet=(agreement(finding(303, 1)),),
        ),
        readings=tuple(finding(number, size) for number in range(310, 313)),
        exit_code=ExitCode.FINDINGS,
        requests=Requests(21034, 21500, {"the plan bars it": 12}, {"429": 30}, {"cut": 2}, {}),
        faults=(Fault("solvimon", "", "the target gives no answer", "look at its URL"),),
        unreached=tuple(Unreached("amberflo", "live", operation_id(number)) for number in range(12)),
        excused={"negative_data_rejection: the other dialect": 1},
    )


def agreement(about: Finding) -> Deviation:
    """A deviation about a finding."""
    return Deviation(about.identity, "known since spring", "billing team", "2030-01-31")


def reading_only() -> Conformance:
    """A run elsewhere that was not allowed to write."""
    results = (Result.CONFORM, Result.NOT_REACHABLE, Result.INCONCLUSIVE)
    return report(
        target="api.example.com",
        url="https://api.example.com",
        outcomes=tuple(outcomes(results, (40, 55, 5))),
        judgement=Judgement(open=(finding(2),)),
        exit_code=ExitCode.FINDINGS,
        requests=Requests(612, 640, {"it writes": 3020}, {"429": 28}, {}, {}),
        loopback=False,
        writes=False,
        coverage=(),
    )

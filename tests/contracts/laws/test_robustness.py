"""What is special to the laws of load: what they count as no answer, and what they leave to other laws."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts.conformance import Conformance
from contracts.laws.robustness import LAWS
from contracts.model import Result
from specs.catalog import DIALECTS
from tests.contracts.faults.exchange import made
from tests.contracts.faults.fault import Answer, Request, Send, Wrong, limited, on
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

NAMES = tuple(law.name for law in LAWS)
ANSWERED, LOSES_NOTHING = NAMES


def now_and_then(operation: str, wrong: Wrong, every: int = 7) -> Callable[[], Wrong]:
    """A platform that goes wrong in one of so many requests to an operation, whatever else is under way."""

    def make() -> Wrong:
        turns = itertools.count(1)
        return limited(operation, lambda sent, send: (send if next(turns) % every else at_fault(send))(sent))

    def at_fault(send: Send) -> Send:
        return lambda request: wrong(request, send)

    return make


def said(report: Conformance, law: str) -> set[Result]:
    """What became of a law."""
    return {each.result for each in report.outcomes if each.cell.check == law}


def failing(_request: Request, _send: Send) -> Answer:
    """An answer of a server that broke."""
    return made(503, {"message": "busy"})


def cut(request: Request, send: Send) -> Answer:
    """An answer whose second half never comes."""
    answer = send(request)
    return replace(answer, cut=len(answer.body) // 2)


@pytest.mark.slow(seconds=4)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock(server: Server, dialect: str) -> None:
    """The mock answers whatever comes at once, and keeps it."""
    assert set(results(held(server.url, *NAMES, dialect=dialect)).values()) == {Result.CONFORM}


@pytest.mark.parametrize(
    ("operation", "wrong", "got"),
    [
        ("queryUsage", failing, "queryUsage is answered 503"),
        ("ingestMeterEvents", failing, "ingestMeterEvents is answered 503"),
        ("listCustomers", cut, "listCustomers has no whole answer: cut: "),
    ],
)
def test_answer_that_is_none_is_named(server: Server, operation: str, wrong: Wrong, got: str) -> None:
    """The first request that has no answer is told by its operation, with the command that asks it."""
    found = finding(server, platform(now_and_then(operation, wrong)), ANSWERED)
    assert found.identity.operation_id == operation
    assert found.got.startswith(got)
    assert found.examples[0].curl.splitlines()[-1].startswith("curl")


def test_what_is_not_answered_is_not_lost(server: Server) -> None:
    """Where the load is not answered, that is one law's finding, and the other has nothing to say."""
    report = checked(server, platform(now_and_then("queryUsage", failing)), *NAMES)
    assert Result.DIFFERS in said(report, ANSWERED)
    assert said(report, LOSES_NOTHING) == {Result.INCONCLUSIVE}


def test_refusals_are_answers(server: Server) -> None:
    """Events that are refused with 400 count for nothing, and neither law minds."""

    def refused(_request: Request, _send: Send) -> Answer:
        return made(400, {"message": "no", "code": "BAD_REQUEST"})

    report = checked(server, platform(now_and_then("ingestMeterEvents", refused)), *NAMES)
    assert set(results(report).values()) == {Result.CONFORM}


def test_event_that_is_lost_under_load_is_named(server: Server) -> None:
    """What counts when it comes alone, and not when it comes with others, is lost."""

    def make() -> Wrong:
        under_way, lock = [0], threading.Lock()

        def lose(request: Request, send: Send) -> Answer:
            with lock:
                under_way[0] += 1
                alone = under_way[0] == 1
            try:
                is_lost = request.operation == "ingestMeterEvents" and isinstance(request.json(), dict) and not alone
                return made(200, "1 records were ingested") if is_lost else send(request)
            finally:
                with lock:
                    under_way[0] -= 1

        return lose

    found = finding(server, platform(make), LOSES_NOTHING)
    assert found.identity.operation_id == "ingestMeterEvents"
    assert "accepted requests that add " in found.expected


def test_creation_that_is_lost_is_named(server: Server) -> None:
    """What was answered and is neither listed nor read is told of what should have made it."""

    def answered(request: Request, _send: Send) -> Answer:
        return made(200, request.json())

    found = finding(server, platform(now_and_then("createCustomer", answered)), LOSES_NOTHING)
    assert found.identity.operation_id == "createCustomer"


@pytest.mark.parametrize(
    "fault", ["largest_of_three_is_no_part_of_the_sum", "events_out_of_order_are_lost", "zero_is_no_event"]
)
def test_wrong_count_is_another_laws_matter(server: Server, fault: str) -> None:
    """What does not count one by one either is not lost under load."""
    assert not checked(server, FAULTS[fault], LOSES_NOTHING).judgement.open


def test_short_list_loses_nothing(server: Server) -> None:
    """What a list leaves out is there when it can be read alone."""
    fault = platform(on("listCustomers", answer=lambda customers: customers[:20]))
    assert set(results(checked(server, fault, LOSES_NOTHING)).values()) == {Result.CONFORM}

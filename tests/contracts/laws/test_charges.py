"""What is special to the laws of charge events: what they take for one event, and how little shows a difference."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from contracts.conformance import Conformance
from contracts.laws.charges import LAWS
from contracts.laws.charges_cases import WRONGS
from contracts.model import Finding, Profile, Result
from tests.contracts.faults.exchange import made
from tests.contracts.faults.fault import Answer, Fault, Request, Send, Wrong, acting
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import platform
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

OPERATION = "ingestChargeEvents"
NAMES = tuple(law.name for law in LAWS)
ONE_EVENT, READ_ONLY, DEFAULTS, CLOSED = NAMES
Events = dict[str, tuple[Any, Any]]


def checked(server: Server, fault: Fault, *names: str, profile: Profile = Profile.SMOKE) -> Conformance:
    """The report of laws under a fault."""
    with before(server.url, fault) as url:
        return held(url, *names, dialect=None, document="solvimon", profile=profile)


def finding(server: Server, make: Callable[[], Wrong], name: str, profile: Profile = Profile.SMOKE) -> Finding:
    """The one finding of a law on a platform that is wrong in a way of its own."""
    (found,) = checked(server, platform(make), name, profile=profile).judgement.open
    assert (found.identity.check, found.identity.operation_id) == (name, OPERATION)
    return found


def result(server: Server, make: Callable[[], Wrong], name: str) -> Collection[Result]:
    """What became of a law on such a platform."""
    return set(results(checked(server, platform(make), name)).values())


def by_reference(answer: Callable[[Request, Send, Answer], Answer]) -> Callable[[], Wrong]:
    """A platform that does something of its own with a reference that it has met before, given the first answer."""

    def make() -> Wrong:
        known: dict[str, Answer] = {}

        def meet(request: Request, send: Send) -> Answer:
            body = request.json()
            reference = body.get("reference") if isinstance(body, dict) else None
            if reference in known:
                return answer(request, send, known[reference])
            got = send(request)
            if got.good and reference:
                known[reference] = got
            return got

        return meet

    return make


@pytest.mark.slow(seconds=3)
@pytest.mark.parametrize("seed", [1, 2])
def test_laws_hold_on_the_mock_with_generated_data(server: Server, seed: int) -> None:
    """Whatever data is generated, no law of charge events accuses the mock, or has nothing to say of it."""
    report = held(server.url, *NAMES, dialect=None, document="solvimon", profile=Profile.STANDARD, seed=seed)
    assert set(results(report).values()) == {Result.CONFORM}


# References


def test_refused_repetition_is_one_event(server: Server) -> None:
    """A platform that answers every repetition with a conflict keeps one event of a reference, too."""

    def conflict(_request: Request, _send: Send, _first: Answer) -> Answer:
        return made(409, {"type": "INVALID_REQUEST", "code": "RESOURCE_ALREADY_EXISTS", "message": "it is there"})

    assert result(server, by_reference(conflict), ONE_EVENT) == {Result.CONFORM}


def test_replaced_event_is_told_by_what_changed(server: Server) -> None:
    """An event that another one under its reference has written over is not the one that was taken."""
    latest: list[Any] = []

    def overwritten(request: Request, _send: Send, first: Answer) -> Answer:
        latest.append(request.json()["product_item_id"])
        if len(latest) == 2:
            return made(409, {"type": "INVALID_REQUEST", "code": "RESOURCE_ALREADY_EXISTS", "message": "it is there"})
        return first if len(latest) == 1 else first.with_json({**first.json(), "product_item_id": latest[1]})

    found = finding(server, by_reference(overwritten), ONE_EVENT)
    assert found.got == "product_item_id is another one"


def test_references_that_share_an_event_are_told(server: Server) -> None:
    """Two references that stand for one event lose one of two charges."""

    def make() -> Wrong:
        first: list[Answer] = []

        def meet(request: Request, send: Send) -> Answer:
            got = send(request)
            if got.good:
                first.append(got)
            return first[0] if got.good else got

        return meet

    found = finding(server, make, ONE_EVENT)
    assert found.got == "it has the first one's id"


def test_smallest_event_is_shown(server: Server) -> None:
    """Of the events that break a law, generated ones too, the finding shows one that says nothing beside the point."""

    def second(request: Request, send: Send, first: Answer) -> Answer:
        return first.with_json({**first.json(), "id": "another"}) if "period" in request.json() else send(request)

    found = finding(server, by_reference(second), ONE_EVENT, Profile.STANDARD)
    assert '"period"' in found.examples[0].curl
    assert not any(name in found.examples[0].curl for name in ('"description"', '"value"', '"customer_id"'))


# Fields


def test_refused_repetition_without_the_field_is_told(server: Server) -> None:
    """An id that is passed over, and yet makes another event of the same one, is a part of it after all."""

    def conflict(_request: Request, _send: Send, _first: Answer) -> Answer:
        return made(409, {"type": "INVALID_REQUEST", "code": "RESOURCE_ALREADY_EXISTS", "message": "it is there"})

    found = finding(server, by_reference(conflict), READ_ONLY)
    assert found.got == "sent again without, it is answered 409"


@pytest.mark.parametrize(
    ("timestamp", "result_of_it"),
    [("2024-06-12T00:54:05+00:00", Result.CONFORM), ("2024-06-12T02:54:05Z", Result.DIFFERS)],
)
def test_times_are_compared_as_instants(server: Server, timestamp: str, result_of_it: Result) -> None:
    """A time may be written in another way, as long as it is the same one."""

    def told(request: Request, send: Send) -> Answer:
        got = send(request)
        body = request.json()
        asked = body.get("timestamp") if isinstance(body, dict) else None
        return got.with_json({**got.json(), "timestamp": timestamp}) if got.good and asked else got

    assert result(server, acting(OPERATION, told), DEFAULTS) == {result_of_it}


def test_time_of_another_zone_is_told(server: Server) -> None:
    """An event that is dated by a clock two hours off is not one of now."""

    def late(request: Request, send: Send) -> Answer:
        got = send(request)
        told = got.json()["timestamp"] if got.good else ""
        shifted = f"{told.removesuffix('Z')}+02:00"
        return got.with_json({**got.json(), "timestamp": shifted}) if told.endswith("Z") else got

    assert "at which it came" in finding(server, acting(OPERATION, late), DEFAULTS).expected


# Errors


def with_error(**fields: Any) -> Callable[[], Wrong]:
    """A platform whose errors say something else; a field of None is left out."""

    def told(request: Request, send: Send) -> Answer:
        got = send(request)
        error = {**(got.json() or {}), **fields}
        return got if got.good else got.with_json({name: each for name, each in error.items() if each is not None})

    return acting(OPERATION, told)


@pytest.mark.parametrize(
    ("fields", "got"),
    [
        ({"type": "VALIDATION"}, "its type is VALIDATION"),
        ({"code": None}, "its code is None"),
        ({"resource_type": "CHARGE"}, "its resource_type is CHARGE"),
    ],
)
def test_word_outside_its_list_is_told(server: Server, fields: dict[str, Any], got: str) -> None:
    """Each list is looked at: types, codes, and the kinds of resources where an error names one."""
    assert finding(server, with_error(**fields), CLOSED).got == got


def test_reason_of_the_refusal_is_told(server: Server) -> None:
    """The finding says what the request had wrong, since each reason has its own code."""
    with before(server.url, FAULTS["conflict_of_references_has_an_unknown_code"]) as url:
        (found,) = held(url, CLOSED, dialect=None, document="solvimon").judgement.open
    assert "here that the reference is taken" in found.expected
    assert found.examples[0].curl.count("curl") == 2


def test_wrong_request_that_is_taken_says_nothing_of_errors(server: Server) -> None:
    """Where what is wrong is taken, there is no error to look at."""

    def takes(request: Request, send: Send) -> Answer:
        got = send(request)
        return replace(got, status=201) if got.status == 400 else got

    assert result(server, acting(OPERATION, takes), CLOSED) == {Result.INCONCLUSIVE}


def test_every_wrong_request_is_refused(server: Server) -> None:
    """Each request that the law sends is wrong in the one way that it is told by: the mock refuses all of them."""
    statuses: list[int] = []

    def listen(request: Request, send: Send) -> Answer:
        got = send(request)
        statuses.append(got.status)
        return got

    checked(server, platform(lambda: listen), CLOSED)
    refused = [status for status in statuses if status >= 400]
    assert len(refused) >= len(WRONGS)
    assert {400, 401, 409} == set(refused)

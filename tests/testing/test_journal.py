"""What an account was asked, and what a failed assertion about it says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import ANY

import pytest

from mockserver.testing import MockAccount, MockJournal, MockServer, MockServerError, RequestWarning

EVENT = {"meterApiName": "calls", "customerId": "acme", "meterValue": 5, "meterTimeInMillis": 1_718_153_645_993}
ACME = {"customerId": "acme", "customerName": "Acme"}
PROMOTIONS = "/payments/pricing/amberflo/account-pricing/promotions"


@pytest.fixture
def journal(account: MockAccount) -> MockJournal:
    """The journal of an account that was asked for three things."""
    account.clock.freeze("2026-03-01")
    account.client.post("/ingest", json=EVENT)
    account.client.post("/customers/", json=ACME)
    account.client.get("/customers/acme?a=1&b=2&b=3")
    return account.journal


@pytest.fixture
def short() -> Iterator[MockAccount]:
    """An account whose journal keeps two requests."""
    with MockServer(journal_size=2) as server:
        account = server.account()
        yield account
        account.close()


def test_a_request_in_full(journal: MockJournal) -> None:
    """A request is told with where it went, what it held, how it was answered and what it was warned of."""
    ingest, _, get = journal.requests
    assert (ingest.sequence, ingest.time) == (1, datetime(2026, 3, 1, tzinfo=UTC))
    assert (ingest.method, ingest.path, ingest.operation) == ("POST", "/ingest", "ingestMeterEvents")
    assert (ingest.query, ingest.body, ingest.cut) == ({}, EVENT, False)
    assert (ingest.status, ingest.answer) == (200, "1 records were ingested")
    assert [warning.rule for warning in ingest.warnings] == ["unknown-meter", "unknown-customer"]
    assert (get.path, get.query, get.body) == ("/customers/acme", {"a": "1", "b": ["2", "3"]}, None)
    assert repr(journal) == "MockJournal(3 requests)"


def test_the_warnings_of_all_requests(journal: MockJournal) -> None:
    """Warnings are gathered with rule, field and message."""
    assert journal.warnings[0] == RequestWarning(
        "unknown-meter", "meterApiName", "no meter is defined with 'meterApiName': calls"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        {"method": "POST", "path": "/ingest", "times": 1},
        {"method": "post", "path": "/ingest/"},
        {"operation": "ingestMeterEvents", "times": 1},
        {"path": "/ingest", "body": {"meterValue": 5}},
        {"path": "/ingest", "body": {"meterValue": 5.0, "customerId": ANY}},
        {"path": "/ingest", "body": {"meterValue": pytest.approx(5.001, rel=0.01)}},
        {"path": "/ingest", "body": {"meterValue": Decimal(5)}},
        {"path": "/ingest", "status": 200},
        {"path": "/customers", "method": "POST", "body": ACME},
        {"path": "/customers/{customerId}", "method": "GET"},
        {"path": "/customers/acme", "query": {"a": 1}},
        {"path": "/customers/acme", "query": {"b": [2, 3]}, "body": None},
        {"path": "/customers/ac%6De", "times": 1},
        {"operation": "createCustomer", "path": "/customers"},
        {"path": "/customers/other", "times": 0},
    ],
    ids=str,
)
def test_what_was_asked_is_found(journal: MockJournal, wanted: dict[str, Any]) -> None:
    """A request is found by path, template, operation, query, status and the named fields of its body."""
    found = journal.assert_requested(**wanted)
    assert len(found) == wanted.get("times", 1)


@pytest.mark.parametrize(
    "wanted",
    [
        {"method": "GET", "path": "/customers"},
        {"operation": "listCustomers"},
        {"path": "/ingest", "status": 400},
        {"path": "/ingest", "body": {"meterValue": True}},
        {"path": "/ingest", "body": {"meterValue": "5"}},
        {"path": "/ingest", "body": {"uniqueId": None}},
        {"path": "/ingest", "body": [EVENT]},
        {"path": "/customers/acme", "query": {"a": "2"}},
        {"path": "/customers/acme", "query": {"b": "2"}},
        {"path": "/customers/{customerId}", "method": "DELETE"},
    ],
    ids=str,
)
def test_what_was_not_asked_is_not_found(journal: MockJournal, wanted: dict[str, Any]) -> None:
    """A difference in any one of them is another request, and both assertions agree on it."""
    with pytest.raises(AssertionError, match="was never requested"):
        journal.assert_requested(**wanted)
    journal.assert_not_requested(**wanted)


def test_an_alias_is_its_operation(account: MockAccount) -> None:
    """A key that an alias has in its path is compared, though the journal has it in the query."""
    account.client.get(f"{PROMOTIONS}/p1")
    account.journal.assert_requested("GET", f"{PROMOTIONS}/p1", times=1)
    account.journal.assert_requested("GET", PROMOTIONS, query={"id": "p1"})
    account.journal.assert_requested("GET", PROMOTIONS + "/{id}")
    account.journal.assert_not_requested("GET", f"{PROMOTIONS}/p2")


def told(failing: Callable[[], object]) -> str:
    """What a failed assertion says."""
    with pytest.raises(AssertionError) as failed:
        failing()
    return str(failed.value)


def test_a_failure_shows_the_closest_first(account: MockAccount, journal: MockJournal) -> None:
    """What was asked instead is listed, the closest first, each with how it differs, and without the key."""
    account.client.post("/ingest", json={**EVENT, "meterValue": 6, "dimensions": {"region": account.key}})
    body = {"meterValue": 7, "dimensions": {"region": "eu"}}
    said = told(lambda: journal.assert_requested("POST", "/ingest", body=body))
    assert said == (
        """\
POST /ingest with the body {"meterValue": 7, "dimensions": {"region": "eu"}} was never requested.

What was requested instead, closest first:
  #1 POST /ingest (ingestMeterEvents) -> 200
       body.meterValue is 5, not 7
       body.dimensions is absent, not {"region": "eu"}
       body: {"meterApiName": "calls", "customerId": "acme", "meterValue": 5, "meterTimeInMillis": 1718153645993}
  #4 POST /ingest (ingestMeterEvents) -> 200
       body.meterValue is 6, not 7
       body.dimensions.region is "[key]", not "eu"
       body: {"meterApiName": "calls", "customerId": "acme", "meterValue": 6, "meterTimeInMillis": 1718153645993, \
"dimensions": {"region": "[key]"}}
  #2 POST /customers (createCustomer) -> 200
       the path is /customers, not /ingest
  #3 GET /customers/acme {"a": "1", "b": ["2", "3"]} (getCustomerById) -> 200
       the method is GET, not POST
       the path is /customers/acme, not /ingest"""
    )


def test_a_failure_says_how_often(account: MockAccount, journal: MockJournal) -> None:
    """Too few and too many are told in words, with the requests that were meant."""
    for _ in range(2):
        account.client.post("/ingest", json=EVENT)
    few = told(lambda: journal.assert_requested("POST", "/customers", times=2))
    assert few.startswith("POST /customers was requested once, not twice.\n\nIt was requested by:\n  #2 POST")
    assert "What was requested instead, closest first:\n  #3 GET /customers/acme" in few
    many = told(lambda: journal.assert_requested(operation="ingestMeterEvents", times=2))
    assert many.startswith("ingestMeterEvents was requested 3 times, not twice.\n\nIt was requested by:\n  #1 POST")
    assert "instead" not in many
    never = told(lambda: journal.assert_not_requested("POST", "/ingest", status=200))
    assert never.startswith(
        "POST /ingest and the status 200 was requested 3 times, and should not have been.\n\n  #1 POST /ingest"
    )


def test_an_unused_account_says_so(account: MockAccount) -> None:
    """Where nothing was asked, that is said."""
    said = told(lambda: account.journal.assert_requested("POST", "/ingest", times=1))
    assert said == "POST /ingest was never requested, not once.\n\nNothing was requested."
    account.journal.assert_not_requested("POST", "/ingest")
    account.journal.assert_no_warnings()


def test_a_long_failure_is_short(account: MockAccount) -> None:
    """Of many requests with much in them a readable part is shown, and nothing that garbles a terminal."""
    wide = {**EVENT, "customerId": "\u202e\x07\x1b[31m", "dimensions": {f"d{number}": "x" * 50 for number in range(30)}}
    for _ in range(30):
        account.client.post("/ingest", json=wide)
    wanted = {"dimensions": {f"d{number}": "y" for number in range(30)}}
    said = told(lambda: account.journal.assert_requested("POST", "/ingest", body=wanted))
    assert "and 25 differences more" in said
    assert said.endswith("  and 22 more")
    assert len(said) < 10_000
    assert all(line.isprintable() for line in said.split("\n"))


def test_no_warnings_lists_them(journal: MockJournal) -> None:
    """Warnings are told by request, and rules that may be warned of are passed over."""
    assert told(journal.assert_no_warnings) == (
        """\
2 warnings were left.

  #1 POST /ingest (ingestMeterEvents) -> 200
       unknown-meter at meterApiName: no meter is defined with 'meterApiName': calls
       unknown-customer at customerId: no customer exists with 'customerId': acme"""
    )
    for ignoring in ("unknown-meter", ["unknown-meter"]):
        said = told(partial(journal.assert_no_warnings, ignoring=ignoring))
        assert said.startswith("1 warning was left.")
        assert "unknown-meter" not in said
    journal.assert_no_warnings(ignoring=["unknown-meter", "unknown-customer"])


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"operation": "ingestMeterEvent"}, "no operation 'ingestMeterEvent'; did you mean ingestMeterEvents"),
        ({"operation": "zzz"}, "no operation 'zzz'; `mockserver operations` lists them all"),
        ({"method": "POST", "path": "/ingets"}, "no operation has the path /ingets; did you mean /ingest"),
        ({"method": "GET", "path": "/ingest"}, "/ingest takes POST, not GET"),
        ({"method": "POST", "path": "/customers/{customerId}"}, "takes DELETE, GET, not POST"),
        ({"method": "GET", "path": "/customers/{id}/{more}"}, "no operation has the path"),
        ({"path": "ingest"}, "'ingest' is no path"),
        ({"path": "/customers?limit=5"}, r"what follows a \? as query="),
        ({"path": "http://127.0.0.1/ingest"}, "is no path"),
        ({"method": "POST"}, "say what was requested"),
        ({}, "say what was requested"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_a_mistake(journal: MockJournal, mistake: dict[str, Any], message: str) -> None:
    """An assertion about what no operation takes could never fail, or never hold, so it is refused."""
    for assertion in (journal.assert_requested, journal.assert_not_requested):
        with pytest.raises(ValueError, match=message):
            assertion(**mistake)


def test_a_batch_is_compared_whole(account: MockAccount) -> None:
    """A body that is far longer than what a served journal keeps is compared from end to end."""
    batch = [{**EVENT, "uniqueId": str(number)} for number in range(1000)]
    account.client.post("/ingest", json=batch)
    (request,) = account.journal.assert_requested("POST", "/ingest", body=batch)
    assert request.body == batch
    other = [*batch[:-1], {"uniqueId": "another"}]
    assert 'body[999].uniqueId is "999", not "another"' in told(
        lambda: account.journal.assert_requested("POST", "/ingest", body=other)
    )
    assert "body has length 1000, not 999" in told(
        lambda: account.journal.assert_requested("POST", "/ingest", body=batch[1:])
    )


def test_a_body_too_long_decides_nothing(account: MockAccount) -> None:
    """A body of megabytes is kept in part: what hangs on it is an error, and neither holds nor fails."""
    account.client.post("/ingest", json=[{**EVENT, "uniqueId": "x" * 2000} for _ in range(1000)])
    account.journal.assert_requested("POST", "/ingest", times=1)
    for assertion in (account.journal.assert_requested, account.journal.assert_not_requested):
        with pytest.raises(MockServerError, match="request #1 has too long a body"):
            assertion("POST", "/ingest", body=[EVENT])
    account.journal.assert_not_requested("POST", "/ingest", body=[EVENT], status=400)


def test_what_fell_out_decides_nothing(short: MockAccount) -> None:
    """A full journal has lost requests: what it holds is found, and nothing is said of the rest."""
    for path in ("/customers", "/customers/acme", "/customers/globex"):
        short.client.get(path)
    short.journal.assert_requested("GET", "/customers/globex")
    lost = "keeps the last 2 of 3 requests, so this cannot be said; raise it with --journal-size"
    for assertion in (
        lambda: short.journal.assert_requested("GET", "/customers"),
        lambda: short.journal.assert_requested("GET", "/customers/globex", times=1),
        lambda: short.journal.assert_not_requested("GET", "/customers"),
        short.journal.assert_no_warnings,
    ):
        with pytest.raises(MockServerError, match=lost):
            assertion()


def test_a_journal_of_nothing_decides_nothing() -> None:
    """A journal that is switched off is no proof that nothing was asked."""
    with MockServer(journal_size=0) as server, pytest.raises(MockServerError, match="keeps no request"):
        server.account().journal.assert_not_requested("GET", "/customers")


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"not json", "not json"),
        (b"[" * 5000, None),
        (b'"text"', "text"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"a": 1e999}', {"a": float("inf")}),
    ],
    ids=["text", "deep", "string", "bytes", "infinite"],
)
def test_any_body_can_be_read(account: MockAccount, content: bytes, body: Any) -> None:
    """Whatever was sent is a value or a text, so the journal of a broken client can be read."""
    account.client.post("/ingest", content=content, headers={"Content-Type": "application/json"})
    (request,) = account.journal.requests
    assert request.body == (content.decode() if body is None else body)
    assert request.status == 400
    assert "was never requested" in told(lambda: account.journal.assert_requested("POST", "/ingest", body={"a": 2}))

"""What answers may not hold: which words are signs of the inside, and which are not; and which keys are looked for."""

import json

import pytest

from contracts.keys import AMBERFLO, OTHER
from contracts.report.json_report import render
from tests.contracts.faults.client import fresh
from tests.contracts.faults.fault import Answer, Fault, on
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.holding import held
from tests.support.serving import Server


def with_details(operation: str, status: int, details: str) -> Fault:
    """A platform whose errors of one status say more than they should."""

    def more(answer: Answer) -> Answer:
        refused = answer.json()
        matters = answer.status == status and isinstance(refused, dict)
        return answer.with_json({**refused, "details": details}) if matters else answer

    return platform(on(operation, reply=more))


@pytest.mark.parametrize(
    ("details", "what"),
    [
        ('Traceback (most recent call last):\n  File "x.py", line 3, in f', "a traceback"),
        ("Error: boom\n    at Customers.create (customers.js:10:12)", "a traceback"),
        ("java.lang.NullPointerException: null", "a traceback"),
        ("cannot open /srv/billing/app/views.py", "the path of a file"),
        ("C:\\inetpub\\wwwroot\\billing\\Default.aspx", "the path of a file"),
        ('SELECT id FROM "customers" WHERE id = 7', "SQL, or the error of a database"),
        ("ERROR: syntax error at or near 'x' (SQLSTATE 42601)", "SQL, or the error of a database"),
        ("<title>ValueError // Werkzeug Debugger</title>", "a framework's own page of an error"),
    ],
)
def test_internals_are_told_by_what_they_are(server: Server, details: str, what: str) -> None:
    """What shows the inside of a platform is named, on the operation whose error shows it."""
    found = finding(server, with_details("createCustomer", 400, details), "answers_show_no_internals")
    assert found.identity.operation_id == "createCustomer"
    assert found.got == f"an answer 400 shows {what}"


@pytest.mark.parametrize(
    "details",
    [
        "select one of a, b from the list",
        "see https://docs.example.com/api/errors.html, at line 3 of the file",
        "customers/paging: update the field, and set it to a text",
        "no media type text/x.java; application/vnd.org.example+json is taken",
    ],
)
def test_plain_words_are_no_internals(server: Server, details: str) -> None:
    """Words that a message for a client may hold are no sign of the inside."""
    assert not checked(server, with_details("createCustomer", 400, details), "answers_show_no_internals").judgement.open


def test_page_in_html_alone_is_no_internals(server: Server) -> None:
    """That an error has another media type is for another check to say."""
    report = checked(server, FAULTS["absent_customer_is_a_page_in_html"], "answers_show_no_internals")
    assert not report.judgement.open


def test_echoed_key_is_not_told_again(server: Server) -> None:
    """The finding and the report do not hold the key that the answer held."""
    keys = {AMBERFLO: fresh("test"), OTHER: fresh("test")}
    with before(server.url, FAULTS["new_customer_is_answered_with_the_key"]) as url:
        report = held(url, "answers_echo_no_key", environment=keys)
    (found,) = report.judgement.open
    assert found.got == "a header of an answer 200 holds it"
    assert keys[AMBERFLO] not in json.dumps(render(report))


def test_short_key_is_not_looked_for(server: Server) -> None:
    """A key so short that it stands in an answer by chance is no echo."""
    keys = {AMBERFLO: "test-a", OTHER: "test-b"}
    fault = platform(on("createCustomer", answer=lambda customer: {**customer, "description": "of test-a"}))
    with before(server.url, fault) as url:
        assert not held(url, "answers_echo_no_key", environment=keys).judgement.open

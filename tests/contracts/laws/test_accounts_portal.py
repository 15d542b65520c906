"""What portal sessions may not show: each way is told by its operation, and no token is told at all."""

import json
from collections.abc import Callable

import pytest

from contracts.report.json_report import render
from tests.contracts.faults.exchange import instead, keyed, text
from tests.contracts.faults.fault import Answer, Fault, Request, Send, Wrong, limited
from tests.contracts.laws.accusing import checked, finding, platform
from tests.support.serving import Server


def with_sessions(operation: str, wrong: Callable[[Request, Send, str, list[str]], Answer]) -> Fault:
    """A portal that is wrong in one operation; it is told the account's key, and every session that was opened."""

    def make() -> Wrong:
        accounts: dict[str, str] = {}

        def show(request: Request, send: Send) -> Answer:
            if request.operation == operation and request.key in accounts:
                return wrong(request, send, accounts[request.key], [*accounts])
            answer = send(request)
            if request.operation == "createSession" and answer.good:
                accounts[f"Session {text(answer.json(), 'sessionToken')}"] = request.key
            return answer

        return show

    return platform(make, "live")


def first_sessions(request: Request, send: Send, _account: str, sessions: list[str]) -> Answer:
    """Every session is taken for the one that was opened before the latest."""
    return send(keyed(request, sessions[-2]))


@pytest.mark.parametrize(
    "operation",
    [
        "portalQueryUsage",
        "portalQueryUsageBatch",
        "portalListUsageEvents",
        "portalGetCustomerDetails",
        "portalListNotifications",
        "portalGetNotificationById",
        "portalGetPrepaidWallet",
        "portalGetCreditsLedger",
        "portalListInvoices",
    ],
)
def test_portal_that_takes_one_session_for_another_is_named(server: Server, operation: str) -> None:
    """Each way in which a portal shows another customer is told by its operation, and shows no token."""
    found = finding(server, with_sessions(operation, first_sessions), "portal_sees_one_customer")
    assert found.identity.operation_id == operation
    curl = found.examples[0].curl
    assert '"X-API-KEY: Session $AMBERFLO_SESSION"' in curl
    assert "# AMBERFLO_SESSION is the token of a session of " in curl
    assert "acct-" not in curl


def test_portal_that_removes_anybodys_is_named(server: Server) -> None:
    """A notification that another customer can remove is told by its deletion."""
    fault = with_sessions("portalDeleteNotification", first_sessions)
    assert finding(server, fault, "portal_sees_one_customer").identity.operation_id == "portalDeleteNotification"


def test_session_that_opens_the_account_is_named(server: Server) -> None:
    """A session that lists all customers is told of the list."""

    def as_account(request: Request, send: Send, account: str, _sessions: list[str]) -> Answer:
        return send(keyed(instead(request, "GET", "/customers"), account))

    fault = with_sessions("listCustomers", as_account)
    assert finding(server, fault, "portal_sees_one_customer").identity.operation_id == "listCustomers"


def test_tokens_are_in_no_report(server: Server) -> None:
    """What opens a portal is masked in all that is written, though two sessions are opened that no key is known of."""
    told: list[str] = []

    def make() -> Wrong:
        def listen(request: Request, send: Send) -> Answer:
            answer = send(request)
            told.append(text(answer.json(), "sessionToken"))
            return answer

        return limited("createSession", listen)

    fault = with_sessions("portalListNotifications", first_sessions)

    def both() -> Wrong:
        one, two = fault.make(), make()
        return lambda request, send: one(request, lambda sent: two(sent, send))

    report = checked(server, platform(both, "live"), "portal_sees_one_customer")
    written = json.dumps(render(report))
    assert report.judgement.open
    assert len(told) > 2
    assert all(token and token not in written for token in told)

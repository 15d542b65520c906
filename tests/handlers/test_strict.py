"""Every warning is a refusal in strict mode: the same request, once lenient and once strict."""

from typing import Any, NamedTuple

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, question, refused

METER = {"meterApiName": "calls", "displayName": "calls", "type": "SUM_OF_ALL_USAGE"}
RULE = {"meterApiName": "calls", "ruleId": "r", "dimensionName": "a", "dimensionValues": ["b"], "action": "EXCLUDE"}
ORDER = {"customerId": "ann", "amount": 5}
PLAN = {"customerId": "ann", "productId": "p"}
LIVE_RANGE = {"startTimeInSeconds": 0, "endTimeInSeconds": 10}
DOUBLED = {
    "meterApiName": "calls",
    "timeRange": {"startTimeInSeconds": NOON_MS // 1000},
    "rescaleFunction": {"function": "multiply", "coefficient": 2},
}
HUGE = [event(uniqueId=str(number), meterValue=1.7e308) for number in range(2)]

INGEST, USAGE, RULES, METERS = "/ingest", "/usage", "/meter-event-filtering-rules", "/meter-definition"
ORDERS, PLANS = "/payments-pricing-amberflo-customer-prepaid", "/payments-pricing-amberflo-customer-pricing"
INVOICES = "/payments-billing-customer-product-invoice"


class Mistake(NamedTuple):
    """A request that is taken with a warning: what is sent, after which events, and what is told of it."""

    rule: str
    field: str | None
    path: str
    body: Any
    method: str = "POST"
    before: tuple[Json, ...] = ()


def without(body: Json, name: str) -> Json:
    """A body that lacks one field."""
    return {key: value for key, value in body.items() if key != name}


MISTAKES = [
    Mistake("unknown-meter", "meterApiName", INGEST, event(meterApiName="m1")),
    Mistake("unknown-meter", "[1].values", INGEST, [event(), event(meterApiName=None, values={"m1": 1})]),
    Mistake("unknown-meter", "meterApiName", USAGE, question(meterApiName="m1")),
    Mistake("unknown-meter", "meterApiName", USAGE, {"meterApiName": "m1", "timeRange": LIVE_RANGE}),
    Mistake("unknown-meter", "meterApiName", RULES, {**RULE, "meterApiName": "m1"}),
    Mistake("unknown-customer", "customerId", INGEST, event(customerId="bob")),
    Mistake("unknown-customer", "[1].customerId", INGEST, [event(), event(customerId=None)]),
    Mistake("unknown-customer", "customerId", ORDERS, {**ORDER, "customerId": "bob"}),
    Mistake("unknown-customer", "customerId", PLANS, {**PLAN, "customerId": "bob"}),
    Mistake("unknown-customer", "customerId", PLANS, without(PLAN, "customerId")),
    Mistake("unknown-customer", "customerId", f"{INVOICES}?customerId=bob", None, "GET"),
    Mistake("no-meter", "meterApiName", INGEST, event(meterApiName=None)),
    Mistake("absent-value", "meterValue", INGEST, event(meterValue=None)),
    Mistake("reserved-dimension", "dimensions.aflo.x", INGEST, event(dimensions={"aflo.x": "1"})),
    Mistake("unlikely-time", "meterTimeInMillis", INGEST, event(meterTimeInMillis=-1)),
    Mistake("other-value", "[1].meterValue", INGEST, [event(uniqueId="u"), event(uniqueId="u", meterValue=2)]),
    Mistake("other-value", "meterValue", INGEST, event(uniqueId="u", meterValue=2), before=(event(uniqueId="u"),)),
    Mistake("reused-unique-id", "uniqueId", INGEST, event(uniqueId="u", meterTimeInMillis=NOON_MS + 1),
            before=(event(uniqueId="u"),)),
    Mistake("reversed-range", "endTimeInSeconds", USAGE, question(endTimeInSeconds=-1)),
    Mistake("overflow", None, USAGE, question(), before=tuple(HUGE)),
    Mistake("overflow", None, USAGE, DOUBLED, before=(HUGE[0],)),
    Mistake("absent-key", "meterApiName", METERS, {**METER, "meterApiName": "m1"}, "PUT"),
    Mistake("inert-rule", "action", RULES, without(RULE, "action")),
    Mistake("inert-rule", "dimensionName", RULES, without(RULE, "dimensionName")),
    Mistake("non-positive-amount", "amount", ORDERS, {**ORDER, "amount": 0}),
    Mistake("non-positive-amount", "amount", ORDERS, {**ORDER, "amount": -0.5}),
    Mistake("absent-plan", "productId", PLANS, without(PLAN, "productId")),
    Mistake("unlikely-time", "startTime", PLANS, {**PLAN, "startTime": -(2**63)}),
]  # fmt: skip


def names(mistakes: list[Mistake]) -> list[str]:
    """Test names: rule, path and number."""
    return [f"{each.rule}-{each.path.strip('/').split('?')[0]}-{number}" for number, each in enumerate(mistakes)]


def prepared(account: Account, mistake: Mistake, *, strict: bool) -> Json:
    """The account's state before the mistake is made."""
    account.mock.reset(strict=strict)
    account.define("calls")
    account.register("ann")
    account.ingest(*mistake.before)
    return account.state()


@pytest.mark.parametrize("mistake", MISTAKES, ids=names(MISTAKES))
def test_a_lenient_account_warns(account: Account, mistake: Mistake) -> None:
    """The request is taken, and exactly its mistake is in the journal."""
    prepared(account, mistake, strict=False)
    account.take(account.mock.request(mistake.method, mistake.path, json=mistake.body))
    cautions = account.mock.journal()[-1]["warnings"]
    assert [(caution["field"], caution["rule"]) for caution in cautions] == [(mistake.field, mistake.rule)]
    assert cautions[0]["message"]


@pytest.mark.parametrize("mistake", MISTAKES, ids=names(MISTAKES))
def test_a_strict_account_refuses(account: Account, mistake: Mistake) -> None:
    """The same request is 400, names field and rule, and leaves the account as it was."""
    before = prepared(account, mistake, strict=True)
    response = account.mock.request(mistake.method, mistake.path, json=mistake.body)
    assert refused(response) == ": ".join(part for part in (mistake.field, mistake.rule) if part)
    assert account.state() == before


def test_a_refused_batch_leaves_no_identities(account: Account) -> None:
    """After a strict refusal the good events of the batch still count when they come again."""
    account.mock.reset(strict=True)
    account.define("calls")
    account.register("ann")
    good = event(uniqueId="u")
    assert (
        refused(account.mock.post(INGEST, json=[good, event(uniqueId="u", meterValue=2)]))
        == "[1].meterValue: other-value"
    )
    account.ingest(good)
    assert account.total() == 1


def test_strictness_is_an_accounts_own(account: Account) -> None:
    """A strict account does not make another one strict."""
    account.mock.reset(strict=True)
    other = type(account.mock)(account.mock.url)
    assert other.post(INGEST, json=event()).status_code == 200
    other.close()

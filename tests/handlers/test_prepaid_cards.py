"""Prepaid cards: extended, moved, conditioned, split to the last digit, and paid elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

PREPAID = "/payments/pricing/amberflo/customer-prepaid"
WALLET = "/payments/billing/customer-prepaid-wallet"
PAYMENT = "/payments/external/prepaid-payment-status"
NOON_S, DAY_S = NOON_MS // 1000, 86_400
TOMORROW_S = NOON_S + DAY_S
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
ANN = {"customerId": "ann"}
ORDER = {"id": "one", "customerId": "ann", "startTimeInSeconds": NOON_S, "prepaidPrice": 100}
CARD = {**ANN, "prepaidUri": "$uri"}
CONDITIONS = {"productItemIds": ["calls"]}
PAID = {"prepaidUri": "$uri", "paymentStatus": "SETTLED", "systemName": "bank", "paymentId": "p-1"}
TOLD = {**PAID, "paymentStatus": "settled"}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "a card is changed": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True, "now": NOON_MS}),
        Step("createCustomerPrepaidOrder", body=ORDER, save={"uri": "firstInvoiceUri"}),
        Step(
            "extendPrepaidCard",
            body={**CARD, "productId": "1", "newEndTimeInSeconds": TOMORROW_S},
            expect={"prepaidUri": "$uri", "expirationTimeInMillis": TOMORROW_S * 1000},
        ),
        Step(
            "modifyPrepaidCardStartTime",
            body={**CARD, "newStartTimeInSeconds": NOON_S - 60},
            expect={"startTimeInMillis": (NOON_S - 60) * 1000},
        ),
        Step(
            "modifyPrepaidCardCondition",
            body={**CARD, "prepaidConditions": CONDITIONS},
            expect={"prepaidConditions": CONDITIONS},
        ),
        Step(
            "getPrepaidWallet",
            query=ANN,
            expect={
                "prepaidCards": [
                    {
                        "startTimeInMillis": (NOON_S - 60) * 1000,
                        "expirationTimeInMillis": TOMORROW_S * 1000,
                        "prepaidConditions": CONDITIONS,
                    }
                ]
            },
        ),
        Step(
            "getPrepaidOrder",
            query={"Id": "one", "CustomerId": "ann"},
            expect={"firstCardEndTimeSeconds": TOMORROW_S, "endTimeInSeconds": TOMORROW_S},
        ),
        Step("modifyPrepaidCardCondition", body=CARD, expect={"prepaidConditions": None}),
        Step(
            "splitPrepaidCard",
            body={
                **CARD,
                "customerPrepaidOrders": [{"id": "a", "prepaidPrice": 33.4}, {"id": "b", "prepaidPrice": 66.6}],
            },
            expect=[{"worth": 33.4, "expirationTimeInMillis": TOMORROW_S * 1000}, {"amountLeft": 66.6}],
            save={"part": "1.prepaidUri"},
        ),
        Step("getPrepaidWallet", query=ANN, expect={"prepaidCards": [{"worth": 33.4}, {"prepaidUri": "$part"}]}),
        Step("getPrepaidOrder", query={"Id": "b", "CustomerId": "ann"}, expect={"senderPrepaidUri": "$uri"}),
        Step("listOpenPrepaidOrders", query={"CustomerId": "ann"}, expect=[{"id": "a"}, {"id": "b"}]),
        Step("modifyPrepaidCardCondition", body=CARD, status=404),
        Step("extendPrepaidCard", body={**CARD, "newEndTimeInSeconds": TOMORROW_S + 1}, status=404),
        Step("modifyPrepaidCardCondition", body={**CARD, "prepaidUri": "$part"}, expect={"worth": 66.6}),
        Step(
            "extendPrepaidCard",
            body={**CARD, "prepaidUri": "$part", "newEndTimeInSeconds": TOMORROW_S * 2},
            status=409,
            clock={"now": TOMORROW_S * 1000},
        ),
    ],
    "a card is paid elsewhere": [
        Step(
            "createCustomerPrepaidOrder",
            body={**ORDER, "externalPayment": True},
            expect={"paymentStatus": "requires_action", "paymentId": None},
            save={"uri": "firstInvoiceUri"},
        ),
        Step("updateExternalPrepaidPaymentStatus", body={**PAID, "paymentStatus": "pending"}),
        Step("getPrepaidWallet", query=ANN, expect={"prepaidCards": [{"paymentStatus": "pending"}]}),
        Step(
            "updateExternalPrepaidPaymentStatus",
            body={**PAID, "paymentTimeInSeconds": NOON_S},
            expect={**TOLD, "paymentTimeInSeconds": NOON_S},
        ),
        Step(
            "getPrepaidWallet",
            query=ANN,
            expect={
                "prepaidCards": [
                    {
                        "paymentStatus": "settled",
                        "paymentId": "p-1",
                        "paymentSystemName": "bank",
                        "externalPaymentMethod": True,
                        "cardType": "external_one_time",
                    }
                ]
            },
        ),
        Step(
            "getPrepaidOrder",
            query={"Id": "one", "CustomerId": "ann"},
            expect={"paymentStatus": "settled", "paymentId": "p-1", "prepaidPaymentTimeInSeconds": NOON_S},
        ),
        Step("updateExternalPrepaidPaymentStatus", body=PAID, expect={**TOLD, "paymentTimeInSeconds": NOON_S}),
        Step("updateExternalPrepaidPaymentStatus", body={**PAID, "paymentId": "p-2"}, status=409),
        Step("updateExternalPrepaidPaymentStatus", body={**PAID, "paymentStatus": "failed"}, status=409),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is done to a card is seen in the wallet and in its order."""
    run(mock, ROUND_TRIPS[name])


def bought(account: Account, **fields: Any) -> Any:
    """The answered order; `uri` is its first card."""
    return account.take(account.mock.post(PREPAID, json={**ORDER, **fields}))


def cards(account: Account) -> Any:
    """The cards of `ann`."""
    return account.take(account.mock.get(WALLET, params=ANN))["prepaidCards"]


def changed(account: Account, what: str, uri: str, **fields: Any) -> Any:
    """The answered card after a change."""
    return account.take(account.mock.post(f"{PREPAID}/{what}", json={**ANN, "prepaidUri": uri, **fields}))


def told(account: Account, uri: str, status: str) -> Any:
    """The answer to a payment status."""
    return account.mock.post(PAYMENT, json={**PAID, "prepaidUri": uri, "paymentStatus": status})


CHANGES: Mapping[str, Json] = {
    "extend": {"newEndTimeInSeconds": TOMORROW_S},
    "start-time": {"newStartTimeInSeconds": NOON_S},
    "condition": {},
    "split": {"customerPrepaidOrders": [{"id": "a", "prepaidPrice": 100}]},
}


def attempted(account: Account, what: str, uri: str, **fields: Any) -> Any:
    """The response to a change that would be taken of a card of `ann` that runs."""
    return account.mock.post(f"{PREPAID}/{what}", json={**ANN, "prepaidUri": uri, **CHANGES[what], **fields})


@pytest.mark.parametrize(
    "strange",
    [{"customerId": "bob"}, {"productId": "2"}, {"prepaidUri": "x"}, {"prepaidUri": "/relation_id=x/cycle=1"}],
)
def test_only_the_owners_card_is_found(account: Account, strange: Json) -> None:
    """A card of another customer or product, and one that is none, are 404 by each change; nothing is changed."""
    uri = bought(account)["firstInvoiceUri"]
    before = account.state()
    for what in CHANGES:
        response = attempted(account, what, uri, **strange)
        assert refused(response, 404) == "prepaidUri: unknown-key"
    assert account.state() == before


@pytest.mark.parametrize("ending", ["cycle=2", "cycle=0", "cycle=01", "cycle=1/", "cycle=99999999999999999"])
def test_only_cards_that_are_there_are_found(account: Account, ending: str) -> None:
    """A cycle that has not begun, or that never can, has no card."""
    recurring = {"recurrenceFrequency": {"interval": "day", "intervalsCount": 1}}
    uri = bought(account, **recurring)["firstInvoiceUri"].replace("cycle=1", ending)
    assert refused(told(account, uri, "settled"), 404) == "prepaidUri: unknown-key"


def test_a_key_of_any_characters_is_found(account: Account) -> None:
    """Customers and orders may be called as they like: a card's id holds their names."""
    name = "a/b?c=é relation_id=x/cycle=1"
    account.register(name)
    order = bought(account, customerId=name, id=name, externalPayment=True)
    assert told(account, order["firstInvoiceUri"], "settled").status_code == 200
    card = account.take(account.mock.get(WALLET, params={"customerId": name}))["prepaidCards"][0]
    assert (card["prepaidUri"], card["paymentStatus"]) == (order["firstInvoiceUri"], "settled")


def test_an_expired_card_is_closed(account: Account) -> None:
    """Of a card that has expired nothing can be changed: 409."""
    uri = bought(account)["firstInvoiceUri"]
    changed(account, "extend", uri, newEndTimeInSeconds=TOMORROW_S)
    account.mock.clock(now=TOMORROW_S * 1000)
    for what in CHANGES:
        response = attempted(account, what, uri)
        assert refused(response, 409) == "prepaidUri: expired"
        assert response.json()["code"] == "CONFLICT"


def test_a_failed_card_is_no_card(account: Account) -> None:
    """A card whose payment failed is in the wallet as failed, and not to be changed."""
    uri = bought(account, externalPayment=True)["firstInvoiceUri"]
    account.take(told(account, uri, "FAILED"))
    assert [card["paymentStatus"] for card in cards(account)] == ["failed"]
    for what in CHANGES:
        assert refused(attempted(account, what, uri), 404) == "prepaidUri: unknown-key"


@pytest.mark.parametrize(
    ("what", "field", "seconds", "rule"),
    [
        ("extend", "newEndTimeInSeconds", NOON_S, "unsupported-date"),
        ("extend", "newEndTimeInSeconds", NOON_S + 1, None),
        ("extend", "newEndTimeInSeconds", -(2**63), "unsupported-date"),
        ("extend", "newEndTimeInSeconds", 2**63 - 1, None),
        ("start-time", "newStartTimeInSeconds", TOMORROW_S, "reversed-range"),
        ("start-time", "newStartTimeInSeconds", TOMORROW_S - 1, None),
        ("start-time", "newStartTimeInSeconds", -(2**63), None),
    ],
)
def test_times_of_a_card(account: Account, what: str, field: str, seconds: int, rule: str | None) -> None:
    """An end lies ahead and a start before the end; what lies beyond the int64 milliseconds is cut to them."""
    uri = bought(account)["firstInvoiceUri"]
    changed(account, "extend", uri, newEndTimeInSeconds=TOMORROW_S)
    response = account.mock.post(f"{PREPAID}/{what}", json={**ANN, "prepaidUri": uri, field: seconds})
    if rule is None:
        name = "expirationTimeInMillis" if what == "extend" else "startTimeInMillis"
        assert account.take(response)[name] == max(-(2**63), min(2**63 - 1, seconds * 1000))
    else:
        assert refused(response) == f"{field}: {rule}"


def test_a_card_ends_after_its_start(account: Account) -> None:
    """A card that has not begun cannot be told to end before it begins."""
    uri = bought(account, startTimeInSeconds=TOMORROW_S)["firstInvoiceUri"]
    body = {**ANN, "prepaidUri": uri, "newEndTimeInSeconds": TOMORROW_S}
    assert refused(account.mock.post(f"{PREPAID}/extend", json=body)) == "newEndTimeInSeconds: unsupported-date"


def test_shortening_is_warned_of(account: Account) -> None:
    """An end before the present one leaves a warning, and is a refusal in a strict account."""
    uri = bought(account)["firstInvoiceUri"]
    changed(account, "extend", uri, newEndTimeInSeconds=TOMORROW_S)
    changed(account, "extend", uri, newEndTimeInSeconds=TOMORROW_S + 1)
    assert account.mock.rules() == ["shortened-card"]
    account.mock.reset(strict=True)
    account.register("ann")
    body = {**ANN, "prepaidUri": bought(account)["firstInvoiceUri"], "newEndTimeInSeconds": TOMORROW_S}
    assert refused(account.mock.post(f"{PREPAID}/extend", json=body)) == "newEndTimeInSeconds: shortened-card"


def test_a_start_decides_when_a_card_is_paid(account: Account) -> None:
    """The provider is paid when the card starts: a start that moves ahead takes the payment back."""
    uri = bought(account)["firstInvoiceUri"]
    assert changed(account, "start-time", uri, newStartTimeInSeconds=TOMORROW_S)["paymentStatus"] == "pre_payment"
    account.mock.clock(now=TOMORROW_S * 1000)
    assert [card["paymentStatus"] for card in cards(account)] == ["settled"]


def test_one_card_of_many_is_changed(account: Account) -> None:
    """A change concerns one card of a recurring order; the others stay, and so do the cycles to come."""
    bought(account, recurrenceFrequency={"interval": "day", "intervalsCount": 1})
    account.mock.clock(now=TOMORROW_S * 1000)
    first, second = cards(account)
    assert first["expirationTimeInMillis"] == second["startTimeInMillis"]
    changed(account, "condition", second["prepaidUri"], prepaidConditions=[CONDITIONS])
    changed(account, "extend", second["prepaidUri"], newEndTimeInSeconds=TOMORROW_S + 9 * DAY_S)
    account.mock.clock(now=(TOMORROW_S + DAY_S) * 1000)
    found = cards(account)
    assert [card["prepaidConditions"] for card in found] == [None, [CONDITIONS], None]
    ends = [card["expirationTimeInMillis"] // 1000 - NOON_S for card in found]
    assert ends == [DAY_S, 10 * DAY_S, 3 * DAY_S]


def split(account: Account, uri: str, *parts: Json) -> Any:
    """The response to a split."""
    return account.mock.post(f"{PREPAID}/split", json={**ANN, "prepaidUri": uri, "customerPrepaidOrders": list(parts)})


def part(order_id: str, price: float, **fields: Any) -> Json:
    """An order that describes a part."""
    return {"id": order_id, "prepaidPrice": price, **fields}


@pytest.mark.parametrize(
    ("worth", "parts", "fits"),
    [
        (0.3, [part("a", 0.1), part("b", 0.1), part("c", 0.1)], True),
        (0.3, [part("a", 0.1), part("b", 0.2)], True),
        (0.3, [part("a", 0.1), part("b", 0.2000000000000001)], False),
        (0.3, [part("a", 0.3)], True),
        (100, [part("a", 1, originalWorth=60), part("b", 2, originalWorth=40)], True),
        (100, [part("a", 60, originalWorth=1), part("b", 40, originalWorth=2)], False),
        (100, [part("a", 150), part("b", -50)], False),
        (100, [part("a", 100), part("b", 0)], False),
        (2**53 + 1, [part("a", 2**53), part("b", 1)], True),
        (2**53 + 1, [part("a", 2**53), part("b", 2)], False),
    ],
)
def test_parts_add_up_exactly(account: Account, worth: float, parts: list[Json], fits: bool) -> None:  # noqa: FBT001
    """Parts are worth together what is left on the card, to the last digit, each of them something."""
    uri = bought(account, prepaidPrice=worth)["firstInvoiceUri"]
    before = account.state()
    response = split(account, uri, *parts)
    if fits:
        worths = [each.get("originalWorth", each["prepaidPrice"]) for each in parts]
        assert [card["worth"] for card in account.take(response)] == worths
        assert [card["worth"] for card in cards(account)] == worths
    else:
        assert refused(response).endswith("unequal-split")
        assert account.state() == before


def test_parts_have_what_the_card_had(account: Account) -> None:
    """Parts start, end, and are paid as the card was, have its label and conditions, and are bought once."""
    daily = {"interval": "day", "intervalsCount": 1}
    fields = {"externalPayment": True, "label": "gift", "recurrenceFrequency": daily, "originalWorth": 50}
    uri = bought(account, **fields)["firstInvoiceUri"]
    changed(account, "condition", uri, prepaidConditions=CONDITIONS)
    account.take(told(account, uri, "settled"))
    parts = [part("a", 20, label="mine", externalPayment=False), part("b", 30, prepaidConditions=None)]
    answered = account.take(split(account, uri, *parts))
    assert answered == cards(account)
    shared = ("startTimeInMillis", "expirationTimeInMillis", "paymentStatus", "paymentId", "cardType")
    assert {tuple(card[name] for name in shared) for card in answered} == {
        (NOON_MS, TOMORROW_S * 1000, "settled", "p-1", "external_one_time")
    }
    assert [(card["label"], card["prepaidConditions"]) for card in answered] == [("mine", CONDITIONS), ("gift", None)]
    account.mock.clock(now=TOMORROW_S * 1000)
    assert [card["worth"] for card in cards(account)] == [20, 30, 50]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"externalPayment": True}, "requires_action"),
        ({"prepaidPrice": 0, "originalWorth": 100}, "not_needed"),
        ({"startTimeInSeconds": TOMORROW_S}, "pre_payment"),
        ({}, "settled"),
    ],
)
def test_parts_keep_the_payment_status(account: Account, fields: Json, status: str) -> None:
    """Whether a card was paid, waits, or need not be paid, its parts are as it was."""
    uri = bought(account, **fields)["firstInvoiceUri"]
    parts = account.take(split(account, uri, part("a", 40), part("b", 60)))
    assert [card["paymentStatus"] for card in parts] == [status] * 2


@pytest.mark.parametrize(
    ("ids", "details"),
    [
        (("one", "b"), "customerPrepaidOrders[0].id: duplicate-key"),
        (("a", "a"), "customerPrepaidOrders[1].id: duplicate-key"),
        ((), "customerPrepaidOrders: minItems"),
    ],
)
def test_parts_need_ids_of_their_own(account: Account, ids: tuple[str, ...], details: str) -> None:
    """The id of a part must be free among the customer's orders, and there must be a part."""
    uri = bought(account)["firstInvoiceUri"]
    before = account.state()
    assert refused(split(account, uri, *(part(each, 50) for each in ids))) == details
    assert account.state() == before


def test_a_strict_split_is_all_or_nothing(account: Account) -> None:
    """A part that a strict account refuses leaves the card, and makes none of the others."""
    account.mock.reset(strict=True)
    account.register("ann")
    uri = bought(account)["firstInvoiceUri"]
    before = account.state()
    free = part("b", 0, originalWorth=60)
    assert refused(split(account, uri, part("a", 40), free)) == "prepaidPrice: non-positive-amount"
    assert account.state() == before
    assert [card["prepaidUri"] for card in cards(account)] == [uri]


@pytest.mark.parametrize(
    ("before", "after", "refusal"),
    [
        ([], "pending", None),
        ([], "failed", None),
        (["pending"], "SETTLED", None),
        (["settled"], "settled", None),
        (["settled"], "pending", (409, "paymentStatus: second-settlement")),
        (["settled"], "FAILED", (409, "paymentStatus: second-settlement")),
        (["failed"], "failed", None),
        (["failed"], "settled", (400, "paymentStatus: illegal-transition")),
        (["failed"], "pending", (400, "paymentStatus: illegal-transition")),
    ],
)
def test_payments_move_to_an_end(
    account: Account, before: list[str], after: str, refusal: tuple[int, str] | None
) -> None:
    """A waiting payment may be told to wait on, to be settled or failed; those two are final."""
    uri = bought(account, externalPayment=True)["firstInvoiceUri"]
    for status in before:
        account.take(told(account, uri, status))
    response = told(account, uri, after)
    if refusal is None:
        assert account.take(response)["paymentStatus"] == after.lower()
    else:
        code, details = refusal
        assert refused(response, code) == details
    assert [card["paymentStatus"] for card in cards(account)] == [after.lower() if refusal is None else before[-1]]


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({}, None),
        ({"paymentTimeInSeconds": 1}, None),
        ({"paymentStatus": "settled"}, None),
        ({"paymentId": "p-2"}, "paymentId: second-settlement"),
        ({"systemName": "cash"}, "systemName: second-settlement"),
        ({"paymentStatus": "failed", "paymentId": "p-2"}, "paymentStatus: second-settlement"),
    ],
)
def test_a_card_is_settled_once(account: Account, change: Json, details: str | None) -> None:
    """The same settlement once more is answered as it was first taken; another one is 409. Nothing is changed."""
    body = {**PAID, "prepaidUri": bought(account, externalPayment=True)["firstInvoiceUri"]}
    first = account.take(account.mock.post(PAYMENT, json=body))
    before = account.state(), cards(account)
    response = account.mock.post(PAYMENT, json={**body, **change})
    if details is None:
        assert account.take(response) == first
    else:
        assert refused(response, 409) == details
    assert (account.state(), cards(account)) == before


@pytest.mark.parametrize(
    ("fields", "told_status", "answer"),
    [
        ({}, "settled", 200),
        ({}, "failed", 409),
        ({"startTimeInSeconds": TOMORROW_S}, "settled", 400),
        ({"prepaidPrice": 0, "originalWorth": 1}, "settled", 400),
    ],
)
def test_what_is_paid_here_is_not_told_elsewhere(account: Account, fields: Json, told_status: str, answer: int) -> None:
    """Of a card that the provider was paid for only that is taken; of one that need not be paid yet, nothing."""
    uri = bought(account, **fields)["firstInvoiceUri"]
    assert told(account, uri, told_status).status_code == answer


@pytest.mark.parametrize("missing", ["prepaidUri", "paymentStatus", "systemName", "paymentId"])
def test_a_payment_is_told_whole(account: Account, missing: str) -> None:
    """Each required field of a payment status is missed by its name."""
    body = {name: value for name, value in PAID.items() if name != missing}
    assert refused(account.mock.post(PAYMENT, json=body)) == f"{missing}: required"


def test_changes_stand_in_the_event_log(account: Account) -> None:
    """Each change of a card leaves an event, a split one that it is gone."""
    uri = bought(account, externalPayment=True)["firstInvoiceUri"]
    changed(account, "extend", uri, newEndTimeInSeconds=TOMORROW_S)
    account.take(told(account, uri, "settled"))
    account.take(split(account, uri, part("a", 100)))
    events = [
        each for each in account.stored("account-events") if each["noun"] == "prepaid card" and each["key"] == uri
    ]
    assert [(each["verb"], each["operation"]) for each in events] == [
        ("updated", "extendPrepaidCard"),
        ("updated", "updateExternalPrepaidPaymentStatus"),
        ("deleted", "splitPrepaidCard"),
    ]

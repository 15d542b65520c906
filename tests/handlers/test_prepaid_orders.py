"""Prepaid orders and plan assignments: stored as they were asked for, with what is the server's."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account

ORDERS, PLANS = "/payments-pricing-amberflo-customer-prepaid", "/payments-pricing-amberflo-customer-pricing"


def ordered(account: Account, **fields: Any) -> Any:
    """The answered order."""
    return account.take(account.mock.post(ORDERS, json={"customerId": "ann", "amount": 500.0, **fields}))


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({}, {"currency": "USD"}),
        ({"currency": "EUR"}, {"currency": "EUR"}),
        ({"expirationTime": 1_749_686_400_000}, {"currency": "USD", "expirationTime": 1_749_686_400_000}),
        ({"orderId": "mine", "createTime": 1, "nonsense": True}, {"currency": "USD"}),
    ],
    ids=["minimal", "currency", "expiration", "server-owned-and-unknown"],
)
def test_an_order_is_answered_whole(account: Account, sent: dict[str, Any], answered: dict[str, Any]) -> None:
    """An order has an id and the clock's time; currency is USD unless another one is named."""
    order = ordered(account, **sent)
    order_id = order.pop("orderId")
    assert order_id.startswith("order-")
    assert order == {"customerId": "ann", "amount": 500, "createTime": NOON_MS, **answered}


@pytest.mark.parametrize("amount", [0.1, 1e-300, 1.7976931348623157e308, 3, -2.5, 10**20, 10**400])
def test_any_amount_comes_back_as_it_was(account: Account, amount: float) -> None:
    """No amount is rounded, neither small ones nor whole ones beyond the doubles."""
    assert ordered(account, amount=amount)["amount"] == amount


def test_orders_are_kept_apart(account: Account) -> None:
    """Two equal orders are two purchases, each stored under its own id as it was answered."""
    orders = [ordered(account), ordered(account)]
    assert orders[0]["orderId"] != orders[1]["orderId"]
    assert account.state()["collections"]["prepaid-orders"] == 2


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"customerId": "ann", "productId": "p"}, {"customerId": "ann", "productId": "p", "startTime": NOON_MS}),
        ({"customerId": "ann", "productId": "p", "startTime": 5},) * 2,
        ({}, {"startTime": NOON_MS}),
        ({"nonsense": 1}, {"startTime": NOON_MS}),
    ],
    ids=["default-start", "start", "empty", "unknown"],
)
def test_an_assignment_is_answered_and_stored(account: Account, sent: dict[str, Any], answered: dict[str, Any]) -> None:
    """An assignment without a start begins at the clock's time; what is answered is what is kept."""
    assert account.take(account.mock.post(PLANS, json=sent)) == answered
    assert account.stored("plan-assignments") == [answered]


def test_every_assignment_is_kept(account: Account) -> None:
    """A second assignment does not overwrite the first: both count for invoices."""
    plans = [{"customerId": "ann", "productId": plan, "startTime": 5} for plan in ("p", "p", "q")]
    for plan in plans:
        account.take(account.mock.post(PLANS, json=plan))
    assert account.stored("plan-assignments") == plans

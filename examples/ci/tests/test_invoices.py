"""What a customer owes follows from what was reported."""

from datetime import timedelta

import pytest

PRICES = "/payments/pricing/amberflo/account-pricing"
PLAN = {
    f"{PRICES}/product-items": {
        "id": "calls",
        "productId": "1",
        "meterApiName": "api-calls",
        "productItemName": "API calls",
    },
    f"{PRICES}/product-item-price": {
        "id": "calls-price",
        "productItemId": "calls",
        "price": {
            "type": "PricePerUnitLeafNode",
            "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.10}],
        },
    },
    f"{PRICES}/product-plans": {
        "id": "standard",
        "productPlanName": "Standard",
        "billingPeriod": {"interval": "month", "intervalsCount": 1},
        "productItemPriceIdsMap": {"calls": "calls-price"},
        "feeMap": {"base": {"name": "Base", "cost": 20}},
    },
    "/payments/pricing/amberflo/customer-pricing": {"customerId": "acme", "productPlanId": "standard"},
}


@pytest.fixture
def on_a_plan(billing, mock_account) -> None:
    """The customer has the plan: 0.10 a call and 20 a month."""
    for path, body in PLAN.items():
        mock_account.client.post(path, json=body).raise_for_status()


@pytest.mark.parametrize(("calls", "owed"), [(0, 20), (1, 20.10), (1500, 170)])
def test_month_is_owed_when_it_is_over(billing, on_a_plan, january, mock_clock, calls: int, owed: float) -> None:
    """Nothing is owed in January, and in February January is, to the cent."""
    if calls:
        billing.report_calls("acme", calls, january + timedelta(days=3), "request-1")
    assert billing.owed("acme") == {}
    mock_clock.advance(days=31)
    assert billing.owed("acme") == {january: pytest.approx(owed)}

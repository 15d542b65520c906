"""A client of a fresh account of the mock, in which January has begun."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from billing import BillingClient

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def january(mock_clock) -> datetime:
    """The first of January, at which the account's clock stands still."""
    mock_clock.freeze()
    mock_clock.set(JANUARY)
    return JANUARY


@pytest.fixture
def billing(mock_account, january: datetime) -> Iterator[BillingClient]:
    """The client, with a customer and a meter to report."""
    mock_account.client.post("/customers", json={"customerId": "acme", "customerName": "Acme"}).raise_for_status()
    meter = {"meterApiName": "api-calls", "label": "API calls", "meterType": "sum_of_all_usage"}
    mock_account.client.post("/meters", json=meter).raise_for_status()
    client = BillingClient(mock_account.url, mock_account.key)
    yield client
    client.close()

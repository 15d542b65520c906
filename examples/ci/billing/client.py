"""A client of the metering platform: usage goes in, usage and invoices come out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

METER = "api-calls"
ATTEMPTS = 3


class BillingError(Exception):
    """The platform refused, or could not be reached."""


class BillingClient:
    """Talks to one account of the platform.

    Args:
        url: Of the platform.
        key: Of the account.
        transport: Instead of the network, for tests.
    """

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=url, headers={"X-API-KEY": key}, transport=transport, timeout=10)

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def report_calls(self, customer: str, calls: int, at: datetime, request_id: str) -> None:
        """Reports calls of a customer; the id makes it safe to send them again.

        Raises:
            BillingError: They were not taken.
        """
        event = {
            "meterApiName": METER,
            "customerId": customer,
            "meterValue": calls,
            "meterTimeInMillis": int(at.timestamp() * 1000),
            "uniqueId": request_id,
        }
        self._ask("POST", "/ingest", event)

    def calls_of_month(self, customer: str, month: datetime) -> float:
        """How many calls a customer made in a month.

        Raises:
            BillingError: It cannot be told.
        """
        following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        answer = self._ask(
            "POST",
            "/usage",
            {
                "meterApiName": METER,
                "aggregation": "SUM",
                "timeGroupingInterval": "MONTH",
                "startTimeInSeconds": int(month.timestamp()),
                "endTimeInSeconds": int(following.timestamp()),
                "groupBy": ["customerId"],
            },
        )
        groups = answer["clientMeters"].get(METER, [])
        of_customer = [group for group in groups if group["groupInfo"].get("customerId") == customer]
        return sum(value for group in of_customer for record in group["records"] for value in record.values())

    def owed(self, customer: str) -> dict[datetime, float]:
        """What a customer owes for the months that are over, by the month.

        Raises:
            BillingError: It cannot be told.
        """
        invoices = self._ask("GET", "/payments-billing-customer-product-invoice", query={"customerId": customer})
        return {
            datetime.fromtimestamp(each["startTime"], UTC): each["totalAmount"]
            for each in invoices
            if each["status"] == "PENDING"
        }

    def _ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """Asks, and asks again when the answer got lost or the platform was not up to it."""
        problem = "it was not asked"
        for _ in range(ATTEMPTS):
            try:
                answer = self._client.request(method, path, json=body, params=query)
            except httpx.TransportError as error:
                problem = f"no answer: {error}"
                continue
            if answer.is_success:
                return answer.json()
            problem = f"{answer.status_code}: {answer.text}"
            if answer.is_client_error:
                break
        raise BillingError(f"{method} {path}: {problem}")

"""The news of an alert: an event in the log, and what is posted to those who want to know."""

from typing import Any

from mockserver.domain.alerts import rendered, rendered_headers
from mockserver.engine.call import Call
from mockserver.engine.changes import record
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.notifications.watching import Watch
from mockserver.handlers.webhooks import FIRED_NOTIFICATIONS, deliver, record_delivery

EXACT = 2**53
"""Below this every whole number is a double of its own, and is told without a fraction."""


def fire(call: Call, watch: Watch, customer: str | None, value: float) -> None:
    """Leaves an event in the log, and deliveries to the topic's subscription and to the alert's own address."""
    alert = watch.alert
    variables = variables_of(call, watch, customer, value)
    payload = variables if customer is None else {"customerId": customer, **variables}
    record(call, "alert", alert["id"], alert["notificationType"], payload)
    deliver(call, FIRED_NOTIFICATIONS, variables, customer=customer)
    if alert.get("webhookUrl"):
        headers = rendered_headers(alert.get("webhookHeaders", ""), variables)
        target = {"destinationUrl": alert["webhookUrl"], "extraHeaders": headers}
        if alert.get("webhookPayload"):
            target["body"] = rendered(alert["webhookPayload"], variables)
        record_delivery(call, FIRED_NOTIFICATIONS, variables, target, customer=customer)


def variables_of(call: Call, watch: Watch, customer: str | None, value: float) -> dict[str, Any]:
    """What templates may name. Source: the vendor's guide on alert webhooks."""
    alert = watch.alert
    meter = call.store.collection(METERS).get(watch.meter) or {}
    known = (call.store.collection(CUSTOMERS).get(customer) or {}) if customer is not None else {}
    return {
        "notification-id": alert["id"],
        "notification-name": alert["name"],
        "meter-id": alert["meterId"],
        "meter-name": meter.get("label") or watch.meter,
        "customer-id": "*" if customer is None else customer,
        "customer-name": known.get("customerName", "*" if customer is None else customer),
        "current-value": int(value) if abs(value) < EXACT and value.is_integer() else value,
        "threshold-condition": alert["thresholdCondition"],
        "threshold-value": alert["thresholdValue"],
    }

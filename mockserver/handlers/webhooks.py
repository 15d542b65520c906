"""Webhooks: subscriptions to topics, and deliveries, which are recorded with what they would carry and not sent."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import DuplicateKey
from mockserver.engine.identifiers import minted
from mockserver.engine.paging import Selection
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject

DELIVERIES = "webhook-deliveries"

READY_INVOICES = "ready-product-invoices"
FIRED_NOTIFICATIONS = "fired-notifications"
"""The topic of fired alerts: our reading, since the vendor's pages name the other one alone."""

SAMPLES: Mapping[str, JsonObject] = {
    READY_INVOICES: {
        "invoiceUri": (
            "payments/invoices/account_id=sample/customer_id=customer-123456/product_id=1"
            "/product_plan_id=plan-standard/year=2024/month=06/day=01"
        ),
        "invoiceKey": {"accountId": "sample", "customerId": "customer-123456", "productPlanId": "plan-standard"},
        "totalBill": {"startTimeInSeconds": 1717200000, "totalPrice": 99.5},
    },
    FIRED_NOTIFICATIONS: {
        "notification-id": "notification-sample",
        "notification-name": "Many API calls",
        "customer-id": "customer-123456",
        "meter-id": "api-calls",
        "current-value": 1200,
        "threshold-condition": "greater-than",
        "threshold-value": 1000,
    },
}
"""The topics, each with what its test delivery carries."""

AGENT = "Amberflo.io Webhook Service"
RECORDED, UNDELIVERABLE = "recorded", "undeliverable"
"""What becomes of an attempt: it is recorded, or there was no destination to record it for."""


def subscription_from_api(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The subscription to keep.

    Raises:
        DuplicateKey: another subscription has the topic.
        StrictRefusal: the account is strict and the topic is unknown.
    """
    topic = document["topic"]
    taken = subscription_of(call, topic)
    if taken is not None and taken["id"] != document["id"]:
        message = f"Invalid request: webhook subscription already exists with 'topic': {printable(topic)}"
        raise DuplicateKey(message, field="topic", rule="duplicate-key")
    _warn_unknown_topic(call, topic)
    return document


SUBSCRIPTIONS = Resource(
    "webhook-subscriptions",
    noun="webhook subscription",
    mints="webhook-",
    defaults={"enabled": True},
    stamped=True,
    prepare=subscription_from_api,
)


def subscription_of(call: Call, topic: str) -> JsonObject | None:
    """The subscription of a topic, of which there is one at the most."""
    found = SUBSCRIPTIONS.documents(call).page(Selection(among={"topic": frozenset({topic})}, limit=1))
    return found.documents[0] if found.documents else None


def deliver(call: Call, topic: str, payload: JsonObject, *, customer: str | None = None) -> JsonObject | None:
    """Records a delivery to whoever subscribed to a topic.

    Args:
        call: the request that brought it about.
        topic: what the receiver is told of.
        payload: the `data` of the body that would be posted.
        customer: whom it is about, for the event log.

    Returns:
        The delivery, or None when no enabled subscription has the topic.
    """
    subscription = subscription_of(call, topic)
    if subscription is None or not subscription["enabled"]:
        return None
    return record_delivery(call, topic, payload, subscription, customer=customer)


def record_delivery(
    call: Call, topic: str, payload: JsonObject, target: JsonObject, *, customer: str | None = None
) -> JsonObject:
    """Records a delivery to a target: a subscription, or what takes the place of one.

    Args:
        call: the request that brought it about.
        topic: of the event.
        payload: the `data` of the body.
        target: `destinationUrl`, `authHeader` and `extraHeaders`, each of which may be missing; a `body` that replaces
            the usual one; the `id` of the subscription.
        customer: whom it is about.
    """
    event_id = minted("delivery-", call.store.next_number("webhook-delivery"), length=12)
    destination = target.get("destinationUrl")
    delivery = {
        "eventId": event_id,
        "topic": topic,
        **({"destinationUrl": destination} if destination else {}),
        **({"subscriptionId": target["id"]} if "id" in target else {}),
        **({"customerId": customer} if customer is not None else {}),
        "headers": headers_of(target),
        "payload": {"topic": topic, "eventTime": call.now_ms, "eventId": event_id, "data": payload},
        **({"body": target["body"]} if "body" in target else {}),
        "attempts": [],
    }
    return _attempted(call, delivery)


def headers_of(target: JsonObject) -> dict[str, str]:
    """The headers of a delivery: the platform's own, the pair for authentication, and the extra ones.

    Source: the vendor's guide on webhooks. Extra headers come by name or as pairs.
    """
    extra: Any = target.get("extraHeaders") or {}
    pairs = extra.items() if isinstance(extra, dict) else [pair for pair in extra if _is_pair(pair)]
    auth: list[list[str]] = [target["authHeader"]] if "authHeader" in target else []
    return {
        "content-type": "application/json",
        "user-agent": AGENT,
        **{str(name): str(value) for name, value in [*auth, *pairs]},
    }


def list_topics(_call: Call) -> Reply:
    """The topics that can be subscribed to."""
    return Reply(list(SAMPLES))


def send_test(call: Call) -> Reply:
    """Delivers a topic's sample to a subscription, found by id or by topic, or to the destination that is named."""
    asked = call.body
    target = _tried(call)
    topic = asked.get("topic") or target.get("topic") or READY_INVOICES
    _warn_unknown_topic(call, topic)
    named = {name: asked[name] for name in ("destinationUrl", "authHeader") if asked.get(name)}
    target = {**target, **named}
    if not target.get("destinationUrl"):
        call.warn("destinationUrl", "no-destination", "neither a subscription nor a destination was named")
    return Reply(record_delivery(call, topic, SAMPLES.get(topic, {}), target))


def retry(call: Call) -> Reply:
    """Makes another attempt at a delivery; an event that is not known is answered with an empty object."""
    delivery = call.store.collection(DELIVERIES).get(call.body["eventId"])
    if delivery is None or delivery["topic"] != call.body["topic"]:
        shown = printable(call.body["eventId"])
        call.warn("eventId", "unknown-delivery", f"nothing was delivered with this topic and 'eventId': {shown}")
        return Reply({})
    return Reply(_attempted(call, delivery))


def _tried(call: Call) -> JsonObject:
    """The subscription that a test is for, empty when there is none."""
    asked = call.body
    if asked.get("id"):
        found = SUBSCRIPTIONS.documents(call).get(asked["id"])
        if found is None:
            shown = printable(asked["id"])
            call.warn("id", "unknown-webhook-subscription", f"no webhook subscription exists with this id: {shown}")
        return found or {}
    return (subscription_of(call, asked["topic"]) if asked.get("topic") else None) or {}


def _attempted(call: Call, delivery: JsonObject) -> JsonObject:
    """The delivery with one more attempt, which the event log has as well."""
    status = RECORDED if "destinationUrl" in delivery else UNDELIVERABLE
    attempts = [*delivery["attempts"], {"time": call.now_ms, "status": status}]
    delivery = {**delivery, "status": status, "attempts": attempts}
    call.store.collection(DELIVERIES).put(delivery["eventId"], delivery)
    record(call, "webhook", delivery["eventId"], delivery["topic"], delivery)
    return delivery


def _warn_unknown_topic(call: Call, topic: str) -> None:
    if topic not in SAMPLES:
        call.warn("topic", "unknown-topic", f"there is no such topic: {printable(topic)}")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == len(("name", "value"))


BINDINGS: Mapping[str, Binding] = {
    "createWebhookSubscription": SUBSCRIPTIONS.create(),
    "listWebhookSubscriptions": SUBSCRIPTIONS.list(),
    "updateWebhookSubscription": SUBSCRIPTIONS.replace(),
    "getWebhookSubscription": SUBSCRIPTIONS.get(),
    "deleteWebhookSubscription": SUBSCRIPTIONS.delete(),
    "listWebhookTopics": Binding(list_topics),
    "sendTestWebhook": Binding(send_test),
    "retryWebhookRequest": Binding(retry),
}

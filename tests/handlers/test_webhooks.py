"""Webhooks: one subscription a topic, test deliveries, retries, and what is recorded of each attempt."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

TOPIC = "ready-product-invoices"
ALERTS = "fired-notifications"
HOOK = {"topic": TOPIC, "destinationUrl": "https://hooks.example.com/invoices", "authHeader": ["X-Auth", "secret"]}
AGENT = "Amberflo.io Webhook Service"

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "subscription": [
        Step("listWebhookTopics", expect=[TOPIC, ALERTS]),
        Step("listWebhookSubscriptions", expect=[]),
        Step(
            "createWebhookSubscription",
            body={**HOOK, "extraHeaders": {"X-Env": "test"}},
            expect={**HOOK, "id": ..., "enabled": True, "extraHeaders": {"X-Env": "test"}, "createTime": ...},
            save={"id": "id"},
        ),
        Step("getWebhookSubscription", {"id": "$id"}, expect={**HOOK, "id": "$id"}),
        Step("listWebhookSubscriptions", expect=[{**HOOK, "id": "$id"}]),
        Step("sendTestWebhook", body={"id": "$id"}, expect={"topic": TOPIC, "subscriptionId": "$id"}),
        Step(
            "updateWebhookSubscription",
            body={**HOOK, "id": "$id", "enabled": False},
            expect={**HOOK, "id": "$id", "enabled": False, "extraHeaders": ABSENT},
        ),
        Step("getWebhookSubscription", {"id": "$id"}, expect={"enabled": False, "extraHeaders": ABSENT}),
        Step("deleteWebhookSubscription", {"id": "$id"}, expect={**HOOK, "id": "$id"}),
        Step("getWebhookSubscription", {"id": "$id"}, status=404),
        Step("deleteWebhookSubscription", {"id": "$id"}, status=404),
        Step("updateWebhookSubscription", body={**HOOK, "id": "$id"}, status=404),
        Step("listWebhookSubscriptions", expect=[]),
    ],
    "delivery": [
        Step(
            "sendTestWebhook",
            body=HOOK,
            clock={"now": NOON_MS, "frozen": True},
            expect={
                "topic": TOPIC,
                "destinationUrl": HOOK["destinationUrl"],
                "subscriptionId": ABSENT,
                "headers": {"content-type": "application/json", "user-agent": AGENT, "X-Auth": "secret"},
                "payload": {"topic": TOPIC, "eventTime": NOON_MS, "eventId": ..., "data": {"invoiceUri": ...}},
                "status": "recorded",
                "attempts": [{"time": NOON_MS, "status": "recorded"}],
            },
            save={"event": "eventId", "body": "payload"},
        ),
        Step(
            "retryWebhookRequest",
            body={"topic": TOPIC, "eventId": "$event"},
            clock={"advance": {"minutes": 1}},
            expect={
                "eventId": "$event",
                "payload": "$body",
                "attempts": [{"time": NOON_MS}, {"time": NOON_MS + 60_000}],
            },
        ),
        Step("retryWebhookRequest", body={"topic": ALERTS, "eventId": "$event"}, expect={}),
        Step("retryWebhookRequest", body={"topic": TOPIC, "eventId": "nothing"}, expect={}),
        Step(
            "listAccountEvents",
            query={"domain": "webhook"},
            expect=[
                {
                    "type": TOPIC,
                    "level": "INFO",
                    "eventTime": NOON_MS + later,
                    "payload": {"eventId": "$event", "payload": "$body"},
                }
                for later in (60_000, 0)
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is read back by every reader; a removed subscription is found no more."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def hooks(mock: MockClient) -> MockClient:
    """A client whose clock stands at noon."""
    stop_clock(mock, NOON_MS)
    return mock


def subscribe(mock: MockClient, **fields: Any) -> Any:
    """The answer to a new subscription."""
    return mock.post("/webhook", json={**HOOK, **fields})


def test_a_topic_has_one_subscription(hooks: MockClient) -> None:
    """A second subscription of a topic is refused, by POST and by PUT; the first may be written again."""
    first = Account.take(subscribe(hooks))
    second = Account.take(subscribe(hooks, topic=ALERTS))
    assert refused(subscribe(hooks)) == "topic: duplicate-key"
    assert refused(hooks.put("/webhook", json={**HOOK, "id": second["id"]})) == "topic: duplicate-key"
    assert Account.take(hooks.put("/webhook", json={**HOOK, "id": first["id"]}))["topic"] == TOPIC
    assert [each["topic"] for each in Account.take(hooks.get("/webhook"))] == [TOPIC, ALERTS]


def test_a_topic_is_free_again_after_the_removal(hooks: MockClient) -> None:
    """Once a subscription is gone its topic can be subscribed to, and ids are not used twice."""
    first = Account.take(subscribe(hooks))
    Account.take(hooks.delete(f"/webhook/{first['id']}"))
    assert Account.take(subscribe(hooks))["id"] != first["id"]


def test_a_chosen_id_is_kept_once(hooks: MockClient) -> None:
    """A caller may name a new subscription; the name is refused when it is taken."""
    assert Account.take(subscribe(hooks, id="mine"))["id"] == "mine"
    assert refused(subscribe(hooks, id="mine", topic=ALERTS)) == "id: duplicate-key"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"topic": ""}, "topic: "),
        ({"topic": 3}, "topic: type"),
        ({"authHeader": ["X-Auth"]}, "authHeader: "),
        ({"authHeader": ["X-Auth", "a", "b"]}, "authHeader: "),
        ({"authHeader": "X-Auth: secret"}, "authHeader: type"),
        ({"enabled": "yes"}, "enabled: type"),
        ({"id": ""}, "id: "),
    ],
)
def test_faulty_subscriptions_are_refused(hooks: MockClient, fields: dict[str, Any], detail: str) -> None:
    """A field out of shape is 400 and named."""
    assert refused(subscribe(hooks, **fields)).startswith(detail)
    assert Account.take(hooks.get("/webhook")) == []


@pytest.mark.parametrize("missing", ["topic", "destinationUrl", "authHeader"])
def test_required_fields_are_required(hooks: MockClient, missing: str) -> None:
    """Without a topic, a destination or the pair for authentication there is no subscription."""
    response = hooks.post("/webhook", json={name: value for name, value in HOOK.items() if name != missing})
    assert refused(response) == f"{missing}: required"


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("POST", "/webhook", {**HOOK, "topic": "no-such-topic"}, "topic: unknown-topic"),
        ("POST", "/webhook/test", {**HOOK, "topic": "no-such-topic"}, "topic: unknown-topic"),
        ("POST", "/webhook/test", {**HOOK, "id": "nobody"}, "id: unknown-webhook-subscription"),
        ("POST", "/webhook/test", {"topic": TOPIC}, "destinationUrl: no-destination"),
        ("POST", "/webhook/retry", {"topic": TOPIC, "eventId": "nothing"}, "eventId: unknown-delivery"),
    ],
)
def test_names_of_nothing_are_warned_of(hooks: MockClient, method: str, path: str, body: Any, detail: str) -> None:
    """A topic, subscription, destination or delivery that is not there leaves a warning; strict accounts refuse."""
    Account.take(hooks.request(method, path, json=body))
    assert hooks.rules() == [detail.partition(": ")[2]]
    hooks.reset(strict=True)
    assert refused(hooks.request(method, path, json=body)) == detail
    assert Account(hooks).state()["collections"] == {}


@pytest.mark.parametrize("asked", [{}, {"id": "$id"}, {"topic": TOPIC}, {"topic": TOPIC, "id": "$id"}])
def test_a_test_finds_its_subscription(hooks: MockClient, asked: dict[str, str]) -> None:
    """By id or by topic, the sample goes to the subscription's destination; without either it goes nowhere."""
    subscription = Account.take(subscribe(hooks))
    asked = {name: value.replace("$id", subscription["id"]) for name, value in asked.items()}
    delivery = Account.take(hooks.post("/webhook/test", json=asked))
    expected = ("recorded", HOOK["destinationUrl"]) if asked else ("undeliverable", None)
    assert (delivery["status"], delivery.get("destinationUrl")) == expected
    assert delivery["payload"]["data"]["invoiceUri"].startswith("payments/invoices/")


def test_a_test_may_try_another_destination(hooks: MockClient) -> None:
    """A destination and a header in the request win over the subscription's."""
    subscription = Account.take(subscribe(hooks, extraHeaders=[["X-Env", "test"], ["X-Odd"], "X-Worse"]))
    other = {"id": subscription["id"], "destinationUrl": "https://other.example.com", "authHeader": ["X-Key", "k"]}
    delivery = Account.take(hooks.post("/webhook/test", json=other))
    assert delivery["destinationUrl"] == "https://other.example.com"
    headers = {"content-type": "application/json", "user-agent": AGENT, "X-Key": "k", "X-Env": "test"}
    assert delivery["headers"] == headers


def test_deliveries_are_kept(hooks: MockClient) -> None:
    """Each delivery has an id of its own and can be read from the account's state, exactly as it was answered."""
    deliveries = [Account.take(hooks.post("/webhook/test", json={**HOOK, "topic": topic})) for topic in (TOPIC, ALERTS)]
    assert deliveries[0]["eventId"] != deliveries[1]["eventId"]
    assert deliveries[1]["payload"]["data"]["notification-name"]
    assert Account(hooks).stored("webhook-deliveries") == deliveries

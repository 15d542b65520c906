"""The portal's notifications: a customer sees and changes its own, and no other."""

from typing import Any

import pytest

from tests.handlers.portals import opened
from tests.handlers.steps import Account, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

AS_ANN = {"X-API-KEY": "Session $ann"}
AS_BOB = {"X-API-KEY": "Session $bob"}
ALERT = {
    "name": "many",
    "meterId": "calls",
    "thresholdCondition": "greater-than",
    "thresholdValue": "10",
    "range": "DAY",
    "email": "a@ann.example",
}
STORED = {
    **ALERT,
    "id": ...,
    "thresholdValue": 10,
    "range": "day",
    "email": ["a@ann.example"],
    "notificationType": "usage",
    "customerFilterMode": "specific-customer",
    "customerId": "ann",
}
OPENED = [
    Step("createCustomer", body={"customerId": "ann", "customerName": "Ann"}),
    Step("createCustomer", body={"customerId": "bob", "customerName": "Bob"}),
    Step("createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}),
    Step("createSession", body={"customerId": "bob"}, save={"bob": "sessionToken"}),
]
OWN = {"id": "$id"}
PATH = "/customer-portal/notification"

ROUND_TRIPS = {
    "own": [
        *OPENED,
        Step("portalListNotifications", headers=AS_ANN, expect=[]),
        Step("portalCreateNotification", body=ALERT, headers=AS_ANN, expect=STORED, save={"id": "id"}),
        Step("portalListNotifications", headers=AS_ANN, expect=[{**STORED, "id": "$id"}]),
        Step("portalGetNotificationById", path=OWN, headers=AS_ANN, expect=STORED),
        Step("getNotificationById", path=OWN, expect=STORED),
        Step("listNotifications", expect=[STORED]),
        Step(
            "portalUpdateNotification",
            body={"id": "$id", "name": "few", "customerFilterMode": "*", "customerId": "ann"},
            headers=AS_ANN,
            expect={"name": "few", "thresholdValue": ABSENT, "customerFilterMode": "specific-customer"},
        ),
        Step("portalGetNotificationById", path=OWN, headers=AS_ANN, expect={"name": "few", "customerId": "ann"}),
        Step("portalDeleteNotification", path=OWN, headers=AS_ANN, expect={"id": "$id", "name": "few"}),
        Step("portalGetNotificationById", path=OWN, headers=AS_ANN, status=404),
        Step("portalListNotifications", headers=AS_ANN, expect=[]),
        Step("listNotifications", expect=[]),
    ],
    "of another customer": [
        *OPENED,
        Step("portalCreateNotification", body=ALERT, headers=AS_ANN, save={"id": "id"}),
        Step("portalListNotifications", headers=AS_BOB, expect=[]),
        Step("portalGetNotificationById", path=OWN, headers=AS_BOB, status=404),
        Step("portalUpdateNotification", body={"id": "$id", "name": "mine"}, headers=AS_BOB, status=404),
        Step("portalDeleteNotification", path=OWN, headers=AS_BOB, status=404),
        Step("portalCreateNotification", body={**ALERT, "id": "$id"}, headers=AS_BOB, expect={"customerId": "bob"}),
        Step("portalGetNotificationById", path=OWN, headers=AS_ANN, expect=STORED),
        Step("listNotifications", expect=[{"customerId": "ann"}, {"customerId": "bob"}]),
    ],
    "of the account": [
        *OPENED,
        Step("createNotification", body={**ALERT, "customerFilterMode": "per-customer"}, save={"all": "id"}),
        Step(
            "createNotification",
            body={**ALERT, "customerFilterMode": "specific-customer", "customerId": "ann"},
            save={"id": "id"},
        ),
        Step("portalListNotifications", headers=AS_ANN, expect=[{"id": "$id"}]),
        Step("portalGetNotificationById", path={"id": "$all"}, headers=AS_ANN, status=404),
        Step("portalDeleteNotification", path={"id": "$all"}, headers=AS_ANN, status=404),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What a customer writes, it and the account read back, and nobody else does."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("method", "body", "status", "expected"),
    [
        ("POST", {**ALERT, "customerId": "bob"}, 403, "customerId: other-customer"),
        ("PUT", {**ALERT, "id": "$id", "customerId": "bob"}, 403, "customerId: other-customer"),
        ("PUT", {**ALERT, "id": "none"}, 404, "id: unknown-key"),
        ("PUT", ALERT, 400, "id: required"),
        ("POST", {}, 400, "name: required"),
        ("POST", {**ALERT, "range": "year"}, 400, "range: enum"),
    ],
)
def test_what_is_refused(mock: MockClient, method: str, body: dict[str, Any], status: int, expected: str) -> None:
    """Another customer is 403, an unknown id 404, a broken body 400; the notification stays as it was."""
    create = Step("portalCreateNotification", body=ALERT, headers=AS_ANN, save={"id": "id"})
    saved = run(mock, [*OPENED, create])
    sent = {**body, "id": saved["id"]} if body.get("id") == "$id" else body
    answer = mock.request(method, PATH, json=sent, headers={"X-API-KEY": f"Session {saved['ann']}"})
    assert refused(answer, status) == expected
    assert [each["name"] for each in mock.get("/notification").json()] == ["many"]


def test_it_fires_on_the_customers_own_usage_alone(account: Account) -> None:
    """Another customer's usage does not cross the threshold; the customer's own does, once."""
    account.register("bob")
    token = opened(account.mock)
    headers = {"X-API-KEY": f"Session {token}"}
    account.take(account.mock.post(PATH, json=ALERT, headers=headers))
    fired = []
    for customer in ("bob", "ann"):
        account.ingest(event(customerId=customer, meterValue=11))
        fired.append(
            [each["document"]["customerId"] for each in account.stored("account-events") if each["noun"] == "alert"]
        )
    assert fired == [[], ["ann"]]

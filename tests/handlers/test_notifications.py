"""Notifications: definitions, when an alert fires and for whom, and what it leaves behind."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import DAY_MS, HOUR_MS, NOON_MS, Account, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

MIDNIGHT_MS = NOON_MS - 12 * HOUR_MS
ALERT = {
    "name": "Many calls",
    "meterId": "calls",
    "thresholdCondition": "greater-than",
    "thresholdValue": 10,
    "range": "day",
}
PER_CUSTOMER = {"customerFilterMode": "per-customer"}
FOR_ANN = {"customerFilterMode": "specific-customer", "customerId": "ann"}
FULL = {
    **ALERT,
    **FOR_ANN,
    "description": "too many of them",
    "notificationType": "usage",
    "cron": "0 0 * * 0",
    "frequency": "daily",
    "email": ["ops@example.com", "dev@example.com"],
    "webhookUrl": "https://hooks.example.com",
    "webhookHeaders": '{"X-Alert": "{{notification-name}}"}',
    "webhookPayload": "{{current-value}}",
    "productPlanId": "plan-standard",
    "enabled": True,
}
METER = {"meterApiName": "calls", "displayName": "Calls", "type": "SUM_OF_ALL_USAGE"}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "definition": [
        Step("listNotifications", expect=[]),
        Step(
            "createNotification",
            body=FULL,
            clock={"now": NOON_MS, "frozen": True},
            expect={**FULL, "id": ..., "createTime": NOON_MS, "updateTime": NOON_MS},
            save={"id": "id"},
        ),
        Step("getNotificationById", {"id": "$id"}, expect={**FULL, "id": "$id"}),
        Step("listNotifications", expect=[{**FULL, "id": "$id"}]),
        Step(
            "updateNotification",
            body={"id": "$id", "name": "Fewer", "enabled": False},
            clock={"advance": {"minutes": 1}},
            expect={
                "id": "$id",
                "name": "Fewer",
                "enabled": False,
                "meterId": ABSENT,
                "createTime": NOON_MS,
                "updateTime": NOON_MS + 60_000,
            },
        ),
        Step("getNotificationById", {"id": "$id"}, expect={"name": "Fewer", "meterId": ABSENT}),
        Step("listNotifications", expect=[{"name": "Fewer"}]),
        Step("deleteNotification", {"id": "$id"}, expect={"id": "$id", "name": "Fewer"}),
        Step("getNotificationById", {"id": "$id"}, status=404),
        Step("updateNotification", body={"id": "$id", "name": "Fewer"}, status=404),
        Step("deleteNotification", {"id": "$id"}, status=404),
        Step("listNotifications", expect=[]),
        Step(
            "listAccountEvents",
            expect=[{"type": f"notification {verb}"} for verb in ("deleted", "updated", "created")],
        ),
    ],
    "firing": [
        Step("createMeterDefinition", body=METER, clock={"now": NOON_MS, "frozen": True}),
        Step("createNotification", body={**ALERT, **PER_CUSTOMER}, save={"id": "id"}),
        Step("ingestMeterEvents", body=event(meterValue=10)),
        Step("listAccountEvents", query={"domain": "alert"}, expect=[]),
        Step("ingestMeterEvents", body=event(meterValue=1, uniqueId="more")),
        Step(
            "listAccountEvents",
            query={"domain": "alert"},
            expect=[
                {
                    "type": "usage",
                    "level": "WARN",
                    "eventTime": NOON_MS,
                    "customerId": "ann",
                    "payload": {"notification-id": "$id", "current-value": 11, "threshold-value": 10},
                }
            ],
            save={"event": "0.id"},
        ),
        Step("getAccountEventById", {"id": "$event"}, expect={"domain": "alert", "customerId": "ann"}),
        Step(
            "listAccountEventFilters",
            expect=[
                {"level": "INFO", "domain": "change", "type": "meter created"},
                {"level": "INFO", "domain": "change", "type": "notification created"},
                {"level": "WARN", "domain": "alert", "type": "usage"},
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is read back by every reader, and what fired is in the log."""
    run(mock, ROUND_TRIPS[name])


class Watched:
    """An account with an alert.

    Args:
        account: the account; its clock stands at noon.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.mock = account.mock
        self.sent = 0

    def alert(self, **fields: Any) -> dict[str, Any]:
        """Creates an alert on more than ten calls a day, but for the given fields; None leaves one out."""
        whole = {name: value for name, value in {**ALERT, **fields}.items() if value is not None}
        document: dict[str, Any] = self.account.take(self.mock.post("/notification", json=whole))
        return document

    def use(self, value: float, customer: str | None = "ann", **fields: Any) -> None:
        """Reports usage at the account's present time."""
        self.sent += 1
        now = self.account.take(self.mock.get("/_mock/clock"))["nowInMillis"]
        fields = {"meterTimeInMillis": now, **fields}
        self.account.ingest(event(meterValue=value, customerId=customer, uniqueId=f"use-{self.sent}", **fields))

    def go_on(self, **span: float) -> None:
        """Advances the clock."""
        self.mock.clock(advance=span)

    def fired(self) -> list[tuple[str | None, float, float]]:
        """What fired, oldest first: the customer, the usage, and the hours since noon."""
        found = self.account.take(self.mock.get("/account-event", params={"domain": "alert", "limit": 1000}))
        return [
            (each["customerId"], each["payload"]["current-value"], (each["eventTime"] - NOON_MS) / HOUR_MS)
            for each in reversed(found)
        ]


@pytest.fixture
def watched(account: Account) -> Watched:
    """An account at noon with the meter `calls`."""
    return Watched(account)


def test_an_alert_fires_once_a_period(watched: Watched) -> None:
    """The first usage above the threshold fires, more of it does not, and the next day counts from nothing."""
    watched.alert()
    for value in (10, 1, 5, -8, 20):
        watched.use(value)
    assert watched.fired() == [(None, 11, 0)]
    watched.go_on(hours=12)
    watched.use(10)
    assert len(watched.fired()) == 1
    watched.use(1)
    assert watched.fired() == [(None, 11, 0), (None, 11, 12)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [(None, 15, 0)]),
        ({"customerFilterMode": "*"}, [(None, 15, 0)]),
        (PER_CUSTOMER, [("bob", 12, 0)]),
        (FOR_ANN, []),
        ({**FOR_ANN, "customerId": "bob"}, [("bob", 12, 0)]),
        ({**FOR_ANN, "thresholdValue": 2}, [("ann", 3, 0)]),
    ],
    ids=["default", "all", "each", "ann", "bob", "ann-low"],
)
def test_for_whom_an_alert_fires(watched: Watched, fields: dict[str, Any], expected: list[Any]) -> None:
    """All customers count together, each on its own, or one alone; usage of nobody is nobody's."""
    watched.account.register("bob")
    watched.alert(**fields)
    now = {"meterTimeInMillis": NOON_MS}
    watched.account.ingest(
        event(meterValue=3, **now), event(meterValue=12, customerId="bob", **now), event(meterValue=0, customerId=None)
    )
    assert watched.fired() == expected


def test_each_customer_fires_on_its_own(watched: Watched) -> None:
    """One customer's alert does not keep another's from firing, and neither fires twice."""
    watched.account.register("bob")
    watched.alert(**PER_CUSTOMER)
    for customer in ("ann", "bob", "ann", "bob"):
        watched.use(11, customer)
    assert watched.fired() == [("ann", 11, 0), ("bob", 11, 0)]


@pytest.mark.parametrize(
    ("interval", "first_ms"), [("hour", NOON_MS), ("day", MIDNIGHT_MS), ("week", NOON_MS - 2.5 * DAY_MS)]
)
def test_only_the_running_period_counts(watched: Watched, interval: str, first_ms: float) -> None:
    """Usage of the millisecond before the period is not of it; the period's first millisecond is."""
    watched.alert(range=interval)
    watched.use(11, meterTimeInMillis=int(first_ms) - 1)
    assert watched.fired() == []
    watched.use(11, meterTimeInMillis=int(first_ms))
    assert watched.fired() == [(None, 11, 0)]


def test_a_meter_may_be_named_by_its_id(watched: Watched) -> None:
    """The id of a live meter and its API name are one meter."""
    body = {"meterApiName": "bytes", "label": "Bytes", "meterType": "sum_of_all_usage"}
    meter = watched.account.take(watched.mock.post("/meters", json=body))
    watched.alert(meterId=meter["id"])
    watched.use(11, meterApiName="bytes")
    watched.use(11)
    assert watched.fired() == [(None, 11, 0)]
    assert watched.mock.rules() == []


@pytest.mark.parametrize(("kind", "expected"), [("MAX_IN_PERIOD", []), ("UNIQUE_CUSTOMERS_COUNT", [(None, 2, 0)])])
def test_usage_is_what_the_meter_counts(watched: Watched, kind: str, expected: list[Any]) -> None:
    """A maximum is not added up, and distinct customers are counted once."""
    watched.account.define("others", kind)
    watched.account.register("bob")
    threshold = 1 if kind == "UNIQUE_CUSTOMERS_COUNT" else 10
    watched.alert(meterId="others", thresholdValue=threshold)
    for customer in ("ann", "ann", "bob"):
        watched.use(6, customer, meterApiName="others")
    assert watched.fired() == expected


@pytest.mark.parametrize(
    ("condition", "value", "days", "expected"),
    [
        ("less-than", 5, [5, 4, 0], [(4, 36), (0, 60)]),
        ("less-than-percent", 50, [10, 5, 2, 0], [(2, 60), (0, 84)]),
        ("percent-change", 50, [10, 15, 30, 15, 7], [(30, 48), (7, 108)]),
        ("greater-than", 5, [5, 6, 7], [(6, 24), (7, 48)]),
    ],
)
def test_conditions_over_days(
    watched: Watched, condition: str, value: float, days: list[float], expected: list[tuple[float, float]]
) -> None:
    """A rise is told when it comes, at noon; what only the whole day shows is told as of the midnight that ends it."""
    watched.alert(thresholdCondition=condition, thresholdValue=value)
    for used in days:
        if used:
            watched.use(used)
        watched.go_on(days=1)
    assert [(usage, hour) for _, usage, hour in watched.fired()] == expected


def test_ended_periods_are_judged_once(watched: Watched) -> None:
    """Whoever looks again, by whatever reader, makes nothing fire twice."""
    watched.alert(thresholdCondition="less-than")
    watched.go_on(days=2)
    watched.account.take(watched.mock.get("/notification"))
    watched.account.take(watched.mock.get("/account-event/filters"))
    assert watched.fired() == watched.fired() == [(None, 0, 12), (None, 0, 36)]


def test_a_year_unseen_fires_for_its_last_periods(watched: Watched) -> None:
    """A clock that is moved on by a year does not leave thousands of alerts: the latest 31 hours are judged."""
    watched.alert(thresholdCondition="less-than", range="hour")
    watched.go_on(days=365)
    hours = [hour for _, _, hour in watched.fired()]
    assert hours == list(range(365 * 24 - 30, 365 * 24 + 1))


def test_nobody_is_missed_before_coming(watched: Watched) -> None:
    """A customer without usage is missed from the period on in which it was created."""
    watched.alert(thresholdCondition="less-than", **PER_CUSTOMER)
    watched.use(11)
    watched.go_on(days=1)
    watched.account.register("bob")
    watched.use(11, "bob")
    watched.go_on(days=1)
    assert watched.fired() == [("ann", 0, 36)]
    watched.go_on(days=1)
    assert watched.fired() == [("ann", 0, 36), ("ann", 0, 60), ("bob", 0, 60)]


def test_one_look_fires_a_thousand_times_at_most(watched: Watched) -> None:
    """An alert on each of very many customers is cut, and what was cut at ingest fires with the next usage."""
    watched.alert(thresholdValue=0, **PER_CUSTOMER)
    watched.account.ingest(*[event(customerId=f"c-{number}") for number in range(1_003)])
    assert len(watched.fired()) == 1_000
    watched.use(1)
    newest = watched.account.take(watched.mock.get("/account-event", params={"domain": "alert", "limit": 5}))
    assert len({each["customerId"] for each in newest}) == 5
    assert len(watched.account.stored("account-events")) == 1_000 + 4 + 3


@pytest.mark.parametrize("fields", [{"enabled": False}, {"notificationType": "prepaid"}, {"thresholdValue": None}])
def test_a_muted_alert_does_not_fire(watched: Watched, fields: dict[str, Any]) -> None:
    """Muted, of another type or without a threshold, an alert is kept and never fires, however usage goes."""
    watched.alert(**fields)
    watched.alert(thresholdCondition="less-than", **fields)
    watched.use(11)
    watched.go_on(days=3)
    assert watched.fired() == []


def test_what_passed_while_muted_stays_passed(watched: Watched) -> None:
    """An alert that is switched on again judges the periods that end from then on."""
    alert = watched.alert(thresholdCondition="less-than", enabled=False)
    watched.go_on(days=3)
    watched.account.take(watched.mock.put("/notification", json={**alert, "enabled": True}))
    assert watched.fired() == []
    watched.go_on(days=1)
    assert watched.fired() == [(None, 0, 84)]


def test_another_question_may_be_answered_anew(watched: Watched) -> None:
    """A new threshold can fire in the same period; a new name alone cannot. Deleted, the alert fires no more."""
    alert = watched.alert()
    watched.use(11)
    watched.account.take(watched.mock.put("/notification", json={**alert, "name": "Renamed"}))
    watched.use(1)
    assert watched.fired() == [(None, 11, 0)]
    watched.account.take(watched.mock.put("/notification", json={**alert, "thresholdValue": 12}))
    watched.use(1)
    assert watched.fired() == [(None, 11, 0), (None, 13, 0)]
    watched.account.take(watched.mock.delete(f"/notification/{alert['id']}"))
    watched.go_on(days=1)
    watched.use(50)
    assert len(watched.fired()) == 2


def test_periods_that_ended_before_a_change_are_judged_as_they_were(watched: Watched) -> None:
    """A replaced or deleted alert tells first what it had to tell."""
    alert = watched.alert(thresholdCondition="less-than")
    watched.go_on(days=1)
    watched.account.take(watched.mock.put("/notification", json={**alert, "thresholdValue": 0}))
    watched.go_on(days=1)
    watched.account.take(watched.mock.put("/notification", json=alert))
    watched.go_on(days=1)
    watched.account.take(watched.mock.delete(f"/notification/{alert['id']}"))
    assert watched.fired() == [(None, 0, 12), (None, 0, 60)]


def test_refused_and_dropped_usage_fires_nothing(watched: Watched) -> None:
    """Duplicates count once, and a refused batch not at all."""
    watched.alert()
    watched.account.ingest(event(meterValue=6), event(meterValue=6))
    assert watched.mock.post("/ingest", json=[event(meterValue=6, uniqueId="x"), {}]).status_code == 400
    assert watched.fired() == []


def test_an_alert_is_delivered(watched: Watched) -> None:
    """The topic's subscription gets the variables, the alert's own address the filled-in template."""
    hook = {"topic": "fired-notifications", "destinationUrl": "https://a.example.com", "authHeader": ["X-Auth", "s"]}
    watched.account.take(watched.mock.post("/webhook", json=hook))
    alert = watched.alert(
        **PER_CUSTOMER,
        webhookUrl="https://b.example.com",
        webhookHeaders='{"X-Alert": "{{notification-name}}"}',
        webhookPayload="{{customer-name}} ({{customer-id}}): {{current-value}} {{meter-name}}, {{what}}",
    )
    watched.use(10.5)
    first, second = watched.account.stored("webhook-deliveries")
    variables = {
        "notification-id": alert["id"],
        "notification-name": "Many calls",
        "meter-id": "calls",
        "meter-name": "calls",
        "customer-id": "ann",
        "customer-name": "ann",
        "current-value": 10.5,
        "threshold-condition": "greater-than",
        "threshold-value": 10,
    }
    assert (first["destinationUrl"], first["payload"]["data"], first["customerId"]) == (
        "https://a.example.com",
        variables,
        "ann",
    )
    assert (second["destinationUrl"], second["body"]) == (
        "https://b.example.com",
        "ann (ann): 10.5 calls, {{what}}",
    )
    assert second["headers"]["X-Alert"] == "Many calls"
    logged = watched.account.take(watched.mock.get("/account-event", params={"customerId": "ann", "domain": "webhook"}))
    assert {each["payload"]["eventId"] for each in logged} == {first["eventId"], second["eventId"]}


def test_a_paused_subscription_gets_nothing(watched: Watched) -> None:
    """The alert fires all the same."""
    hook = {"topic": "fired-notifications", "destinationUrl": "https://a.example.com", "authHeader": ["X-Auth", "s"]}
    watched.account.take(watched.mock.post("/webhook", json={**hook, "enabled": False}))
    watched.alert()
    watched.use(11)
    assert len(watched.fired()) == 1
    assert "webhook-deliveries" not in watched.account.state()["collections"]


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"thresholdValue": "1000"}, {"thresholdValue": 1000}),
        ({"thresholdValue": "-007.50"}, {"thresholdValue": -7.5}),
        ({"thresholdValue": 2.5}, {"thresholdValue": 2.5}),
        ({"email": "ops@example.com"}, {"email": ["ops@example.com"]}),
        ({"email": []}, {"email": []}),
        (
            {"thresholdCondition": "GREATER-THAN", "range": "DAY", "notificationType": "USAGE"},
            {"thresholdCondition": "greater-than", "range": "day", "notificationType": "usage"},
        ),
        ({"customerFilterMode": "PER-CUSTOMER"}, {"customerFilterMode": "per-customer"}),
        ({"anything": {"else": [1]}}, {"anything": {"else": [1]}}),
    ],
)
def test_loose_spellings_are_taken(watched: Watched, sent: dict[str, Any], answered: dict[str, Any]) -> None:
    """Numbers as text, a lone address and upper case are taken, and answered in the documented form."""
    alert = watched.alert(**sent)
    assert {name: alert[name] for name in answered} == answered
    assert watched.account.take(watched.mock.get(f"/notification/{alert['id']}")) == alert


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"name": None}, "name: required"),
        ({"thresholdValue": "many"}, "thresholdValue: "),
        ({"thresholdValue": "1e9"}, "thresholdValue: "),
        ({"thresholdCondition": "equal-to"}, "thresholdCondition: "),
        ({"range": "year"}, "range: "),
        ({"customerFilterMode": "some"}, "customerFilterMode: "),
        ({"notificationType": "weather"}, "notificationType: "),
        ({"email": 3}, "email: "),
        ({"enabled": "yes"}, "enabled: "),
        ({"id": ""}, "id: "),
    ],
)
def test_faulty_alerts_are_refused(watched: Watched, fields: dict[str, Any], detail: str) -> None:
    """A field out of shape is 400 and named, and nothing is stored."""
    body = {name: value for name, value in {**ALERT, **fields}.items() if value is not None}
    assert refused(watched.mock.post("/notification", json=body)).startswith(detail)
    assert watched.account.take(watched.mock.get("/notification")) == []


def test_a_chosen_id_is_kept_once(watched: Watched) -> None:
    """A caller may name a new alert; the name is refused when it is taken."""
    assert watched.alert(id="mine")["id"] == "mine"
    assert refused(watched.mock.post("/notification", json={**ALERT, "id": "mine"})) == "id: duplicate-key"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"meterId": "nothing"}, "meterId: unknown-meter"),
        ({"meterId": None}, "meterId: watches-nothing"),
        ({"thresholdValue": None}, "thresholdValue: watches-nothing"),
        ({"thresholdCondition": None}, "thresholdCondition: watches-nothing"),
        ({"customerFilterMode": "specific-customer"}, "customerId: watches-nothing"),
        ({**FOR_ANN, "customerId": "nobody"}, "customerId: unknown-customer"),
        ({"productPlanId": "nothing"}, "productPlanId: unknown-product-plan"),
    ],
)
def test_alerts_on_nothing_are_warned_of(watched: Watched, fields: dict[str, Any], detail: str) -> None:
    """What names nothing or lacks its question leaves a warning; a strict account refuses it."""
    watched.alert(**fields)
    assert watched.mock.rules() == [detail.partition(": ")[2]]
    watched.mock.reset(strict=True)
    watched.account.define("calls")
    watched.account.register("ann")
    body = {name: value for name, value in {**ALERT, **fields}.items() if value is not None}
    assert refused(watched.mock.post("/notification", json=body)) == detail
    assert watched.account.take(watched.mock.get("/notification")) == []


def test_huge_thresholds_are_never_crossed(watched: Watched) -> None:
    """A number beyond the doubles is a threshold like any other."""
    watched.alert(thresholdValue=10**400)
    watched.use(1.7e308)
    assert watched.fired() == []

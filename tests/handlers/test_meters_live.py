"""Meters as the live platform has them: their life, their locking, and the published view of the same document."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

LATER_MS = NOON_MS + 60_000
METER = {"label": "API Calls", "meterApiName": "calls", "meterType": "sum_of_all_usage"}
USERS = {"label": "Users", "meterApiName": "users", "meterType": "active_users", "aggregationDimensions": ["user"]}
DEFINITION = {"meterApiName": "calls", "displayName": "API Calls", "type": "SUM_OF_ALL_USAGE"}
STOPPED = {"frozen": True, "now": NOON_MS}
WHOLE = {
    "description": "all of them",
    "timeoutInMinutes": 5,
    "dimensions": ["region"],
    "squashSumMeter": True,
    "seatBased": False,
    "deduplicationConfig": {"fields": ["uniqueId"]},
    "viewRescaleFunction": {"function": "multiply", "coefficient": 0.5},
    "sharedWithPartners": False,
    "enabled": True,
    "unit": "call",
    "more": [1, {"a": None}],
}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "one meter in two views": [
        Step("listMeters", clock=STOPPED, expect=[]),
        Step(
            "createMeter",
            body={**METER, **WHOLE, "id": "mine", "viewGroupingInterval": "DAY", "statistics": 5, "createTime": 1},
            expect={
                **METER,
                **WHOLE,
                "id": ...,
                "aggregation": "sum",
                "aggregationDimensions": [],
                "lockingStatus": "open",
                "viewGroupingInterval": "day",
                "accountId": ...,
                "statistics": ABSENT,
                "createTime": NOON_MS,
                "updateTime": NOON_MS,
            },
            save={"id": "id"},
        ),
        Step("getMeter", {"id": "$id"}, expect={**METER, **WHOLE, "id": "$id"}),
        Step("listMeters", expect=[{**METER, "id": "$id"}]),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, expect={**DEFINITION, "dimensions": ["region"]}),
        Step("listMeterDefinitions", expect=[{**DEFINITION, "meterTimeInMillis": NOON_MS}]),
        Step(
            "updateMeter",
            clock={"now": LATER_MS},
            body={**METER, "id": "$id", "label": "Calls", "dimensions": ["az"], "lockingStatus": "CLOSE_TO_CHANGES"},
            expect={
                "id": "$id",
                "label": "Calls",
                "lockingStatus": "close_to_changes",
                "description": ABSENT,
                "createTime": NOON_MS,
                "updateTime": LATER_MS,
            },
        ),
        Step("getMeter", {"id": "$id"}, expect={"label": "Calls", "dimensions": ["az"], "unit": ABSENT}),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, expect={"displayName": "Calls", "label": "calls"}),
        Step("deleteMeter", {"id": "$id"}, status=400),
        Step("updateMeter", body={**METER, "id": "$id", "lockingStatus": "deprecated"}),
        Step("deleteMeter", {"id": "$id"}, expect={**METER, "id": "$id", "lockingStatus": "deprecated"}),
        Step("getMeter", {"id": "$id"}, status=404),
        Step("deleteMeter", {"id": "$id"}, status=404),
        Step("listMeters", expect=[]),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, status=404),
    ],
    "a meter of the published view": [
        Step("createMeterDefinition", clock=STOPPED, body={**DEFINITION, "label": "own", "dimensions": ["region"]}),
        Step(
            "listMeters",
            query={"meterApiName": "calls"},
            expect=[{**METER, "dimensions": ["region"], "lockingStatus": "open", "definitionLabel": ABSENT}],
            save={"id": "0.id"},
        ),
        Step("updateMeter", body={**METER, "id": "$id", "label": "New", "unit": "call"}),
        Step("getMeterDefinitionById", {"meterApiName": "calls"}, expect={"displayName": "New", "label": "own"}),
        Step("updateMeterDefinition", body={**DEFINITION, "displayName": "Newer"}, expect={"label": "calls"}),
        Step("getMeter", {"id": "$id"}, expect={"label": "Newer", "unit": "call", "dimensions": []}),
        Step("deleteMeterDefinition", {"meterApiName": "calls"}, expect={"displayName": "Newer"}),
        Step("getMeter", {"id": "$id"}, status=404),
    ],
    "selected": [
        Step("createMeter", body=METER),
        Step("createMeter", body=USERS),
        Step("listMeters", expect=[METER, USERS]),
        Step("listMeters", query={"meterApiName": "users"}, expect=[USERS]),
        Step("listMeters", query={"label": "API Calls"}, expect=[METER]),
        Step("listMeters", query={"label": "API Calls", "meterApiName": "users"}, expect=[]),
        Step("listMeters", query={"meterApiName": "nobody"}, expect=[]),
    ],
    "billed": [
        Step("createMeter", body={**METER, "useInBilling": True}, save={"id": "id"}),
        Step("listProductItems", expect=[{"meterApiName": "calls", "lockingStatus": "open"}]),
        Step("updateMeter", body={**METER, "id": "$id", "useInBilling": True, "lockingStatus": "deprecated"}),
        Step("listProductItems", expect=[{"meterApiName": "calls"}]),
        Step("deleteMeter", {"id": "$id"}, status=400),
        Step("getMeter", {"id": "$id"}, expect={"useInBilling": True}),
    ],
    "billed later": [
        Step("createMeter", body=METER, save={"id": "id"}),
        Step("listProductItems", expect=[]),
        Step("updateMeter", body={**METER, "id": "$id", "useInBilling": True}),
        Step("listProductItems", expect=[{"meterApiName": "calls"}]),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written through either view is read through both, changed, and gone once it was deleted."""
    run(mock, ROUND_TRIPS[name])


def created(mock: MockClient, **fields: Any) -> Json:
    """A new live meter."""
    response = mock.post("/meters", json={**METER, **fields})
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


def test_ids_are_uuids_and_the_same_in_every_run(mock: MockClient) -> None:
    """The server makes the ids; a fresh account makes the same ones again, and never one that is taken."""
    first = created(mock)["id"]
    second = created(mock, meterApiName="b", label="b")["id"]
    assert [str(uuid.UUID(each)) for each in (first, second)] == [first, second]
    mock.reset()
    mock.put("/meters", json={**METER, "id": first, "meterApiName": "c", "label": "c"})
    assert created(mock)["id"] == second


@pytest.mark.parametrize(
    ("sent", "details", "words"),
    [
        ({"label": "Other"}, "meterApiName: duplicate-key", "Meter already exists with 'meterApiName': calls"),
        ({"meterApiName": "other"}, "label: duplicate-label", "Meter already exists with 'label': API Calls"),
        ({"meterType": "gauge"}, "meterType: enum", None),
        ({"meterType": "Sum_Of_All_Usage"}, "meterType: enum", None),
        ({"meterApiName": ""}, "meterApiName: minLength", None),
        ({"label": None}, "label: not-null", None),
        ({"lockingStatus": "closed"}, "lockingStatus: enum", None),
        ({"dimensions": None}, "dimensions: not-null", None),
        ({"timeoutInMinutes": 2**31}, "timeoutInMinutes: maximum", None),
    ],
)
def test_a_meter_that_is_no_meter_is_refused(mock: MockClient, sent: Json, details: str, words: str | None) -> None:
    """A taken name or label, and whatever breaks the document, is 400; the live platform's words are kept."""
    created(mock)
    response = mock.post("/meters", json={**METER, **sent})
    assert refused(response) == details
    assert words is None or response.json()["errorMessage"] == f"Invalid request: {words}"
    assert len(mock.get("/meters").json()) == 1


@pytest.mark.parametrize(
    ("sent", "details"),
    [
        ({"id": "new"}, "meterApiName: duplicate-key"),
        ({"label": "Users"}, "label: duplicate-label"),
        ({"meterApiName": "users"}, "meterApiName: duplicate-key"),
        ({"id": ""}, "id: minLength"),
        ({"lockingStatus": "open"}, "lockingStatus: illegal-transition"),
    ],
)
def test_an_update_may_not_take_what_another_meter_has(mock: MockClient, sent: Json, details: str) -> None:
    """PUT is held to the same names and labels, and moves the locking status forward only; nothing is changed."""
    meter = created(mock, lockingStatus="close_to_changes")
    created(mock, **USERS)
    assert refused(mock.put("/meters", json={**METER, "id": meter["id"], **sent})) == details
    assert mock.get(f"/meters/{meter['id']}").json() == meter


def test_an_update_without_an_id_is_refused(mock: MockClient) -> None:
    """The live platform cannot tell it from a create."""
    assert refused(mock.put("/meters", json=METER)) == "id: required"


STATUSES = ("open", "close_to_deletions", "close_to_changes", "deprecated")
LEGAL = {
    ("open", "close_to_deletions"),
    ("open", "close_to_changes"),
    ("open", "deprecated"),
    ("close_to_deletions", "deprecated"),
    ("close_to_changes", "deprecated"),
    *((status, status) for status in STATUSES),
}


@pytest.mark.parametrize("before", STATUSES)
def test_the_locking_status_moves_forward_only(mock: MockClient, before: str) -> None:
    """Every transition is taken or refused in the platform's words, without a warning of its own."""
    for number, after in enumerate(STATUSES):
        name = f"meter-{number}"
        meter = created(mock, meterApiName=name, label=name, lockingStatus=before)
        changed = mock.put("/meters", json={**meter, "lockingStatus": after.upper()})
        if (before, after) in LEGAL:
            assert changed.json()["lockingStatus"] == after
        else:
            assert refused(changed) == "lockingStatus: illegal-transition"
            words = f"Invalid lockingStatus transition from {before} to {after}"
            assert changed.json()["errorMessage"] == words
    assert mock.rules() == []


@pytest.mark.parametrize("status", STATUSES[:3])
def test_only_a_deprecated_meter_is_deleted(mock: MockClient, status: str) -> None:
    """Any other status prevents it, in the platform's words."""
    meter = created(mock, lockingStatus=status)
    response = mock.delete(f"/meters/{meter['id']}")
    assert refused(response) == "lockingStatus: locked"
    assert response.json()["errorMessage"] == f"'lockingStatus' {status} prevents meter from being deleted."


def test_a_meter_of_a_product_item_is_not_deleted(mock: MockClient) -> None:
    """A product item keeps its meter, whoever made the item."""
    meter = created(mock, lockingStatus="deprecated")
    item = {"id": "item", "meterApiName": "calls", "productId": "1", "productItemName": "Calls"}
    mock.post("/payments/pricing/amberflo/account-pricing/product-items", json=item)
    assert refused(mock.delete(f"/meters/{meter['id']}")) == "id: in-use"


def test_a_name_in_place_of_the_id_deletes_nothing(mock: MockClient) -> None:
    """It is answered with an empty object, as the platform does; only an id or a name that nobody has is 404."""
    created(mock, lockingStatus="deprecated")
    response = mock.delete("/meters/calls")
    assert (response.status_code, response.json()) == (200, {})
    assert mock.rules() == ["name-for-id"]
    assert len(mock.get("/meters").json()) == 1
    assert refused(mock.get("/meters/calls"), 404) == "id: unknown-key"
    assert refused(mock.delete("/meters/nobody"), 404) == "id: unknown-key"


@pytest.mark.parametrize(
    ("method", "sent", "caution"),
    [
        ("POST", {**METER, "meterApiName": "m" * 51}, ("meterApiName", "long-name")),
        ("POST", {**METER, "meterType": "unique_count"}, ("meterType", "outdated-meter-type")),
        ("POST", {**METER, "meterType": "MAX_IN_PERIOD"}, ("meterType", "outdated-meter-type")),
        ("POST", {**METER, "meterType": "active_users"}, ("aggregationDimensions", "nothing-to-count")),
        ("PUT", {**METER, "id": "new"}, ("id", "absent-key")),
        ("PUT", {**USERS, "id": "$id", "meterApiName": "other"}, ("meterApiName", "fixed-key")),
        ("PUT", {**USERS, "id": "$id", "label": "New"}, ("lockingStatus", "closed-to-changes")),
    ],
    ids=["long", "unique", "max", "nothing", "absent", "renamed", "closed"],
)
@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
def test_what_is_probably_a_mistake(
    mock: MockClient, method: str, sent: Json, caution: tuple[str, str], *, strict: bool
) -> None:
    """A lenient account takes it with one warning, a strict one refuses it by the same field and rule."""
    mock.reset(strict=strict)
    closed = created(mock, **USERS, lockingStatus="close_to_changes")
    sent = {**closed, **sent, "id": closed["id"]} if sent.get("id") == "$id" else sent
    response = mock.request(method, "/meters", json=sent)
    if strict:
        assert refused(response) == ": ".join(caution)
        assert mock.get("/meters").json() == [closed]
    else:
        assert response.status_code == 200
        [entry] = [each for each in mock.journal() if each["warnings"]]
        assert [(each["field"], each["rule"]) for each in entry["warnings"]] == [caution]


def test_a_meter_keeps_its_api_name(mock: MockClient) -> None:
    """Events name a meter by its API name, so an update does not move it to another one."""
    meter = created(mock)
    answer = mock.put("/meters", json={**METER, "id": meter["id"], "meterApiName": "other"}).json()
    assert (answer["id"], answer["meterApiName"]) == (meter["id"], "calls")
    assert mock.get("/meters", params={"meterApiName": "other"}).json() == []


TYPES = [
    ("sum_of_all_usage", "SUM_OF_ALL_USAGE", "sum", 9),
    ("active_users", "UNIQUE_CUSTOMERS_COUNT", "sum", 2),
    ("event_duration", "SUM_OF_ALL_USAGE", "sum", 9),
    ("unique_count", "UNIQUE_CUSTOMERS_COUNT", "max_count", 1),
    ("max_in_period", "MAX_IN_PERIOD", "max", 4),
]


@pytest.mark.parametrize(("live", "published", "aggregation", "usage"), TYPES, ids=[each[0] for each in TYPES])
def test_a_type_has_one_meaning_in_both_views(
    mock: MockClient, live: str, published: str, aggregation: str, usage: float
) -> None:
    """A live type has a published one and an aggregation, and decides how the same events are counted."""
    stop_clock(mock, NOON_MS)
    meter = created(mock, meterType=live.upper(), aggregationDimensions=["user"])
    assert (meter["meterType"], meter["aggregation"]) == (live, aggregation)
    assert mock.get("/meter-definition/calls").json()["type"] == published
    users = zip((4, 3, 2), ("u", "v", "u"), strict=True)
    mock.post("/ingest", json=[event(meterValue=value, dimensions={"user": user}) for value, user in users])
    query = {"meterApiName": "calls", "timeRange": {"startTimeInSeconds": NOON_MS // 1000 - 3600}}
    [group] = mock.post("/usage", json=query).json()["clientMeters"]
    assert group["groupValue"] == usage


@pytest.mark.parametrize(("live", "published"), [each[:2] for each in TYPES])
def test_an_update_of_the_published_view_keeps_a_fitting_live_type(mock: MockClient, live: str, published: str) -> None:
    """PUT of a definition says nothing of what the published types do not tell apart, and changes what they do."""
    meter = created(mock, meterType=live)
    for kind, expected in ((published, live), ("MAX_IN_PERIOD", "max_in_period")):
        mock.put("/meter-definition", json={**DEFINITION, "type": kind})
        assert mock.get(f"/meters/{meter['id']}").json()["meterType"] == expected


def test_definitions_may_share_a_display_name(mock: MockClient) -> None:
    """The published document says nothing of unique names, so only live writes are held to unique labels."""
    for name in ("calls", "other"):
        assert mock.post("/meter-definition", json={**DEFINITION, "meterApiName": name}).status_code == 200
    assert mock.rules() == []
    assert refused(mock.post("/meters", json={**METER, "meterApiName": "third"})) == "label: duplicate-label"


def test_a_finished_meter_is_warned_of_in_the_published_view_too(mock: MockClient) -> None:
    """The locking status is the meter's, whatever view a change comes through, and survives it."""
    meter = created(mock, lockingStatus="close_to_changes", label="API Calls")
    mock.put("/meter-definition", json=DEFINITION)
    assert mock.rules() == []
    mock.put("/meter-definition", json={**DEFINITION, "displayName": "New", "lockingStatus": "open"})
    assert mock.rules() == ["closed-to-changes"]
    assert mock.get(f"/meters/{meter['id']}").json()["lockingStatus"] == "close_to_changes"


def test_each_account_names_itself(account: Account) -> None:
    """Meters carry the account's public id, the same for all of them, and not its key."""
    [meter] = account.take(account.mock.get("/meters"))
    assert meter["accountId"]
    assert account.mock.key not in meter["accountId"]

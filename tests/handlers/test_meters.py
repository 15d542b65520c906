"""Meter definitions: the life of one, and what is the server's own in it."""

from typing import Any

import pytest

from tests.handlers.steps import Account, event, refused, stop_clock
from tests.support.client import MockClient

CREATED_MS = 1_718_153_645_993
LATER_MS = CREATED_MS + 60_000

MINIMAL = {"meterApiName": "api-calls", "displayName": "API Calls", "type": "SUM_OF_ALL_USAGE"}
STORED = {**MINIMAL, "label": "api-calls", "dimensions": [], "meterTimeInMillis": CREATED_MS}
PATH = "/meter-definition/api-calls"


@pytest.fixture
def meters(mock: MockClient) -> MockClient:
    """A client whose clock stands still."""
    stop_clock(mock, CREATED_MS)
    return mock


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({}, {}),
        ({"dimensions": ["region", "tier"]}, {"dimensions": ["region", "tier"]}),
        ({"label": "Calls"}, {"label": "Calls"}),
        ({"type": "UNIQUE_CUSTOMERS_COUNT"}, {"type": "UNIQUE_CUSTOMERS_COUNT"}),
        ({"meterTimeInMillis": 5, "createTime": 5, "nonsense": {"a": 1}}, {}),
    ],
    ids=["minimal", "dimensions", "label", "unique", "server-owned-and-unknown"],
)
def test_create_answers_the_whole_definition(
    meters: MockClient, sent: dict[str, Any], answered: dict[str, Any]
) -> None:
    """Defaults are filled in, the creation time is the clock's, and what no document knows is dropped."""
    response = meters.post("/meter-definition", json={**MINIMAL, **sent})
    assert (response.status_code, response.json()) == (200, {**STORED, **answered})
    assert meters.get(PATH).json() == response.json()
    assert meters.get("/meter-definition").json() == [response.json()]


def test_a_duplicate_name_is_refused(meters: MockClient) -> None:
    """A second create of a name is 400 in the vendor's words, and changes nothing."""
    meters.post("/meter-definition", json=MINIMAL)
    response = meters.post("/meter-definition", json={**MINIMAL, "displayName": "Other"})
    assert refused(response) == "meterApiName: duplicate-key"
    words = "Invalid request: meter already exists with 'meterApiName': api-calls"
    assert response.json()["errorMessage"].lower() == words.lower()
    assert meters.get("/meter-definition").json() == [STORED]


@pytest.mark.parametrize("method", ["post", "put"])
def test_an_empty_name_is_refused(meters: MockClient, method: str) -> None:
    """A meter without a name could not be read back."""
    response = getattr(meters, method)("/meter-definition", json={**MINIMAL, "meterApiName": ""})
    assert refused(response) == "meterApiName: empty-key"


def test_update_replaces_everything_but_the_creation_time(meters: MockClient) -> None:
    """PUT leaves nothing of the old fields; the creation time stays, whatever is sent."""
    meters.post("/meter-definition", json={**MINIMAL, "dimensions": ["region"], "label": "old"})
    meters.clock(now=LATER_MS)
    changed = {**MINIMAL, "displayName": "New", "type": "MAX_IN_PERIOD"}
    response = meters.put("/meter-definition", json={**changed, "meterTimeInMillis": 1})
    assert (response.status_code, response.json()) == (200, {**STORED, **changed})
    assert meters.get(PATH).json() == response.json()
    assert meters.get("/_mock/state/meters").json()[0]["updateTime"] == LATER_MS
    assert meters.rules() == []


def test_update_of_an_absent_definition_creates_it(meters: MockClient) -> None:
    """PUT of an unknown name creates, and leaves a warning."""
    response = meters.put("/meter-definition", json=MINIMAL)
    assert (response.status_code, response.json()) == (200, STORED)
    assert meters.rules() == ["absent-key"]


def test_delete_answers_the_definition_and_removes_it(meters: MockClient) -> None:
    """The deleted definition is answered; afterwards its path names nothing."""
    meters.post("/meter-definition", json=MINIMAL)
    response = meters.delete(PATH)
    assert (response.status_code, response.json()) == (200, STORED)
    assert meters.get("/meter-definition").json() == []
    for again in (meters.get(PATH), meters.delete(PATH)):
        assert refused(again, 404) == "meterApiName: unknown-key"


def test_a_name_may_be_used_again_after_a_delete(meters: MockClient) -> None:
    """A create after a delete makes a new definition with a new creation time."""
    meters.post("/meter-definition", json=MINIMAL)
    meters.delete(PATH)
    meters.clock(now=LATER_MS)
    response = meters.post("/meter-definition", json=MINIMAL)
    assert response.json() == {**STORED, "meterTimeInMillis": LATER_MS}


@pytest.mark.parametrize(
    ("name", "segment"), [("a/b", "a%2Fb"), ("ü ?#", "%C3%BC%20%3F%23"), ("a%2Fb", "a%252Fb"), ("..%", "..%25")]
)
def test_any_name_is_addressed_by_its_escaped_form(meters: MockClient, name: str, segment: str) -> None:
    """A name with a slash or other unusual characters is read and deleted under its percent-encoded path."""
    meters.post("/meter-definition", json={**MINIMAL, "meterApiName": name})
    path = f"/meter-definition/{segment}"
    assert meters.get(path).json()["meterApiName"] == name
    assert meters.delete(path).status_code == 200
    assert meters.get(path).status_code == 404


def test_the_list_is_in_order_of_creation(meters: MockClient) -> None:
    """The oldest definition comes first, and an update does not move it."""
    for name in ("b", "a", "c"):
        meters.post("/meter-definition", json={**MINIMAL, "meterApiName": name})
    meters.put("/meter-definition", json={**MINIMAL, "meterApiName": "b", "displayName": "New"})
    assert [each["meterApiName"] for each in meters.get("/meter-definition").json()] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("kind", "live_default"), [("SUM_OF_ALL_USAGE", 5), ("MAX_IN_PERIOD", 3), ("UNIQUE_CUSTOMERS_COUNT", 1)]
)
def test_the_type_decides_how_usage_is_counted(account: Account, kind: str, live_default: float) -> None:
    """Without an aggregation the meter's type chooses one: a sum, a maximum, or distinct customers."""
    account.define("typed", kind)
    account.ingest(*(event(meterApiName="typed", meterValue=value, uniqueId=str(value)) for value in (2, 3)))
    report = account.live_usage(meterApiName="typed", timeRange={"startTimeInSeconds": 1_718_150_400})
    assert [group["groupValue"] for group in report["clientMeters"]] == [live_default]


def test_a_changed_type_counts_the_same_events_anew(account: Account) -> None:
    """The type is applied when usage is read, so an update changes how stored events are counted."""
    account.ingest(event(meterValue=2, uniqueId="a"), event(meterValue=3, uniqueId="b"))
    definition = {"meterApiName": "calls", "displayName": "calls", "type": "UNIQUE_CUSTOMERS_COUNT"}
    account.take(account.mock.put("/meter-definition", json=definition))
    assert account.total() == 1

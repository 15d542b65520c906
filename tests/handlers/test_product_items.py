"""Product items: written, listed, locked, and made by themselves for meters that are billed."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PATH = "/payments/pricing/amberflo/account-pricing/product-items"
ITEM = {"id": "item-1", "meterApiName": "calls", "productId": "1", "productItemName": "Calls"}
LATER_MS = NOON_MS + 60_000
STATUSES = ("open", "close_to_deletions", "close_to_changes", "deprecated")

ROUND_TRIPS = {
    "item": [
        Step("listProductItems", expect=[], clock={"frozen": True, "now": NOON_MS}),
        Step(
            "createOrUpdateProductItem",
            body={**ITEM, "description": "all calls", "lastUpdateTimeInMillis": 1, "createTime": 2, "more": [1]},
            expect={
                **ITEM,
                "description": "all calls",
                "lockingStatus": "open",
                "lastUpdateTimeInMillis": NOON_MS,
                "createTime": ABSENT,
                "updateTime": ABSENT,
                "more": [1],
            },
        ),
        Step("createOrUpdateProductItem", body={**ITEM, "id": "item-2"}),
        Step("listProductItems", expect=[{**ITEM, "description": "all calls"}, {**ITEM, "id": "item-2"}]),
        Step(
            "createOrUpdateProductItem",
            body={**ITEM, "lockingStatus": "CLOSE_TO_CHANGES"},
            clock={"now": LATER_MS},
            expect={"lockingStatus": "close_to_changes", "description": ABSENT, "lastUpdateTimeInMillis": LATER_MS},
        ),
        Step(
            "listProductItems",
            expect=[
                {"lockingStatus": "close_to_changes"},
                {"lockingStatus": "open", "lastUpdateTimeInMillis": NOON_MS},
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is listed, whole and in the order of creation; a second write replaces it."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_locking_moves_forward_only(account: Account, before: str, after: str) -> None:
    """From open anywhere, from a closed state to deprecated, from there nowhere; staying is always allowed."""
    account.take(account.mock.post(PATH, json={**ITEM, "lockingStatus": before.upper()}))
    response = account.mock.post(PATH, json={**ITEM, "lockingStatus": after})
    if before in (after, "open") or (after == "deprecated"):
        assert response.json()["lockingStatus"] == after
    else:
        assert refused(response) == "lockingStatus: illegal-transition"
        assert [each["lockingStatus"] for each in account.take(account.mock.get(f"{PATH}/list"))] == [before]
    assert account.mock.rules() == []


@pytest.mark.parametrize("status", ["close_to_changes", "deprecated"])
def test_a_change_of_a_finished_item_is_warned_of(account: Account, status: str) -> None:
    """Whatever else than the status changes on a closed item leaves a warning; the change is made all the same."""
    account.take(account.mock.post(PATH, json={**ITEM, "lockingStatus": status}))
    account.take(account.mock.post(PATH, json={**ITEM, "productItemName": "New"}))
    assert account.mock.rules() == ["closed-to-changes"]
    [item] = account.take(account.mock.get(f"{PATH}/list"))
    assert (item["productItemName"], item["lockingStatus"]) == ("New", status)


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": None}, "id: not-null"),
        ({"id": ""}, "id: minLength"),
        ({"meterApiName": ""}, "meterApiName: minLength"),
        ({"productId": 1}, "productId: type"),
        ({"lockingStatus": "closed"}, "lockingStatus: enum"),
    ],
)
def test_a_bad_item_is_refused(account: Account, changes: dict[str, Any], details: str) -> None:
    """What breaks the document is 400, names the field and the rule, and stores nothing."""
    assert refused(account.mock.post(PATH, json={**ITEM, **changes})) == details
    assert account.take(account.mock.get(f"{PATH}/list")) == []


@pytest.mark.parametrize("field", ["id", "meterApiName", "productId", "productItemName"])
def test_required_fields(account: Account, field: str) -> None:
    """An item without one of its four fields is refused."""
    body = {name: value for name, value in ITEM.items() if name != field}
    assert refused(account.mock.post(PATH, json=body)) == f"{field}: required"


@pytest.mark.parametrize("strict", [False, True])
def test_an_item_of_no_meter(account: Account, *, strict: bool) -> None:
    """A meter that does not exist leaves a warning, and is refused in a strict account."""
    account.mock.reset(strict=strict)
    response = account.mock.post(PATH, json=ITEM)
    if strict:
        assert refused(response) == "meterApiName: unknown-meter"
    else:
        assert account.take(response)["id"] == "item-1"
        assert account.mock.rules() == ["unknown-meter"]


def test_a_billed_meter_has_one_item(mock: MockClient) -> None:
    """A meter that is flagged for billing gets an item of its own name, but no second one beside a client's."""
    meter = {"meterApiName": "m", "label": "M", "meterType": "sum_of_all_usage", "useInBilling": True}
    own = {**ITEM, "meterApiName": "n", "id": "mine"}
    assert mock.post(PATH, json=own).status_code == 200
    for name in ("m", "n"):
        assert mock.post("/meters", json={**meter, "meterApiName": name, "label": name}).status_code == 200
    items = [(each["id"], each["meterApiName"], each["productId"]) for each in mock.get(f"{PATH}/list").json()]
    assert items == [("mine", "n", "1"), ("m", "m", "1")]

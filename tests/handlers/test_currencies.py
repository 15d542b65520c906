"""Tables of exchange rates: edited while open, activated when closed, deleted only while open."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

PATH = "/payments/pricing/amberflo/account-pricing/currencies-exchange-rate"
TABLE: dict[str, Any] = {"id": "t", "productId": "1", "name": "Rates", "exchangeRateTable": {"EUR": 0.92, "YEN": 157}}
NOON_S = NOON_MS // 1000
LATER_MS = NOON_MS + 60_000

ROUND_TRIPS = {
    "table": [
        Step("listCurrencyExchangeRateTables", expect=[], clock={"frozen": True, "now": NOON_MS}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step("deleteCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "activationTimeSeconds": 5, "lastUpdateTimeInMillis": 6},
            expect={
                **TABLE,
                "lockingStatus": "open",
                "activationTimeSeconds": None,
                "lastUpdateTimeInMillis": NOON_MS,
            },
        ),
        Step("createOrUpdateCurrencyExchangeRateTable", body={**TABLE, "id": "u", "productId": "2"}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect=TABLE),
        Step("listCurrencyExchangeRateTables", expect=[TABLE, {"id": "u"}]),
        Step("listCurrencyExchangeRateTables", query={"productId": "2"}, expect=[{"id": "u"}]),
        Step("createOrUpdateCurrencyExchangeRateTable", body={**TABLE, "exchangeRateTable": {}}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect={"exchangeRateTable": {}}),
        Step("deleteCurrencyExchangeRateTable", query={"id": "t"}, expect={"id": "t", "exchangeRateTable": {}}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step("listCurrencyExchangeRateTables", expect=[{"id": "u"}]),
    ],
    "activation": [
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "lockingStatus": "CLOSE_TO_CHANGES"},
            clock={"frozen": True, "now": NOON_MS},
            expect={"lockingStatus": "close_to_changes", "activationTimeSeconds": NOON_S},
        ),
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "lockingStatus": "deprecated"},
            clock={"now": LATER_MS},
            expect={"activationTimeSeconds": NOON_S, "lastUpdateTimeInMillis": LATER_MS},
        ),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect={"activationTimeSeconds": NOON_S}),
        Step("listCurrencyExchangeRateTables", expect=[{"lockingStatus": "deprecated"}]),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A table is written, read, listed and deleted; the time of its activation is set once, by closing it."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize("status", ["close_to_deletions", "close_to_changes", "deprecated"])
def test_a_locked_table_stays(account: Account, status: str) -> None:
    """Only an open table is deleted; a deprecated one belongs to the history."""
    account.take(account.mock.post(PATH, json={**TABLE, "lockingStatus": status}))
    response = account.mock.delete(PATH, params={"id": "t"})
    assert refused(response) == "lockingStatus: locked"
    assert f"'lockingStatus' {status} prevents" in response.json()["errorMessage"]
    assert account.take(account.mock.get(PATH, params={"id": "t"}))["lockingStatus"] == status


def test_a_deletion_is_told(account: Account) -> None:
    """The account's log has the creation and the deletion."""
    account.take(account.mock.post(PATH, json=TABLE))
    account.take(account.mock.delete(PATH, params={"id": "t"}))
    noun = "currency exchange rate table"
    told = [(each["key"], each["verb"]) for each in account.stored("account-events") if each["noun"] == noun]
    assert told == [("t", "created"), ("t", "deleted")]


def test_writing_a_closed_table_again_changes_nothing(account: Account) -> None:
    """The same table, sent again, is no change; other rates are, and leave a warning."""
    closed = {**TABLE, "lockingStatus": "close_to_changes"}
    first = account.take(account.mock.post(PATH, json=closed))
    assert account.take(account.mock.post(PATH, json=closed)) == first
    assert account.mock.rules() == []
    account.take(account.mock.post(PATH, json={**closed, "exchangeRateTable": {"EUR": 1}}))
    assert account.mock.rules() == ["closed-to-changes"]


@pytest.mark.parametrize(("rate", "warned"), [(0.92, False), (0, True), (-1.5, True)])
def test_rates_are_above_nothing(account: Account, rate: float, *, warned: bool) -> None:
    """A rate that makes no money is kept with a warning; a strict account refuses it by its currency."""
    body = {**TABLE, "exchangeRateTable": {"USD": 1, "EUR": rate}}
    assert account.take(account.mock.post(PATH, json=body))["exchangeRateTable"]["EUR"] == rate
    assert account.mock.rules() == ["non-positive-rate"] * warned
    account.mock.reset(strict=True)
    response = account.mock.post(PATH, json=body)
    assert response.status_code == 200 or refused(response) == "exchangeRateTable.EUR: non-positive-rate"
    assert (response.status_code == 400) is warned


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": ""}, "id: minLength"),
        ({"name": 1}, "name: type"),
        ({"exchangeRateTable": {"EUR": "1"}}, "exchangeRateTable.EUR: type"),
        ({"lockingStatus": "locked"}, "lockingStatus: enum"),
    ],
)
def test_a_bad_table_is_refused(account: Account, changes: dict[str, Any], details: str) -> None:
    """What breaks the document is 400 and names its place."""
    assert refused(account.mock.post(PATH, json={**TABLE, **changes})) == details

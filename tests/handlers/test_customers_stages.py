"""The lifecycle of customers: stages, their history, deletion and what brings a customer back."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

ANN = {"customerId": "ann", "customerName": "Ann Ltd"}
KEY = {"customerId": "ann"}
MINUTE_MS = 60_000


def spells(*spells: tuple[str, int, int | None]) -> list[dict[str, Any]]:
    """A history: stages with their bounds in minutes after noon."""
    return [
        {
            "customerId": "ann",
            "lifecycleStage": stage,
            "startTime": NOON_MS + start * MINUTE_MS,
            "endTime": None if end is None else NOON_MS + end * MINUTE_MS,
        }
        for stage, start, end in spells
    ]


def at(minute: int) -> dict[str, Any]:
    """A change of the clock to some minutes after noon, where it stops."""
    return {"now": NOON_MS + minute * MINUTE_MS, "frozen": True}


ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "from onboarding to the end and back": [
        Step("getCustomerLifecycleStageHistory", KEY, status=404),
        Step("createCustomer", body={**ANN, "lifecycleStage": "onboarding"}, clock=at(0)),
        Step("getCustomerLifecycleStageHistory", KEY, expect=spells(("ONBOARDING", 0, None))),
        Step(
            "updateCustomerLifecycleStage",
            body={**KEY, "lifecycleStage": "trial"},
            clock=at(1),
            expect={**ANN, "lifecycleStage": "TRIAL", "updateTime": NOON_MS + MINUTE_MS, "createTime": NOON_MS},
        ),
        Step("updateCustomer", body={**ANN, "lifecycleStage": "ACTIVE"}, clock=at(2)),
        Step("deleteCustomer", KEY, clock=at(3), expect={"lifecycleStage": "OFFBOARDED"}),
        Step(
            "getCustomerLifecycleStageHistory",
            KEY,
            expect=spells(("ONBOARDING", 0, 1), ("TRIAL", 1, 2), ("ACTIVE", 2, 3), ("OFFBOARDED", 3, None)),
        ),
        Step("getCustomerById", KEY, status=404),
        Step("listCustomers", expect=[]),
        Step(
            "reinstateCustomer",
            body=KEY,
            clock=at(4),
            expect={
                **ANN,
                "lifecycleStage": "OFFBOARDED",
                "createTime": NOON_MS,
                "updateTime": NOON_MS + 4 * MINUTE_MS,
                "deactivateTimeStamp": NOON_MS + 3 * MINUTE_MS,
                "deleteTime": ABSENT,
            },
        ),
        Step("getCustomerById", KEY, expect={**ANN, "lifecycleStage": "OFFBOARDED", "deleteTime": ABSENT}),
        Step("listCustomers", expect=[KEY]),
        Step("searchCustomers", expect={"items": [KEY], "metadata": {"totalRowCount": 1}}),
        Step("updateCustomerLifecycleStage", body={**KEY, "lifecycleStage": "active"}, status=400),
        Step("getCustomerLifecycleStageHistory", KEY, expect=[..., ..., ..., {"endTime": None}]),
        Step(
            "listAccountEvents",
            query={"customerId": "ann"},
            expect=[
                {"type": f"customer {verb}", "domain": "change", "level": "INFO", "customerId": "ann"}
                for verb in ("reinstated", "deleted", "updated", "updated", "created")
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Every change of a stage is in the history, with the account's time, whatever made it."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def ann(mock: MockClient) -> MockClient:
    """A client whose clock stands at noon, with one active customer."""
    stop_clock(mock, NOON_MS)
    Account.take(mock.post("/customers", json={**ANN, "lifecycleStage": "ACTIVE"}))
    return mock


def stages(mock: MockClient) -> list[str]:
    """The stages of the history, oldest first."""
    history = Account.take(mock.get("/customers/stage/ann"))
    return [spell["lifecycleStage"] for spell in history]


def move(mock: MockClient, stage: str) -> Any:
    """The answer to moving the customer."""
    return mock.put("/customers/stage", json={**KEY, "lifecycleStage": stage})


@pytest.mark.parametrize("stage", ["ONBOARDING", "trial", "TRAIL"])
def test_a_step_back_is_refused(ann: MockClient, stage: str) -> None:
    """An earlier stage is 400, and nothing moves."""
    assert refused(move(ann, stage)) == "lifecycleStage: illegal-transition"
    assert stages(ann) == ["ACTIVE"]


@pytest.mark.parametrize("stage", ["onboarding", "trial", "active"])
def test_offboarded_is_final(ann: MockClient, stage: str) -> None:
    """Nothing leads out of the last stage."""
    assert Account.take(move(ann, "offboarded"))["deactivateTimeStamp"] == NOON_MS
    assert refused(move(ann, stage)) == "lifecycleStage: illegal-transition"


def test_the_same_stage_again_changes_nothing(ann: MockClient) -> None:
    """Naming the present stage is no move: neither the customer nor its history nor the log changes."""
    before = Account.take(ann.get("/customers/ann"))
    ann.clock(now=NOON_MS + MINUTE_MS)
    assert Account.take(move(ann, "active")) == before
    assert (stages(ann), len(Account.take(ann.get("/account-event")))) == (["ACTIVE"], 1)


@pytest.mark.parametrize(("first", "second"), [("TRAIL", "TRIAL"), ("trial", "TRAIL")])
def test_trail_and_trial_are_one_stage(mock: MockClient, first: str, second: str) -> None:
    """The other spelling is taken over, and begins no new spell."""
    Account.take(mock.post("/customers", json={**ANN, "lifecycleStage": first}))
    assert Account.take(move(mock, second))["lifecycleStage"] == second
    assert stages(mock) == [second]


def test_a_customer_without_a_stage_has_no_history(mock: MockClient) -> None:
    """Nothing is made up; the first stage that is written begins the history, and leaving it out ends the spell."""
    Account.take(mock.post("/customers", json=ANN))
    assert stages(mock) == []
    Account.take(move(mock, "trial"))
    Account.take(mock.put("/customers", json=ANN))
    history = Account.take(mock.get("/customers/stage/ann"))
    assert [(spell["lifecycleStage"], spell["endTime"] is None) for spell in history] == [("TRIAL", False)]


def test_a_replacement_may_step_back_with_a_warning(ann: MockClient) -> None:
    """A whole customer is stored as it is written; that its stage went back is warned of, and strict mode refuses."""
    back = {**ANN, "lifecycleStage": "TRIAL"}
    assert Account.take(ann.put("/customers", json=back))["lifecycleStage"] == "TRIAL"
    assert (stages(ann), ann.rules()) == (["ACTIVE", "TRIAL"], ["stage-moves-back"])
    ann.reset(strict=True)
    Account.take(ann.post("/customers", json={**ANN, "lifecycleStage": "ACTIVE"}))
    assert refused(ann.put("/customers", json=back)) == "lifecycleStage: stage-moves-back"
    assert stages(ann) == ["ACTIVE"]


@pytest.mark.parametrize("path", ["/customers/stage/ann", "/customers/ann/stage", "/customers/stage?customerId=ann"])
def test_the_history_has_three_paths(ann: MockClient, path: str) -> None:
    """The paths under which clients look for the history answer alike."""
    response = Account(ann).unjudged("GET", path)
    assert (response.status_code, response.json()) == (200, spells(("ACTIVE", 0, None)))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/customers/stage/bob", None),
        ("PUT", "/customers/stage", {"customerId": "bob", "lifecycleStage": "active"}),
        ("PUT", "/customers/reinstate", {"customerId": "bob"}),
    ],
)
def test_an_unknown_customer_is_not_found(ann: MockClient, method: str, path: str, body: Any) -> None:
    """Who never was has no history, no stage and nothing to come back to."""
    assert refused(ann.request(method, path, json=body), 404) == "customerId: unknown-key"


def test_a_deleted_customer_cannot_be_moved(ann: MockClient) -> None:
    """Only customers that can be seen have a stage to change."""
    ann.delete("/customers/ann")
    assert refused(move(ann, "offboarded"), 404) == "customerId: unknown-key"


def test_only_deleted_customers_come_back(ann: MockClient) -> None:
    """Reinstating a customer who is there is 400, and so it is the second time."""
    assert refused(ann.put("/customers/reinstate", json=KEY)) == "customerId: not-deleted"
    ann.delete("/customers/ann")
    Account.take(ann.put("/customers/reinstate", json=KEY))
    assert refused(ann.put("/customers/reinstate", json=KEY)) == "customerId: not-deleted"


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_new_customer_takes_the_place_of_a_deleted_one(ann: MockClient, method: str) -> None:
    """A create after a deletion begins a new record and history, and the deleted one is forgotten for good."""
    ann.delete("/customers/ann")
    ann.clock(now=NOON_MS + MINUTE_MS)
    Account.take(getattr(ann, method)("/customers", json={**ANN, "lifecycleStage": "TRIAL"}))
    assert Account.take(ann.get("/customers/stage/ann")) == spells(("TRIAL", 1, None))
    assert refused(ann.put("/customers/reinstate", json=KEY)) == "customerId: not-deleted"
    assert Account(ann).state()["collections"].get("deleted-customers") is None


def test_deleting_an_offboarded_customer_begins_no_spell(ann: MockClient) -> None:
    """The customer stays in the stage that it was in."""
    Account.take(move(ann, "offboarded"))
    ann.clock(now=NOON_MS + MINUTE_MS)
    assert Account.take(ann.delete("/customers/ann"))["deactivateTimeStamp"] == NOON_MS
    assert stages(ann) == ["ACTIVE", "OFFBOARDED"]

"""Events that undo an earlier one, by the reserved dimension."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, refused

CANCEL = "aflo.cancel_previous_resource_event"
BASE = event(uniqueId="u", dimensions={"region": "eu"})


def undo(sent: Json, value: str = "true") -> Json:
    """The same event, with the dimension that undoes it."""
    return {**sent, "dimensions": {**sent.get("dimensions", {}), CANCEL: value}}


@pytest.mark.parametrize(
    ("sent", "total"),
    [
        ([BASE, undo(BASE)], 0),
        ([BASE, undo(BASE, "True")], 0),
        ([BASE, undo({**BASE, "meterValue": 99})], 0),
        ([BASE, {**BASE, "uniqueId": "v"}, undo(BASE)], 1),
        ([BASE, undo(BASE), undo(BASE)], 0),
        ([BASE, undo(BASE), BASE], 0),
        ([event(), undo(event())], 0),
        ([event(), event(meterValue=5), undo(event())], 5),
        ([event(meterApiName=None, meterValue=None, values={"calls": 2, "other": 1}, uniqueId="m"),
          undo(event(meterValue=2, uniqueId="m"))], 0),
        ([event(meterValue=2, uniqueId="m"),
          undo(event(meterApiName=None, meterValue=None, values={"calls": 2}, uniqueId="m"))], 0),
    ],
    ids=["undone", "spelling", "other-value", "one-of-two", "twice", "not-freed", "anonymous", "by-value",
         "of-a-map", "by-a-map"],
)  # fmt: skip
@pytest.mark.parametrize("together", [True, False], ids=["one-batch", "requests"])
def test_an_event_is_undone_once(account: Account, sent: Sequence[Json], total: float, *, together: bool) -> None:
    """Exactly the event of the same identity stops counting, and its identity stays taken."""
    if together:
        account.ingest(*sent)
    else:
        for each in sent:
            assert account.take(account.mock.post("/ingest", json=each)) == "1 records were ingested"
    assert account.total() == total


def test_the_order_inside_a_batch_does_not_matter(account: Account) -> None:
    """An instruction finds its event anywhere in its own batch, but none that comes with a later request."""
    account.ingest(undo(BASE), BASE)
    assert account.total() == 0
    later = {**BASE, "uniqueId": "v"}
    account.ingest(undo(later))
    account.ingest(later)
    assert (account.total(), account.mock.rules()) == (1, ["nothing-to-cancel"])


@pytest.mark.parametrize(
    "other",
    [
        {"uniqueId": "other"},
        {"meterTimeInMillis": NOON_MS + 1},
        {"customerId": "bob"},
        {"dimensions": {"region": "us"}},
        {"meterApiName": "other"},
    ],
    ids=["id", "time", "customer", "dimension", "meter"],
)
def test_what_is_another_event_is_not_undone(account: Account, other: Json) -> None:
    """An instruction that names no event changes nothing, and leaves a warning at its dimension."""
    account.define("other")
    account.register("bob")
    account.ingest(BASE)
    account.ingest(BASE, undo({**BASE, **other}))
    assert account.total() == 1
    [entry] = [each for each in account.mock.journal() if each["warnings"]]
    cautions = [(each["field"], each["rule"]) for each in entry["warnings"]]
    assert (f"[1].dimensions.{CANCEL}", "nothing-to-cancel") in cautions


def test_a_lone_instruction_is_named_without_an_index(account: Account) -> None:
    """The field of an event that was sent alone has no index; it is not counted itself."""
    account.take(account.mock.post("/ingest", json=undo(BASE)))
    [caution] = account.mock.journal()[-1]["warnings"]
    assert (caution["field"], caution["rule"]) == (f"dimensions.{CANCEL}", "nothing-to-cancel")
    assert account.state()["events"] == 0


def test_a_strict_account_refuses_what_undoes_nothing(account: Account) -> None:
    """Nothing of such a batch is stored, nor undone."""
    account.mock.reset(strict=True)
    account.define("calls")
    account.register("ann")
    account.ingest(BASE)
    second = {**BASE, "uniqueId": "v"}
    response = account.mock.post("/ingest", json=[second, undo(BASE), undo({**BASE, "uniqueId": "w"})])
    assert refused(response) == f"[2].dimensions.{CANCEL}: nothing-to-cancel"
    assert account.total() == 1


@pytest.mark.parametrize("value", ["false", "", "1", "yes"])
def test_another_value_instructs_to_nothing(account: Account, value: str) -> None:
    """An event whose dimension is not `true` counts as any other, with a warning."""
    account.ingest(BASE, undo({**BASE, "uniqueId": "v"}, value))
    [entry] = account.mock.journal(operationId="ingestMeterEvents")
    cautions = [(each["field"], each["rule"]) for each in entry["warnings"]]
    assert (account.total(), cautions) == (2, [(f"[1].dimensions.{CANCEL}", "reserved-dimension")])


def test_filtering_rules_do_not_stop_an_instruction(account: Account) -> None:
    """What was counted before a rule shut its dimension out can still be undone."""
    account.ingest(BASE)
    rule: dict[str, Any] = {"meterApiName": "calls", "ruleId": "r", "dimensionName": "region", "action": "EXCLUDE"}
    account.take(account.mock.post("/meter-event-filtering-rules", json={**rule, "dimensionValues": ["eu"]}))
    account.ingest(undo(BASE))
    assert (account.total(), account.mock.rules()) == (0, [])

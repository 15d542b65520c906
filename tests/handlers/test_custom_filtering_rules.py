"""Custom filtering rules: what they cancel, and how they are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import HOUR_MS, NOON_MS, Account, event, question, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

NOON_S = NOON_MS // 1000
PATH = "/ingest-snapshot/custom-filtering-rules"


def rule(**fields: Any) -> dict[str, Any]:
    """A rule that cancels every event of `calls`; a field given as None is left out."""
    whole = {
        "id": "r1",
        "meterApiName": "calls",
        "type": "by_property_filter_out",
        "ingestionTimeRange": {"startTimeInSeconds": 0},
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "a rule cancels at once": [
        Step("ingestMeterEvents", body=[event(), event(meterValue=2, dimensions={"region": "eu"})]),
        Step("queryUsage", body=question(), expect={"clientMeters": {"calls": [{"records": [{"1717200000": 3}]}]}}),
        Step(
            "listUsageEvents", expect={"rows": [[..., ..., ..., "1.0", ..., None], [..., ..., ..., "2.0", ..., "eu"]]}
        ),
        Step("listCustomFilteringRules", query={"meterApiName": "calls"}, expect=[]),
        Step(
            "createOrUpdateCustomFilteringRule",
            body=rule(type="BY_PROPERTY_FILTER_OUT", filter={"region": ["eu"]}, remark="kept"),
            expect={**rule(filter={"region": ["eu"]}, remark="kept"), "writtenInMillis": ABSENT},
        ),
        Step("queryUsage", body=question(), expect={"clientMeters": {"calls": [{"records": [{"1717200000": 1}]}]}}),
        Step("listUsageEvents", expect={"rows": [[..., ..., ..., "1.0", ...]]}),
        Step(
            "listCustomFilteringRules",
            query={"meterApiName": "calls"},
            expect=[{**rule(filter={"region": ["eu"]}), "writtenInMillis": ABSENT}],
        ),
        Step("listCustomFilteringRules", query={"meterApiName": "bytes"}, expect=[]),
        Step("createOrUpdateCustomFilteringRule", body=rule(), expect={"filter": ABSENT, **rule()}),
        Step("queryUsage", body=question(), expect={"clientMeters": {"calls": []}}),
        Step("listUsageEvents", expect={"rows": []}),
        Step("listCustomFilteringRules", query={"meterApiName": "calls"}, expect=[{"filter": ABSENT, **rule()}]),
        Step("createOrUpdateCustomFilteringRule", body=rule(meterApiName="bytes")),
        Step("listCustomFilteringRules", query={"meterApiName": "calls"}, expect=[]),
        Step("listCustomFilteringRules", query={"meterApiName": "bytes"}, expect=[rule(meterApiName="bytes")]),
    ]
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A rule is made, listed, replaced and moved; every reader of events sees what it cancelled at once."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def filled(account: Account) -> Account:
    """Events of 1 and 2 ingested at noon, of 4 and 8 an hour later; their values tell them apart."""
    account.ingest(
        event(meterValue=1, uniqueId="u1", dimensions={"region": "eu", "tier": "a"}),
        event(meterValue=2, uniqueId="u2", customerId="bob", meterTimeInMillis=NOON_MS - HOUR_MS),
    )
    account.mock.clock(now=NOON_MS + HOUR_MS)
    account.ingest(
        event(meterValue=4, uniqueId="u1", dimensions={"region": "us"}),
        event(meterValue=8, customerId=None, dimensions={"region": "eu"}),
        event(meterValue=16, meterApiName="bytes"),
    )
    return account


def written(account: Account, **fields: Any) -> None:
    """Writes a rule, which must succeed."""
    account.take(account.mock.post(PATH, json=rule(**fields)))


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({}, 0),
        ({"meterApiName": "nothing"}, 15),
        ({"ingestionTimeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S + 1}}, 12),
        ({"ingestionTimeRange": {"startTimeInSeconds": NOON_S + 1, "endTimeInSeconds": None}}, 3),
        ({"ingestionTimeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S + 3_600}}, 12),
        ({"ingestionTimeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S}}, 15),
        ({"ingestionTimeRange": {"startTimeInSeconds": NOON_S + 3_601}}, 15),
        ({"eventTimeRange": {"endTimeInSeconds": NOON_S}}, 13),
        ({"eventTimeRange": {"startTimeInSeconds": NOON_S}}, 2),
        ({"eventTimeRange": {"startTimeInSeconds": None, "endTimeInSeconds": None}}, 0),
        ({"filter": {"region": ["eu"]}}, 6),
        ({"filter": {"region": ["eu", "us"], "tier": ["a"]}}, 14),
        ({"filter": {"region": []}}, 0),
        ({"filter": {}}, 0),
        ({"filter": {"customerId": ["ann"]}}, 10),
        ({"filter": {"customerId": ["nobody"]}}, 15),
        ({"filter": {"uniqueId": ["u1"]}}, 10),
        ({"filter": {"uniqueId": ["u1", "u2"], "region": ["eu"]}}, 14),
        ({"filter": {"uniqueId": ["never"]}}, 15),
    ],
)
def test_what_a_rule_cancels(filled: Account, fields: dict[str, Any], left: int) -> None:
    """Times of ingestion, times of the events, dimensions, customer and unique id must all match."""
    written(filled, **fields)
    assert filled.total() == left
    assert filled.total(meterApiName="bytes") == 16


def test_a_null_filter_is_none(filled: Account) -> None:
    """A filter and a range of event times may be given as null."""
    answer = filled.mock.post(PATH, json={**rule(), "filter": None, "eventTimeRange": None})
    assert answer.status_code == 200
    assert filled.total() == 0


def test_later_events_are_not_touched(filled: Account) -> None:
    """A rule acts on what was taken in before it, even where its range goes on; writing it again acts again."""
    endless = {"startTimeInSeconds": 0, "endTimeInSeconds": 4_102_444_800}
    written(filled, ingestionTimeRange=endless)
    filled.ingest(event(meterValue=32))
    assert filled.total() == 32
    written(filled, ingestionTimeRange=endless)
    assert filled.total() == 0


def test_a_cancelled_event_keeps_its_identity(filled: Account) -> None:
    """The same event sent again is still a duplicate; replacing the rule brings nothing back."""
    written(filled)
    filled.ingest(event(meterValue=1, uniqueId="u1", dimensions={"region": "eu", "tier": "a"}))
    written(filled, filter={"region": ["nowhere"]})
    assert filled.total() == 0
    assert filled.state()["events"] == 1


def test_every_form_of_usage_sees_the_cancellation(filled: Account) -> None:
    """An answer that was given before a rule is not given again after it, in either form."""
    asked = {"timeRange": {"startTimeInSeconds": NOON_S - 7_200, "endTimeInSeconds": NOON_S + 1}, "groupBy": ["region"]}
    before, grouped = filled.live_usage(**asked), filled.usage(groupBy=["region"])
    assert {group["group"]["groupInfo"]["region"]: group["groupValue"] for group in before["clientMeters"]} == {
        "eu": 9,
        "us": 4,
    }
    assert len(grouped) == 2
    written(filled, filter={"region": ["eu"]})
    after = filled.live_usage(**asked)
    assert [group["groupValue"] for group in after["clientMeters"]] == [4]
    assert [group["groupInfo"] for group in filled.usage(groupBy=["region"])] == [{"region": "us"}]


def test_an_open_end_is_that_of_the_events_that_count(filled: Account) -> None:
    """An event of the far future, once cancelled, does not stretch an answer to the present."""
    filled.ingest(event(meterTimeInMillis=NOON_MS + 1_000 * HOUR_MS, dimensions={"wrong": "yes"}))
    asked = {"timeRange": {"startTimeInSeconds": NOON_S}, "timeGroupingInterval": "HOUR"}
    assert len(filled.live_usage(**asked)["secondsSinceEpochIntervals"]) == 1_001
    written(filled, filter={"wrong": ["yes"]})
    assert len(filled.live_usage(**asked)["secondsSinceEpochIntervals"]) == 2


@pytest.mark.parametrize("name", ["ingestionTimeRange", "eventTimeRange"])
def test_a_reversed_range_is_refused(filled: Account, name: str) -> None:
    """A range that ends before it starts is a mistake; nothing is kept and nothing is cancelled."""
    response = filled.mock.post(PATH, json=rule(**{name: {"startTimeInSeconds": 2, "endTimeInSeconds": 1}}))
    assert refused(response) == f"{name}.endTimeInSeconds: reversed-range"
    assert (filled.total(), filled.mock.get(PATH, params={"meterApiName": "calls"}).json()) == (15, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rule(id=""), "id"),
        (rule(id=None), "id"),
        (rule(meterApiName=None), "meterApiName"),
        (rule(type=None), "type"),
        (rule(type="by_magic"), "type"),
        (rule(ingestionTimeRange=None), "ingestionTimeRange"),
        (rule(ingestionTimeRange={"endTimeInSeconds": 1}), "startTimeInSeconds"),
        (rule(filter={"region": "eu"}), "filter"),
    ],
)
def test_a_body_that_breaks_the_document_is_refused(filled: Account, body: dict[str, Any], field: str) -> None:
    """Each fault is named, and nothing is cancelled."""
    assert field in refused(filled.mock.post(PATH, json=body))
    assert filled.total() == 15


def test_an_unknown_meter_is_warned_of(account: Account) -> None:
    """A rule of a meter that is not defined is kept with a warning, and refused by a strict account."""
    written(account, meterApiName="nothing")
    assert account.mock.rules() == ["unknown-meter"]
    account.mock.reset(strict=True)
    response = account.mock.post(PATH, json=rule(meterApiName="nothing"))
    assert refused(response) == "meterApiName: unknown-meter"
    assert account.mock.get(PATH, params={"meterApiName": "nothing"}).json() == []


def test_many_rules_are_warned_of(account: Account) -> None:
    """The 251st rule within twelve hours is one more than the platform takes; replacing one is not."""
    for number in range(250):
        written(account, id=f"r{number}")
    written(account, id="r0")
    assert account.mock.rules() == []
    written(account, id="r250")
    assert account.mock.rules() == ["too-many-rules"]
    account.mock.clock(advance={"hours": 12})
    written(account, id="r251")
    assert account.mock.rules() == ["too-many-rules"]


def test_the_rules_of_a_meter_must_be_asked_for(account: Account) -> None:
    """The list needs the meter's name; the alias of its path lists the same."""
    assert "meterApiName" in refused(account.mock.get(PATH))
    written(account)
    alias = account.unjudged("GET", f"{PATH}/list", params={"meterApiName": "calls"})
    assert (alias.status_code, alias.json()) == (200, [rule()])

"""Ingestion: what is answered, what is the same event, and that a batch is all or nothing."""

import gzip
import json
from typing import Any

import pytest

from tests.handlers.steps import HOUR_MS, NOON_MS, Account, Json, event, refused, values_of

BASE = event(uniqueId="u", dimensions={"region": "eu"})
OTHER_VALUE = {**BASE, "meterValue": 10}
OTHER_TIME = {**BASE, "meterTimeInMillis": NOON_MS + 1}
OTHER_CUSTOMER = {**BASE, "customerId": "bob"}
NO_CUSTOMER = {name: value for name, value in BASE.items() if name != "customerId"}
OTHER_REGION = {**BASE, "dimensions": {"region": "us"}}
OTHER_ID = {**BASE, "uniqueId": "v"}
RESERVED = {**BASE, "dimensions": {"region": "eu", "aflo.note": "x"}}
REORDERED = dict(reversed(BASE.items()))
ANONYMOUS = event()
ANONYMOUS_OTHER = event(meterValue=10)

IDENTITIES: list[tuple[str, Json, Json, dict[str, float]]] = [
    ("same", BASE, BASE, {"event": 1, "record": 1, "latest": 1, "unique-id": 1}),
    ("reordered", BASE, REORDERED, {"event": 1, "record": 1, "latest": 1, "unique-id": 1}),
    ("value", BASE, OTHER_VALUE, {"event": 1, "record": 11, "latest": 10, "unique-id": 1}),
    ("time", BASE, OTHER_TIME, {"event": 2, "record": 2, "latest": 2, "unique-id": 1}),
    ("customer", BASE, OTHER_CUSTOMER, {"event": 2, "record": 2, "latest": 2, "unique-id": 1}),
    ("no-customer", BASE, NO_CUSTOMER, {"event": 2, "record": 2, "latest": 2, "unique-id": 1}),
    ("dimension", BASE, OTHER_REGION, {"event": 2, "record": 2, "latest": 2, "unique-id": 1}),
    ("unique-id", BASE, OTHER_ID, {"event": 2, "record": 2, "latest": 2, "unique-id": 2}),
    ("reserved", BASE, RESERVED, {"event": 1, "record": 1, "latest": 1, "unique-id": 1}),
    ("anonymous", ANONYMOUS, ANONYMOUS, {"event": 1, "record": 1, "latest": 1, "unique-id": 1}),
    ("anonymous-value", ANONYMOUS, ANONYMOUS_OTHER, {"event": 11, "record": 11, "latest": 11, "unique-id": 11}),
]
"""Two events, and the total after both under each mode."""


@pytest.mark.parametrize("mode", ["event", "record", "latest", "unique-id"])
@pytest.mark.parametrize("together", [True, False], ids=["one-batch", "two-requests"])
@pytest.mark.parametrize(
    ("first", "second", "totals"), [each[1:] for each in IDENTITIES], ids=[e[0] for e in IDENTITIES]
)
def test_identity_decides_what_counts(  # noqa: PLR0913 - a table of events by mode by way of sending
    account: Account, first: Json, second: Json, totals: dict[str, float], mode: str, *, together: bool
) -> None:
    """Each mode tells the same events apart in the same way, in one batch or in two requests."""
    account.mock.reset(dedup=mode)
    if together:
        account.ingest(first, second)
    else:
        account.ingest(first)
        account.ingest(second)
    assert account.total() == totals[mode]


@pytest.mark.parametrize("mode", ["event", "record", "latest", "unique-id"])
def test_one_unique_id_serves_several_meters(account: Account, mode: str) -> None:
    """The meter belongs to every identity, since real clients reuse one id across meters."""
    account.mock.reset(dedup=mode)
    account.ingest(BASE, {**BASE, "meterApiName": "other"})
    assert (account.total(), account.total(meterApiName="other")) == (1, 1)


def test_a_duplicate_is_reported_as_ingested(account: Account) -> None:
    """The answer counts the records sent, whatever becomes of them."""
    for _ in range(2):
        assert account.take(account.mock.post("/ingest", json=BASE)) == "1 records were ingested"
    account.ingest(BASE, BASE, OTHER_ID)
    assert account.total() == 2


def test_an_empty_batch_is_taken(account: Account) -> None:
    """An array without events ingests nothing."""
    account.ingest()
    assert account.state()["events"] == 0


@pytest.mark.parametrize(
    ("path", "options", "live"),
    [
        ("/ingest", {"json": BASE}, False),
        ("/ingest", {"json": [BASE]}, False),
        ("/ingest/", {"json": BASE}, True),
        (
            "/ingest",
            {"data": gzip.compress(json.dumps([BASE]).encode()), "headers": {"Content-Encoding": "gzip"}},
            True,
        ),
    ],
    ids=["object", "array", "slash", "gzip"],
)
def test_the_form_of_the_request_decides_the_form_of_the_answer(
    account: Account, path: str, options: Json, *, live: bool
) -> None:
    """Plain JSON is answered with a JSON string, what only the live platform knows with the same words as text."""
    options = {**options, "headers": {"Content-Type": "application/json", **options.get("headers", {})}}
    response = account.mock.post(path, **options)
    words = "1 records were ingested"
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == ("text/plain" if live else "application/json")
    assert response.text == (words if live else f'"{words}"')
    assert account.total() == 1


def test_lines_of_json_are_events(account: Account) -> None:
    """NDJSON carries an event a line; blank lines are passed over."""
    lines = "\n".join([json.dumps(BASE), "", json.dumps(OTHER_ID), ""])
    response = account.mock.post("/ingest", data=lines, headers={"Content-Type": "application/x-ndjson"})
    assert (response.status_code, response.text) == (200, "2 records were ingested")
    assert account.total() == 2


@pytest.mark.parametrize(
    ("sent", "totals"),
    [
        ({"values": {"calls": 2, "other": 3}}, (2, 3)),
        ({"values": {"other": 3}, "meterApiName": "calls", "meterValue": 7}, (7, 3)),
        ({"values": {"other": 3}, "meterApiName": "calls"}, (0, 3)),
        ({"values": {"other": 3}, "meterValue": 7}, (0, 3)),
        ({"values": {"calls": 2}, "meterApiName": "calls", "meterValue": 2}, (2, 0)),
        ({"values": {}, "meterApiName": "calls", "meterValue": 7}, (7, 0)),
        ({"values": {}}, (0, 0)),
    ],
    ids=["map", "both", "map-and-name", "map-and-value", "same-meter", "empty-map", "nothing"],
)
@pytest.mark.parametrize("company", [(), (BASE,)], ids=["alone", "in-company"])
def test_a_map_of_values_is_an_event_for_each_meter(
    account: Account, sent: Json, totals: tuple[float, float], company: tuple[Json, ...]
) -> None:
    """`values` fans out, beside the event's own meter and value when it has both; it is one record all the same."""
    account.define("other")
    bare = event(meterApiName=None, meterValue=None, uniqueId="map")
    account.ingest({**bare, **sent}, *company)
    assert (account.total(), account.total(meterApiName="other")) == (totals[0] + len(company), totals[1])


def test_fanned_out_events_share_everything_but_the_value(account: Account) -> None:
    """Customer, time, dimensions and unique id are those of the record, for every meter of the map."""
    account.ingest(event(meterApiName=None, meterValue=None, values={"calls": 2, "other": 3}, dimensions={"a": "b"}))
    for meter, value in (("calls", 2), ("other", 3)):
        [group] = account.usage(meterApiName=meter, groupBy=["customerId", "a"], timeGroupingInterval="HOUR")
        assert group == {"groupInfo": {"customerId": "ann", "a": "b"}, "records": [{str(NOON_MS // 1000): value}]}


@pytest.mark.parametrize(
    ("bad", "details"),
    [
        ({"meterValue": "1"}, "[2].meterValue: type"),
        ({"meterTimeInMillis": None}, "[2].meterTimeInMillis: required"),
        ({"meterTimeInMillis": 2**63}, "[2].meterTimeInMillis: maximum"),
        ({"dimensions": {"region": 1}}, "[2].dimensions.region: type"),
        ({"meterValue": 10**400}, "[2].meterValue: number-range"),
        ({"values": {"other": -(10**309)}}, "[2].values.other: number-range"),
    ],
    ids=["type", "required", "int64", "dimension", "huge", "huge-in-map"],
)
def test_a_batch_is_all_or_nothing(account: Account, bad: Json, details: str) -> None:
    """One bad event is named by index and field, and nothing of its batch is stored or remembered."""
    good = [event(uniqueId=str(number)) for number in range(4)]
    response = account.mock.post("/ingest", json=[*good[:2], event(uniqueId="bad", **bad), *good[2:]])
    assert refused(response) == details
    assert len(response.content) < 1024
    assert account.state()["events"] == 0
    account.ingest(*good)
    assert account.total() == 4


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 2**63, 10**300])
def test_any_double_is_stored(account: Account, value: float) -> None:
    """Every number that a double can hold comes back, whole numbers beyond 64 bits included."""
    account.ingest(event(meterValue=value))
    assert account.total() == float(value)


@pytest.mark.parametrize("time_ms", [-(2**63), -1, 0, 2**63 - 1])
def test_any_int64_time_is_stored(account: Account, time_ms: int) -> None:
    """Times far outside the calendar are counted in their own bucket."""
    account.ingest(event(meterTimeInMillis=time_ms))
    second = time_ms // 1000
    [group] = account.usage(startTimeInSeconds=second, endTimeInSeconds=second + 1, timeGroupingInterval="HOUR")
    [record] = group["records"]
    assert record == {str(second // 3600 * 3600): 1}


def test_an_absent_value_counts_as_an_event_of_zero(account: Account) -> None:
    """COUNT sees an event without a value, SUM gains nothing by it."""
    account.ingest(event(meterValue=None), event(uniqueId="x", meterValue=None), event(meterValue=4))
    assert (account.total(aggregation="COUNT"), account.total()) == (3, 4)


@pytest.mark.parametrize("name", ["", " ", "a/b", "ü", "\x00", "x" * 3000])
def test_any_name_is_taken(account: Account, name: str) -> None:
    """Names of meters, customers, dimensions and ids are whatever strings a client sends."""
    account.ingest(event(meterApiName=name, customerId=name, dimensions={name + "d": name}, uniqueId=name))
    [group] = account.usage(meterApiName=name, groupBy=["customerId", name + "d"])
    assert (group["groupInfo"], list(values_of(group))) == ({"customerId": name, name + "d": name}, [1])


def test_an_absent_customer_is_not_one_without_a_name(account: Account) -> None:
    """An event without customerId belongs to no customer, one with an empty customerId to that one."""
    account.ingest(event(customerId=None, uniqueId="a"), event(customerId="", uniqueId="a", meterValue=5))
    [group] = account.usage(groupBy=["customerId"])
    assert (group["groupInfo"], account.total()) == ({"customerId": ""}, 6)


@pytest.mark.parametrize("count", [5_001, 12_345], ids=["threaded", "sliced"])
def test_a_large_batch_is_stored_whole(account: Account, count: int) -> None:
    """Batches that are decoded in slices by a worker thread lose and double nothing, odd events included."""
    events = [
        event(uniqueId=f"{number % (count - 10)}", meterTimeInMillis=NOON_MS + number % 10) for number in range(count)
    ]
    for number in (0, count // 2, count - 1):
        events[number] = event(
            meterApiName=None, meterValue=None, values={"calls": 1, "other": 1}, uniqueId=f"odd{number}"
        )
    identities = {(each["uniqueId"], each["meterTimeInMillis"]) for each in events}
    account.ingest(*events)
    assert (account.total(), account.total(meterApiName="other")) == (len(identities), 3)


def test_a_bad_event_deep_in_a_large_batch_is_named(account: Account) -> None:
    """The index in a refusal is that of the request, not of a slice."""
    events = [event(uniqueId=f"{number}") for number in range(12_000)]
    events[11_500]["meterValue"] = 10**400
    assert refused(account.mock.post("/ingest", json=events)) == "[11500].meterValue: number-range"
    assert account.state()["events"] == 0


@pytest.mark.parametrize(
    ("events", "warnings"),
    [
        ([event(), event(uniqueId="x")], []),
        ([event(meterApiName="m1"), event(meterApiName="m2"), event(meterApiName="m1")],
         [("[0].meterApiName", "unknown-meter"), ("[1].meterApiName", "unknown-meter")]),
        ([event(), event(meterApiName=None, meterValue=None, values={"calls": 1, "m1": 2})],
         [("[1].values", "unknown-meter")]),
        ([event(), event(customerId="bob"), event(customerId=None), event(customerId="bob", uniqueId="x")],
         [("[1].customerId", "unknown-customer"), ("[2].customerId", "unknown-customer")]),
        ([event(), event(meterApiName=None), event(meterApiName=None)], [("[1].meterApiName", "no-meter")]),
        ([event(), event(meterValue=None), event(meterValue=None, uniqueId="x")], [("[1].meterValue", "absent-value")]),
        ([event(dimensions={"aflo.a": "1"}), event(dimensions={"aflo.b": "1", "aflo.a": "1"}, uniqueId="x")],
         [("[0].dimensions.aflo.a", "reserved-dimension"), ("[1].dimensions.aflo.b", "reserved-dimension")]),
        ([event(), event(meterTimeInMillis=-1), event(meterTimeInMillis=2**60)],
         [("[1].meterTimeInMillis", "unlikely-time")]),
        ([BASE, OTHER_VALUE], [("[1].meterValue", "other-value")]),
        ([BASE, OTHER_TIME, OTHER_REGION],
         [("[1].uniqueId", "reused-unique-id"), ("[2].uniqueId", "reused-unique-id")]),
        ([event(meterApiName=None, meterValue=None, values={"calls": 1}, uniqueId="x"),
          event(uniqueId="x", meterValue=2)],
         [("[1].meterValue", "other-value")]),
        ([event(uniqueId="x"), event(meterApiName=None, meterValue=None, values={"calls": 2}, uniqueId="x")],
         [("[1].values.calls", "other-value")]),
        ([BASE, BASE], []),
    ],
    ids=[
        "none", "meters", "meter-in-map", "customers", "no-meter", "absent-value", "reserved", "times", "other-value",
        "reused-id", "value-after-map", "value-in-map", "honest-duplicate",
    ],
)  # fmt: skip
def test_a_warning_names_the_first_of_its_kind(
    account: Account, events: list[Json], warnings: list[tuple[str, str]]
) -> None:
    """Each distinct mistake leaves one warning, at the event where it stands first."""
    account.ingest(*events)
    [entry] = account.mock.journal(operationId="ingestMeterEvents")
    assert [(caution["field"], caution["rule"]) for caution in entry["warnings"]] == warnings


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (event(meterApiName="m1"), "meterApiName"),
        (event(customerId="bob"), "customerId"),
        (event(meterApiName=None, meterValue=None, values={"m1": 1}), "values"),
    ],
)
def test_a_single_event_is_named_without_an_index(account: Account, sent: Json, field: str) -> None:
    """The fields of an event that was sent alone have no index."""
    account.take(account.mock.post("/ingest", json=sent))
    [caution] = account.mock.journal()[-1]["warnings"]
    assert caution["field"] == field


@pytest.mark.parametrize("mode", ["event", "latest", "unique-id"])
def test_a_conflict_with_an_earlier_request_is_found(account: Account, mode: str) -> None:
    """A duplicate with another value is warned of across requests too."""
    account.mock.reset(dedup=mode)
    account.define("calls")
    account.register("ann")
    account.ingest(BASE)
    account.ingest(OTHER_VALUE)
    assert account.mock.rules() == ["other-value"]


def test_under_record_another_value_is_no_conflict_of_values(account: Account) -> None:
    """Where the value is part of the identity, a record with another one is new."""
    account.mock.reset(dedup="record")
    account.define("calls")
    account.register("ann")
    account.ingest(BASE, OTHER_VALUE)
    assert "other-value" not in account.mock.rules()


def test_very_many_mistakes_leave_few_warnings(account: Account) -> None:
    """A batch of hundreds of unknown customers is told by the first ones."""
    account.ingest(*(event(customerId=f"c{number}") for number in range(300)))
    [entry] = account.mock.journal(operationId="ingestMeterEvents")
    assert [caution["field"] for caution in entry["warnings"]] == [f"[{number}].customerId" for number in range(20)]


def test_reads_see_every_write_before_them(account: Account) -> None:
    """Usage counts each event as soon as its ingestion was answered."""
    totals: list[Any] = []
    for number in range(5):
        account.ingest(event(meterTimeInMillis=NOON_MS + number * HOUR_MS))
        totals.append(account.total())
    assert totals == [1, 2, 3, 4, 5]

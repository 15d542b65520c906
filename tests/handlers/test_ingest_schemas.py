"""Payloads of a caller's own making: ingest schemas, and what events they make of JSON and of tables."""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, question, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

LOG = {
    "customerId": "account",
    "meterApiName": {"constant": "calls"},
    "meterValue": "requests",
    "meterTimeInMillis": "at",
    "uniqueId": "trace.id",
    "dimensions": {"region": "geo.region", "plane": {"constant": "data"}},
}
LINE = {"account": "ann", "requests": 3, "at": NOON_MS, "trace": {"id": "t1"}, "geo": {"region": "eu"}, "noise": [1]}
SCHEMA = {"id": "log", "schema": LOG}
PATH = "/ingest/settings/ingest-schema"
STATED = {"ingestSchemaId": "log"}
DETECTED = {"schemaDetection": "AUTO"}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "schema": [
        Step("listIngestSchemas", expect=[]),
        Step("createOrUpdateIngestSchema", body={**SCHEMA, "more": [1]}, expect={**SCHEMA, "more": [1]}),
        Step("getIngestSchemaById", {"id": "log"}, expect={**SCHEMA, "more": [1]}),
        Step("createOrUpdateIngestSchema", body={"schema": LOG}, expect={"id": ..., "schema": LOG}, save={"id": "id"}),
        Step("listIngestSchemas", expect=[SCHEMA, {"id": "$id"}]),
        Step("createOrUpdateIngestSchema", body={"id": "log", "schema": {"meterTimeInMillis": "t", "own": 1}}),
        Step("getIngestSchemaById", {"id": "log"}, expect={"schema": {"meterTimeInMillis": "t", "own": 1}}),
        Step("deleteIngestSchema", {"id": "log"}, expect={"id": "log"}),
        Step("getIngestSchemaById", {"id": "log"}, status=404),
        Step("deleteIngestSchema", {"id": "log"}, status=404),
        Step("listIngestSchemas", expect=[{"id": "$id"}]),
    ],
    "a payload by its schema": [
        Step("createOrUpdateIngestSchema", body=SCHEMA),
        Step("ingestMeterEvents", query=STATED, body=LINE, expect=...),
        Step(
            "queryUsage",
            body=question(groupBy=["customerId", "region", "plane"]),
            expect={
                "clientMeters": {
                    "calls": [
                        {
                            "groupInfo": {"customerId": "ann", "region": "eu", "plane": "data"},
                            "records": [{str(NOON_MS // 1000 - 12 * 3600 - 11 * 86_400): 3}],
                        }
                    ]
                }
            },
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A schema is stored, read, replaced whole and deleted, and what is ingested by it is usage."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def logs(account: Account) -> Account:
    """An account that has the schema of the log."""
    account.take(account.mock.post(PATH, json=SCHEMA))
    return account


def ingest(account: Account, payload: Any, query: Mapping[str, str] = STATED, **options: Any) -> Any:
    """Sends a custom payload."""
    return account.mock.post("/ingest", json=payload, params=query, **options)


@pytest.mark.parametrize("query", [STATED, DETECTED, {"schemadetection": "auto"}], ids=["stated", "detected", "lower"])
@pytest.mark.parametrize("count", [1, 3])
def test_custom_records_are_answered_like_events(logs: Account, query: Json, count: int) -> None:
    """One record or many, the answer counts them in the live platform's plain text."""
    records = [{**LINE, "trace": {"id": str(number)}} for number in range(count)]
    response = ingest(logs, records[0] if count == 1 else records, query)
    assert (response.status_code, response.text) == (200, f"{count} records were ingested")
    assert response.headers["Content-Type"].startswith("text/plain")
    assert logs.total() == 3 * count
    assert logs.mock.rules() == []


def test_compressed_payloads_are_detected(logs: Account) -> None:
    """The vendor's SDK compresses every payload and asks for detection."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps([LINE]).encode())
    response = logs.mock.post("/ingest?schemaDetection=AUTO", data=body, headers=headers)
    assert (response.text, logs.total()) == ("1 records were ingested", 3)


def test_lines_of_records_are_mapped(logs: Account) -> None:
    """NDJSON carries a record a line."""
    lines = "\n".join(json.dumps({**LINE, "trace": {"id": each}}) for each in "ab")
    response = logs.mock.post("/ingest", data=lines, params=STATED, headers={"Content-Type": "application/x-ndjson"})
    assert (response.text, logs.total()) == ("2 records were ingested", 6)


def test_a_table_is_mapped_by_its_columns(logs: Account) -> None:
    """The sources of a schema are columns too; what is not mapped is left behind."""
    table = f"account,requests,at,trace.id,geo.region,noise\nann,2.5,{NOON_MS},t1,eu,x\nann,1,{NOON_MS},t2,,x\n"
    response = logs.mock.post("/ingest", data=table, params=STATED, headers={"Content-Type": "text/csv"})
    assert (response.text, logs.total()) == ("2 records were ingested", 3.5)
    assert logs.usage(groupBy=["noise"]) == []
    assert [group["groupInfo"] for group in logs.usage(groupBy=["region"])] == [{"region": "eu"}]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOON_MS, NOON_MS),
        (float(NOON_MS), NOON_MS),
        (str(NOON_MS), NOON_MS),
        ("2024-06-12T12:00:00Z", NOON_MS),
        ("2024-06-12T14:00:00.250+02:00", NOON_MS + 250),
        ("2024-06-12 12:00", NOON_MS),
        ("1969-12-31T23:59:59.999", -1),
        (-(2**63), -(2**63)),
    ],
)
def test_times_may_be_milliseconds_or_texts(logs: Account, at: Any, expected: int) -> None:
    """A time without an offset is UTC; every one lands at its millisecond."""
    assert ingest(logs, {**LINE, "at": at}).status_code == 200
    logs.mock.post("/ingest", json=event(meterTimeInMillis=expected, uniqueId="t1", meterValue=3,
                                         dimensions={"region": "eu", "plane": "data"}))  # fmt: skip
    assert logs.state()["events"] == 1, "the same event again is a duplicate"


@pytest.mark.parametrize(
    ("value", "text"), [("x", "x"), (7, "7"), (1.5, "1.5"), (True, "true"), (False, "false"), ("", "")]
)
def test_dimensions_and_ids_become_texts(logs: Account, value: Any, text: str) -> None:
    """Whatever a payload holds for a dimension or a customer is taken as text."""
    assert ingest(logs, {**LINE, "account": value, "geo": {"region": value}}).status_code == 200
    [group] = logs.usage(groupBy=["customerId", "region"])
    assert group["groupInfo"] == {"customerId": text, "region": text}


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"at": None}, "[0].at: required"),
        ({"at": "noon"}, "[0].at: type"),
        ({"at": True}, "[0].at: type"),
        ({"at": 1.5}, "[0].at: type"),
        ({"at": 2**63}, "[0].at: type"),
        ({"at": "9" * 5000}, "[0].at: type"),
        ({"requests": "many"}, "[0].requests: type"),
        ({"requests": "1_0"}, "[0].requests: type"),
        ({"requests": True}, "[0].requests: type"),
        ({"requests": 10**400}, "[0].meterValue: number-range"),
        ({"requests": "1e400"}, "[0].meterValue: number-range"),
        ({"account": {"a": 1}}, "[0].account: type"),
        ({"geo": {"region": ["eu"]}}, "[0].geo.region: type"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(logs: Account, changes: Json, details: str) -> None:
    """A value of the wrong kind is told by its source, and nothing of the batch is stored."""
    records = [{**LINE, **changes}, {**LINE, "trace": {"id": "good"}}]
    assert refused(ingest(logs, records)) == details
    assert logs.state()["events"] == 0


@pytest.mark.parametrize("payload", [[1], "text", [LINE, []], 5, None], ids=str)
def test_a_payload_is_of_objects(logs: Account, payload: Any) -> None:
    """Anything but an object or an array of objects is refused, whatever schema is asked for."""
    response = logs.mock.post("/ingest", data=json.dumps(payload), params=STATED,
                              headers={"Content-Type": "application/json"})  # fmt: skip
    assert response.status_code == 400
    assert logs.state()["events"] == 0


def test_absent_sources_are_absent_fields(logs: Account) -> None:
    """A record without customer, value or dimensions is an event without them."""
    assert ingest(logs, {"at": NOON_MS}).status_code == 200
    assert (logs.total(aggregation="COUNT"), logs.total()) == (1, 0)
    assert sorted(logs.mock.rules()) == ["absent-value", "unknown-customer"]


def test_dimensions_may_be_a_list_of_names(account: Account) -> None:
    """A listed name is source and dimension at once."""
    schema = {"meterTimeInMillis": "at", "meterApiName": "m", "dimensions": ["region", "tier"]}
    account.take(account.mock.post(PATH, json={"id": "log", "schema": schema}))
    ingest(account, {"at": NOON_MS, "m": "calls", "region": "eu", "tier": 1, "other": "x"})
    [group] = account.usage(groupBy=["region", "tier"], aggregation="COUNT")
    assert group["groupInfo"] == {"region": "eu", "tier": "1"}


def test_a_key_with_dots_comes_before_a_nested_one(account: Account) -> None:
    """A record may hold the whole source as one key."""
    schema = {"meterTimeInMillis": "at", "meterApiName": {"constant": "calls"}, "meterValue": "a.b"}
    account.take(account.mock.post(PATH, json={"id": "log", "schema": schema}))
    ingest(account, {"at": NOON_MS, "a.b": 2, "a": {"b": 3}})
    assert account.total() == 2


# --- detection ---------------------------------------------------------------------------------------------------


def test_the_schema_that_a_record_has_most_of_is_taken(logs: Account) -> None:
    """A schema fits with its time, customer, meter and value; the one with the most sources wins, then the oldest."""
    fields = {name: LOG[name] for name in ("customerId", "meterValue", "meterTimeInMillis")}
    for key, extra in (("poor", {}), ("same", {"uniqueId": "trace.id", "dimensions": {"zone": "geo.region"}})):
        schema = {**fields, "meterApiName": {"constant": key}, **extra}
        logs.take(logs.mock.post(PATH, json={"id": key, "schema": schema}))
    records = [LINE, {"account": "ann", "requests": 5, "at": NOON_MS}, {"account": "ann", "at": NOON_MS, "geo": 1}]
    ingest(logs, records[:2], DETECTED)
    assert [logs.total(meterApiName=meter) for meter in ("calls", "poor", "same")] == [8, 0, 0]
    logs.take(logs.mock.delete(f"{PATH}/log"))
    ingest(logs, records[0], DETECTED)
    assert [logs.total(meterApiName=meter) for meter in ("calls", "poor", "same")] == [8, 0, 3]
    assert ingest(logs, records[2], DETECTED).status_code == 400


def test_without_a_fitting_schema_events_are_events(logs: Account) -> None:
    """A body of plain events is taken under detection too, beside records that a schema fits."""
    assert ingest(logs, [event(), {**event(uniqueId="x"), **LINE}], DETECTED).text == "2 records were ingested"
    assert logs.total() == 4


def test_a_body_that_nothing_fits_is_refused_as_no_events(logs: Account) -> None:
    """The refusal is that of the document, and names the record that no schema fits."""
    response = ingest(logs, [LINE, {"what": 1}], DETECTED)
    assert refused(response) == "[0].meterTimeInMillis: required"
    assert "[1] fits no ingest schema" in response.json()["message"]
    assert logs.state()["events"] == 0


@pytest.mark.parametrize("strict", [False, True])
def test_an_unknown_schema_reads_events(account: Account, strict: bool) -> None:  # noqa: FBT001
    """A schema that there is not leaves a warning and takes plain events; a strict account refuses it."""
    account.mock.reset(strict=strict)
    account.define("calls")
    account.register("ann")
    response = ingest(account, event(), {"ingestSchemaId": "nothing"})
    if strict:
        assert refused(response) == "ingestSchemaId: unknown-ingest-schema"
    else:
        assert (response.text, account.mock.rules()) == ("1 records were ingested", ["unknown-ingest-schema"])
    assert ingest(account, LINE, {"ingestSchemaId": "nothing"}).status_code == 400


def test_without_the_parameters_nothing_is_custom(logs: Account) -> None:
    """A record that a schema would fit is no event when no schema is asked for."""
    assert refused(logs.mock.post("/ingest", json=LINE)) == "meterTimeInMillis: required"


# --- the schemas themselves --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "details"),
    [
        ({"id": "x"}, "schema: required"),
        ({"id": "x", "schema": []}, "schema: type"),
        ({"id": "", "schema": LOG}, "id: minLength"),
        ({"id": "x", "schema": {"customerId": 5}}, "schema.customerId: type"),
        ({"id": "x", "schema": {"customerId": {"constant": []}}}, "schema.customerId.constant: type"),
        ({"id": "x", "schema": {"dimensions": {"a": 1}}}, "schema.dimensions.a: type"),
    ],
)
def test_a_schema_that_is_none_is_refused(mock: MockClient, sent: Json, details: str) -> None:
    """A source is a name or a constant."""
    assert refused(mock.post(PATH, json=sent)) == details
    assert mock.get(PATH).json() == []


@pytest.mark.parametrize("schema", [{}, {"customerId": "a"}, {"meterTimeInMillis": ""}], ids=["empty", "no", "blank"])
def test_a_schema_without_a_time_is_warned_of(mock: MockClient, schema: Json) -> None:
    """No payload can become an event by it, and none is detected by it."""
    mock.post(PATH, json={"id": "x", "schema": schema})
    assert mock.rules() == ["missing-source"]
    stated = mock.post("/ingest", json={"a": 1}, params={"ingestSchemaId": "x"})
    assert refused(stated) == "[0].meterTimeInMillis: required"
    assert refused(mock.post("/ingest", json={"a": 1}, params=DETECTED)) == "meterTimeInMillis: required"

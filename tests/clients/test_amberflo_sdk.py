"""The vendor's own Python SDK, unedited: only its root URLs point at the mock."""

from typing import Any
from uuid import uuid4

import pytest
from metering.customer import CustomerApiClient, create_customer_payload
from metering.exceptions import ApiError
from metering.ingest import IngestApiClient, create_ingest_client, create_ingest_payload
from metering.session import ApiSession, IngestSession
from metering.usage import AggregationType, Take, TimeGroupingInterval, TimeRange, UsageApiClient, create_usage_query

from tests.support.serving import Server

NOON = 1_718_107_200
"""2024-06-11 12:00 UTC in seconds."""
DAY_START = 1_718_064_000
DAY = 86_400


@pytest.fixture
def key(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh account's key; the SDK's sessions go to the mock."""
    monkeypatch.setattr(ApiSession, "root_url", server.url)
    monkeypatch.setattr(IngestSession, "root_url", server.url)
    return f"test-{uuid4()}"


def event(value: float = 1, **changes: Any) -> dict[str, Any]:
    """An event of one customer at noon, made by the SDK."""
    fields = {"meter_time_in_millis": NOON * 1000, "customer_id": "acme", "unique_id": None, **changes}
    payload: dict[str, Any] = create_ingest_payload("api-calls", value, **fields)
    return payload


def report(key: str, aggregation: AggregationType = AggregationType.SUM, **query: Any) -> dict[str, Any]:
    """The SDK's usage report of the day."""
    days = TimeRange(DAY_START, DAY_START + DAY)
    asked = create_usage_query(aggregation, "api-calls", TimeGroupingInterval.DAY, days, **query)
    answer: dict[str, Any] = UsageApiClient(key).get(asked)
    return answer


def totals(key: str, **query: Any) -> dict[str, float]:
    """The report's value of each group, by the group's values."""
    return {
        " ".join(group["group"]["groupInfo"].values()): group["groupValue"]
        for group in report(key, **query)["clientMeters"]
    }


def test_one_event(key: str) -> None:
    """A single event is answered with the platform's exact words, as plain text."""
    assert IngestApiClient(key).send(event()) == "1 records were ingested"


def test_many_events(key: str) -> None:
    """A list is answered with its length, and all of it can be read back."""
    answer = IngestApiClient(key).send([event(value) for value in range(1, 101)])
    assert answer == "100 records were ingested"
    assert totals(key) == {"": 5050}


def test_a_repeat_counts_once(key: str) -> None:
    """The same event sent twice is reported as ingested twice, and counted once."""
    once = event(7)
    client = IngestApiClient(key)
    assert [client.send(once), client.send(once)] == ["1 records were ingested"] * 2
    assert totals(key) == {"": 7}


def test_events_with_a_schema_of_their_own(key: str) -> None:
    """`send_custom` has its schema detected; the answer is the same text."""
    assert IngestApiClient(key).send_custom([event(3)]) == "1 records were ingested"
    assert totals(key) == {"": 3}


def test_the_threaded_producer(key: str) -> None:
    """What the producer's threads send in batches of their own is all there after a shutdown."""
    errors: list[Exception] = []
    producer = create_ingest_client(
        api_key=key,
        batch_size=50,
        send_interval_in_secs=0.01,
        sleep_interval_in_secs=0.01,
        on_error=lambda error, _: errors.append(error),
    )
    for number in range(500):
        assert producer.meter("api-calls", 2, NOON * 1000 + number, "acme", {"region": "eu"})
    producer.shutdown()
    assert errors == []
    assert totals(key) == {"": 1000}


def test_a_refused_event(key: str) -> None:
    """A refusal is the SDK's ApiError, with the live platform's errorMessage in its text."""
    with pytest.raises(ApiError) as refused:
        IngestApiClient(key).send({"meterApiName": "api-calls"})
    assert refused.value.status_code == 400
    assert '"errorMessage"' in refused.value.text
    assert "meterTimeInMillis" in refused.value.text


def test_a_refused_key(key: str) -> None:
    """A key that is not accepted is an ApiError with status 401."""
    with pytest.raises(ApiError) as refused:
        CustomerApiClient("another").list()
    assert refused.value.status_code == 401


def test_a_report_fills_gaps(key: str) -> None:
    """The live form lists every bucket of the range, with 0 where nothing was used."""
    IngestApiClient(key).send(event(5))
    hours = create_usage_query(
        AggregationType.SUM, "api-calls", TimeGroupingInterval.HOUR, TimeRange(DAY_START, DAY_START + DAY)
    )
    answer = UsageApiClient(key).get(hours)
    (group,) = answer["clientMeters"]
    assert answer["secondsSinceEpochIntervals"] == list(range(DAY_START, DAY_START + DAY, 3600))
    assert [bucket["value"] for bucket in group["values"]] == [0] * 12 + [5] + [0] * 11
    assert [bucket["percentageFromPrevious"] for bucket in group["values"]][12:14] == [0, -100]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [(AggregationType.SUM, 10), (AggregationType.COUNT, 4), (AggregationType.MAX, 4), (AggregationType.MIN, 1)],
)
def test_every_aggregation(key: str, aggregation: AggregationType, expected: float) -> None:
    """The SDK's four aggregations act on values, and COUNT on events."""
    IngestApiClient(key).send([event(value) for value in (1, 2, 3, 4)])
    assert totals(key, aggregation=aggregation) == {"": expected}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"group_by": ["customerId"]}, {"acme": 3, "globex": 4}),
        ({"group_by": ["region"]}, {"eu": 1, "us": 6}),
        ({"group_by": ["region"], "usage_filter": {"customerId": ["acme"]}}, {"eu": 1, "us": 2}),
        ({"usage_filter": {"region": ["us"], "customerId": ["globex"]}}, {"": 4}),
        ({"group_by": ["customerId"], "take": Take(1)}, {"globex": 4}),
        ({"group_by": ["customerId"], "take": Take(1, is_ascending=True)}, {"acme": 3}),
    ],
    ids=["by customer", "by dimension", "filtered groups", "filters", "largest", "smallest"],
)
def test_groups_and_filters(key: str, query: dict[str, Any], expected: dict[str, float]) -> None:
    """Groups, filters and `take` as the SDK spells them."""
    IngestApiClient(key).send(
        [
            event(1, dimensions={"region": "eu"}),
            event(2, dimensions={"region": "us"}),
            event(4, dimensions={"region": "us"}, customer_id="globex"),
        ]
    )
    assert totals(key, **query) == expected


def test_an_open_ended_report(key: str) -> None:
    """Without an end the report reaches up to now."""
    IngestApiClient(key).send(event(5))
    asked = create_usage_query(
        AggregationType.SUM, "api-calls", TimeGroupingInterval.MONTH, TimeRange(DAY_START), group_by=["customerId"]
    )
    answer = UsageApiClient(key).get(asked)
    assert answer["clientMeters"][0]["groupValue"] == 5
    assert answer["metadata"]


def test_customers_are_kept(key: str) -> None:
    """A customer that was added can be listed and got, with its traits."""
    client = CustomerApiClient(key)
    payload = create_customer_payload("acme", "Acme", "billing@acme.example", traits={"plan": "gold"})
    added = client.add(payload)
    assert payload.items() <= added.items()
    assert client.get("acme") == added
    assert client.list() == [added]


def test_a_customer_for_stripe(key: str) -> None:
    """`create_in_stripe` adds the trait stripeId and keeps the others."""
    payload = create_customer_payload("acme", "Acme", traits={"plan": "gold"})
    added = CustomerApiClient(key).add(payload, create_in_stripe=True)
    assert added["traits"]["plan"] == "gold"
    assert added["traits"]["stripeId"]


def test_an_update_replaces(key: str) -> None:
    """An update discards the fields that it does not name, as the SDK's documentation says."""
    client = CustomerApiClient(key)
    client.add(create_customer_payload("acme", "Acme", "billing@acme.example", traits={"plan": "gold"}))
    client.update(create_customer_payload("acme", "Acme Corp"))
    kept = client.get("acme")
    assert kept["customerName"] == "Acme Corp"
    assert "customerEmail" not in kept
    assert "traits" not in kept


def test_an_absent_customer(key: str) -> None:
    """A customer that is not there is an empty object, on which `add_or_update` relies."""
    assert CustomerApiClient(key).get("nobody") == {}


def test_add_or_update(key: str) -> None:
    """The first call adds and the second updates."""
    client = CustomerApiClient(key)
    for name in ("Acme", "Acme Corp"):
        client.add_or_update(create_customer_payload("acme", name, enabled=True))
    assert [customer["customerName"] for customer in client.list()] == ["Acme Corp"]


def test_adding_twice(key: str) -> None:
    """A second customer of the same id is an ApiError with status 400."""
    client = CustomerApiClient(key)
    client.add(create_customer_payload("acme", "Acme"))
    with pytest.raises(ApiError) as refused:
        client.add(create_customer_payload("acme", "Acme"))
    assert refused.value.status_code == 400

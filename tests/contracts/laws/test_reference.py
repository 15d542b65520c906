"""The small model that sequences are compared with: each of its rules, by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contracts.laws.law import Dedup
from contracts.laws.metering import DAY, HOUR, Event, Question
from contracts.laws.reference import Reference, Rule, Shelf, admitted, bucket_of

NOON = int(datetime(2024, 6, 12, 12, tzinfo=UTC).timestamp())
EVENT = Event("m", "ada", NOON, 3, "u", (("region", "eu"),))
WEEK_AROUND = Question("m", NOON - 7 * DAY, NOON + 7 * DAY)
CHANGES = {
    "nothing": EVENT,
    "value": replace(EVENT, value=5),
    "customer": replace(EVENT, customer="bob"),
    "time": replace(EVENT, millis=1),
    "dimensions": replace(EVENT, dimensions=(("region", "us"),)),
    "unique id": replace(EVENT, unique_id="v"),
    "reserved dimension": replace(EVENT, dimensions=(*EVENT.dimensions, ("aflo.note", "x"))),
}


def total(reference: Reference, question: Question = WEEK_AROUND) -> float:
    """The whole usage of a question without groups."""
    usage = reference.usage(question)
    return usage[()].whole if usage else 0


def holding(*events: Event, dedup: Dedup = Dedup.EVENT) -> Reference:
    """A model that took these events."""
    reference = Reference(dedup)
    reference.ingest(events)
    return reference


@pytest.mark.parametrize(
    ("dedup", "same", "whole"),
    [
        (Dedup.EVENT, {"nothing", "value", "reserved dimension"}, 3),
        (Dedup.RECORD, {"nothing", "reserved dimension"}, 3),
        (Dedup.LATEST, {"nothing", "value", "reserved dimension"}, 5),
        (Dedup.UNIQUE_ID, {"nothing", "value", "customer", "time", "dimensions", "reserved dimension"}, 3),
    ],
)
def test_events_are_the_same_by_the_rule_of_the_target(dedup: Dedup, same: set[str], whole: float) -> None:
    """What makes two events the same, field by field, and which of two values counts."""
    counts = replace(WEEK_AROUND, aggregation="COUNT")
    found = {name for name, other in CHANGES.items() if total(holding(EVENT, other, dedup=dedup), counts) == 1}
    assert found == same
    if "value" in same:
        assert total(holding(EVENT, CHANGES["value"], dedup=dedup)) == whole


@pytest.mark.parametrize("dedup", list(Dedup))
def test_without_a_mark_the_value_tells_events_apart(dedup: Dedup) -> None:
    """Two events without a uniqueId are the same only when their values are."""
    bare = replace(EVENT, unique_id="")
    assert total(holding(bare, bare, replace(bare, value=5), dedup=dedup)) == 8


def test_cancelled_events_stay_cancelled() -> None:
    """An event that was cancelled counts no more, not even when it is sent again; others go on counting."""
    reference = holding(EVENT, replace(EVENT, unique_id="v"))
    reference.cancel(EVENT)
    reference.cancel(replace(EVENT, unique_id="never sent"))
    reference.ingest([EVENT])
    assert total(reference) == 3


def test_cancelling_by_filter_meets_what_is_there() -> None:
    """Only the events of the meter that match, and that were there already, are cancelled."""
    us = replace(EVENT, dimensions=(("region", "us"),), value=5)
    reference = holding(EVENT, us, replace(EVENT, meter="n", value=7))
    reference.cancel_matching("m", {"region": ["eu"], "customerId": []})
    reference.ingest([replace(EVENT, unique_id="later", value=11)])
    assert total(reference) == 16
    assert total(reference, replace(WEEK_AROUND, meter="n")) == 7


EU, US = {"region": "eu"}, {"region": "us"}
KEEPS_EU_OUT = Rule("region", frozenset({"eu"}), includes=False)
LETS_EU_IN = Rule("region", frozenset({"eu"}), includes=True)
LETS_US_IN = Rule("region", frozenset({"us"}), includes=True)


@pytest.mark.parametrize(
    ("rules", "dimensions", "admits"),
    [
        ((), {}, True),
        ((KEEPS_EU_OUT,), EU, False),
        ((KEEPS_EU_OUT,), US, True),
        ((KEEPS_EU_OUT,), {}, True),
        ((LETS_EU_IN,), EU, True),
        ((LETS_EU_IN,), US, False),
        ((LETS_EU_IN,), {}, False),
        ((LETS_EU_IN, LETS_US_IN), US, True),
        ((LETS_EU_IN, KEEPS_EU_OUT), EU, False),
        ((LETS_EU_IN, Rule("tier", frozenset({"pro"}), includes=True)), EU, False),
    ],
)
def test_rules_let_in_and_keep_out(rules: tuple[Rule, ...], dimensions: dict[str, str], *, admits: bool) -> None:
    """EXCLUDE beats INCLUDE; of each dimension with an INCLUDE an event needs a value that one of them names."""
    assert admitted(rules, dimensions) is admits


def test_a_rule_acts_from_its_creation_on_until_it_is_replaced() -> None:
    """What came before stays, what is dropped leaves no trace, and a rule of the same id takes the place of another."""
    reference = holding(EVENT)
    later = replace(EVENT, unique_id="v", value=5)
    reference.rule("m", "r", KEEPS_EU_OUT)
    reference.ingest([later])
    assert total(reference) == 3
    reference.rule("m", "r", Rule("region", frozenset({"us"}), includes=False))
    reference.ingest([later])
    assert total(reference) == 8


def test_windows_are_half_open() -> None:
    """An event counts in a range that begins with it, and not in one that ends with it."""
    reference = holding(EVENT)
    assert total(reference, replace(WEEK_AROUND, start=NOON)) == 3
    assert total(reference, replace(WEEK_AROUND, end=NOON)) == 0
    assert total(reference, replace(WEEK_AROUND, end=NOON + 1)) == 3


@pytest.mark.parametrize(
    ("interval", "starts"),
    [
        ("HOUR", "2024-06-12 12:00"),
        ("DAY", "2024-06-12 00:00"),
        ("WEEK", "2024-06-10 00:00"),
        ("MONTH", "2024-06-01 00:00"),
    ],
)
def test_buckets_begin_where_the_calendar_says(interval: str, starts: str) -> None:
    """Hours, days, weeks from Monday on and months, all of them in UTC; the first second of one is in it."""
    start = bucket_of(NOON + 59, interval)
    assert f"{datetime.fromtimestamp(start, UTC):%Y-%m-%d %H:%M}" == starts
    assert bucket_of(start, interval) == start
    assert bucket_of(start - 1, interval) < start


def test_usage_is_told_by_group_filter_and_bucket() -> None:
    """Groups hold the events that have all of their dimensions, filters those with one of the values."""
    events = [
        EVENT,
        replace(EVENT, unique_id="b", customer="bob", value=5),
        replace(EVENT, unique_id="c", dimensions=(("region", "us"), ("tier", "pro")), value=7, seconds=NOON + HOUR),
        replace(EVENT, unique_id="d", dimensions=(), value=11),
    ]
    reference = holding(*events)
    by_region = reference.usage(replace(WEEK_AROUND, group_by=("region",), interval="HOUR"))
    assert {group: dict(usage.buckets) for group, usage in by_region.items()} == {
        ("eu",): {NOON: 8},
        ("us",): {NOON + HOUR: 7},
    }
    assert set(reference.usage(replace(WEEK_AROUND, group_by=("customerId", "tier")))) == {("ada", "pro")}
    assert total(reference, replace(WEEK_AROUND, customers=("bob",))) == 5
    assert total(reference, replace(WEEK_AROUND, filters=(("region", ("eu", "us")),))) == 15
    assert total(reference, replace(WEEK_AROUND, customers=("ada",), filters=(("region", ("eu",)),))) == 3


@pytest.mark.parametrize(
    ("aggregation", "distinct", "whole"),
    [("SUM", "", 7), ("MAX", "", 5), ("MIN", "", -1), ("COUNT", "", 3), ("SUM", "customerId", 2), ("SUM", "tier", 1)],
)
def test_aggregations(aggregation: str, distinct: str, whole: float) -> None:
    """Sums, extremes and counts of events, and the distinct customers or values of a dimension."""
    reference = holding(
        EVENT,
        replace(EVENT, unique_id="b", value=5, dimensions=(("tier", "pro"),)),
        replace(EVENT, unique_id="c", value=-1, customer="bob", dimensions=(("tier", "pro"),)),
    )
    asked = replace(WEEK_AROUND, aggregation=aggregation)
    assert reference.usage(asked, distinct)[()].whole == whole


def test_a_shelf_holds_what_was_written_last() -> None:
    """A thing that is replaced is another one, and one that is deleted is remembered as gone."""
    shelf = Shelf()
    shelf.write("a", {"name": "Ada", "about": "one"})
    shelf.write("a", {"name": "Bob"})
    shelf.write("b", {"name": "Eve"})
    shelf.delete("b")
    assert shelf.living == {"a": {"name": "Bob"}}
    assert shelf.gone == {"b"}

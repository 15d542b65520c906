"""The plan of a seeded account: the same options give the same bytes, and the history has the shape that it claims."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.seeding.people import people
from mockserver.seeding.plan import BATCH, MS_AN_HOUR, SeedOptions, hours, plan
from mockserver.seeding.products import METERS

END = datetime(2026, 3, 1, tzinfo=UTC)
MS_A_DAY = 24 * MS_AN_HOUR


def options(**changes: Any) -> SeedOptions:
    """A month of history of a few customers."""
    return SeedOptions(**{"customers": 20, "days": 28, "events": 5000, "seed": 7, "end": END, **changes})


def events(chosen: SeedOptions) -> list[dict[str, Any]]:
    """Every event of a plan."""
    return [event for batch in plan(chosen).batches() for event in batch]


def test_the_same_options_give_the_same_bytes() -> None:
    """Customers, meters and events of two plans from equal options are equal byte for byte."""
    spelled = [
        orjson.dumps([account.customers, account.meters, list(account.batches())])
        for account in (plan(options()), plan(options()))
    ]
    assert spelled[0] == spelled[1]


def test_batches_begin_anew() -> None:
    """Asking a plan for its batches a second time gives the same ones."""
    account = plan(options(events=50))
    assert list(account.batches()) == list(account.batches())


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"customers": 21}, {"days": 27}, {"events": 4999}, {"end": END.replace(day=2)}]
)
def test_other_options_share_no_unique_id(change: dict[str, Any]) -> None:
    """Two histories written into one account never clash by uniqueId."""
    assert not {event["uniqueId"] for event in events(options())} & {
        event["uniqueId"] for event in events(options(**change))
    }


def test_an_instant_counts_and_not_its_spelling() -> None:
    """The same end in another time zone is the same history."""
    elsewhere = datetime.fromisoformat("2026-03-01T05:30:00+05:30")
    assert events(options(events=100)) == events(options(events=100, end=elsewhere))


@settings(max_examples=40)
@given(
    customers=st.integers(1, 30),
    days=st.integers(1, 40),
    count=st.integers(0, 400),
    seed=st.integers(-(10**12), 10**12),
)
def test_the_history_is_whole(customers: int, days: int, count: int, seed: int) -> None:
    """There are exactly as many events as asked for, in order of time, inside the range, each with its own uniqueId."""
    chosen = options(customers=customers, days=days, events=count, seed=seed)
    made = events(chosen)
    times = [event["meterTimeInMillis"] for event in made]
    end_ms = int(END.timestamp()) * 1000
    assert len({event["uniqueId"] for event in made}) == len(made) == count
    assert times == sorted(times)
    assert all(end_ms - days * MS_A_DAY <= time < end_ms for time in times)
    assert {event["customerId"] for event in made} <= {body["customerId"] for body in plan(chosen).customers}


def test_batches_are_full_but_for_the_last() -> None:
    """Events come in batches of a thousand."""
    assert [len(batch) for batch in plan(options(events=2 * BATCH + 1)).batches()] == [BATCH, BATCH, 1]


def test_no_events_make_no_batch() -> None:
    """An account may be asked for without usage."""
    assert list(plan(options(events=0)).batches()) == []


def test_usage_grows() -> None:
    """The last week has clearly more events than the first."""
    weeks = Counter(
        (event["meterTimeInMillis"] - int(options().start.timestamp()) * 1000) // (7 * MS_A_DAY)
        for event in events(options())
    )
    assert weeks[3] > 1.5 * weeks[0]


def test_weekends_are_quiet() -> None:
    """A Sunday has about 40 % of the events of the Monday after it."""
    by_day: Counter[int] = Counter()
    for hour_ms, _, count in hours(options(events=1_000_000)):
        by_day[hour_ms // MS_A_DAY] += count
    sunday = int(datetime(2026, 2, 22, tzinfo=UTC).timestamp()) // 86_400
    assert 0.35 < by_day[sunday] / by_day[sunday + 1] < 0.45


def test_nights_are_quiet() -> None:
    """The busiest hour of a day has ten times the events of the quietest."""
    by_hour: Counter[int] = Counter()
    for hour_ms, _, count in hours(options(events=1_000_000)):
        by_hour[hour_ms // MS_AN_HOUR % 24] += count
    assert max(by_hour.values()) > 10 * min(by_hour.values())


def test_a_few_customers_are_big() -> None:
    """The biggest fifth of the customers makes more than half of the events."""
    shares = Counter(event["customerId"] for event in events(options()))
    assert sum(count for _, count in shares.most_common(4)) > 5000 / 2


def test_meters_of_the_three_kinds() -> None:
    """Every kind of meter is there, and every event carries just the dimensions that its meter names."""
    account = plan(options())
    named = {meter["meterApiName"]: set(meter["dimensions"]) for meter in account.meters}
    assert {meter["type"] for meter in account.meters} == {
        "SUM_OF_ALL_USAGE", "MAX_IN_PERIOD", "UNIQUE_CUSTOMERS_COUNT",
    }  # fmt: skip
    made = events(options())
    assert {event["meterApiName"] for event in made} == set(named)
    assert all(set(event["dimensions"]) == named[event["meterApiName"]] for event in made)


def test_values_are_positive() -> None:
    """No event takes usage back."""
    assert all(event["meterValue"] > 0 for event in events(options()))


def test_customers_are_told_apart() -> None:
    """A thousand customers have a thousand ids and a thousand email addresses."""
    bodies = plan(options(customers=1000)).customers
    assert len({body["customerId"] for body in bodies}) == 1000
    assert len({body["customerEmail"] for body in bodies}) == 1000


def test_the_first_customer_is_an_enterprise() -> None:
    """However few customers there are, one is big."""
    assert [person.tier for person in people(1, 1)] == ["enterprise"]
    assert Counter(person.tier for person in people(100, 1)) == {"enterprise": 8, "business": 27, "starter": 65}


def test_a_plan_leaves_chance_alone_elsewhere() -> None:
    """Planning draws from generators of its own: the process-wide ones give what they would have given."""
    import random  # noqa: PLC0415 - the process-wide generator is the subject

    from faker import Faker  # noqa: PLC0415 - as above

    Faker.seed(3)
    random.seed(3)
    expected = (random.getstate(), Faker().name())
    Faker.seed(3)
    random.seed(3)
    events(options(events=200))
    assert (random.getstate(), Faker().name()) == expected


@pytest.mark.parametrize(
    "change", [{"customers": 0}, {"days": 0}, {"events": -1}, {"end": END.replace(tzinfo=None)}], ids=str
)
def test_an_impossible_account_is_refused(change: dict[str, Any]) -> None:
    """No customer, no day, fewer than no events, and an end without a time zone are errors."""
    with pytest.raises(ValueError, match=r"account needs|time zone"):
        plan(options(**change))


def test_meter_names_are_distinct() -> None:
    """No two meters share a key."""
    assert len({meter.api_name for meter in METERS}) == len(METERS)

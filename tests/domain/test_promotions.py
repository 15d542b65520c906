"""The kinds of promotions against what their names say; when promotions apply, and to whom."""

from datetime import UTC, datetime
from itertools import islice, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.promotions import (
    KINDS,
    TIERED,
    Model,
    Repeat,
    RepeatUnit,
    Sale,
    Target,
    Trigger,
    has_tags,
    is_partner,
    is_within_cycles,
)
from mockserver.domain.terms import CycleInterval, term_end


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_what_its_name_says(name: str) -> None:
    """The words of a name tell its model, target and trigger."""
    kind, words = KINDS[name], set(name.split("_"))
    assert (kind.model in TIERED) is ("tiered" in words)
    assert (kind.model in {Model.ABSOLUTE, Model.TIERED_ABSOLUTE}) is ("absolute" in words or "sample" in words)
    assert (kind.model in {Model.RELATIVE, Model.TIERED_RELATIVE}) is ("relative" in words)
    assert (kind.model is Model.COMPOSED) is ("generic" in words)
    assert (kind.target in {Target.ITEM, Target.PRODUCT_ITEM}) is ("item" in words)
    assert (kind.target is Target.PLAN) is ("plan" in words)
    assert (kind.trigger is Trigger.SALES_EVENT) is ("sales" in words)
    assert (kind.trigger is Trigger.PARTNER) is ("partner" in words)
    assert (kind.trigger is Trigger.TIME_LIMITED) is ("limited" in words)
    assert (kind.trigger is Trigger.AUTOMATIC) is ("automatic" in words and "partner" not in words)
    assert (kind.trigger is Trigger.UNCONDITIONED) is ("unconditioned" in words)
    assert (kind.trigger is Trigger.CONDITION) is ("generic" in words)


def test_there_are_29_kinds() -> None:
    """No two kinds of the vendor's templates are alike but for the two whose names say so."""
    assert len(KINDS) == 29
    alike = {"time_limited_relative_product_discount", "time_limited_relative_product_full_discount"}
    twins = {name for name, kind in KINDS.items() if list(KINDS.values()).count(kind) > 1}
    assert twins == alike


def second(text: str) -> int:
    """Unix seconds of a UTC date and time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


YEARLY = Repeat(RepeatUnit.YEAR, times=3)
MONTHLY = Repeat(RepeatUnit.MONTH)


@pytest.mark.parametrize(
    ("repeat", "start", "end", "on"),
    [
        (None, "2024-06-01", "2024-07-01", True),
        (None, "2024-05-01", "2024-06-10", False),
        (None, "2024-05-01", "2024-06-10T00:00:01", True),
        (None, "2024-06-20", "2024-07-20", False),
        (None, "2024-06-19T23:59:59", "2024-07-20", True),
        (None, "2025-06-01", "2025-07-01", False),
        (YEARLY, "2025-06-01", "2025-07-01", True),
        (YEARLY, "2025-06-20", "2025-07-20", False),
        (YEARLY, "2027-06-01", "2027-07-01", True),
        (YEARLY, "2028-06-01", "2028-07-01", False),
        (YEARLY, "2023-06-01", "2023-07-01", False),
        (YEARLY, "2024-07-01", "2030-01-01", True),
        (MONTHLY, "2024-07-01", "2024-07-10", False),
        (MONTHLY, "2024-07-01", "2024-07-11", True),
        (MONTHLY, "2999-12-19", "2999-12-20", True),
        (MONTHLY, "2999-12-20", "3000-01-09", False),
        (Repeat(RepeatUnit.WEEK, 2), "2024-06-24", "2024-07-04", True),
        (Repeat(RepeatUnit.WEEK, 2), "2024-06-20", "2024-06-24", False),
        (Repeat(RepeatUnit.DAY, 30, 0), "2024-07-10", "2024-07-20", False),
        (Repeat(RepeatUnit.DAY, 30, 1), "2024-07-10", "2024-07-11", True),
        (Repeat(RepeatUnit.DAY, 30, 1), "2024-08-09", "2024-08-10", False),
    ],
)
def test_when_a_sale_is_on(repeat: Repeat | None, start: str, end: str, on: bool) -> None:  # noqa: FBT001  # a column
    """A sale from the 10th to the 20th of June, that excluded, and perhaps again: whether a stretch of time sees it."""
    sale = Sale(second("2024-06-10"), second("2024-06-20"), repeat)
    assert sale.overlaps(second(start), second(end)) is on


def test_a_sale_without_an_end() -> None:
    """It begins and stays on; there is nothing to repeat."""
    for repeat in (None, MONTHLY):
        sale = Sale(100, repeat=repeat)
        assert [sale.overlaps(0, end) for end in (99, 100, 101)] == [False, False, True]
        assert sale.overlaps(10**12, 10**12 + 1)


@given(
    st.integers(-(2**40), 2**40),
    st.integers(1, 10**7),
    st.builds(Repeat, st.sampled_from(RepeatUnit), st.integers(1, 5), st.none() | st.integers(0, 20)),
    st.integers(-(10**8), 10**9),
    st.integers(1, 10**7),
)
def test_a_repeated_sale_is_its_times_one_by_one(
    start_s: int, length_s: int, repeat: Repeat, offset_s: int, window_s: int
) -> None:
    """The repetitions that a stretch sees are found as if each were looked at, for every start and unit."""
    from_s = start_s + offset_s
    until_s = from_s + window_s
    ends = ((repeat.shifted(start_s, each), repeat.shifted(start_s + length_s, each)) for each in range(20_000))
    begun = takewhile(lambda time: time[0] < until_s, islice(ends, None if repeat.times is None else repeat.times + 1))
    expected = any(end_s > from_s for _, end_s in begun)
    assert Sale(start_s, start_s + length_s, repeat).overlaps(from_s, until_s) is expected


@pytest.mark.parametrize(
    ("tags", "partner_tag", "tagged", "partner"),
    [
        ({}, None, True, False),
        ({"segment": "startup"}, None, True, True),
        ({"segment": "startup", "region": "eu"}, None, True, True),
        ({"segment": "enterprise"}, None, False, False),
        ({"segment": "startup", "missing": "x"}, None, False, False),
        ({}, "gold", True, True),
        ({}, "level", True, True),
        ({}, "silver", True, False),
        ({"segment": "startup"}, "gold", True, True),
        ({"segment": "startup"}, "silver", True, False),
        ({"segment": "enterprise"}, "gold", False, False),
    ],
)
def test_whom_tags_mark(tags: dict[str, str], partner_tag: str | None, tagged: bool, partner: bool) -> None:  # noqa: FBT001  # columns
    """Traits must have each tag with its value; a partner is marked by something, and by all that is asked for."""
    traits = {"segment": "startup", "region": "eu", "level": "gold"}
    assert has_tags(traits, tags) is tagged
    assert is_partner(traits, tags, partner_tag) is partner


@pytest.mark.parametrize(
    ("applied", "cycles", "interval", "length", "lasting"),
    [
        ("2024-01-15", 1, CycleInterval.CALENDAR_MONTH, 1, ["2024-01-01"]),
        ("2024-01-15", 3, CycleInterval.CALENDAR_MONTH, 1, ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("2024-01-01", 2, CycleInterval.CALENDAR_MONTH, 1, ["2024-01-01", "2024-02-01"]),
        ("2024-01-15", 0, CycleInterval.CALENDAR_MONTH, 1, []),
        ("2024-01-15", -1, CycleInterval.CALENDAR_MONTH, 1, []),
        ("2024-01-15", 2, CycleInterval.MONTH, 1, ["2024-01-01", "2024-02-01"]),
        ("2024-02-01", 1, CycleInterval.MONTH, 1, ["2024-01-01", "2024-02-01"]),
        ("2024-01-15", 1, CycleInterval.MONTH, 3, ["2024-01-01"]),
        ("2024-01-01T12:00", 2, CycleInterval.YEAR, 1, ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]),
        ("2024-02-20", 20, CycleInterval.DAY, 1, ["2024-01-01", "2024-02-01", "2024-03-01"]),
    ],
)
def test_how_long_cycles_last(
    applied: str, cycles: int, interval: CycleInterval, length: int, lasting: list[str]
) -> None:
    """The period that runs when a promotion is applied is its first one, and those before are not its last."""
    starts = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]
    found = [start for start in starts if is_within_cycles(second(applied), cycles, second(start), interval, length)]
    assert found == lasting


@given(
    st.integers(0, 2**33),
    st.integers(0, 1000),
    st.integers(1, 12),
    st.sampled_from([CycleInterval.DAY, CycleInterval.CALENDAR_MONTH]),
    st.integers(1, 3),
)
def test_as_many_periods_as_cycles(start_s: int, into: int, cycles: int, interval: CycleInterval, length: int) -> None:
    """From the period on in which it was applied, a promotion lasts for exactly as many periods as it has cycles."""
    opening = term_end(start_s, 0, interval, length)
    applied_s = opening + into
    periods = [term_end(opening, number, interval, length) for number in range(15)]
    assert [is_within_cycles(applied_s, cycles, each, interval, length) for each in periods] == [
        number < cycles for number in range(15)
    ]

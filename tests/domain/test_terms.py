"""How long agreements last, against datetime where it reaches and by their own laws beyond."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.terms import CycleInterval, cycle_at, months_later, term_end

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(1, 1, 1), datetime(9000, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - has its zone
int64 = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(0, 2**31 - 1)


def second_of(moment: datetime) -> int:
    """Unix seconds, the fraction of one dropped."""
    return (moment.replace(microsecond=0) - EPOCH) // timedelta(seconds=1)


@given(moments, st.integers(-12, 10_000))
def test_months_later_is_the_calendars(moment: datetime, months: int) -> None:
    """The day of the month and the time stay, but for days that the month does not have."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    expected = moment.replace(year=year, month=month + 1, day=day)
    assert months_later(second_of(moment), months) == second_of(expected)


@given(int64, counts, counts)
def test_months_later_keeps_order(start: int, fewer: int, more: int) -> None:
    """More months end later, and none end at once, for any 64-bit second."""
    assert months_later(start, 0) == start
    assert (months_later(start, fewer) <= months_later(start, fewer + more)) is True


@given(int64, st.integers(0, 10**6), st.integers(1, 100), st.sampled_from(CycleInterval))
def test_a_period_of_several_units_is_several_periods_of_one(
    start: int, cycles: int, length: int, interval: CycleInterval
) -> None:
    """Only the number of units counts: four quarters are twelve months."""
    assert term_end(start, cycles, interval, length) == term_end(start, cycles * length, interval)


@given(int64, st.integers(0, 10**6))
def test_the_intervals_agree(start: int, cycles: int) -> None:
    """A year is twelve months, a day is 86,400 seconds, and a calendar month ends at midnight of a first."""
    assert term_end(start, cycles, CycleInterval.YEAR) == term_end(start, 12 * cycles, CycleInterval.MONTH)
    assert term_end(start, cycles, CycleInterval.DAY) - start == 86_400 * cycles
    end = term_end(start, cycles, CycleInterval.CALENDAR_MONTH)
    assert end % 86_400 == 0
    assert months_later(end, 1) - end in {days * 86_400 for days in (28, 29, 30, 31)}


@pytest.mark.parametrize(
    ("cycles", "interval", "end"),
    [
        (1, CycleInterval.MONTH, date(2024, 2, 29)),
        (2, CycleInterval.MONTH, date(2024, 3, 31)),
        (1, CycleInterval.CALENDAR_MONTH, date(2024, 2, 1)),
        (13, CycleInterval.CALENDAR_MONTH, date(2025, 2, 1)),
        (1, CycleInterval.YEAR, date(2025, 1, 31)),
        (29, CycleInterval.DAY, date(2024, 2, 29)),
        (0, CycleInterval.MONTH, date(2024, 1, 31)),
    ],
)
def test_terms_from_the_end_of_january(cycles: int, interval: CycleInterval, end: date) -> None:
    """A month keeps its start's day where it can, and the month after gets it back."""
    start = second_of(datetime(2024, 1, 31, tzinfo=UTC))
    assert term_end(start, cycles, interval) == second_of(datetime(end.year, end.month, end.day, tzinfo=UTC))


def test_the_longest_term() -> None:
    """As many years as 32 bits can count end on the day that cycles of 400 years say."""
    eras, years = divmod(2**31 - 1, 400)
    days = eras * 146_097 + (date(2024 + years, 6, 12) - date(2024, 6, 12)).days
    start = second_of(datetime(2024, 6, 12, 12, tzinfo=UTC))
    assert term_end(start, 2**31 - 1, CycleInterval.YEAR) == start + days * 86_400


@given(int64, st.integers(1, 10**6), st.integers(1, 10), st.sampled_from(CycleInterval), st.integers(0, 10**12))
def test_a_moment_is_in_one_cycle(start: int, cycles: int, length: int, interval: CycleInterval, away: int) -> None:
    """Its cycle has not ended before it, the one before has; the moments around the term have numbers of their own."""
    cycle = cycle_at(start + away, start, cycles, interval, length)
    assert 1 <= cycle <= cycles + 1
    if cycle <= cycles:
        assert start + away < term_end(start, cycle, interval, length)
    if cycle > 1:
        assert term_end(start, cycle - 1, interval, length) <= start + away
    assert cycle_at(start - 1 - away, start, cycles, interval, length) == 0


@pytest.mark.parametrize(("away", "cycle"), [(-1, 0), (0, 1), (29 * 86_400 - 1, 1), (29 * 86_400, 2), (10**9, 4)])
def test_cycles_from_the_end_of_january(away: int, cycle: int) -> None:
    """A cycle ends at the second where the next one starts."""
    start = second_of(datetime(2024, 1, 31, tzinfo=UTC))
    assert cycle_at(start + away, start, 3, CycleInterval.MONTH) == cycle
    assert cycle_at(start + away, start, 0, CycleInterval.MONTH) == 0

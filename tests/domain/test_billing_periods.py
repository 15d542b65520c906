"""Billing periods: windows of assignments, and when they are locked."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.billing_periods import (
    MOST_PERIODS,
    Assignment,
    BillingPeriod,
    BillingWindow,
    billing_windows,
)
from mockserver.domain.terms import CycleInterval

DAY_MS = 86_400_000
HOUR_S = 3600


def second(text: str) -> int:
    """Unix seconds of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def spelled(window: BillingWindow) -> str:
    """A window by month, day and, unless it is midnight, hour."""
    moments = (datetime.fromtimestamp(each, UTC) for each in (window.start_s, window.end_s))
    return " ".join(each.strftime("%m-%dT%H" if each.hour else "%m-%d") for each in moments)


CASES = [
    ("1 calendar_month", "2024-01-10", "", "2024-03-05", ["01-10 02-01", "02-01 03-01", "03-01 04-01"]),
    ("1 month", "2024-01-10", "", "2024-03-05", ["01-10 02-10", "02-10 03-10"]),
    ("1 month", "2024-01-31", "", "2024-03-01", ["01-31 02-29", "02-29 03-31"]),
    ("2 month", "2024-01-10", "", "2024-03-12", ["01-10 03-10", "03-10 05-10"]),
    ("1 day", "2024-01-10T06:00", "", "2024-01-11T07:00", ["01-10T06 01-11T06", "01-11T06 01-12T06"]),
    ("7 day", "2024-01-10", "", "2024-01-16T23:59", ["01-10 01-17"]),
    ("1 year", "2023-02-01", "", "2024-01-31", ["02-01 02-01"]),
    ("3 calendar_month", "2024-01-10", "", "2024-04-01", ["01-10 04-01", "04-01 07-01"]),
    ("1 calendar_month", "2024-01-10", "2024-02-15", "2024-05-01", ["01-10 02-01", "02-01 02-15"]),
    ("1 calendar_month", "2024-01-10", "2024-02-01", "2024-05-01", ["01-10 02-01"]),
    ("1 month", "2024-05-02", "", "2024-05-01", []),
    ("1 month", "2024-05-01", "2024-05-01", "2024-06-01", []),
]


@pytest.mark.parametrize(("period", "start", "end", "now", "expected"), CASES)
def test_windows(period: str, start: str, end: str, now: str, expected: list[str]) -> None:
    """An assignment is cut where its plan's periods end and where it ends itself; the running period is the last."""
    length, interval = period.split()
    end_ms = second(end) * 1000 if end else None
    assignment = Assignment(
        "p", second(start) * 1000, end_ms, period=BillingPeriod(CycleInterval(interval), int(length))
    )
    assert [spelled(each) for each in billing_windows(assignment, second(now) * 1000)] == expected


assignments = st.builds(
    Assignment,
    plan_id=st.just("p"),
    start_ms=st.integers(0, 3_000 * DAY_MS),
    end_ms=st.none() | st.integers(0, 3_000 * DAY_MS),
    made_ms=st.integers(0, 3_000 * DAY_MS),
    period=st.builds(BillingPeriod, st.sampled_from(CycleInterval), st.integers(1, 4)),
)
moments = st.integers(0, 3_500 * DAY_MS)


@given(assignments, moments)
def test_windows_are_seamless(assignment: Assignment, now_ms: int) -> None:
    """Windows follow each other without a gap, from the start of the assignment until the present or its end."""
    windows = list(billing_windows(assignment, now_ms))
    assert all(
        before.end_s == after.start_s and before.number + 1 == after.number for before, after in pairwise(windows)
    )
    assert all(each.start_s < each.end_s for each in windows)
    if windows and len(windows) < MOST_PERIODS:
        assert windows[0].start_s == -(-assignment.start_ms // 1000)
    if windows:
        ends = -(-assignment.end_ms // 1000) if assignment.end_ms is not None else windows[-1].end_s
        assert windows[-1].end_s == ends or windows[-1].end_s * 1000 > now_ms


@given(assignments, moments, moments)
def test_no_time_is_billed_twice(assignment: Assignment, now_ms: int, until_ms: int) -> None:
    """What lies before a locked invoice's end is left out, and everything after it is what it was."""
    until_s = until_ms // 1000
    whole = {each.number: each for each in billing_windows(assignment, now_ms)}
    rest = list(billing_windows(assignment, now_ms, until_s))
    assert all(each.start_s == max(whole[each.number].start_s, until_s) for each in rest)
    assert all(each.end_s == whole[each.number].end_s for each in rest)
    assert {each.number for each in rest} == {each.number for each in whole.values() if each.end_s > until_s}


def test_periods_are_bounded() -> None:
    """Of an assignment from long ago only the latest periods are looked at."""
    assignment = Assignment("p", -(10**18), period=BillingPeriod(CycleInterval.DAY))
    windows = list(billing_windows(assignment, 0))
    assert len(windows) == MOST_PERIODS
    assert windows[-1].end_s > 0 >= windows[-1].start_s


def test_no_period_is_passed_over() -> None:
    """Whatever time has passed at once since an assignment was made, each of its periods since then is there."""
    assignment = Assignment("p", 0, period=BillingPeriod(CycleInterval.DAY))
    assert [each.number for each in billing_windows(assignment, 3000 * DAY_MS)] == list(range(3001))


@pytest.mark.parametrize(
    ("end_s", "made_s", "grace_hours", "lock_s"),
    [
        (100_000, 0, 0, 100_000),
        (100_000, 0, 2, 100_000 + 2 * HOUR_S),
        (100_000, 99_999, 0, 100_000),
        (100_000, 100_000, 0, 100_000 + 24 * HOUR_S),
        (100_000, 500_000, 1, 500_000 + 25 * HOUR_S),
    ],
)
def test_locking(end_s: int, made_s: int, grace_hours: int, lock_s: int) -> None:
    """A price is locked after the grace period, and no sooner than a day after a past period was set up."""
    window = BillingWindow("p", 0, end_s, made_ms=made_s * 1000)
    assert window.lock_ms(grace_hours) == lock_s * 1000

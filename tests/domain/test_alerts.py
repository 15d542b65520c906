"""Alerts on usage: when a threshold is crossed, when that can be told, which periods are judged, and what is told."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.alerts import (
    MOST_PERIODS,
    Condition,
    Threshold,
    ended_periods,
    previous_start,
    rendered,
    rendered_headers,
    running_period,
    threshold_from,
)
from mockserver.domain.exact import LARGEST
from mockserver.domain.windows import Interval

AMOUNTS = st.floats(allow_nan=False, allow_infinity=False)
CONDITIONS = st.sampled_from(Condition)
INTERVALS = st.sampled_from(Interval)
SECONDS = st.integers(-(2**53), 2**53)
DAY_S = 86_400


@pytest.mark.parametrize(
    ("condition", "value", "usage", "previous", "crossed"),
    [
        ("greater-than", 10, 10, 0, False),
        ("greater-than", 10, 10.5, 0, True),
        ("greater-than", -1, 0, 0, True),
        ("less-than", 10, 10, 0, False),
        ("less-than", 10, 9, 0, True),
        ("less-than-percent", 50, 50, 100, False),
        ("less-than-percent", 50, 49, 100, True),
        ("less-than-percent", 50, 0, 0, False),
        ("less-than-percent", 50, -9, -3, False),
        ("percent-change", 55, 155, 100, False),
        ("percent-change", 55, 156, 100, True),
        ("percent-change", 55, 45, 100, False),
        ("percent-change", 55, 44, 100, True),
        ("percent-change", 55, 10, 0, False),
        ("percent-change", 100, 5, -3, True),
    ],
)
def test_conditions(condition: str, value: float, usage: float, previous: float, *, crossed: bool) -> None:
    """The threshold itself is not crossed yet, and nothing is a percentage of nothing."""
    assert threshold_from(condition, value).is_crossed(usage, previous) is crossed


@given(CONDITIONS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_crossing_is_told_once(condition: Condition, value: float, usage: float, previous: float) -> None:
    """A crossing shows either while the period runs or at its end, and what is none never shows."""
    threshold = Threshold(condition, value)
    early, late = threshold.is_crossed_already(usage, previous), threshold.is_crossed_at_last(usage, previous)
    assert (early or late) == threshold.is_crossed(usage, previous)
    assert not (early and late)


@given(CONDITIONS, AMOUNTS, AMOUNTS, AMOUNTS, st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_more_usage_undoes_no_early_crossing(
    condition: Condition, value: float, usage: float, previous: float, more: float
) -> None:
    """What was told while the period ran stays true, however much usage follows."""
    threshold = Threshold(condition, value)
    if threshold.is_crossed_already(usage, previous):
        assert threshold.is_crossed_already(max(usage, usage + min(more, LARGEST - max(usage, 0))), previous)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_percentages_are_exact(value: float, usage: float, previous: float) -> None:
    """Changes are compared as fractions: no rounding decides, and nothing overflows."""
    expected = previous != 0 and abs(Fraction(usage) - Fraction(previous)) / abs(Fraction(previous)) * 100 > Fraction(
        value
    )
    assert Threshold(Condition.PERCENT_CHANGE, value).is_crossed(usage, previous) is expected


@pytest.mark.parametrize(("given_value", "kept"), [(10**400, LARGEST), (-(10**400), -LARGEST), (5, 5.0)])
def test_thresholds_are_doubles(given_value: float, kept: float) -> None:
    """A number beyond the doubles is cut to their range."""
    assert threshold_from("greater-than", given_value).value == kept


@given(SECONDS, INTERVALS)
def test_the_running_period_holds_the_present(now_s: int, interval: Interval) -> None:
    """A period begins at the latest now and ends later; the one before ends where it begins."""
    start, end = running_period(now_s, interval)
    assert start <= now_s < end
    assert running_period(previous_start(start, interval), interval) == (previous_start(start, interval), start)


@given(SECONDS, st.integers(-10, 400 * DAY_S), INTERVALS)
def test_ended_periods_are_gapless_and_over(judged_until_s: int, later: int, interval: Interval) -> None:
    """The periods touch each other and end with the running one; only the latest are judged, and none twice."""
    now_s = judged_until_s + later
    periods = ended_periods(judged_until_s, now_s, interval)
    assert len(periods) <= MOST_PERIODS
    assert all(end == start for (_, end), (start, _) in pairwise(periods))
    if periods:
        assert periods[-1][1] == running_period(now_s, interval)[0]
        assert periods[0][0] >= running_period(judged_until_s, interval)[0]
        assert ended_periods(periods[-1][1], now_s, interval) == []


def test_every_ended_period_is_judged() -> None:
    """Three midnights after the start of a day, three days are over."""
    assert ended_periods(0, 3 * DAY_S + 5, Interval.DAY) == [
        (0, DAY_S),
        (DAY_S, 2 * DAY_S),
        (2 * DAY_S, 3 * DAY_S),
    ]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{customer-id}} made {{ current-value }} calls", "ann made 12.5 calls"),
        ("{{unknown}} and {customer-id}", "{{unknown}} and {customer-id}"),
        ("", ""),
    ],
)
def test_templates_are_filled_in(template: str, text: str) -> None:
    """Each variable becomes its value; what is none stays as it was written."""
    assert rendered(template, {"customer-id": "ann", "current-value": 12.5}) == text


def test_values_are_not_templates() -> None:
    """A value that looks like a variable is not filled in again."""
    assert rendered("{{customer-id}}", {"customer-id": "{{meter-id}}", "meter-id": "calls"}) == "{{meter-id}}"


@pytest.mark.parametrize(
    ("template", "headers"),
    [
        ('{"X-Alert": "{{name}}", "X-Level": 3}', {"X-Alert": "Many", "X-Level": "3"}),
        ("", {}),
        ("no JSON", {}),
        ("[1]", {}),
        ("[" * 100_000, {}),
    ],
    ids=["object", "empty", "text", "list", "deep"],
)
def test_headers_are_an_object_of_texts(template: str, headers: dict[str, Any]) -> None:
    """A template that is no object of JSON makes no headers, and no error."""
    assert rendered_headers(template, {"name": "Many"}) == headers

"""Cron schedules, against the rule written out minute by minute, and at the edges of the calendar."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.cron import CronError, parse

DAY_S = 86_400


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Unix seconds of a minute, UTC."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


LEAP_DAY, FIRST_MINUTE, LAST_MINUTE = at(2024, 2, 29), at(1, 1, 1), at(9999, 12, 31, 23, 59)

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def part(least: int, greatest: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """One item of a field's list and the numbers it stands for."""
    numbers = st.integers(least, greatest)
    spans = st.tuples(numbers, numbers).map(sorted)
    steps = st.integers(1, 20)
    everything = range(least, greatest + 1)
    return st.one_of(
        st.just(("*", frozenset(everything))),
        numbers.map(lambda number: (str(number), frozenset({number}))),
        spans.map(lambda span: (f"{span[0]}-{span[1]}", frozenset(range(span[0], span[1] + 1)))),
        steps.map(lambda step: (f"*/{step}", frozenset(everything[::step]))),
        st.tuples(numbers, steps).map(
            lambda pair: (f"{pair[0]}/{pair[1]}", frozenset(range(pair[0], greatest + 1, pair[1])))
        ),
        st.tuples(spans, steps).map(
            lambda pair: (
                f"{pair[0][0]}-{pair[0][1]}/{pair[1]}",
                frozenset(range(pair[0][0], pair[0][1] + 1, pair[1])),
            )
        ),
    )


def field(least: int, greatest: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field and the numbers it lists."""
    lists = st.lists(part(least, greatest), min_size=1, max_size=2)
    return lists.map(lambda parts: (",".join(text for text, _ in parts), frozenset().union(*(n for _, n in parts))))


schedules = st.tuples(*(field(*bounds) for bounds in BOUNDS))
Fields = tuple[tuple[str, frozenset[int]], ...]


def is_due(fields: Fields, second: int) -> bool:
    """Whether a schedule is due at a minute, by the rule of cron."""
    (_, minutes), (_, hours), (days_text, days), (_, months), (week_text, weekdays) = fields
    then = datetime.fromtimestamp(second, UTC)
    by_month, by_week = then.day in days, bool({then.isoweekday() % 7, then.isoweekday()} & weekdays)
    starred = days_text.startswith("*") or week_text.startswith("*")
    by_day = by_month and by_week if starred else by_month or by_week
    return then.minute in minutes and then.hour in hours and then.month in months and by_day


@given(fields=schedules, day=st.integers(0, 800), second=st.integers(0, DAY_S - 1))
def test_what_is_due_within_three_days(fields: Fields, day: int, second: int) -> None:
    """The next moment, and the last ones before an instant, are those that the rule finds minute by minute."""
    cron, now = parse(" ".join(text for text, _ in fields)), LEAP_DAY + day * DAY_S + second
    start, end = now // 60 * 60, now + 3 * DAY_S
    due = [minute for minute in range(start, end, 60) if is_due(fields, minute)]
    after = [minute for minute in due if minute > now]
    following = cron.next_after(now)
    assert following == after[0] if after else following is None or following >= end
    for count in (1, 3):
        assert cron.latest(now, end - 1, count) == after[-count:]


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("0 0 29 2 *", LEAP_DAY, at(2028, 2, 29)),
        ("0 0 29 2 *", at(2096, 3, 1), at(2104, 2, 29)),
        ("0 0 29 2 1", LEAP_DAY, at(2025, 2, 3)),
        ("30 6 * * Mon", LEAP_DAY, at(2024, 3, 4, 6, 30)),
        ("30 6 * * 7", LEAP_DAY, at(2024, 3, 3, 6, 30)),
        ("0 0 1 JAN,jul *", LEAP_DAY, at(2024, 7, 1)),
        ("59 23 31 12 *", LAST_MINUTE - 1, at(9999, 12, 31, 23, 59)),
        ("0 0 1 1 *", FIRST_MINUTE - 1, at(1, 1, 1)),
    ],
)
def test_the_next_moment(text: str, now: int, expected: int) -> None:
    """Leap days, names, both numbers of Sunday, and the first and last minute of the calendar."""
    assert parse(text).next_after(now) == expected


@pytest.mark.parametrize(("text", "now"), [("0 0 31 2 *", LEAP_DAY), ("* * * * *", LAST_MINUTE)])
def test_what_never_comes(text: str, now: int) -> None:
    """A day that no month has, or a moment after the last year, is never due."""
    assert parse(text).next_after(now) is None


def test_the_last_moments_of_a_very_long_time() -> None:
    """Of the minutes of eight thousand years the last ones are found, without counting the others."""
    found = parse("* * * * *").latest(FIRST_MINUTE, LAST_MINUTE, 3)
    assert found == [LAST_MINUTE - 120, LAST_MINUTE - 60, LAST_MINUTE]
    rare = parse("0 0 29 2 *").latest(FIRST_MINUTE, LAST_MINUTE, 10)
    assert [moment // DAY_S // 365 for moment in rare] == sorted({moment // DAY_S // 365 for moment in rare})
    assert (len(rare), parse("0 0 1 1 *").latest(FIRST_MINUTE - 1, FIRST_MINUTE, 5)) == (10, [FIRST_MINUTE])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "1- * * * *",
        "-1 * * * *",
        "1,,2 * * * *",
        "*,x * * * *",
        "mon * * * *",
        "* * * * jan",
        "1/2/3 * * * *",
        "99999999999999999999 * * * *",
        "*-5 * * * *",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    """A field that is missing, out of its range, reversed or unreadable is refused."""
    with pytest.raises(CronError):
        parse(text)

"""An account's clock as tests set it: what it takes, what it refuses, and that it moves this account alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mockserver.testing import MockAccount, MockClock

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def clock(account: MockAccount) -> MockClock:
    """The clock of a fresh account, standing at the first of March."""
    account.clock.freeze(MARCH)
    return account.clock


@pytest.mark.parametrize(
    "instant",
    [
        MARCH,
        datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "2026-03-01T00:00:00Z",
        "2026-02-28T19:00:00-05:00",
        "2026-03-01T00:00:00",
        "2026-03-01",
    ],
    ids=str,
)
def test_every_form_of_an_instant(account: MockAccount, instant: datetime | str) -> None:
    """A datetime of any zone and an ISO 8601 text are the same instant, and no zone in a text is UTC."""
    account.clock.freeze()
    assert account.clock.set(instant) == MARCH
    assert account.clock.now == MARCH
    assert account.clock.now.tzinfo is UTC


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"days": 31}, MARCH + timedelta(days=31)),
        ({"hours": 1, "minutes": 2, "seconds": 3.5}, MARCH + timedelta(seconds=3723.5)),
        ({"delta": timedelta(weeks=1)}, MARCH + timedelta(days=7)),
        ({"delta": timedelta(days=1), "hours": 1}, MARCH + timedelta(hours=25)),
    ],
    ids=str,
)
def test_a_step(clock: MockClock, step: dict[str, Any], expected: datetime) -> None:
    """A timedelta and units are added, and the answer is the new time."""
    assert clock.advance(**step) == expected
    assert clock.now == expected


def test_it_stands_and_goes_on(clock: MockClock) -> None:
    """A frozen clock stands until it is thawed, and says which."""
    assert (clock.frozen, clock.now) == (True, MARCH)
    assert repr(clock) == "MockClock(2026-03-01T00:00:00.000Z, frozen)"
    assert clock.thaw() >= MARCH
    assert not clock.frozen
    assert clock.freeze() >= MARCH
    assert clock.frozen


def test_it_is_the_account_s_alone(account: MockAccount, clock: MockClock) -> None:
    """Another account's clock does not move."""
    before = account.other().clock.now
    clock.advance(days=400)
    assert abs(account.other().clock.now - before) < timedelta(days=1)


def test_the_account_lives_by_it(account: MockAccount, clock: MockClock) -> None:
    """What is stored is stamped with the time that the clock showed then."""
    account.client.post("/customers", json={"customerId": "acme", "customerName": "Acme"}).raise_for_status()
    clock.advance(days=45)
    (created,) = account.client.get("/customers").json()
    assert created["createTime"] == int(MARCH.timestamp() * 1000)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (lambda clock: clock.set(datetime(2026, 3, 1)), ValueError, "has no zone"),  # noqa: DTZ001 - the mistake
        (lambda clock: clock.freeze(datetime(2026, 3, 1)), ValueError, "has no zone"),  # noqa: DTZ001 - the mistake
        (lambda clock: clock.set("soon"), ValueError, "'soon' is no instant; write 2026-01-31T12:00:00Z"),
        (lambda clock: clock.set(1_772_323_200_000), TypeError, "not int 1772323200000"),
        (lambda clock: clock.set(None), TypeError, "not NoneType None"),
        (lambda clock: clock.advance(), ValueError, "goes forward"),
        (lambda clock: clock.advance(days=-1), ValueError, r"set\(\) goes back"),
        (lambda clock: clock.advance(31), TypeError, "not by 31"),
        (lambda clock: clock.advance(days="31"), TypeError, "str"),
        (lambda clock: clock.advance(days=3_000_000), ValueError, "year 9999"),
        (lambda clock: clock.advance(days=10**12), ValueError, "year 9999"),
    ],
)
def test_a_mistake_is_told(
    clock: MockClock, mistake: Callable[[Any], object], error: type[Exception], message: str
) -> None:
    """What is no instant or no step forward is refused in words, and the clock stays."""
    with pytest.raises(error, match=message):
        mistake(clock)
    assert clock.now == MARCH

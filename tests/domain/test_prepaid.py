"""Which cards an order makes, how far their payment is, and what can be spent."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added
from mockserver.domain.prepaid import (
    FOLLOWING,
    PAID,
    CardTime,
    Payment,
    Recurrence,
    adds_up,
    cycle_times,
    cycles_begun,
    first_payment,
    is_spendable,
)
from mockserver.domain.terms import CycleInterval

DAILY, MONTHLY, YEARLY = (Recurrence(CycleInterval(each), 1) for each in ("day", "month", "year"))
RECURRENCES = st.builds(
    Recurrence, st.sampled_from([CycleInterval.DAY, CycleInterval.MONTH, CycleInterval.YEAR]), st.integers(1, 2**31 - 1)
)


def ms(text: str) -> int:
    """Unix milliseconds of a UTC date and time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def cycle_time(start_s: int, recurrence: Recurrence, cycle: int) -> CardTime:
    """When the card of one cycle counts."""
    (time,) = cycle_times(start_s, recurrence, cycle, cycle)
    return time


@pytest.mark.parametrize(
    ("start", "recurrence", "cycle", "expected"),
    [
        ("2024-01-31T10:00", MONTHLY, 1, ("2024-01-31T10:00", "2024-02-29T10:00")),
        ("2024-01-31T10:00", MONTHLY, 2, ("2024-02-29T10:00", "2024-03-31T10:00")),
        ("2024-01-31T10:00", Recurrence(CycleInterval.MONTH, 3), 2, ("2024-04-30T10:00", "2024-07-31T10:00")),
        ("2024-06-12T00:00", Recurrence(CycleInterval.DAY, 15), 3, ("2024-07-12T00:00", "2024-07-27T00:00")),
        ("2024-02-29T00:00", YEARLY, 4, ("2027-02-28T00:00", "2028-02-29T00:00")),
    ],
)
def test_a_cycle_is_counted_from_the_start(
    start: str, recurrence: Recurrence, cycle: int, expected: tuple[str, str]
) -> None:
    """A cycle begins so many days, months or years after the first one, on the month's last day where need be."""
    assert cycle_time(ms(start) // 1000, recurrence, cycle) == CardTime(*map(ms, expected))


@given(st.integers(-(2**63), 2**63 - 1), RECURRENCES, st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_as_many_cycles_have_begun_as_start_by_now(start_s: int, recurrence: Recurrence, now_ms: int) -> None:
    """The last cycle that has begun starts by now and the next one after it, for every int64 start."""
    count = cycles_begun(start_s, recurrence, now_ms)
    assert count >= 0
    if count:
        assert cycle_time(start_s, recurrence, count).start_ms <= now_ms
    assert cycle_time(start_s, recurrence, count + 1).start_ms // 1000 > now_ms // 1000


@given(st.integers(0, 2**40), RECURRENCES, st.integers(1, 50), st.integers(0, 20))
def test_cycles_follow_without_a_gap(start_s: int, recurrence: Recurrence, first: int, more: int) -> None:
    """A card ends where the next one starts, and never where it starts itself; many are told as each one is."""
    times = list(cycle_times(start_s, recurrence, first, first + more))
    assert times == [cycle_time(start_s, recurrence, cycle) for cycle in range(first, first + more + 1)]
    assert all(time.start_ms < time.end_ms for time in times)
    assert all(this.end_ms == following.start_ms for this, following in pairwise(times))


@pytest.mark.parametrize(
    ("price", "external", "begun", "payment"),
    [
        (Decimal("0.01"), False, True, Payment.SETTLED),
        (5, False, False, Payment.PRE_PAYMENT),
        (5, True, False, Payment.REQUIRES_ACTION),
        (5, True, True, Payment.REQUIRES_ACTION),
        (0, True, True, Payment.NOT_NEEDED),
        (-1, False, False, Payment.NOT_NEEDED),
    ],
)
def test_payment_begins(price: Decimal | int, external: bool, begun: bool, payment: Payment) -> None:  # noqa: FBT001
    """The provider is paid at the start, others when they say so, and nobody for nothing."""
    assert first_payment(price, external=external, begun=begun) is payment


def test_what_is_told_of_a_payment_ends_in_a_state_that_stays() -> None:
    """Only a waiting payment moves; a settled or failed one takes nothing but itself, another one takes nothing."""
    told = {Payment.PENDING, Payment.SETTLED, Payment.FAILED}
    assert FOLLOWING.keys() == set(Payment)
    assert {state for state in Payment if FOLLOWING[state] == told} == {Payment.REQUIRES_ACTION, Payment.PENDING}
    assert {state for state in Payment if FOLLOWING[state] == {state}} == {Payment.SETTLED, Payment.FAILED}


@pytest.mark.parametrize(("now_ms", "inside"), [(9, False), (10, True), (19, True), (20, False)])
@pytest.mark.parametrize("payment", Payment)
def test_a_card_is_spent_while_it_counts_and_was_paid(now_ms: int, inside: bool, payment: Payment) -> None:  # noqa: FBT001
    """A paid card is spendable from its start on and until its end, both to the millisecond; another one never is."""
    assert is_spendable(CardTime(10, 20), payment, now_ms) is (inside and payment in PAID)


@given(st.lists(st.decimals(-(10**9), 10**9, places=6) | st.integers(), min_size=1), st.integers(0, 40))
def test_parts_add_up_exactly(parts: list[Decimal | int], digits: int) -> None:
    """Parts are the whole when they are to the last digit; a difference of any size is seen."""
    whole = added(map(Decimal, parts))
    assert adds_up(parts, whole)
    assert not adds_up([*parts, Decimal(1).scaleb(-digits)], whole)


def test_floats_would_not_add_up() -> None:
    """Ten dimes are a dollar, which doubles deny, and 28 digits are not the end."""
    assert adds_up([Decimal("0.1")] * 10, 1)
    assert adds_up([Decimal("1e300"), Decimal("1e-300")], Decimal("1." + "0" * 599 + "1e300"))
    assert not adds_up([Decimal("1e300"), Decimal("1e-300")], Decimal("1e300"))

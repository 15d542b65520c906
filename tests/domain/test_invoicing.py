"""Which windows are invoiced, and at what price."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.invoicing import (
    Assignment,
    BillingWindow,
    InvoiceStatus,
    MeteredUnits,
    PriceStatus,
    billing_windows,
    build_invoice,
    price_status,
)

DRAFT, PENDING = InvoiceStatus.DRAFT, InvoiceStatus.PENDING


def at(month: int, day: int = 1, hour: int = 0) -> int:
    """Unix seconds of an instant in 2024."""
    return int(datetime(2024, month, day, hour, tzinfo=UTC).timestamp())


def ordinal(month: int) -> int:
    """The ordinal of a month of 2024."""
    return (2024 - 1970) * 12 + month - 1


NOW = at(5, 10) * 1000
WINDOW = BillingWindow("basic", at(1), at(2), PENDING)
JANUARY_ON = Assignment("basic", at(1, 15) * 1000)


@pytest.mark.parametrize(
    ("assignments", "used", "expected"),
    [
        pytest.param([], [1, 2], [], id="no plan, no invoice"),
        pytest.param([JANUARY_ON], [], [("basic", at(5), at(6), DRAFT)], id="the running month without usage"),
        pytest.param(
            [JANUARY_ON],
            [3, 1],
            [("basic", at(1, 15), at(2), PENDING), ("basic", at(3), at(4), PENDING), ("basic", at(5), at(6), DRAFT)],
            id="months with usage, the first from the assignment on",
        ),
        pytest.param(
            [JANUARY_ON, Assignment("pro", at(3, 10, 12) * 1000)],
            [3],
            [
                ("basic", at(3), at(3, 10, 12), PENDING),
                ("pro", at(3, 10, 12), at(4), PENDING),
                ("pro", at(5), at(6), DRAFT),
            ],
            id="a later plan ends the earlier one inside a month",
        ),
        pytest.param(
            [JANUARY_ON, Assignment("pro", at(1, 2) * 1000)],
            [1],
            [("pro", at(1, 2), at(2), PENDING), ("pro", at(5), at(6), DRAFT)],
            id="a plan given later but from earlier on replaces the other",
        ),
        pytest.param(
            [JANUARY_ON, Assignment("pro", at(5, 4) * 1000)],
            [],
            [("basic", at(5), at(5, 4), PENDING), ("pro", at(5, 4), at(6), DRAFT)],
            id="a term that ended in the running month is pending",
        ),
        pytest.param(
            [JANUARY_ON, Assignment("pro", at(5, 20) * 1000), Assignment("max", at(7) * 1000)],
            [],
            [("basic", at(5), at(5, 20), DRAFT)],
            id="a plan that has not begun ends the running one only at its start",
        ),
        pytest.param([JANUARY_ON], [6, 9], [("basic", at(5), at(6), DRAFT)], id="usage of the future is not invoiced"),
        pytest.param(
            [Assignment("ancient", -(2**63)), Assignment("late", 2**63 - 1)],
            [2],
            [("ancient", at(2), at(3), PENDING), ("ancient", at(5), at(6), DRAFT)],
            id="the ends of int64",
        ),
        pytest.param(
            [Assignment("basic", at(5) * 1000 + 1)],
            [],
            [("basic", at(5) + 1, at(6), DRAFT)],
            id="a start inside a second counts from the next",
        ),
        pytest.param(
            [Assignment("basic", at(1) * 1000, at(3, 10) * 1000), Assignment("pro", at(5, 2) * 1000)],
            [2, 3, 4],
            [
                ("basic", at(2), at(3), PENDING),
                ("basic", at(3), at(3, 10), PENDING),
                ("pro", at(5, 2), at(6), DRAFT),
            ],
            id="a term with an end of its own leaves a gap",
        ),
        pytest.param(
            [Assignment("basic", at(4) * 1000, at(7) * 1000), Assignment("pro", at(5, 2) * 1000)],
            [4],
            [
                ("basic", at(4), at(5), PENDING),
                ("basic", at(5), at(5, 2), PENDING),
                ("pro", at(5, 2), at(6), DRAFT),
            ],
            id="the next term ends one whose own end comes later",
        ),
        pytest.param(
            [Assignment("basic", at(5) * 1000, at(5) * 1000)], [], [], id="a term without length is not invoiced"
        ),
    ],
)
def test_windows(
    assignments: list[Assignment], used: list[int], expected: list[tuple[str, int, int, InvoiceStatus]]
) -> None:
    """Windows follow the assignments' terms through the months with usage and the running one, never the future."""
    windows = billing_windows(assignments, NOW, [ordinal(month) for month in used])
    assert windows == [BillingWindow(*window) for window in expected]


@pytest.mark.parametrize(("now_ms", "status"), [(at(5) * 1000 - 1, DRAFT), (at(5) * 1000, PENDING)])
def test_a_window_is_pending_from_its_end_on(now_ms: int, status: InvoiceStatus) -> None:
    """In its last millisecond a window is a draft, at its end it is pending."""
    assert billing_windows([JANUARY_ON], now_ms, [ordinal(4)])[0] == BillingWindow("basic", at(4), at(5), status)


@pytest.mark.parametrize(
    ("units", "price", "total"),
    [
        ("3", "0.005", "0.02"),
        ("1", "0.0049999", "0.00"),
        ("-3", "0.005", "-0.02"),
        ("0", "12", "0.00"),
        ("0.1", "0.25", "0.03"),
        ("1e300", "0.01", "1" + "0" * 298 + ".00"),
        ("5e-324", "1", "0.00"),
    ],
)
def test_a_total_is_rounded_once_half_up(units: str, price: str, total: str) -> None:
    """Units times price is exact and rounded to cents once, for any double of units."""
    invoice = build_invoice(WINDOW, [MeteredUnits("calls", Decimal(units))], Decimal(price))
    assert invoice.total == Decimal(total)
    assert invoice.total.as_tuple().exponent == -2
    assert invoice.window == WINDOW
    assert [line.units for line in invoice.lines] == [Decimal(units)]


def test_lines_are_meters_and_variants_are_dimensions() -> None:
    """Usage of one meter is one line, in order of first occurrence; equal dimensions are priced together."""
    eu, us = (("region", "eu"),), (("region", "us"),)
    usage = [
        MeteredUnits("calls", Decimal("0.005"), eu),
        MeteredUnits("bytes", Decimal(1)),
        MeteredUnits("calls", Decimal("0.001"), us),
        MeteredUnits("calls", Decimal("0.005"), eu),
    ]
    lines = build_invoice(WINDOW, usage, Decimal(1)).lines
    assert [(line.meter, line.units, line.price) for line in lines] == [
        ("calls", Decimal("0.011"), Decimal("0.01")),
        ("bytes", Decimal(1), Decimal(1)),
    ]
    assert [(dict(each.dimensions), each.price) for each in lines[0].variants] == [
        ({"region": "eu"}, Decimal("0.01")),
        ({"region": "us"}, Decimal("0.00")),
    ]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.decimals(-(10**6), 10**6, places=4)), max_size=20),
    st.decimals(0, 1000, places=4),
)
def test_a_total_is_the_sum_of_its_lines(used: list[tuple[str, Decimal]], price: Decimal) -> None:
    """The total is that of the lines, in whole cents, and at most half a cent a line from the exact price."""
    invoice = build_invoice(WINDOW, [MeteredUnits(meter, units) for meter, units in used], price)
    assert invoice.total == sum(line.price for line in invoice.lines)
    assert (invoice.total * 100) % 1 == 0
    exact = sum((units * price for _, units in used), Decimal(0))
    assert abs(invoice.total - exact) <= Decimal("0.005") * len(invoice.lines)


@pytest.mark.parametrize(
    ("now_ms", "grace_hours", "status"),
    [
        (at(2) * 1000 - 1, 0, PriceStatus.OPEN),
        (at(2) * 1000, 0, PriceStatus.PRICE_LOCKED),
        (at(2) * 1000, 1, PriceStatus.GRACE_PERIOD),
        (at(2, 1, 1) * 1000 - 1, 1, PriceStatus.GRACE_PERIOD),
        (at(2, 1, 1) * 1000, 1, PriceStatus.PRICE_LOCKED),
    ],
)
def test_a_price_is_locked_after_the_grace(now_ms: int, grace_hours: int, status: PriceStatus) -> None:
    """The price is open until the window ends, then in its grace, and locked from the hour on at which that ends."""
    assert price_status(WINDOW, now_ms, grace_hours) is status

"""Which windows are invoiced, and at what price."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mockserver.domain.invoicing import Assignment, BillingWindow, InvoiceStatus, billing_windows, build_invoice

DRAFT, PENDING = InvoiceStatus.DRAFT, InvoiceStatus.PENDING


def at(month: int, day: int = 1, hour: int = 0) -> int:
    """Unix seconds of an instant in 2024."""
    return int(datetime(2024, month, day, hour, tzinfo=UTC).timestamp())


def ordinal(month: int) -> int:
    """The ordinal of a month of 2024."""
    return (2024 - 1970) * 12 + month - 1


NOW = at(5, 10) * 1000
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
    window = BillingWindow("basic", at(1), at(2), PENDING)
    invoice = build_invoice(window, Decimal(units), Decimal(price))
    assert invoice.total == Decimal(total)
    assert invoice.total.as_tuple().exponent == -2
    assert (invoice.plan_id, invoice.start_s, invoice.end_s, invoice.status) == ("basic", at(1), at(2), PENDING)
    assert invoice.units == Decimal(units)

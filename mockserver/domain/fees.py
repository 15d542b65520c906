"""Fees of plans: amounts that an invoice has beside usage, whole or by the share of the period that it covers."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.decimals import multiplied, to_cents
from mockserver.domain.windows import DAY_S

_SHARE_DIGITS: Final = 28


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee as the plan has it.

    Attributes:
        cost: of a whole period.
        is_one_time: whether only the first invoice of an assignment has it.
        discountable, prepayable: whether promotions reduce it, and whether prepaid credit pays it.
        is_prorated: whether a window that is a part of its period costs that part; counted in whole days, a day that is
            begun being one, when `by_day`.
    """

    id: str
    name: str
    description: str
    cost: Decimal
    is_one_time: bool = False
    discountable: bool = True
    prepayable: bool = True
    is_prorated: bool = False
    by_day: bool = False


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """A fee on an invoice; `cost` is in whole cents."""

    fee: Fee
    cost: Decimal


def charged_fees(fees: Iterable[Fee], window: BillingWindow) -> list[ChargedFee]:
    """What a window is charged of a plan's fees.

    A one-time fee is charged once and whole (our reading). A share is rounded to 28 digits before it is multiplied.
    """
    return [ChargedFee(fee, to_cents(_cost_in(fee, window))) for fee in fees if window.is_first or not fee.is_one_time]


def _cost_in(fee: Fee, window: BillingWindow) -> Decimal:
    whole_s = window.period_end_s - window.period_start_s
    covered_s = window.end_s - window.start_s
    if fee.is_one_time or not fee.is_prorated or covered_s >= whole_s:
        return fee.cost
    if fee.by_day:
        covered_s, whole_s = -(-covered_s // DAY_S), -(-whole_s // DAY_S)
    with localcontext(prec=_SHARE_DIGITS):
        share = Decimal(covered_s) / Decimal(whole_s)
    return multiplied(fee.cost, share)

"""What a commitment adds to invoices: the payments agreed on, and what is missing to the amounts promised.

A contract lasts a number of cycles. What is to be paid in a cycle is billed by the first invoice of that cycle, and a
true-up by the invoice that reaches the end of the contract. An invoice that is longer than a cycle bills the cycles
that it leaves out as well, so that together the invoices of a term bill exactly what was agreed on, whatever their
periods are. All of it is our reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from mockserver.domain.decimals import added, multiplied, to_cents
from mockserver.domain.terms import CycleInterval, cycle_at, term_end

NOTHING: Final = Decimal(0)


class ContractKind(StrEnum):
    """How a commitment is paid."""

    ARREARS = "arrears"
    CUSTOM = "custom"
    INSTALLMENTS = "installments"
    SUBSCRIPTION = "subscription"
    UPFRONT = "upfront"


class ObligationKind(StrEnum):
    """What an amount is due for."""

    PAYMENT = "payment"
    SUBSCRIPTION_FEE = "subscription_fee"
    TRUE_UP = "true_up"


@dataclass(frozen=True, slots=True)
class Contract:
    """A commitment of a customer.

    Attributes:
        id: its id.
        label: its name for people.
        kind: how it is paid.
        start_s: when its first cycle starts (Unix seconds).
        cycles: how many cycles it lasts.
        interval: the unit of a cycle.
        length: how many units a cycle has, from 1 on.
        payments: what is billed in single cycles, by the cycle's number from 1 on.
        true_ups: the amounts promised, from 0 on.
        end_s: its own end, or when it was replaced (Unix seconds, excluded).
        cycle_fee: what is billed in every cycle, from 0 on.
    """

    id: str
    label: str
    kind: ContractKind
    start_s: int
    cycles: int
    interval: CycleInterval
    length: int
    payments: Mapping[int, Decimal] = field(default_factory=dict)
    true_ups: tuple[Decimal, ...] = ()
    end_s: int = 0
    cycle_fee: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Obligation:
    """What an invoice bills for a contract: an amount in whole cents, above 0. Ids are unique within a contract."""

    contract_id: str
    id: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class AgreedObligation:
    """What a contract can make due: `obligation` in `cycle`, or in every cycle when that is None."""

    kind: ObligationKind
    obligation: Obligation
    cycle: int | None


def contract_cycle(contract: Contract, moment_s: int) -> int:
    """The number of the cycle that holds a moment: 0 before the contract starts, `cycles` + 1 from its end on."""
    if moment_s < contract.start_s:
        return 0
    if moment_s >= contract.end_s:
        return contract.cycles + 1
    return cycle_at(moment_s, contract.start_s, contract.cycles, contract.interval, contract.length)


def obligations_due(
    contract: Contract,
    window_start_s: int,
    window_end_s: int,
    first_in_cycle: bool,  # noqa: FBT001 - a fact of the window, as the times are
    spent: Decimal,
) -> list[Obligation]:
    """What the invoice of a window bills for a contract.

    Args:
        contract: the customer's.
        window_start_s: when the invoice's period starts (Unix seconds).
        window_end_s: when it ends, that moment excluded.
        first_in_cycle: whether it is the first invoice that starts in its cycle.
        spent: what the customer spent under the contract until the window's end: usage and fees after discounts, before
            prepaid credit pays any of it.

    Returns:
        The payments in the order of their cycles, then the true-ups; none is 0.
    """
    at_start, at_end = contract_cycle(contract, window_start_s), contract_cycle(contract, window_end_s)
    first = at_start if first_in_cycle and at_start else at_start + 1
    # The cycle at the window's end is billed by the next invoice, unless this one starts in it as well.
    due = _payments(contract, range(first, min(max(at_end, at_start + 1), cycles_begun(contract) + 1)))
    if window_start_s < contract.end_s <= window_end_s and contract.start_s < contract.end_s:
        due += _true_ups(contract, spent)
    return [each for each in due if each.amount > 0]


def agreed_obligations(contract: Contract) -> list[AgreedObligation]:
    """All that a contract can make due, none of it 0. A true-up has the amount promised, the most that it comes to."""
    last = cycles_begun(contract)
    agreed = [
        AgreedObligation(ObligationKind.PAYMENT, _payment(contract, cycle), cycle)
        for cycle in sorted(contract.payments)
        if 1 <= cycle <= last
    ]
    if last:
        agreed.insert(0, AgreedObligation(ObligationKind.SUBSCRIPTION_FEE, _fees(contract, 1), None))
        promised = _numbered_true_ups(contract, contract.true_ups)
        agreed += [AgreedObligation(ObligationKind.TRUE_UP, each, last) for each in promised]
    return [each for each in agreed if each.obligation.amount > 0]


def cycle_start(contract: Contract, cycle: int) -> int:
    """When a cycle, counted from 1, starts (Unix seconds)."""
    if cycle <= 1:
        return contract.start_s
    return term_end(contract.start_s, cycle - 1, contract.interval, contract.length)


def cycles_begun(contract: Contract) -> int:
    """How many cycles begin before the contract ends: all of them, unless it was cut short."""
    ends = contract.end_s - 1
    return min(contract.cycles, cycle_at(ends, contract.start_s, contract.cycles, contract.interval, contract.length))


def total_payments(contract: Contract) -> Decimal:
    """What is paid under a contract whatever is used, each payment rounded half up to cents."""
    last = cycles_begun(contract)
    single = [to_cents(amount) for cycle, amount in contract.payments.items() if 1 <= cycle <= last]
    return added([*single, multiplied(to_cents(contract.cycle_fee), Decimal(last))])


def _payments(contract: Contract, cycles: range) -> list[Obligation]:
    """What falls due in some cycles: the fees of them all as one obligation, and each single payment."""
    falling = sorted(cycle for cycle in contract.payments if cycle in cycles)
    return [_fees(contract, len(cycles)), *(_payment(contract, cycle) for cycle in falling)]


def _fees(contract: Contract, cycles: int) -> Obligation:
    amount = multiplied(to_cents(contract.cycle_fee), Decimal(cycles))
    return Obligation(contract.id, "subscription-fee", "Subscription fee", amount)


def _payment(contract: Contract, cycle: int) -> Obligation:
    upfront = cycle == 1 and contract.kind is not ContractKind.INSTALLMENTS
    name = "Upfront payment" if upfront else f"Installment of cycle {cycle}"
    return Obligation(contract.id, f"payment-{cycle}", name, to_cents(contract.payments[cycle]))


def _true_ups(contract: Contract, spent: Decimal) -> list[Obligation]:
    """What is missing to the amounts promised, which are filled one after the other.

    What was paid whatever was used counts as well as what was used: the larger of both, since payments come back as
    credit that pays for usage.
    """
    counted = max(spent, total_payments(contract))
    missing = []
    for promised in map(to_cents, contract.true_ups):
        met = max(NOTHING, min(promised, counted))
        missing.append(added([promised, met.copy_negate()]))
        counted = added([counted, met.copy_negate()])
    return _numbered_true_ups(contract, missing)


def _numbered_true_ups(contract: Contract, amounts: Sequence[Decimal]) -> list[Obligation]:
    return [
        Obligation(contract.id, f"true-up-{number}", "True-up", to_cents(amount))
        for number, amount in enumerate(amounts, 1)
    ]

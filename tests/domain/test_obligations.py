"""What commitments add to invoices: payments in their cycles and true-ups at the end, whatever the periods are."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import to_cents
from mockserver.domain.obligations import (
    AgreedObligation,
    Contract,
    ContractKind,
    Obligation,
    ObligationKind,
    agreed_obligations,
    contract_cycle,
    cycle_start,
    cycles_begun,
    obligations_due,
    total_payments,
)
from mockserver.domain.terms import CycleInterval, term_end

START_S = 1_717_200_000
"""2024-06-01."""
NOTHING = Decimal(0)
amounts = st.decimals(0, 10**6, places=3)
cents = st.decimals(0, 10**6, places=2)


def contract_of(kind: ContractKind = ContractKind.CUSTOM, **fields: Any) -> Contract:
    """A contract of twelve months from the first of June, over after the last of them."""
    made = Contract(
        "c", "Yearly", kind, START_S, **{"cycles": 12, "interval": CycleInterval.MONTH, "length": 1, **fields}
    )
    return made if "end_s" in fields else replace(made, end_s=end_of(made))


def end_of(contract: Contract) -> int:
    """When the last cycle ends."""
    return term_end(contract.start_s, contract.cycles, contract.interval, contract.length)


def months(contract: Contract, last: int) -> list[int]:
    """The starts of the first cycles, and the end of the last of them."""
    return [cycle_start(contract, cycle) for cycle in range(1, last + 2)]


def billed(contract: Contract, cuts: Sequence[int], spends: Sequence[Decimal] = ()) -> list[list[Obligation]]:
    """What the invoices of windows that follow each other bill, each spending an amount under the contract."""
    bills, seen, spent = [], None, NOTHING
    for number, (start, end) in enumerate(pairwise(cuts)):
        cycle = contract_cycle(contract, start)
        spent += spends[number] if spends else NOTHING
        bills.append(obligations_due(contract, start, end, cycle != seen, spent))
        seen = cycle
    return bills


def total_of(bills: list[list[Obligation]]) -> Decimal:
    """What some invoices bill together."""
    return sum((each.amount for bill in bills for each in bill), NOTHING)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Contracts with payments, fees and no true-up, some of them cut short."""
    contract = contract_of(
        draw(st.sampled_from(ContractKind)),
        cycles=draw(st.integers(0, 30)),
        interval=draw(st.sampled_from(CycleInterval)),
        length=draw(st.integers(1, 3)),
        payments=draw(st.dictionaries(st.integers(-1, 40), amounts, max_size=5)),
        cycle_fee=draw(amounts),
    )
    return replace(
        contract,
        end_s=draw(st.integers(START_S, max(START_S, contract.end_s))) if draw(st.booleans()) else contract.end_s,
    )


@st.composite
def cuts_around(draw: st.DrawFn, contract: Contract) -> list[int]:
    """Windows that follow each other without a gap, from before the contract until after it."""
    reach = 400 * 86_400
    inner = draw(st.lists(st.integers(START_S - reach, contract.end_s + reach), max_size=12))
    return sorted({START_S - reach - 1, *inner, contract.end_s + reach + 1})


@given(st.data())
def test_windows_bill_what_was_agreed(data: st.DataObject) -> None:
    """Whatever the windows are, together they bill the payments and the fees of all cycles that begin."""
    contract = data.draw(contracts())
    bills = billed(contract, data.draw(cuts_around(contract)))
    assert total_of(bills) == total_payments(contract)
    single = [each.id for bill in bills for each in bill if each.id.startswith("payment-")]
    assert len(single) == len(set(single))


@given(st.data())
def test_nothing_is_billed_outside_the_term(data: st.DataObject) -> None:
    """A window that ends before the contract starts, or starts when it is over, bills nothing."""
    contract = replace(data.draw(contracts()), true_ups=(Decimal(100),))
    away = data.draw(st.integers(0, 10**9))
    length = data.draw(st.integers(1, 10**8))
    before = contract.start_s - away
    assert obligations_due(contract, before - length, before, first_in_cycle=True, spent=NOTHING) == []
    after = contract.end_s + away
    assert obligations_due(contract, after, after + length, first_in_cycle=True, spent=NOTHING) == []


@given(st.data(), st.lists(cents, min_size=12, max_size=12), st.lists(amounts, min_size=1, max_size=3))
def test_spend_and_true_ups_reach_the_commitment(
    data: st.DataObject, spends: list[Decimal], promised: list[Decimal]
) -> None:
    """In arrears, what was spent and the true-ups are together the amounts promised, or what was spent beyond."""
    contract = contract_of(ContractKind.ARREARS, true_ups=tuple(promised))
    bills = billed(contract, months(contract, 12), spends)
    committed = sum(map(to_cents, promised), NOTHING)
    assert total_of(bills) + sum(spends) == max(committed, sum(spends))
    assert all(bill == [] for bill in bills[:-1])


@pytest.mark.parametrize("cycles", [1, 12, 30])
def test_a_subscription_bills_its_fee_in_every_cycle(cycles: int) -> None:
    """Each month has one fee, and all of them are cycles times the fee."""
    contract = contract_of(ContractKind.SUBSCRIPTION, cycles=cycles, cycle_fee=Decimal("99.995"))
    bills = billed(contract, months(contract, cycles))
    fee = Obligation("c", "subscription-fee", "Subscription fee", Decimal("100.00"))
    assert bills == [[fee]] * cycles
    assert total_payments(contract) == cycles * 100


@pytest.mark.parametrize(
    ("kind", "payments", "due"),
    [
        (ContractKind.UPFRONT, {1: 12000}, {0: [("payment-1", "Upfront payment", "12000.00")]}),
        (
            ContractKind.CUSTOM,
            {1: 100, 3: 50},
            {0: [("payment-1", "Upfront payment", "100.00")], 2: [("payment-3", "Installment of cycle 3", "50.00")]},
        ),
        (
            ContractKind.INSTALLMENTS,
            {1: 6000, 7: "6000.005"},
            {
                0: [("payment-1", "Installment of cycle 1", "6000.00")],
                6: [("payment-7", "Installment of cycle 7", "6000.01")],
            },
        ),
        (ContractKind.INSTALLMENTS, {12: 1, 13: 2, 0: 3}, {11: [("payment-12", "Installment of cycle 12", "1.00")]}),
        (ContractKind.INSTALLMENTS, {2: 0}, {}),
        (ContractKind.UPFRONT, {}, {}),
        (ContractKind.UPFRONT, {1: "0.004"}, {}),
    ],
)
def test_payments_fall_due_in_their_cycles(
    kind: ContractKind, payments: dict[int, Any], due: dict[int, list[tuple[str, str, str]]]
) -> None:
    """The first invoice of a cycle bills what is to be paid in it, rounded half up to cents, and nothing of 0."""
    contract = contract_of(kind, payments={cycle: Decimal(amount) for cycle, amount in payments.items()})
    bills = billed(contract, months(contract, 12))
    found = {
        number: [(each.id, each.name, str(each.amount)) for each in bill] for number, bill in enumerate(bills) if bill
    }
    assert found == due


@pytest.mark.parametrize(
    ("payments", "promised", "spent", "missing"),
    [
        ({}, ["12000"], "0", ["12000.00"]),
        ({}, ["12000"], "7000", ["5000.00"]),
        ({}, ["12000"], "11999.99", ["0.01"]),
        ({}, ["12000"], "12000", []),
        ({}, ["12000"], "15000", []),
        ({}, ["0.005"], "0", ["0.01"]),
        ({}, [], "0", []),
        ({1: 12000}, ["12000"], "8000", []),
        ({1: 12000}, ["20000"], "8000", ["8000.00"]),
        ({1: 12000}, ["20000"], "15000", ["5000.00"]),
        ({1: 6000, 7: 6000}, ["12500"], "0", ["500.00"]),
        ({}, ["100", "50"], "120", ["30.00"]),
        ({}, ["100", "50"], "70", ["30.00", "50.00"]),
        ({}, ["100", "50"], "150", []),
        ({}, ["100"], "-20", ["100.00"]),
    ],
)
def test_a_true_up_is_what_is_missing(
    payments: dict[int, int], promised: list[str], spent: str, missing: list[str]
) -> None:
    """What counts is what was spent or what was paid anyhow, whichever is more; true-ups are filled one by one."""
    contract = contract_of(
        payments={cycle: Decimal(amount) for cycle, amount in payments.items()}, true_ups=tuple(map(Decimal, promised))
    )
    start, end = months(contract, 12)[-2:]
    due = obligations_due(contract, start, end, first_in_cycle=True, spent=Decimal(spent))
    assert [str(each.amount) for each in due] == missing
    assert {each.name for each in due} <= {"True-up"}


@pytest.mark.parametrize(
    ("offset", "length", "is_due"),
    [(-2, 2, True), (-2, 1, False), (-1, 1, True), (-1, 10**9, True), (0, 1, False), (-(10**9), 10**9, True)],
)
def test_the_true_up_is_on_the_invoice_that_reaches_the_end(offset: int, length: int, *, is_due: bool) -> None:
    """Neither the invoice before has it nor the one that starts when the contract is over."""
    contract = contract_of(true_ups=(Decimal(10),))
    start = contract.end_s + offset
    due = obligations_due(contract, start, start + length, first_in_cycle=False, spent=NOTHING)
    assert bool(due) is is_due


def test_a_contract_that_is_cut_short_is_trued_up_at_its_end() -> None:
    """Cycles that do not begin are not paid, and what was not paid does not count towards the amount promised."""
    contract = contract_of(payments={1: Decimal(60), 7: Decimal(60)}, true_ups=(Decimal(100),), cycle_fee=Decimal(1))
    cuts = months(contract, 12)
    short = replace(contract, end_s=cuts[3])
    bills = billed(short, cuts)
    assert [[(each.id, str(each.amount)) for each in bill] for bill in bills[:4]] == [
        [("subscription-fee", "1.00"), ("payment-1", "60.00")],
        [("subscription-fee", "1.00")],
        [("subscription-fee", "1.00"), ("true-up-1", "37.00")],
        [],
    ]
    assert (cycles_begun(short), total_payments(short)) == (3, Decimal(63))


def test_an_invoice_of_a_quarter_bills_three_months() -> None:
    """Cycles in which no invoice starts are billed by the one that covers them; the fees of them all as one amount."""
    contract = contract_of(payments={2: Decimal(5)}, cycle_fee=Decimal(10))
    bills = billed(contract, months(contract, 12)[::3])
    assert [[(each.id, str(each.amount)) for each in bill] for bill in bills] == [
        [("subscription-fee", "30.00"), ("payment-2", "5.00")],
        *[[("subscription-fee", "30.00")]] * 3,
    ]


def test_a_second_invoice_in_a_cycle_bills_no_payment() -> None:
    """A plan that changes inside a cycle opens another invoice, which is not the first of the cycle."""
    contract = contract_of(payments={1: Decimal(5)}, cycle_fee=Decimal(10))
    start, end = months(contract, 1)
    assert total_of(billed(contract, [start, start + 86_400, end])) == 15
    assert obligations_due(contract, start + 86_400, end, first_in_cycle=False, spent=NOTHING) == []


def test_what_was_agreed_is_told_in_advance() -> None:
    """Fees of every cycle, payments by cycle, then each amount promised with the last cycle; nothing of 0."""
    contract = contract_of(
        payments={7: Decimal(6), 1: Decimal(5), 2: NOTHING, 13: Decimal(9)},
        true_ups=(Decimal(20), NOTHING),
        cycle_fee=Decimal(1),
    )

    def agreed(kind: ObligationKind, cycle: int | None, amount: int, key: str, name: str) -> AgreedObligation:
        return AgreedObligation(kind, Obligation("c", key, name, Decimal(amount)), cycle)

    assert agreed_obligations(contract) == [
        agreed(ObligationKind.SUBSCRIPTION_FEE, None, 1, "subscription-fee", "Subscription fee"),
        agreed(ObligationKind.PAYMENT, 1, 5, "payment-1", "Upfront payment"),
        agreed(ObligationKind.PAYMENT, 7, 6, "payment-7", "Installment of cycle 7"),
        agreed(ObligationKind.TRUE_UP, 12, 20, "true-up-1", "True-up"),
    ]
    assert agreed_obligations(replace(contract, cycles=0, end_s=START_S)) == []


def test_huge_contracts_are_not_counted_out() -> None:
    """A fee in each of two billion cycles is one multiplication, and amounts of any size add up."""
    contract = contract_of(cycles=2**31 - 1, interval=CycleInterval.DAY, cycle_fee=Decimal("1e308"))
    (due,) = obligations_due(contract, START_S - 1, contract.end_s, first_in_cycle=True, spent=NOTHING)
    assert due.amount == Decimal("1e308") * (2**31 - 1)
    assert contract_cycle(contract, contract.end_s - 1) == 2**31 - 1


@given(contracts(), st.integers(-(10**8), 10**9))
def test_a_moment_is_in_the_cycle_that_holds_it(contract: Contract, away: int) -> None:
    """The cycle's start is not after the moment, and the next one's is; before and after the term there is none."""
    moment = contract.start_s + away
    cycle = contract_cycle(contract, moment)
    if away < 0:
        assert cycle == 0
    elif moment >= contract.end_s:
        assert cycle == contract.cycles + 1
    else:
        assert cycle_start(contract, cycle) <= moment < cycle_start(contract, cycle + 1)

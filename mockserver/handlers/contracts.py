"""Commitments in the words of the domain: what their bodies say of amounts, and the contracts that the books bill."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from mockserver.domain.decimals import added, exactly, to_cents, within_doubles
from mockserver.domain.obligations import AgreedObligation, Contract, ContractKind, cycle_start, cycles_begun
from mockserver.domain.terms import CycleInterval
from mockserver.engine.call import Call
from mockserver.engine.errors import InvalidInput
from mockserver.engine.holdings import Holdings
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

COLLECTION: Final = "commitments"
HOLDERS: Final = Holdings("commitment-holders")
"""The ids of each customer's commitments, oldest first, so that one customer's are found among thousands."""

PERIOD: Final = "billingPeriod"
"""The field of a contract that has the length of its cycles: its plan's, as it was when the contract was written."""


class Role(Enum):
    """What an amount of a commitment is for."""

    PAYMENT = auto()
    FEE = auto()
    TRUE_UP = auto()
    CREDIT = auto()
    REWARD = auto()


class Place(NamedTuple):
    """A part of a field that has an amount: the rest of its path, its cycle (0 for none that there is), the part."""

    path: str
    cycle: int
    part: Any


class Amount(NamedTuple):
    """An amount that a commitment names, None when it is left out; `field` is its dotted path."""

    field: str
    role: Role
    cycle: int
    amount: Decimal | None


def _one(part: Any) -> Iterator[Place]:
    yield Place("", 1, part)


def _each(parts: list[Any]) -> Iterator[Place]:
    return (Place(f"[{number}]", 1, part) for number, part in enumerate(parts))


def _by_cycle(parts: Mapping[str, Any]) -> Iterator[Place]:
    return (Place(f".{printable(key, 60)}", cycle_number(key), part) for key, part in parts.items())


_MOST_DIGITS: Final = 10


def cycle_number(key: str) -> int:
    """The cycle that a schedule's key names, or 0 when it is no number from 1 on."""
    return int(key) if key.isascii() and key.isdigit() and len(key) <= _MOST_DIGITS else 0


FIELDS: Final[Mapping[str, tuple[Role, Callable[[Any], Iterator[Place]]]]] = {
    "upfrontPayment": (Role.PAYMENT, _one),
    "upfrontPayments": (Role.PAYMENT, _each),
    "installmentCycleSchedule": (Role.PAYMENT, _by_cycle),
    "installmentSchedule": (Role.PAYMENT, _by_cycle),
    "cycleSubscriptionFee": (Role.FEE, _one),
    "trueup": (Role.TRUE_UP, _one),
    "trueups": (Role.TRUE_UP, _each),
    "credits": (Role.CREDIT, _each),
    "reward": (Role.REWARD, _one),
    "rewards": (Role.REWARD, _each),
}
"""The fields that have amounts. The shapes of most are our reading."""

_COMES_BACK: Final = frozenset({ContractKind.UPFRONT, ContractKind.INSTALLMENTS})

_EXTRAS: Final = ("trueup", "reward")

FORMS: Final[Mapping[str, tuple[ContractKind, tuple[str, ...]]]] = {
    "arrears_commitment_with_true_up": (ContractKind.ARREARS, _EXTRAS),
    "custom_commitment": (
        ContractKind.CUSTOM,
        ("upfrontPayments", "installmentSchedule", "trueups", "credits", "rewards"),
    ),
    "installments_commitment": (ContractKind.INSTALLMENTS, ("installmentCycleSchedule", "credits", *_EXTRAS)),
    "subscription_commitment": (ContractKind.SUBSCRIPTION, ("cycleSubscriptionFee",)),
    "upfront_commitment_with_true_up": (ContractKind.UPFRONT, ("upfrontPayment", *_EXTRAS)),
}
"""How a commitment of each type is paid, and the fields with amounts that it has."""

_ANY_FORM: Final = (ContractKind.CUSTOM, tuple(FIELDS))
"""A commitment without a type, or of one that is known by its name alone: whatever fields it has count."""


def amounts_of(body: JsonObject) -> list[Amount]:
    """The amounts that a commitment of the wire's form names, in the order of `FIELDS`."""
    _, fields = FORMS.get(body.get("type", ""), _ANY_FORM)
    return [
        _amount(f"{name}{place.path}", FIELDS[name][0], place)
        for name in FIELDS
        if name in fields and body.get(name) is not None
        for place in FIELDS[name][1](body[name])
    ]


def _amount(path: str, role: Role, place: Place) -> Amount:
    if role is Role.FEE:
        return Amount(path, role, place.cycle, exactly(place.part))
    given = place.part.get("amount")
    return Amount(f"{path}.amount", role, place.cycle, None if given is None else exactly(given))


def check_amounts(call: Call, body: JsonObject) -> None:
    """Warns of amounts that are left out or never fall due.

    Raises:
        InvalidInput: an amount is below 0.
        StrictRefusal: the account is strict, and there was something to warn of.
    """
    amounts = amounts_of(body)
    for each in amounts:
        if each.amount is not None and each.amount < 0:
            message = f"Invalid request: {each.field} is below 0"
            raise InvalidInput(message, field=each.field, rule="negative-amount")
    for each in amounts:
        if each.amount is None:
            call.warn(each.field, "absent-amount", f"{each.field} is absent: nothing comes of it")
        if not 1 <= each.cycle <= max(body["cycles"], 1):
            path = each.field.removesuffix(".amount")
            call.warn(path, "unlikely-cycle", f"{path} names no cycle of the commitment: it never falls due")


def contract_from_api(document: JsonObject) -> Contract:
    """The contract that a stored commitment is."""
    agreed, period = document["contract"], document["contract"][PERIOD]
    kind, _ = FORMS.get(agreed.get("type", ""), _ANY_FORM)
    amounts = amounts_of(document["contractGenerator"])
    return Contract(
        id=document["id"],
        label=agreed["label"],
        kind=kind,
        start_s=agreed["startTimeInSeconds"],
        cycles=agreed["cycles"],
        interval=CycleInterval(period["interval"]),
        length=period["intervalsCount"],
        payments=_by_cycles(amounts),
        true_ups=tuple(amounts_for(amounts, Role.TRUE_UP)),
        end_s=agreed["endTimeInSeconds"],
        cycle_fee=added(amounts_for(amounts, Role.FEE)),
    )


def amounts_for(amounts: list[Amount], role: Role) -> list[Decimal]:
    """The amounts of one role that were named."""
    return [each.amount for each in amounts if each.role is role and each.amount is not None]


def _by_cycles(amounts: list[Amount]) -> dict[int, Decimal]:
    payments: dict[int, Decimal] = {}
    for each in amounts:
        if each.role is Role.PAYMENT and each.amount is not None and each.cycle:
            payments[each.cycle] = added([payments.get(each.cycle, Decimal(0)), each.amount])
    return payments


class Credit(NamedTuple):
    """Credit that comes with a contract: `worth` in cents, from `start_s` until the contract's end."""

    name: str
    card_type: str
    worth: Decimal
    start_s: int


def credits_of(document: JsonObject) -> list[Credit]:
    """The credit that comes with a stored commitment.

    A payment in advance or by installments comes back as credit of the same worth, from the cycle in which it falls due
    until the contract's end, unless the body names other credit (our reading).
    """
    contract, amounts = contract_from_api(document), amounts_of(document["contractGenerator"])
    named = [(number, worth, contract.start_s) for number, worth in enumerate(amounts_for(amounts, Role.CREDIT), 1)]
    if not named and contract.kind in _COMES_BACK:
        begun = range(1, cycles_begun(contract) + 1)
        paid = sorted((cycle, worth) for cycle, worth in contract.payments.items() if cycle in begun)
        named = [(cycle, worth, cycle_start(contract, cycle)) for cycle, worth in paid]
    rewards = enumerate(amounts_for(amounts, Role.REWARD), 1)
    granted = [
        *(
            Credit(f"credit-{number}", "credit_one_time", within_doubles(to_cents(worth)), start_s)
            for number, worth, start_s in named
        ),
        *(
            Credit(f"reward-{number}", "commitment_rewards", to_cents(worth), contract.start_s)
            for number, worth in rewards
        ),
    ]
    return [each for each in granted if each.worth > 0 and each.start_s < contract.end_s]


def obligation_to_api(agreed: AgreedObligation) -> JsonObject:
    """An obligation as a contract lists it; the members are our reading."""
    obligation = agreed.obligation
    return {
        "id": obligation.id,
        "name": obligation.name,
        "type": agreed.kind.value,
        "amount": within_doubles(obligation.amount),
        "cycle": agreed.cycle,
    }


def commitments_of(call: Call, customer: str) -> list[JsonObject]:
    """A customer's commitments as they are kept, oldest first."""
    kept = call.store.collection(COLLECTION)
    found = (kept.get(key) for key in HOLDERS.of(call, customer))
    return [document for document in found if document is not None]


def contracts_of(call: Call, customer: str) -> list[Contract]:
    """A customer's contracts, oldest first: those that are over, that which runs, and those that are still to start.

    Without any it costs one look-up.
    """
    return [contract_from_api(document) for document in commitments_of(call, customer)]

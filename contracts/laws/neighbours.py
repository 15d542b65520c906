"""Laws of whose numbers move: an event counts for its own customer, meter and account, and for no other."""

from collections.abc import Iterator
from functools import partial

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, event, opened, used
from contracts.laws.law import Broken, Evidence, Family, Law, Need
from contracts.laws.metering import DAY, Question, metering, same
from contracts.laws.trial import Trial
from contracts.model import Severity

_METERS = ("m", "m2")
_CUSTOMERS = ("c", "c2")
"""One name begins the other, as names do that are counted up."""

_WHEN = (-2, 3)
"""The first day of the events, from that of the trial, and how many there are."""

Place = tuple[int, int]
"""Which meter and which customer an event is of."""


def _day(number: int) -> int:
    """Two events are of one day, so that how more are added up plays no part."""
    return _WHEN[0] + number // 2


def _other_numbers_do_not_move(trial: Trial, places: tuple[Place, ...]) -> Iterator[None]:
    opened(trial, *_CUSTOMERS, meter=_METERS[0])
    trial.metering.define(trial.key(_METERS[1]))
    values = [2**number for number in range(len(places))]
    trial.metering.send_each(
        event(trial, str(number), values[number], _day(number), meter=_METERS[meter], customer=_CUSTOMERS[customer])
        for number, (meter, customer) in enumerate(places)
    )
    yield
    for place in sorted(set(places)):
        meter, customer = place
        own = sum(value for other, value in zip(places, values, strict=True) if other == place)
        whole = sum(value for other, value in zip(places, values, strict=True) if other[0] == meter)
        told = f"meter {meter + 1}, for which events of together"
        counts(
            trial, partial(used, trial, *_WHEN, meter=_METERS[meter]), whole, f"the usage of {told} {whole} were sent,"
        )
        what = f"the usage of customer {customer + 1} of {told} {own} were sent,"
        _counts_for_a_customer(trial, _METERS[meter], _CUSTOMERS[customer], own, what)


def _counts_for_a_customer(trial: Trial, meter: str, customer: str, wanted: float, what: str) -> None:
    """Asks by filter and, where that is wrong, by group: only what both tell is no mistake of either."""
    try:
        counts(trial, partial(used, trial, *_WHEN, meter=meter, customers=(customer,)), wanted, what)
    except Broken:
        first, days = _WHEN
        start = trial.day + first * DAY
        question = Question(trial.key(meter), start, start + days * DAY, group_by=("customerId",))
        groups = trial.metering.usage(question)
        grouped = sum(each.total for each in groups if each.group.get("customerId") == trial.key(customer))
        if not same(grouped, wanted):
            raise


def _other_account_does_not_move(trial: Trial, values: tuple[int, int]) -> Iterator[None]:
    own, others = values
    # Both accounts use the same names, and one event is the same in every field.
    shared, alone = event(trial, "s", own), event(trial, "o", others)
    opened(trial)
    trial.metering.send_each([shared])
    other = Trial(trial.law, trial.subject, trial.number, trial.terms, trial.talk.as_other())
    other.metering.define(shared.meter)
    other.metering.register(shared.customer)
    other.metering.send_each([alone, shared])
    yield
    what = f"to which an event of {own} was sent"
    counts(trial, lambda: used(trial), own, f"the usage of an account {what},")
    trial.equal(lambda: used(other), own + others, f"the usage of another account {what} and one of {others},")


def _places() -> st.SearchStrategy[tuple[Place, ...]]:
    place = st.tuples(st.integers(0, 1), st.integers(0, 1))
    return st.lists(place, min_size=2, max_size=5).map(tuple)


LAWS: tuple[Law, ...] = (
    Law(
        name="other_numbers_do_not_move",
        family=Family.INGEST,
        expects="that an event counts for its own customer and meter, and for no others",
        why="Usage that turns up with another customer is billed to somebody who never had it, and shows one customer "
        "what another one does. The law reports events of two customers to two meters, whose names begin alike, and "
        "asks for the usage of each.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: customerId and meterApiName of MeterEvent say whose usage it is, and of what",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_other_numbers_do_not_move,
        cases=(((0, 0), (0, 1)), ((0, 0), (1, 0)), ((0, 0), (0, 1), (1, 0), (1, 1))),
        generated=_places,
        examples=4,
    ),
    Law(
        name="other_account_does_not_move",
        family=Family.INGEST,
        expects="that an event counts for the account that sent it, and for no other",
        why="Two companies that use the same platform may well use the same names, and one company does so in its "
        "test and its live account. Where one account's events count in another, or are taken for repeats of "
        "another's, neither can trust its numbers. The law sends events of the same meter and customer to two "
        "accounts.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: the API key is that of an account",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_other_account_does_not_move,
        # What is made in the second account would stay there, since a clean-up knows the first one alone.
        needs=frozenset({Need.WRITES, Need.SECOND_KEY, Need.LOOPBACK}),
        cases=((3, 5),),
        generated=lambda: st.tuples(st.integers(1, 9), st.integers(1, 9)),
        examples=3,
    ),
)

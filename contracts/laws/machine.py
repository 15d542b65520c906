"""The steps of random sequences, and what each is made of; what a step does is told by `contracts.laws.mirror`."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from hypothesis.strategies import (
    SearchStrategy,
    booleans,
    builds,
    fixed_dictionaries,
    integers,
    lists,
    sampled_from,
)

from contracts.laws.metering import DAY, HOUR
from contracts.laws.mirror import CANCELS, FILTERS, LISTS_FILTERS, Asked, Mirror, Sketch
from contracts.laws.reducing import Step
from contracts.laws.reference import CUSTOMER, Group, Rule
from contracts.laws.things import CUSTOMERS, DIMENSIONS, Handling, Words

Look = tuple[str, Group]
"""By which intervals, and by which groups, all usage of a meter is asked for."""


class Referee(Protocol):
    """What a machine's steps go through."""

    def take(self, mirror: Mirror, step: Step) -> None:
        """Takes a step, and does what is to be done with what it raises."""

    def end(self, mirror: Mirror) -> None:
        """Does what is to be done when there are no more steps."""


_MOMENTS = (10 * HOUR, 10 * HOUR + 1800, DAY - 1, DAY, -5 * DAY, -40 * DAY)
"""When events happen, in seconds after the day's first one: at edges of hours and days, in other weeks and months."""

_RANGES = (
    (-41 * DAY, 2 * DAY),
    (10 * HOUR, 10 * HOUR + 1800),
    (0, 10 * HOUR),
    (10 * HOUR + 1800, DAY),
    (DAY - 1, DAY),
    (-5 * DAY, 10 * HOUR),
)
"""What is asked for, the same way; most of it ends when an event may be, and some begins or ends inside a bucket."""

_GROUPS = ((), (CUSTOMER,), ("region",), ("tier",), ("region", "tier"), (CUSTOMER, "region"))
_INTERVALS = ("DAY", "HOUR", "WEEK", "MONTH")

# Mostly the first of all, since short sequences show something only when their steps are about the same things.
_METERS = sampled_from((0, 0, 0, 1, 2, 3))
_NUMBERS = integers(0, 2)
_LOOKS: SearchStrategy[Look | None] = sampled_from(
    (None, *((each, ()) for each in _INTERVALS), *(("DAY", each) for each in _GROUPS[1:]))
)
"""Whether a step is followed by a question, and by which: most steps show something only then."""

_RULE_NUMBERS = sampled_from((0, 0, 1))
_PARTS = sampled_from(("value", "customer", "moment", "dimensions", "meter"))
_HANDLINGS = sampled_from(Handling)
_AFTERWARDS = (Handling.READ, Handling.LIST)
_PICKS = integers(0, 7)
_WORDS: SearchStrategy[Words] = fixed_dictionaries(
    {"name": sampled_from(("Ada", "Bob"))},
    optional={"email": sampled_from(("ada@example.com", "bob@example.com")), "about": sampled_from(("one", "two"))},
)
_LABELS = fixed_dictionaries({}, optional={name: sampled_from(values) for name, values in DIMENSIONS.items()})
_CHOICES = fixed_dictionaries(
    {}, optional={name: lists(sampled_from(values), min_size=1, unique=True) for name, values in DIMENSIONS.items()}
)
_SKETCHES = builds(
    Sketch,
    meter=_METERS,
    customer=_NUMBERS,
    moment=sampled_from(_MOMENTS),
    value=sampled_from((1, 2, 3, 10, 0.5, 0, -1)),
    dimensions=_LABELS.map(lambda chosen: tuple(sorted(chosen.items()))),
)
_RULES = sampled_from(sorted(DIMENSIONS)).flatmap(
    lambda name: builds(
        Rule,
        dimension=sampled_from((name,)),
        values=lists(sampled_from(DIMENSIONS[name]), min_size=1, unique=True).map(frozenset),
        includes=booleans(),
    )
)

_ASKED = builds(
    Asked,
    span=sampled_from(_RANGES),
    pick=integers(0, 2),
    interval=sampled_from(_INTERVALS),
    groups=sampled_from(_GROUPS),
    customers=lists(_NUMBERS, max_size=2, unique=True).map(tuple),
    filters=_CHOICES.map(lambda chosen: tuple((name, tuple(values)) for name, values in chosen.items())),
)


class Machine(RuleBasedStateMachine):
    """A random sequence of calls.

    Args:
        mirror: Takes each step at the target and in the reference.
        referee: Through whom the steps go.
    """

    def __init__(self, mirror: Mirror, referee: Referee) -> None:
        super().__init__()
        self._mirror = mirror
        self._referee = referee
        self._tags = itertools.count()

    def _can(self, *operations: str) -> bool:
        return self._mirror.can(*operations)

    def _sent(self) -> bool:
        return bool(self._mirror.sent)

    def _tagged(self, sketch: Sketch) -> Sketch:
        return replace(sketch, tag=next(self._tags))

    def _tag_of(self, pick: int) -> int:
        """The tag of an event that was sent, counted from the latest on."""
        tags = [*self._mirror.sent]
        return tags[-1 - pick % len(tags)]

    def _take(self, act: Callable[[Mirror], None]) -> None:
        self._referee.take(self._mirror, Step(lambda mirror, _: act(mirror)))

    def _take_all(self, act: Callable[[Mirror, tuple[Any, ...]], None], items: Sequence[Any], *, alone: bool) -> None:
        """Takes a step about several items, or one step for each of them."""
        for part in [(each,) for each in items] if alone else [tuple(items)]:
            self._referee.take(self._mirror, Step(act, part))

    def _add_up(self, look: Look | None) -> None:
        if look is not None:
            self._take(lambda mirror: mirror.add_up(*look))

    @precondition(lambda self: self._can(CUSTOMERS.creates))
    @rule(what=_HANDLINGS, number=_NUMBERS, words=_WORDS, look=booleans())
    def customers(self, what: Handling, number: int, words: Words, *, look: bool) -> None:
        """Handles a customer."""
        doing = [what, *(_AFTERWARDS if look else ())]
        self._take_all(lambda mirror, each: mirror.handle_customer(each[0], number, words), doing, alone=True)

    @rule(what=_HANDLINGS, number=_METERS, words=_WORDS, look=booleans())
    def meters(self, what: Handling, number: int, words: Words, *, look: bool) -> None:
        """Handles a meter."""
        doing = [what, *(_AFTERWARDS if look else ())]
        self._take_all(lambda mirror, each: mirror.meters.handle(each[0], number, words), doing, alone=True)

    @rule(sketches=lists(_SKETCHES, min_size=1, max_size=5), alone=booleans(), twice=booleans(), look=_LOOKS)
    def send(self, sketches: list[Sketch], *, alone: bool, twice: bool, look: Look | None) -> None:
        """Ingests new events, perhaps each of them twice."""
        tagged = [self._tagged(each) for each in sketches] * (1 + twice)
        self._take_all(lambda mirror, items: mirror.send(items), tagged, alone=alone)
        self._add_up(look)

    @precondition(_sent)
    @rule(picks=lists(_PICKS, min_size=1, max_size=3), alone=booleans(), look=_LOOKS)
    def resend(self, picks: list[int], *, alone: bool, look: Look | None) -> None:
        """Ingests events again."""
        tags = [self._tag_of(pick) for pick in picks]
        self._take_all(lambda mirror, items: mirror.resend(items), tags, alone=alone)
        self._add_up(look)

    @precondition(_sent)
    @rule(pick=_PICKS, part=_PARTS, sketch=_SKETCHES, look=_LOOKS)
    def reuse(self, pick: int, part: str, sketch: Sketch, *, look: Look | None) -> None:
        """Ingests another event with a mark that was used."""
        tag, tagged = self._tag_of(pick), self._tagged(sketch)
        self._take(lambda mirror: mirror.reuse(tag, part, tagged))
        self._add_up(look)

    @precondition(lambda self: self._can(FILTERS))
    @rule(meter=_METERS, number=_RULE_NUMBERS, made=lists(_RULES, min_size=1, max_size=2))
    def filter(self, meter: int, number: int, made: list[Rule]) -> None:
        """Creates or replaces a filtering rule."""
        self._take_all(lambda mirror, items: mirror.filter(meter, number, items[0]), made, alone=True)

    @precondition(lambda self: self._can(FILTERS, LISTS_FILTERS) and self._mirror.reference.rules)
    @rule(meter=_METERS)
    def list_filters(self, meter: int) -> None:
        """Lists the filtering rules of a meter."""
        self._take(lambda mirror: mirror.list_filters(meter))

    @precondition(lambda self: self._can(CANCELS) and self._sent())
    @rule(pick=_PICKS, look=_LOOKS)
    def cancel(self, pick: int, *, look: Look | None) -> None:
        """Cancels an event."""
        tag = self._tag_of(pick)
        self._take(lambda mirror: mirror.cancel(tag))
        self._add_up(look)

    @precondition(lambda self: self._can(CANCELS) and self._sent())
    @rule(meter=_METERS, number=_RULE_NUMBERS, filters=_CHOICES, look=_LOOKS)
    def cancel_matching(self, meter: int, number: int, filters: Mapping[str, list[str]], *, look: Look | None) -> None:
        """Cancels the events of a meter that match."""
        self._take(lambda mirror: mirror.cancel_matching(meter, number, filters))
        self._add_up(look)

    @rule(meter=_METERS, asked=lists(_ASKED, min_size=1, max_size=3))
    def ask(self, meter: int, asked: list[Asked]) -> None:
        """Asks for usage of a meter, in one way after the other."""
        self._take_all(lambda mirror, items: mirror.ask(meter, items[0]), asked, alone=True)

    def teardown(self) -> None:
        """Ends the sequence."""
        self._referee.end(self._mirror)

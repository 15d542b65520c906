"""The meters of a seeded account: what is sold, along which dimensions, and how large one event is."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mockserver.seeding.people import Person

Value = Callable[[random.Random, Person, float], float]
"""Makes a meterValue from chance, the customer, and how far the history has come (0 to 1)."""


@dataclass(frozen=True, slots=True)
class Product:
    """A meter.

    Attributes:
        api_name: its key, meterApiName.
        display_name: its name for people.
        kind: its type as the published document spells it.
        share: its part of all events, as a weight.
        choices: the values of each dimension that is drawn for each event. The dimensions `region` and `tier` are
            the customer's own.
        value: makes an event's value.
    """

    api_name: str
    display_name: str
    kind: str
    share: int
    choices: Mapping[str, tuple[str, ...]]
    value: Value

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of all its dimensions."""
        return ("region", "tier", *self.choices)

    def dimension_values(self, chance: random.Random, person: Person) -> dict[str, str]:
        """The dimensions of one event."""
        drawn = {name: chance.choice(values) for name, values in self.choices.items()}
        return {"region": person.region, "tier": person.tier, **drawn}


def _requests(chance: random.Random, _person: Person, _progress: float) -> float:
    """Calls that a client counted before it reported them: mostly one, now and then a few dozen."""
    return 1 if chance.random() < 0.7 else chance.randint(2, 40)  # noqa: PLR2004 - seven in ten report single calls


def _tokens(chance: random.Random, _person: Person, _progress: float) -> float:
    return chance.randint(40, 4000)


def _stored_gigabytes(chance: random.Random, person: Person, progress: float) -> float:
    """A gauge in tenths: it grows with the customer and the days, and wobbles a little."""
    return round(person.size * (5 + 20 * progress) * (0.95 + 0.1 * chance.random()), 1)


def _presence(_chance: random.Random, _person: Person, _progress: float) -> float:
    """The customer was there; only who it was is counted."""
    return 1


METERS = (
    Product(
        "api-calls",
        "API calls",
        "SUM_OF_ALL_USAGE",
        55,
        {"endpoint": ("/search", "/documents", "/export"), "outcome": ("ok", "ok", "ok", "ok", "error")},
        _requests,
    ),
    Product(
        "llm-tokens",
        "LLM tokens",
        "SUM_OF_ALL_USAGE",
        25,
        {"model": ("small", "small", "large"), "direction": ("input", "output")},
        _tokens,
    ),
    Product(
        "storage-gb", "Stored gigabytes", "MAX_IN_PERIOD", 12, {"class": ("hot", "hot", "archive")}, _stored_gigabytes
    ),
    Product(
        "active-customers", "Active customers", "UNIQUE_CUSTOMERS_COUNT", 8, {"client": ("web", "mobile")}, _presence
    ),
)
"""Four meters of the three kinds."""

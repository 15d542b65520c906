"""The customers of a seeded account: companies with names, addresses, traits and a size."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from faker import Faker

REGIONS = {"us-east-1": "US", "us-west-2": "US", "eu-west-1": "IE", "eu-central-1": "DE", "ap-south-1": "IN"}
"""Where a customer's usage happens, and the country of its address."""
TIERS = (("enterprise", 20.0), ("business", 4.0), ("starter", 1.0))
"""What a customer bought and how much it uses, from the few big ones down."""
BIG = 0.08
MEDIUM = 0.35
"""Up to these parts of all customers are enterprise and business; the rest are starters."""
STAGES = ("ACTIVE",) * 8 + ("ONBOARDING", "TRAIL")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: a legal person.

    Attributes:
        customer_id: its key, made of its name and a number.
        name: its company name.
        region: where its usage happens.
        tier: what it bought.
        size: its usage, as a weight.
        profile: the other fields of its record, as the public API spells them.
    """

    customer_id: str
    name: str
    region: str
    tier: str
    size: float
    profile: dict[str, Any]

    def to_api(self) -> dict[str, Any]:
        """The body for PUT /customers."""
        return {"customerId": self.customer_id, "customerName": self.name, **self.profile}


def people(count: int, seed: int) -> Sequence[Person]:
    """So many customers, big ones first; the same seed gives the same ones."""
    names = Faker("en_US", use_weighting=False)
    names.seed_instance(seed)
    chance = random.Random(f"customers {seed}")  # noqa: S311 - made-up customers, no secrets
    return [_person(names, chance, number, count) for number in range(1, count + 1)]


def _person(names: Faker, chance: random.Random, number: int, count: int) -> Person:
    name = names.company()
    customer_id = f"{_slug(name)}-{number:03d}"
    region = chance.choice(tuple(REGIONS))
    tier, size = _tier(number, count)
    manager = names.name()
    profile = {
        "customerEmail": f"billing@{_slug(name)}-{number}.example",
        "description": names.catch_phrase(),
        "lifecycleStage": chance.choice(STAGES),
        "traits": {"accountManager": manager, "region": region, "tier": tier},
        "address": {
            "line1": names.street_address(),
            "city": names.city(),
            "postalCode": names.postcode(),
            "country": REGIONS[region],
        },
    }
    return Person(customer_id, name, region, tier, size * (0.5 + chance.random()), profile)


def _tier(number: int, count: int) -> tuple[str, float]:
    """The tier of the customer with that number, counted from 1; the first is always an enterprise."""
    place = (number - 1) / count
    return TIERS[0 if place < BIG else 1 if place < MEDIUM else 2]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

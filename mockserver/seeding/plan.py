"""What a seeded account holds: decided by the options alone, so that the same options give the same account.

Events follow a shape over time (growth over the days, a dip at the weekend, a rhythm through the day) and a spread
over customers (a few big ones). They are made hour by hour, so that ten million take no more memory than ten.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from typing import Any

from mockserver.seeding.people import Person, people
from mockserver.seeding.products import METERS, Product

BATCH = 1000
"""Events sent at once; the most that the vendor's own client sends."""
HOURS_A_DAY = 24
SATURDAY = 5
WEEKEND_DIP = 0.4
GROWTH = 1.5
"""The last day has this much more usage than the first: 1.5 is two and a half times as much."""
RHYTHM = (3, 2, 2, 2, 2, 3, 5, 8, 13, 18, 20, 20, 17, 19, 21, 20, 18, 14, 10, 8, 7, 6, 5, 4)
"""Weight of each UTC hour of a day: quiet nights, a lunch dip."""
MS_AN_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """What the account is made from.

    Attributes:
        customers: how many customers, at least 1.
        days: how many days of history, at least 1.
        events: how many events in all.
        seed: any integer; another seed gives another account.
        end: where the history ends (exclusive): an aware instant, best a midnight.
    """

    customers: int
    days: int
    events: int
    seed: int
    end: datetime

    @property
    def start(self) -> datetime:
        """Where the history begins (inclusive)."""
        return self.end - timedelta(days=self.days)

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that no other options share; part of every uniqueId, so that two histories never clash."""
        spelled = f"{self.customers} {self.days} {self.events} {self.seed} {self.end.astimezone(UTC).isoformat()}"
        return hashlib.sha256(spelled.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Plan:
    """An account to be written, as bodies of the public API.

    Attributes:
        options: what it was made from.
        customers: bodies for PUT /customers.
        meters: bodies for POST /meter-definition.
    """

    options: SeedOptions
    customers: Sequence[dict[str, Any]]
    meters: Sequence[dict[str, Any]]
    _people: Sequence[Person]

    def batches(self, size: int = BATCH) -> Iterator[list[dict[str, Any]]]:
        """Bodies for POST /ingest in order of time; each call begins anew and gives the same ones."""
        events = self._events()
        while batch := list(islice(events, size)):
            yield batch

    def _events(self) -> Iterator[dict[str, Any]]:
        options = self.options
        chance = random.Random(f"events {options.seed}")  # noqa: S311 - made-up usage, no secrets
        sizes = list(accumulate(person.size for person in self._people))
        shares = list(accumulate(meter.share for meter in METERS))
        number = 0
        for hour_ms, progress, count in hours(options):
            for offset_ms in sorted(int(chance.random() * MS_AN_HOUR) for _ in range(count)):
                person = chance.choices(self._people, cum_weights=sizes)[0]
                meter = chance.choices(METERS, cum_weights=shares)[0]
                yield {
                    "meterApiName": meter.api_name,
                    "customerId": person.customer_id,
                    "meterTimeInMillis": hour_ms + offset_ms,
                    "meterValue": meter.value(chance, person, progress),
                    "dimensions": meter.dimension_values(chance, person),
                    "uniqueId": f"seed-{options.fingerprint}-{number:06d}",
                }
                number += 1


def plan(options: SeedOptions) -> Plan:
    """The account that the options stand for.

    Raises:
        ValueError: no customer, no day, fewer than no events, an end without a time zone, or a history that begins
            before the calendar does.
    """
    if options.customers < 1 or options.days < 1 or options.events < 0:
        raise ValueError("an account needs at least one customer and one day, and no fewer than 0 events")
    if options.end.tzinfo is None:
        raise ValueError("the end of the history needs a time zone")
    try:
        options.start.astimezone(UTC), options.end.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the history leaves the calendar's years 1 to 9999") from error
    who = people(options.customers, options.seed)
    return Plan(
        options=options,
        customers=[person.to_api() for person in who],
        meters=[_meter_to_api(meter) for meter in METERS],
        _people=who,
    )


def hours(options: SeedOptions) -> Iterator[tuple[int, float, int]]:
    """Each hour of the history: its start in Unix milliseconds, how far the history has come (0 to 1), its events.

    The counts add up to exactly `options.events`.
    """
    starts = [options.start + timedelta(hours=hour) for hour in range(options.days * HOURS_A_DAY)]
    grown = list(accumulate(_weight(start, options) for start in starts))
    placed = 0
    for start, so_far in zip(starts, grown, strict=True):
        due = round(options.events * so_far / grown[-1])
        yield int(start.timestamp()) * 1000, (start - options.start) / timedelta(days=options.days), due - placed
        placed = due


def _weight(start: datetime, options: SeedOptions) -> float:
    """How busy the hour that begins at `start` is."""
    day = (start - options.start).days
    utc = start.astimezone(UTC)
    weekend = WEEKEND_DIP if utc.weekday() >= SATURDAY else 1.0
    return RHYTHM[utc.hour] * weekend * (1 + GROWTH * day / max(options.days - 1, 1))


def _meter_to_api(meter: Product) -> dict[str, Any]:
    return {
        "meterApiName": meter.api_name,
        "displayName": meter.display_name,
        "type": meter.kind,
        "dimensions": list(meter.dimensions),
    }

"""Event identity: what makes two events the same one, under each deduplication mode.

This is the reference of the rule; the event store applies it to columns and is tested against it.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

RESERVED_PREFIX: Final = "aflo."
"""Dimensions with this prefix instruct the platform; they say nothing about which event it is."""


class Dedup(StrEnum):
    """Which parts of an event make its identity.

    EVENT: meter, customer, time, dimensions and unique id; the first value counts. RECORD: the value too.
    LATEST: as EVENT, but the last value counts. UNIQUE_ID: meter and unique id. The vendor's own sources
    disagree; EVENT as the default is our reading.
    """

    EVENT = "event"
    RECORD = "record"
    LATEST = "latest"
    UNIQUE_ID = "unique-id"


@dataclass(frozen=True, slots=True)
class Event:
    """One reported fact: a value of a meter, at a time (Unix milliseconds), perhaps of a customer."""

    meter: str
    customer: str | None
    time_ms: int
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)
    unique_id: str | None = None


def identity_dimensions(dimensions: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The dimensions that belong to an event's identity, sorted by name."""
    return tuple(sorted(item for item in dimensions.items() if not item[0].startswith(RESERVED_PREFIX)))


def event_identity(event: Event, dedup: Dedup) -> tuple[Hashable, ...]:
    """Return the identity of `event`: two events are the same exactly when their identities are equal.

    A unique id alone never is an identity. An event without one is told apart by its value as well, in every
    mode: otherwise two honest events of one millisecond would be taken for one.
    """
    if dedup is Dedup.UNIQUE_ID and event.unique_id is not None:
        return (event.meter, event.unique_id)
    whole = (event.meter, event.customer, event.time_ms, identity_dimensions(event.dimensions), event.unique_id)
    if dedup is Dedup.RECORD or event.unique_id is None:
        return (*whole, event.value)
    return whole

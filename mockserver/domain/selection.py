"""Single events: which ones are meant, and how they are told back."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EventSelection:
    """The events of `[start_s, end_s)` (Unix seconds; None for no bound) that the filters admit.

    `meter` None selects all meters. Filters name the customer as `usage.CUSTOMER`, or dimensions; they are joined by
    AND across keys and OR inside one, and a key without values restricts nothing. An event without a named dimension
    is not selected.
    """

    meter: str | None = None
    start_s: int | None = None
    end_s: int | None = None
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Events that shall count no more: selected ones that were stored within `[from_s, until_s)` (Unix seconds).

    `until_s` None has no end. `unique_ids`, when there are any, are the only ones whose events are meant.
    """

    events: EventSelection
    from_s: int
    until_s: int | None = None
    unique_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One stored event; its unique id is not kept as text. `customer` is None when it named none.

    `position` counts the stored events of all meters in the order of their arrival.
    """

    position: int
    meter: str
    customer: str | None
    time_ms: int
    value: float
    dimensions: dict[str, str]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some selected events in the order asked for, and whether more follow."""

    events: list[RawEvent]
    more: bool = False

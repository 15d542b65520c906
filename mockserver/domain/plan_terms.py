"""Terms of plans: the stretches of time for which a customer holds them, one plan at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

SHORTEST_TERM_S: Final = 86_400
"""The vendor's Python client refuses a term of less than a day."""


class Term(NamedTuple):
    """A plan given from `start` on, until `end` (excluded; None while open), in any one unit of time."""

    start: int
    end: int | None = None


def effective_ends(terms: Sequence[Term]) -> list[int | None]:
    """When each term really ends: at its own end, or when a term that was given later starts, whichever comes first.

    Args:
        terms: One customer's, in the order in which they were given.

    Returns:
        An end for each, None where it is open. A term that a later one replaces whole ends where it starts.
    """
    ends: list[int | None] = []
    next_start: int | None = None
    for term in reversed(terms):
        limits = [limit for limit in (term.end, next_start) if limit is not None]
        ends.append(max(term.start, min(limits)) if limits else None)
        next_start = term.start if next_start is None else min(term.start, next_start)
    return ends[::-1]


def overlaps(term: Term, start: int, end: int) -> bool:
    """Whether a term holds at some time of `[start, end)`; an empty term never does."""
    latest_start = max(term.start, start)
    earliest_end = end if term.end is None else min(term.end, end)
    return latest_start < earliest_end

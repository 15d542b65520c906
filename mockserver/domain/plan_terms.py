"""Plans over time: the terms for which a customer holds them, which one is the default, and which one comes after."""

from collections.abc import Callable, Sequence
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


class Candidate(NamedTuple):
    """A plan of a product that may be its default.

    Attributes:
        plan_id: which.
        is_flagged: whether it was made the default.
        is_active: whether it is in use and no draft any more.
        is_deprecated: whether it is in use no more; then it is no default.
    """

    plan_id: str
    is_flagged: bool = False
    is_active: bool = False
    is_deprecated: bool = False


def default_among(plans: Sequence[Candidate], latest: str) -> str | None:
    """The default of a product: the plan that was made it last, or else the only active one.

    Args:
        plans: all plans of the product.
        latest: the plan that was written last; of several flagged ones it is the one that counts.
    """
    standing = [plan for plan in plans if not plan.is_deprecated]
    flagged = [plan.plan_id for plan in standing if plan.is_flagged]
    if flagged:
        return latest if latest in flagged else flagged[0]
    active = [plan.plan_id for plan in standing if plan.is_active]
    return active[0] if len(active) == 1 else None


class Standing(NamedTuple):
    """Whether a plan is deprecated, and the plan that it names as its successor."""

    is_deprecated: bool
    successor: str | None = None


def heir_of(plan_id: str, standing_of: Callable[[str], Standing | None]) -> str | None:
    """The plan that customers of a deprecated plan move to: of its successors in line the first not deprecated.

    Args:
        plan_id: the plan.
        standing_of: what is known of a plan; None when it does not exist.

    Returns:
        None when the plan is not deprecated itself, and where its line of successors holds no other plan in use.
    """
    seen: set[str] = set()
    following: str | None = plan_id
    while following is not None and following not in seen:
        seen.add(following)
        standing = standing_of(following)
        if standing is None:
            return None
        if not standing.is_deprecated:
            return following if following != plan_id else None
        following = standing.successor
    return None

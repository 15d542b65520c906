"""Tiers of prices: what they are, and what of them could never be rated as it was meant."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple


class Tier(NamedTuple):
    """Units beyond `start` are sold `batch` at a time, at `price` a batch. The first tier's start is included."""

    start: Decimal
    batch: Decimal
    price: Decimal


class TierRule(StrEnum):
    """What a list of tiers breaks."""

    UNORDERED = "unordered-tiers"
    """A tier does not begin beyond the one before."""
    EMPTY_BATCH = "empty-batch"
    """A batch has no units, so that no number of them can be sold."""
    NEGATIVE = "negative-amount"
    """A price, or the number of units that a tier begins at, is below zero."""


class TierFault(NamedTuple):
    """A rule that is broken: by the tier at this place of the list, in this one of its members."""

    place: int
    member: str
    rule: TierRule


def tier_faults(tiers: Sequence[Tier]) -> list[TierFault]:
    """Everything that is wrong with the tiers of one leaf, in the order of the tiers."""
    found = [fault for place, tier in enumerate(tiers) for fault in _own_faults(place, tier)]
    unordered = [
        TierFault(place, "start", TierRule.UNORDERED)
        for place, (lower, upper) in enumerate(pairwise(tiers), 1)
        if upper.start <= lower.start
    ]
    return sorted(found + unordered, key=lambda fault: fault.place)


def _own_faults(place: int, tier: Tier) -> Iterator[TierFault]:
    """What is wrong with one tier, whatever the others."""
    if tier.start < 0:
        yield TierFault(place, "start", TierRule.NEGATIVE)
    if tier.batch <= 0:
        yield TierFault(place, "batch", TierRule.EMPTY_BATCH)
    if tier.price < 0:
        yield TierFault(place, "price", TierRule.NEGATIVE)

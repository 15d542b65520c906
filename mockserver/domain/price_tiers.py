"""Tiers of prices: what of them could never be rated as it was meant."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple


class TierFault(StrEnum):
    """What is odd about tiers."""

    UNORDERED = "unordered-tiers"
    """A tier does not begin beyond the one before."""
    EMPTY_BATCH = "empty-batch"
    """A batch has no units, so that no number of them can be sold."""


class Tier(NamedTuple):
    """Units beyond `start_after_unit` are sold `batch_size` at a time."""

    start_after_unit: float
    batch_size: float


def tier_faults(tiers: Sequence[Tier]) -> list[TierFault]:
    """What is odd about the tiers of one leaf, each fault once."""
    unordered = any(upper.start_after_unit <= lower.start_after_unit for lower, upper in pairwise(tiers))
    empty = any(tier.batch_size <= 0 for tier in tiers)
    return [TierFault.UNORDERED] * unordered + [TierFault.EMPTY_BATCH] * empty

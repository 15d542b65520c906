"""Tiers of prices: what of them could never be rated."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.price_tiers import Tier, TierFault, TierRule, tier_faults

UNORDERED, EMPTY, NEGATIVE = TierRule.UNORDERED, TierRule.EMPTY_BATCH, TierRule.NEGATIVE


@pytest.mark.parametrize(
    ("tiers", "faults"),
    [
        ([], []),
        ([(0, 1, 1)], []),
        ([(0, 1, 0)], []),
        ([(0, 1, 1), (10, 5, 2), (20, "0.5", 0)], []),
        ([(10, 1, 1), (0, 1, 1)], [(1, "start", UNORDERED)]),
        ([(0, 1, 1), (0, 1, 1)], [(1, "start", UNORDERED)]),
        ([(0, 1, 1), (20, 1, 1), (10, 1, 1)], [(2, "start", UNORDERED)]),
        ([(0, 0, 1)], [(0, "batch", EMPTY)]),
        ([(0, 1, 1), (10, -1, 1)], [(1, "batch", EMPTY)]),
        ([(0, 1, "-0.01")], [(0, "price", NEGATIVE)]),
        ([(-1, 1, 1)], [(0, "start", NEGATIVE)]),
        ([(10, 0, -1), (0, 1, 1), (0, 1, 1)],
         [(0, "batch", EMPTY), (0, "price", NEGATIVE), (1, "start", UNORDERED), (2, "start", UNORDERED)]),
    ],
)  # fmt: skip
def test_faults(tiers: list[tuple[str, str, str]], faults: list[TierFault]) -> None:
    """Tiers must rise from 0 on, batches hold something and cost nothing below 0; each fault is told with its place."""
    assert tier_faults([Tier(*map(Decimal, each)) for each in tiers]) == faults


NUMBER = st.decimals(0, 10**9, places=3)


@given(st.lists(st.tuples(NUMBER, NUMBER.filter(bool), NUMBER), unique_by=lambda each: each[0]))
def test_rising_tiers_have_no_fault(tiers: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    """Tiers that rise and whose batches hold something are never complained of; turned round they always are."""
    rising = [Tier(*each) for each in sorted(tiers)]
    assert tier_faults(rising) == []
    assert len(tier_faults(rising[::-1])) == max(len(tiers) - 1, 0)

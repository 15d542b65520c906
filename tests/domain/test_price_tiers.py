"""Tiers of prices: what is odd about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.price_tiers import Tier, TierFault, tier_faults

UNORDERED, EMPTY = TierFault.UNORDERED, TierFault.EMPTY_BATCH


@pytest.mark.parametrize(
    ("tiers", "faults"),
    [
        ([], []),
        ([(0, 1)], []),
        ([(0, 1), (10, 5), (20, 0.5)], []),
        ([(10, 1), (0, 1)], [UNORDERED]),
        ([(0, 1), (0, 1)], [UNORDERED]),
        ([(0, 0)], [EMPTY]),
        ([(0, 1), (10, -1)], [EMPTY]),
        ([(10, 0), (0, 1), (0, 0)], [UNORDERED, EMPTY]),
    ],
)
def test_faults(tiers: list[tuple[float, float]], faults: list[TierFault]) -> None:
    """Tiers must rise and batches hold something; each fault is told once."""
    assert tier_faults([Tier(*each) for each in tiers]) == faults


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(1e-3, 1e9)), unique_by=lambda each: each[0]))
def test_rising_tiers_have_no_fault(tiers: list[tuple[float, float]]) -> None:
    """Tiers that rise and whose batches hold something are never complained of."""
    assert tier_faults([Tier(*each) for each in sorted(tiers)]) == []

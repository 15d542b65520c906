"""Exact sums of doubles, for the rare totals that a running sum cannot hold."""

import sys
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LARGEST: Final = sys.float_info.max
"""What a sum beyond the doubles is answered as, with its sign: 1.797e308."""

_MANTISSA_BITS: Final = 53
_HALF_BITS: Final = 26


class Settled(NamedTuple):
    """Sums without infinities; `overflowed` says that at least one was cut to the largest double."""

    values: Floats
    overflowed: bool


def settle_sums(sums: Floats, keys: Ints, parts: Iterable[tuple[Ints, Floats]]) -> Settled:
    """Replace every sum that is not finite by the exact one, cut to the range of the doubles.

    Args:
        sums: The running sums, one a key.
        keys: Their keys, ascending.
        parts: The summands again, slice by slice: a key and a finite value each.
    """
    unsettled = np.flatnonzero(~np.isfinite(sums))
    if not unsettled.size:
        return Settled(sums, overflowed=False)
    wanted = keys[unsettled]
    chosen = [(part[mask], values[mask]) for part, values in parts for mask in (np.isin(part, wanted),)]
    part_keys = np.concatenate([part for part, _ in chosen])
    order = np.argsort(part_keys, kind="stable")
    summands = np.concatenate([values for _, values in chosen])[order]
    bounds = np.searchsorted(part_keys[order], wanted)[1:]
    exact = [exact_sum(run) for run in np.split(summands, bounds)]
    settled = sums.copy()
    settled[unsettled] = [value for value, _ in exact]
    return Settled(settled, any(overflowed for _, overflowed in exact))


def exact_sum(values: Floats) -> tuple[float, bool]:
    """Return the correctly rounded sum of finite doubles, cut to the largest double, and whether it was cut.

    Each double is a whole number of 53 bits times a power of two. The whole numbers of one power are added as two
    halves, which int64 holds for any number of events, and the powers are joined as unbounded integers.
    """
    fractions, exponents = np.frexp(values)
    whole = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
    lowest = int(exponents.min(initial=0))
    total = 0
    for exponent in np.unique(exponents).tolist():
        same = whole[exponents == exponent]
        high, low = int((same >> _HALF_BITS).sum()), int((same & ((1 << _HALF_BITS) - 1)).sum())
        total += ((high << _HALF_BITS) + low) << (exponent - lowest)
    try:
        return float(total * Fraction(2) ** (lowest - _MANTISSA_BITS)), False
    except OverflowError:
        return (LARGEST if total > 0 else -LARGEST), True

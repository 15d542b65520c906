"""Exact amounts: which numbers change, and that none of them changes its value."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.amounts import with_exact_amounts

NAMES = frozenset({"cost", "rates"})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cost", "rates", "name", "in"]), inner)
    ),
)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"cost": 0.1, "name": 0.1}, {"cost": Decimal("0.1"), "name": 0.1}),
        ({"cost": 3, "rates": True}, {"cost": 3, "rates": True}),
        ({"in": [{"cost": 1e-7}]}, {"in": [{"cost": Decimal("1E-7")}]}),
        ({"rates": {"EUR": 0.92, "in": {"x": 0.5}}}, {"rates": {"EUR": Decimal("0.92"), "in": {"x": Decimal("0.5")}}}),
        ({"cost": [0.1, 2]}, {"cost": [Decimal("0.1"), 2]}),
        ({"cost": "0.1"}, {"cost": "0.1"}),
        ([{"cost": None}], [{"cost": None}]),
    ],
    ids=["named", "whole", "nested", "map", "list", "text", "null"],
)  # fmt: skip
def test_named_doubles_become_exact(given_: Any, expected: Any) -> None:
    """Doubles under the names are decimals at any depth; whole numbers, truths and texts stay what they are."""
    made = with_exact_amounts(given_, NAMES)
    assert (made, str(made)) == (expected, str(expected))


@given(DOCUMENTS)
def test_no_value_changes(document: Any) -> None:
    """Every number reads back as the double it was, and nothing else is touched."""
    assert plain(with_exact_amounts(document, NAMES)) == document


@given(DOCUMENTS)
def test_doing_it_twice_changes_nothing(document: Any) -> None:
    """A document that is exact stays as it is."""
    once = with_exact_amounts(document, NAMES)
    assert with_exact_amounts(once, NAMES) == once


@given(DOCUMENTS)
def test_the_callers_data_is_left_alone(document: Any) -> None:
    """The copy shares nothing that is changed in it."""
    before = repr(document)
    with_exact_amounts(document, NAMES)
    assert repr(document) == before


def test_any_depth_is_reached() -> None:
    """Data that is nested beyond Python's own stack is made exact to the bottom."""
    document: Any = {"cost": 0.1}
    for _ in range(5000):
        document = {"in": document}
    made = with_exact_amounts(document, NAMES)
    for _ in range(5000):
        made = made["in"]
    assert made == {"cost": Decimal("0.1")}


def plain(value: Any) -> Any:
    """The data with doubles for decimals."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value

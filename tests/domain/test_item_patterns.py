"""Patterns of product item ids, against regular expressions and by hand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.item_patterns import read_pattern

PATTERNS = st.lists(st.sampled_from(["a", "b", ".", ".*", "|", r"\.", r"\|"]), max_size=8).map("".join)


@given(PATTERNS, st.text("ab.|", max_size=6))
def test_a_pattern_means_what_it_means_as_a_regular_expression(pattern: str, text: str) -> None:
    """Every text that a pattern of the known signs matches whole is matched, and no other."""
    read = read_pattern(pattern)
    assert read is not None
    assert read.matches(text) is (re.fullmatch(pattern, text, re.DOTALL) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("api-calls", "api-calls", True),
        ("api-calls", "api-calls-2", False),
        ("api-.*", "api-", True),
        ("^api-.*$", "api-calls", True),
        (".*", "", True),
        ("", "", True),
        ("", "a", False),
        (".", "", False),
        ("a|b", "b", True),
        ("a|b", "a|b", False),
        (r"v1\.0", "v1.0", True),
        (r"v1\.0", "v1x0", False),
        (".*a.*a", "aa", True),
        (".*a.*a", "a", False),
        ("ab.*ba", "aba", False),
    ],
)
def test_patterns(pattern: str, text: str, fits: bool) -> None:  # noqa: FBT001  # a column of the table
    """The whole of a text must fit."""
    read = read_pattern(pattern)
    assert read is not None
    assert read.matches(text) is fits


@pytest.mark.parametrize("pattern", ["a+", "a?", "(a)", "[ab]", "a{2}", "a^b", "a$b", "\\", "*", "a*"])
def test_other_signs_are_not_known(pattern: str) -> None:
    """Whatever could be slow to match, or means something else here, is no pattern."""
    assert read_pattern(pattern) is None


def test_a_hostile_pattern_is_matched_at_once() -> None:
    """Thirty wildcards and a text that almost fits take no longer than their lengths."""
    read = read_pattern(".*a" * 30 + "b")
    assert read is not None
    assert not read.matches("a" * 3000)

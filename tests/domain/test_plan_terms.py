"""Terms of plans: one at a time, whatever was given in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.plan_terms import Term, effective_ends, overlaps

TIMES = st.integers(0, 20)
TERMS = st.lists(st.builds(Term, TIMES, st.none() | TIMES), max_size=6)


@pytest.mark.parametrize(
    ("terms", "ends"),
    [
        ([], []),
        ([Term(5)], [None]),
        ([Term(5, 9)], [9]),
        ([Term(5), Term(8)], [8, None]),
        ([Term(5, 6), Term(8)], [6, None]),
        ([Term(5, 9), Term(8)], [8, None]),
        ([Term(5), Term(5)], [5, None]),
        ([Term(5), Term(3)], [5, None]),
        ([Term(1), Term(9), Term(4)], [4, 9, None]),
        ([Term(5, 2)], [5]),
    ],
    ids=[
        "none", "open", "own-end", "replaced", "gap", "cut", "same-start", "earlier-start", "between", "reversed",
    ],
)  # fmt: skip
def test_ends(terms: list[Term], ends: list[int | None]) -> None:
    """A term ends at its own end or at the start of one that was given later, never before its own start."""
    assert effective_ends(terms) == ends


@given(TERMS, TIMES)
def test_at_most_one_plan_is_held(terms: list[Term], moment: int) -> None:
    """At each moment at most one term holds, and it is one that says so itself."""
    ends = effective_ends(terms)
    held = [term for term, end in zip(terms, ends, strict=True) if overlaps(Term(term.start, end), moment, moment + 1)]
    assert len(held) <= 1
    assert all(overlaps(term, moment, moment + 1) for term in held)


@given(TERMS, TIMES)
def test_the_last_one_that_starts_decides(terms: list[Term], moment: int) -> None:
    """Of the terms that have started, the one given last is held, unless it is over by its own end."""
    started = [number for number, term in enumerate(terms) if term.start <= moment]
    ends = effective_ends(terms)
    held = [number for number, term in enumerate(terms) if overlaps(Term(term.start, ends[number]), moment, moment + 1)]
    expected = [number for number in started[-1:] if overlaps(terms[number], moment, moment + 1)]
    assert held == expected


@given(TERMS, st.builds(Term, TIMES, st.none() | TIMES))
def test_another_term_prolongs_none(terms: list[Term], another: Term) -> None:
    """A term that is given on top leaves the ends of the others, or moves them to its start at the latest."""
    before, after = effective_ends(terms), effective_ends([*terms, another])[:-1]
    for term, old, new in zip(terms, before, after, strict=True):
        reached = another.start if old is None else min(old, another.start)
        assert new == max(term.start, reached)


@given(TIMES, TIMES, TIMES, st.none() | TIMES)
def test_overlapping_is_sharing_a_moment(start: int, end: int, first: int, last: int | None) -> None:
    """A term overlaps a stretch exactly when some moment is in both."""
    shared = set(range(start, end)) & set(range(first, 30 if last is None else last))
    assert overlaps(Term(first, last), start, end) is bool(shared)

"""Plans over time: one term at a time whatever was given in which order, one default, and successors in line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.plan_terms import Candidate, Standing, Term, default_among, effective_ends, heir_of, overlaps

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


DRAFT: dict[str, bool] = {}
ACTIVE, DEPRECATED = {"is_active": True}, {"is_deprecated": True}
FLAGGED = {"is_flagged": True}


@pytest.mark.parametrize(
    ("plans", "latest", "default"),
    [
        ({}, "a", None),
        ({"a": DRAFT}, "a", None),
        ({"a": FLAGGED}, "a", "a"),
        ({"a": ACTIVE}, "a", "a"),
        ({"a": ACTIVE, "b": DRAFT}, "b", "a"),
        ({"a": ACTIVE, "b": ACTIVE}, "b", None),
        ({"a": FLAGGED, "b": ACTIVE}, "b", "a"),
        ({"a": FLAGGED, "b": FLAGGED}, "b", "b"),
        ({"a": FLAGGED, "b": FLAGGED}, "a", "a"),
        ({"a": FLAGGED | DEPRECATED}, "a", None),
        ({"a": FLAGGED | DEPRECATED, "b": DRAFT}, "a", None),
        ({"a": FLAGGED | DEPRECATED, "b": ACTIVE}, "a", "b"),
        ({"a": FLAGGED | DEPRECATED, "b": ACTIVE, "c": ACTIVE}, "a", None),
    ],
)
def test_the_default_of_a_product(plans: dict[str, dict[str, bool]], latest: str, default: str | None) -> None:
    """The plan that was made the default last is it, or else the only active one; a deprecated plan never is."""
    candidates = [Candidate(plan_id, **fields) for plan_id, fields in plans.items()]
    assert default_among(candidates, latest) == default


NAMES = st.sampled_from("abcdef")
LINES = st.dictionaries(NAMES, st.builds(Standing, st.booleans(), st.none() | NAMES))
IN_USE, DEAD_END = Standing(is_deprecated=False), Standing(is_deprecated=True)


def followed_by(plan_id: str) -> Standing:
    """A deprecated plan with a successor."""
    return Standing(is_deprecated=True, successor=plan_id)


@pytest.mark.parametrize(
    ("plans", "heir"),
    [
        ({}, None),
        ({"a": IN_USE}, None),
        ({"a": Standing(is_deprecated=False, successor="b"), "b": IN_USE}, None),
        ({"a": DEAD_END}, None),
        ({"a": followed_by("b")}, None),
        ({"a": followed_by("b"), "b": IN_USE}, "b"),
        ({"a": followed_by("b"), "b": Standing(is_deprecated=False, successor="c"), "c": IN_USE}, "b"),
        ({"a": followed_by("b"), "b": followed_by("c"), "c": IN_USE}, "c"),
        ({"a": followed_by("b"), "b": DEAD_END}, None),
        ({"a": followed_by("a")}, None),
        ({"a": followed_by("b"), "b": followed_by("a")}, None),
        ({"a": followed_by("b"), "b": followed_by("c"), "c": followed_by("b")}, None),
    ],
    ids=[
        "unknown", "in-use", "in-use-with-one", "none", "missing", "one", "first-in-use", "in-line", "line-ends",
        "itself", "circle", "circle-further-on",
    ],
)  # fmt: skip
def test_an_heir(plans: dict[str, Standing], heir: str | None) -> None:
    """A deprecated plan leads to the first plan in use along its successors, wherever its line ends or turns."""
    assert heir_of("a", plans.get) == heir


@given(LINES, NAMES)
def test_an_heir_is_in_use_and_in_line(plans: dict[str, Standing], plan_id: str) -> None:
    """An heir is another plan, in use, and reached through deprecated plans alone; with none, no such plan is."""
    line: list[str] = []
    following: str | None = plan_id
    while following in plans and following not in line:
        line.append(following)
        following = plans[following].successor if plans[following].is_deprecated else None
    in_use = [each for each in line[1:] if not plans[each].is_deprecated]
    assert heir_of(plan_id, plans.get) == (in_use[0] if in_use else None)

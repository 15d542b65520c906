"""The lifecycle of a customer: which stage may follow which, and how long each lasted."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.lifecycle import Spell, entered, moves_back, stage_of

ORDER = ["ONBOARDING", "TRIAL", "ACTIVE", "OFFBOARDED"]
SPELLINGS = st.sampled_from([*ORDER, "TRAIL", "trial", "active"])
VISITS = st.lists(st.tuples(st.none() | SPELLINGS, st.integers(0, 5)), max_size=8)


@pytest.mark.parametrize("spelling", ["TRAIL", "TRIAL", "trail", "Trial"])
def test_the_trial_stage_has_two_spellings(spelling: str) -> None:
    """The published spelling and the live one, in any case, are one stage."""
    assert stage_of(spelling) is stage_of("TRIAL")


def test_an_unknown_stage_is_an_error() -> None:
    """A word that is no stage means none."""
    with pytest.raises(KeyError):
        stage_of("RETIRED")


@given(st.none() | SPELLINGS, st.none() | SPELLINGS)
def test_only_an_earlier_stage_is_a_step_back(before: str | None, after: str | None) -> None:
    """Stages are ordered; from or to none there is no step back."""
    ranks = [None if each is None else ORDER.index(each.upper().replace("TRAIL", "TRIAL")) for each in (before, after)]
    first, second = ranks
    assert moves_back(before, after) == (first is not None and second is not None and second < first)


def history_of(visits: list[tuple[str | None, int]]) -> tuple[list[Spell], int]:
    """The history after some visits, each a stage and the time since the one before, and the time then."""
    history: list[Spell] = []
    now = 0
    for stage, wait in visits:
        now += wait
        history = entered(history, stage, now)
    return history, now


@given(VISITS)
def test_spells_follow_each_other(visits: list[tuple[str | None, int]]) -> None:
    """No two spells overlap, none is reversed, only the last may last, and neighbours without a gap are two stages."""
    history, now = history_of(visits)
    assert [spell for spell in history[:-1] if spell.end_ms is None] == []
    for spell, following in pairwise(history):
        assert spell.end_ms is not None
        assert spell.start_ms <= spell.end_ms <= following.start_ms <= now


@given(VISITS, st.none() | SPELLINGS)
def test_the_last_spell_is_the_present_stage(visits: list[tuple[str | None, int]], stage: str | None) -> None:
    """After entering a stage it is the one that lasts, in its own spelling; after entering none, no spell lasts."""
    history, now = history_of(visits)
    after = entered(history, stage, now + 1)
    lasting = [spell.stage for spell in after if spell.end_ms is None]
    assert lasting == ([] if stage is None else [stage])


@given(VISITS, SPELLINGS)
def test_entering_a_stage_again_begins_nothing(visits: list[tuple[str | None, int]], stage: str) -> None:
    """The second time changes nothing."""
    history, now = history_of(visits)
    once = entered(history, stage, now + 1)
    assert entered(once, stage, now + 2) == once


def test_the_other_spelling_goes_on_in_the_same_spell() -> None:
    """TRIAL after TRAIL is the same stage, spelled as it was written last."""
    assert entered([Spell("TRAIL", 5)], "TRIAL", 9) == [Spell("TRIAL", 5)]


def test_a_history_is_not_changed_in_place() -> None:
    """The history that is given stays as it is."""
    history = [Spell("ACTIVE", 1)]
    assert entered(history, "OFFBOARDED", 7) == [Spell("ACTIVE", 1, 7), Spell("OFFBOARDED", 7)]
    assert history == [Spell("ACTIVE", 1)]

"""Laws of filters in usage: what is let in, and what the parts make together."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from contracts.checks.asking import Reply
from contracts.laws.law import Broken, Evidence, Family, Law
from contracts.laws.metering import Question, metering, same
from contracts.laws.trial import Trial
from contracts.laws.usage_events import (
    CUSTOMER,
    REGION,
    TEN,
    TIER,
    Baseless,
    Use,
    asked,
    ground,
    judged,
    summed,
    write,
)
from contracts.laws.usage_groups import REGIONS, THREE, any_uses, value_of, word_of
from contracts.model import Severity

_SOURCE = "the published metering document: the filters of a usage query name the values that count"


@dataclass(frozen=True)
class Filtered:
    """Events and the values of one field that are filtered.

    Args:
        by: ``customerId`` or the name of a dimension.
        wanted: The values, or words for the customers.
        uses: What was used.
    """

    by: str
    wanted: tuple[str, ...]
    uses: tuple[Use, ...]


def _filter_equals_its_group(trial: Trial, case: Filtered) -> Iterator[None]:
    write(trial, case.uses)
    yield

    def judge() -> None:
        ground(trial, asked(trial), summed(case.uses))
        trial.metering.usage(replace(asked(trial), group_by=(case.by,)))
        groups = trial.talk.last
        for word in case.wanted:
            wanted = _of(case, (word,))
            found = trial.metering.total(_filtered(trial, case.by, (word,)))
            if not same(found, wanted):
                value = value_of(trial, case.by, word)
                expected = f"that the usage filtered by {case.by} {value} is {wanted:g}, as that of its group"
                raise Broken(expected, f"it is {found:g}", groups, trial.talk.last)

    judged(trial, judge)


def _several_values_add_up(trial: Trial, case: Filtered) -> Iterator[None]:
    write(trial, case.uses)
    yield

    def judge() -> None:
        ground(trial, asked(trial), summed(case.uses))
        for word in case.wanted:
            found, wanted = trial.metering.total(_filtered(trial, case.by, (word,))), _of(case, (word,))
            if not same(found, wanted):
                where = f"where a filter of one value acts: {case.by} {value_of(trial, case.by, word)} is {wanted:g}"
                raise Baseless(where, f"it is {found:g}", trial.talk.last)
        found, wanted = trial.metering.total(_filtered(trial, case.by, case.wanted)), _of(case, case.wanted)
        if not same(found, wanted):
            alone = " and ".join(f"{_of(case, (word,)):g}" for word in case.wanted)
            values = ", ".join(value_of(trial, case.by, word) for word in case.wanted)
            expected = (
                f"that the usage filtered by {case.by} {values} together is {wanted:g}, since alone it is {alone}"
            )
            raise Broken(expected, f"it is {found:g}", trial.talk.last)

    judged(trial, judge)


def _complement_adds_up(trial: Trial, uses: tuple[Use, ...]) -> Iterator[None]:
    write(trial, uses)
    yield
    having = tuple(use for use in uses if use.region)
    regions = tuple(dict.fromkeys(use.region for use in having))

    def judge() -> None:
        ground(trial, asked(trial), summed(uses))
        for region in regions:
            others = tuple(each for each in regions if each != region)
            found, shown = _parts(trial, ((region,), others))
            if not same(sum(found), summed(having)):
                parts = f"filtered by {REGION} {region}, and by all others ({', '.join(others)}),"
                lacking = " of the events that have one" if having != uses else ""
                expected = f"that the usage {parts} adds up to the {summed(having):g}{lacking}"
                raise Broken(expected, f"it is {' and '.join(f'{each:g}' for each in found)}", *shown)

    judged(trial, judge)


def _parts(trial: Trial, parts: Sequence[tuple[str, ...]]) -> tuple[list[float], list[Reply]]:
    """The usage of some regions each, and the answers; no region is no usage, since an empty filter is none."""
    found, shown = [], []
    for regions in parts:
        if regions:
            found.append(trial.metering.total(_filtered(trial, REGION, regions)))
            shown.append(trial.talk.last)
    return found, shown


def _filtered(trial: Trial, by: str, words: tuple[str, ...]) -> Question:
    values = tuple(value_of(trial, by, word) for word in words)
    if by == CUSTOMER:
        return replace(asked(trial), customers=values)
    return replace(asked(trial), filters=((by, values),))


def _of(case: Filtered, words: tuple[str, ...]) -> float:
    """What was used of these values."""
    return math.fsum(use.value for use in case.uses if word_of(use, case.by) in words)


def _any_filtered() -> st.SearchStrategy[Filtered]:
    def of(by: str, uses: tuple[Use, ...]) -> Filtered:
        return Filtered(by, tuple(dict.fromkeys(word_of(use, by) for use in uses)), uses)

    return st.builds(of, st.sampled_from((REGION, TIER, CUSTOMER)), any_uses())


_FOUR = (*THREE, Use(16, TEN + 20 * 60, "us-2"))
_ONE_WITHOUT = (*THREE, Use(16, TEN + 30 * 60, ""))

LAWS: tuple[Law, ...] = (
    Law(
        name="filter_equals_its_group",
        family=Family.USAGE,
        expects="that a filter by one value lets just the events of that value in, as its group does",
        why="A page of one customer, or of one region, asks with a filter. When it is ignored, or lets in what only "
        "begins like the value, somebody sees the usage of others. The law sends events of regions of which one is "
        "how another begins, and of several customers, and filters by each.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering("queryUsage"),
        play=_filter_equals_its_group,
        cases=(Filtered(REGION, (*REGIONS, "nowhere"), THREE), Filtered(CUSTOMER, ("c", "d"), THREE)),
        generated=_any_filtered,
        examples=5,
    ),
    Law(
        name="several_values_add_up",
        family=Family.USAGE,
        expects="that a filter by several values holds what they hold together",
        why="Whoever asks for three regions at once wants all three, and each once. The law filters by values one by "
        "one, and then by two and by three of them together; where one value alone is filtered wrongly, another law "
        "says so, and this one nothing.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_several_values_add_up,
        cases=(
            Filtered(REGION, ("eu", "us"), THREE),
            Filtered(REGION, REGIONS, THREE),
            Filtered(CUSTOMER, ("d", "e"), THREE),
        ),
        generated=_any_filtered,
        examples=5,
    ),
    Law(
        name="complement_adds_up",
        family=Family.USAGE,
        expects="that a filter by one value and a filter by all others add up to everything that has a value",
        why="What is split in two, such as Europe and the rest, has to make the whole again. It does not where an "
        "event is let in by both filters or by neither, such as one that has no region at all. The law filters by "
        "each region and by all the others, and adds the two.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_complement_adds_up,
        cases=(_FOUR, _ONE_WITHOUT),
        generated=any_uses,
        examples=5,
    ),
)

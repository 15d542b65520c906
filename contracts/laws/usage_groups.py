"""Laws of groups in usage: each event counts in one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from contracts.laws.law import Broken, Evidence, Family, Law
from contracts.laws.metering import metering
from contracts.laws.trial import Trial
from contracts.laws.usage_events import (
    CUSTOMER,
    REGION,
    TEN,
    TIER,
    Use,
    asked,
    compare,
    ground,
    judged,
    summed,
    write,
)
from contracts.model import Severity

REGIONS = ("eu", "eu-west", "us")
"""The first is how the second begins."""
_TIERS = ("free", "paid", "west-paid")
"""Joined by a dash, "eu" and the last are what "eu-west" and the second are."""
_SOURCE = "the published metering document: the grouping of a usage query"


@dataclass(frozen=True)
class Grouped:
    """Events and by what they are grouped.

    Args:
        by: ``customerId`` or names of dimensions.
        uses: Each has a value of all of them.
    """

    by: tuple[str, ...]
    uses: tuple[Use, ...]


def _groups_partition_the_total(trial: Trial, case: Grouped) -> Iterator[None]:
    write(trial, case.uses)
    yield
    _judge_groups(trial, case)


def _two_dimensions_partition_the_total(trial: Trial, case: Grouped) -> Iterator[None]:
    write(trial, case.uses)
    yield
    _judge_groups(trial, case)


def _judge_groups(trial: Trial, case: Grouped) -> None:
    question = replace(asked(trial), group_by=case.by)
    wanted: dict[str, float] = {}
    for use in case.uses:
        name = _named([_field(trial, use, by) for by in case.by])
        wanted[name] = wanted.get(name, 0.0) + use.value

    def judge() -> None:
        ground(trial, asked(trial), summed(case.uses))
        found: dict[str, float] = {}
        for each in trial.metering.usage(question):
            name = _named([each.group.get(by, "") for by in case.by])
            if name in found:
                raise Broken(f"that the group {name} is told once", "it is told twice", trial.talk.last)
            found[name] = each.total
        compare(wanted, found, f"the usage by {' and '.join(case.by)}", trial.talk.last)

    judged(trial, judge)


def value_of(trial: Trial, by: str, word: str) -> str:
    """What an event has in a field, by what stands for it in a case."""
    return trial.key(word) if by == CUSTOMER else word


def word_of(use: Use, by: str) -> str:
    """What stands for it in a case."""
    return {CUSTOMER: use.customer, REGION: use.region, TIER: use.tier}[by]


def _field(trial: Trial, use: Use, by: str) -> str:
    return value_of(trial, by, word_of(use, by))


def _named(values: Sequence[str]) -> str:
    return " and ".join(value or "nothing" for value in values)


def _spread(*fields: tuple[str, str, str]) -> tuple[Use, ...]:
    """Uses of regions, tiers and customers, every sum of which is another one."""
    return tuple(Use(2.0**number, TEN + 60 * number, *each) for number, each in enumerate(fields))


def any_uses() -> st.SearchStrategy[tuple[Use, ...]]:
    """Events of three regions, tiers and customers."""
    places = st.tuples(st.sampled_from(REGIONS), st.sampled_from(_TIERS), st.sampled_from(("c", "d", "e")))
    return st.lists(places, min_size=1, max_size=8).map(lambda fields: _spread(*fields))


def _any_grouped(number: int) -> st.SearchStrategy[Grouped]:
    by = st.lists(st.sampled_from((REGION, TIER, CUSTOMER)), min_size=number, max_size=number, unique=True)
    return st.builds(Grouped, by.map(tuple), any_uses())


_TWELVE = tuple(Use(1, TEN + 60 * number, f"region-{number:02}") for number in range(12))
THREE = _spread(("eu", "free", "c"), ("eu-west", "paid", "d"), ("us", "free", "e"), ("eu", "paid", "d"))
"""Events of every region, which differ in the other fields too."""
_PAIRS = _spread(("eu", "west-paid", "c"), ("eu-west", "paid", "c"), ("eu", "free", "d"), ("us", "free", "c"))

LAWS: tuple[Law, ...] = (
    Law(
        name="groups_partition_the_total",
        family=Family.USAGE,
        expects="that each event counts in the group of its value, and in no other one",
        why="What each customer pays is told by groups. A group that is left out is never billed, one that holds a "
        "neighbour's event is billed for it, and the sum over all may still look right. The law sends events of "
        "several customers and regions, twelve at the most, and asks for the usage by customer and by region.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering("queryUsage"),
        play=_groups_partition_the_total,
        cases=(Grouped((REGION,), THREE), Grouped((CUSTOMER,), THREE), Grouped((REGION,), _TWELVE)),
        generated=lambda: _any_grouped(1),
        examples=6,
    ),
    Law(
        name="two_dimensions_partition_the_total",
        family=Family.USAGE,
        expects="that each event counts in the group of its two values, and in no other one",
        why="Prices depend on more than one thing, such as region and tier. Groups of two values go wrong in their "
        "own way: one of a pair is dropped, or two pairs are taken for one because they read the same when they are "
        "glued together. The law sends events of such pairs, and asks for the usage by both.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering("queryUsage"),
        play=_two_dimensions_partition_the_total,
        cases=(Grouped((REGION, TIER), _PAIRS), Grouped((CUSTOMER, REGION), _PAIRS)),
        generated=lambda: _any_grouped(2),
        examples=6,
    ),
)

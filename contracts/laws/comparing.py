"""Compares what a target answers with what the reference knows, and says the first difference in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from contracts.checks.asking import Reply
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import Question, Series, same
from contracts.laws.reference import Group, Usage
from contracts.laws.things import Thing
from contracts.laws.trial import Trial

_AMOUNTS: Mapping[str, str] = MappingProxyType(
    {"SUM": "sum", "MAX": "largest value", "MIN": "smallest value", "COUNT": "number of events"}
)


def same_document(thing: Thing, written: Mapping[str, Any], found: Any, reply: Reply, operation_id: str) -> None:
    """Requires that an answer holds what was written, and nothing optional that was not.

    Raises:
        Broken: A field differs.
        Unclear: It is no object.
    """
    if not isinstance(found, dict):
        raise Unclear(f"{operation_id} answered no object; response_schema_conformance looks at its form")
    for name in (*written, *(each for each in thing.optional if each not in written)):
        wanted, got = written.get(name), found.get(name)
        if _plain(got) != _plain(wanted):
            says = "left out" if wanted is None else repr(wanted)
            expected = f"that {name} of the {thing.noun} {written[thing.key]} is {says}, as it was written last"
            raise Broken(
                expected, f"it is {got!r}" if got is not None else "it is not there", reply, operation_id=operation_id
            )


def same_usage(trial: Trial, question: Question, wanted: Mapping[Group, Usage], distinct: str) -> None:
    """Asks for usage, and requires that it is as wanted; a bucket of 0 is as good as none.

    Args:
        trial: Does the asking.
        question: What is asked.
        wanted: The answer.
        distinct: What the meter counts the values of; empty when it does not.

    Raises:
        Broken: A bucket differs, or the value of a whole range.
        Unclear: There was no good answer.
    """
    found = _by_group(trial.metering.usage(question), question)
    for group in sorted({*wanted, *found}):
        right, wholes = wanted.get(group), found.get(group, _NOTHING).wholes
        buckets = right.buckets if right is not None else {}
        got = found.get(group, _NOTHING).buckets
        what = _what(question, group, distinct)
        for start in sorted({*buckets, *got}):
            _equal(trial, f"{what} {_when(question, start)}", got.get(start, 0), buckets.get(start, 0))
        whole = right.whole if right is not None else 0
        for value in wholes:
            _equal(trial, f"{what} in the whole range, its groupValue,", value, whole)


class _Found:
    """What was answered of one group."""

    def __init__(self) -> None:
        self.buckets: dict[int, float] = {}
        self.wholes: list[float] = []


_NOTHING = _Found()


def _by_group(answer: tuple[Series, ...], question: Question) -> dict[Group, _Found]:
    """The answer by group; what stands of one group more than once is added up."""
    found: dict[Group, _Found] = {}
    for series in answer:
        group = found.setdefault(tuple(series.group.get(name, "") for name in question.group_by), _Found())
        for start, value in series.buckets.items():
            group.buckets[start] = group.buckets.get(start, 0) + value
        group.wholes += [] if series.whole is None else [series.whole]
    return found


def _equal(trial: Trial, what: str, found: float, wanted: float) -> None:
    if not same(found, wanted):
        raise Broken(f"that {what} is {wanted:g}", f"it is {found:g}", trial.talk.last, operation_id="queryUsage")


def _what(question: Question, group: Group, distinct: str) -> str:
    """What is asked for, in words."""
    amount = f"number of values of {distinct}" if distinct else _AMOUNTS[question.aggregation]
    names = [*zip(question.group_by, group, strict=True)]
    whose = "".join(f", of the group of {name} {value!r}," for name, value in names)
    chosen = {"customerId": question.customers} if question.customers else {}
    limits = "".join(f", with {name} {' or '.join(values)}," for name, values in [*chosen.items(), *question.filters])
    span = f"asked for from {_moment(question.start)} up to {_moment(question.end)}"
    return f"the {amount} of {question.meter}{whose}{limits} {span},".replace(",,", ",")


def _when(question: Question, start: int) -> str:
    return f"in the {question.interval.lower()} that begins at {_moment(start)}"


def _moment(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}"


def _plain(value: Any) -> Any:
    """A value without what does not matter: the order of a list, and whether nothing is null or empty."""
    if isinstance(value, list):
        return sorted(value, key=str)
    return None if value in ("", {}) else value

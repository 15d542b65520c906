"""Laws of what filtering rules keep out: the events that they name, and no others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, introduced, opened
from contracts.laws.law import Evidence, Family, Law
from contracts.laws.rules_written import (
    EU,
    EXCLUDE,
    INCLUDE,
    NONE,
    US,
    Rule,
    Values,
    dimensions,
    kept,
    passes,
    ruled,
    told,
    valued,
    write,
)
from contracts.laws.trial import Trial
from contracts.model import Severity


@dataclass(frozen=True)
class Case:
    """Rules, and events that come after them.

    Args:
        rules: In the order in which they are written.
        events: Their values.
        batched: Whether they come in one batch.
    """

    rules: tuple[Rule, ...]
    events: tuple[Values, ...]
    batched: bool = False


def _only_passing_events_count(trial: Trial, case: Case) -> Iterator[None]:
    opened(trial, dimensions=dimensions(trial))
    for number, rule in enumerate(case.rules):
        write(trial, replace(rule, word=f"r{number}"))
    # That a rule acts from the next request on is for another law to tell.
    introduced(trial)
    events = [valued(trial, number, values) for number, values in enumerate(case.events)]
    trial.metering.send(*events) if case.batched else trial.metering.send_each(events)
    yield
    wanted = sum(2**number for number, values in enumerate(case.events) if passes(case.rules, values))
    rules = ", and another that ".join(map(str, case.rules))
    what = f"the usage after a rule that {rules}, and events {told(case.events)}"
    counts(trial, lambda: kept(trial), wanted, f"{what}{', in one batch,' if case.batched else ','}")


def _several_values(trial: Trial, case: tuple[str, int]) -> Iterator[None]:
    action, count = case
    named = tuple(f"v{number}" for number in range(1, count + 1))
    rule = Rule(action, named)
    events = tuple({"d": value} for value in (*named, "other"))
    opened(trial, dimensions=dimensions(trial))
    if trial.metering.published:
        write(trial, rule)
        # That a rule acts from the next request on is for another law to tell.
        introduced(trial)
    trial.metering.send_each(valued(trial, number, values) for number, values in enumerate(events))
    if not trial.metering.published:
        rule = replace(rule, action=EXCLUDE)
        write(trial, rule)
    yield
    wanted = sum(2**number for number, values in enumerate(events) if passes([rule], values))
    counts(trial, lambda: kept(trial), wanted, f"the usage under a rule that {rule}, of events {told(events)},")


_VALUES = st.sampled_from(("eu", "us", "asia"))


def _events() -> st.SearchStrategy[tuple[Values, ...]]:
    one = st.one_of(st.just(NONE), _VALUES.map(lambda value: {"d": value}))
    return st.lists(one, min_size=1, max_size=4).map(tuple)


def _cases(action: str) -> st.SearchStrategy[Case]:
    """One rule of an action, which names one value: several are for another law."""
    rule = _VALUES.map(lambda value: (Rule(action, (value,)),))
    return st.builds(Case, rule, _events(), st.booleans())


LAWS: tuple[Law, ...] = (
    Law(
        name="exclude_drops_matches",
        family=Family.RULES,
        expects="that an event that a rule excludes is not counted, and any other one is",
        why="Rules keep test traffic or internal calls out of the numbers. What slips through is billed, and what a "
        "rule drops beside them is lost. The law makes a rule that excludes one value of a dimension, sends events "
        "with that value, with another and with none, one by one and in a batch, and asks for the usage. It also lets "
        "another rule include the same events by another dimension, which does not bring back what is excluded.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: FilteringRule, whose action includes or excludes matching events before "
        "ingestion",
        severity=Severity.CRITICAL,
        subjects=ruled(),
        play=_only_passing_events_count,
        cases=(
            Case((Rule(EXCLUDE, ("eu",)),), (EU, US, NONE)),
            Case((Rule(EXCLUDE, ("eu",)),), (EU, US, NONE), batched=True),
            Case((Rule(INCLUDE, ("paid",), "e"), Rule(EXCLUDE, ("eu",))), (EU | {"e": "paid"}, US | {"e": "paid"})),
        ),
        generated=lambda: _cases(EXCLUDE),
        examples=6,
    ),
    Law(
        name="include_keeps_matches_alone",
        family=Family.RULES,
        expects="that with a rule that includes, only the events that it names are counted",
        why="A rule that includes says what a meter is about; everything else that is reported to it is noise. The "
        "law makes a rule that includes one value of a dimension, and sends events with that value, with another and "
        "with none, one by one and in a batch.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: FilteringRule, whose action includes or excludes matching events before "
        "ingestion",
        severity=Severity.CRITICAL,
        subjects=ruled(),
        play=_only_passing_events_count,
        cases=(
            Case((Rule(INCLUDE, ("eu",)),), (EU, US, NONE)),
            Case((Rule(INCLUDE, ("eu",)),), (EU, US, NONE), batched=True),
        ),
        generated=lambda: _cases(INCLUDE),
        examples=6,
    ),
    Law(
        name="rule_with_several_values_matches_each",
        family=Family.RULES,
        expects="that a rule that names several values is about the events of each of them",
        why="One rule often names a dozen regions or test customers. A platform that looks at the first one alone "
        "lets all the others through, or drops them. The law makes a rule that names several values, sends an event "
        "of each and one of none of them, and asks for the usage. In the live form the rule comes last, and takes "
        "back.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: dimensionValues of FilteringRule is a list; that a custom rule's filter is "
        "read alike is our reading",
        severity=Severity.HIGH,
        subjects=ruled(custom=()),
        play=_several_values,
        cases=((EXCLUDE, 2), (INCLUDE, 3)),
        generated=lambda: st.tuples(st.sampled_from((EXCLUDE, INCLUDE)), st.integers(2, 6)),
        examples=4,
    ),
)

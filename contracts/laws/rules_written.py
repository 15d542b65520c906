"""Rules as laws speak of them, and how each of the two forms of the API writes and lists them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.laws.ingest_ground import event, used
from contracts.laws.law import Subject, Subjects, Unclear
from contracts.laws.metering import Event, metering
from contracts.laws.trial import Trial
from specs.catalog import Document

EXCLUDE, INCLUDE = "EXCLUDE", "INCLUDE"
CREATE, CUSTOM = "createFilteringRule", "createOrUpdateCustomFilteringRule"
LIST, LIST_CUSTOM = "listFilteringRules", "listCustomFilteringRules"

_DAYS = 4

Values = Mapping[str, str]
"""The values of an event, by the words of the dimensions."""

EU, US, ASIA = ({"d": value} for value in ("eu", "us", "asia"))
NONE: Values = {}


@dataclass(frozen=True)
class Rule:
    """A rule of the trial's meter.

    Args:
        action: What becomes of matching events, ``EXCLUDE`` or ``INCLUDE``; custom rules always take them back.
        values: The values that match.
        dimension: The word of the dimension.
        word: Tells it from the trial's other rules.
        meter: The word of the meter.
    """

    action: str
    values: tuple[str, ...]
    dimension: str = "d"
    word: str = "r"
    meter: str = "m"

    def matches(self, values: Values) -> bool:
        """Whether an event with these values is one that the rule names."""
        return values.get(self.dimension) in self.values

    def __str__(self) -> str:
        """The rule in words."""
        names = "includes" if self.action == INCLUDE else "excludes"
        return f"{names} {' and '.join(self.values)}"


def passes(rules: Iterable[Rule], values: Values) -> bool:
    """Whether an event with these values is excluded by no rule, and included where its dimension has such rules."""
    rules = tuple(rules)
    wanted = {rule.dimension for rule in rules if rule.action == INCLUDE}
    met = {rule.dimension for rule in rules if rule.action == INCLUDE and rule.matches(values)}
    return wanted == met and not any(rule.action == EXCLUDE and rule.matches(values) for rule in rules)


def dimensions(trial: Trial) -> tuple[str, ...]:
    """The names of the dimensions that rules are about; they are the trial's own, as rules act on every event."""
    return trial.key("d"), trial.key("e")


def write(trial: Trial, rule: Rule) -> None:
    """Writes a rule, or replaces the one of its word, in the form of the document."""
    meter, key, dimension = trial.key(rule.meter), trial.key(rule.word), trial.key(rule.dimension)
    if trial.metering.published:
        named = {"dimensionName": dimension, "dimensionValues": list(rule.values)}
        trial.talk.write(CREATE, {"meterApiName": meter, "ruleId": key, "action": rule.action, **named})
        return
    # Everything that was taken in until now, by whatever clock the target has.
    chosen = {"ingestionTimeRange": {"startTimeInSeconds": 0}, "filter": {dimension: list(rule.values)}}
    trial.talk.write(CUSTOM, {"id": key, "meterApiName": meter, "type": "by_property_filter_out"} | chosen)


def listed(trial: Trial, meter: str = "m") -> list[str]:
    """The keys of the rules that are listed for a meter.

    Raises:
        Unclear: The list is not as documented.
    """
    operation, key = (LIST, "ruleId") if trial.metering.published else (LIST_CUSTOM, "id")
    answer: Any = trial.talk.want(operation, query={"meterApiName": trial.key(meter)}).json()
    try:
        return [str(each[key]) for each in answer]
    except (KeyError, TypeError):
        raise Unclear("the list of rules cannot be read; response_schema_conformance looks at its form") from None


def valued(trial: Trial, number: int, values: Values) -> Event:
    """An event with these values, which counts 2 to the power of its number: a sum tells which events are in it.

    Two of them are of one day, so that how more are added up plays no part.
    """
    dimensions = tuple((trial.key(name), value) for name, value in values.items())
    return replace(event(trial, str(number), 2**number, number // 2 + 1 - _DAYS), dimensions=dimensions)


def kept(trial: Trial) -> float:
    """The usage of the events that `valued` makes."""
    return used(trial, 1 - _DAYS, _DAYS)


def told(events: tuple[Values, ...]) -> str:
    """Events in words, with what each counts."""
    words = (f"{'/'.join(values.values()) or 'without a value'} ({2**n})" for n, values in enumerate(events))
    return ", ".join(words)


def ruled(*also: str, custom: tuple[str, ...] | None = None) -> Subjects:
    """The subjects of a law of rules: those of the published form, and custom ones where it holds for them as well.

    Args:
        also: What else it asks in the published form.
        custom: What else it asks in the live form; None when custom rules are another matter.
    """

    def subjects(document: Document) -> Iterator[Subject]:
        yield from metering(CREATE, *also)(document)
        if custom is not None:
            yield from metering(CUSTOM, *custom)(document)

    return subjects

"""Filtering rules: which events of a meter are kept at ingest, by the value of a dimension."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class RuleAction(StrEnum):
    """What a rule does with the events that match it."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class FilteringRule:
    """A rule on one dimension of one meter; without an action or a dimension it is inert."""

    meter: str
    rule_id: str
    dimension: str | None = None
    values: frozenset[str] = frozenset()
    action: RuleAction | None = None


def admits(rules: Iterable[FilteringRule], dimensions: Mapping[str, str]) -> bool:
    """Whether an event with these dimensions passes `rules`, the rules of its meter.

    An EXCLUDE rule drops what it matches, whatever the others say. Where INCLUDE rules name a dimension, the event
    must carry a value that one of them lists; an event without that dimension is dropped.
    """
    included: dict[str, bool] = {}
    for rule in rules:
        if rule.action is None or rule.dimension is None:
            continue
        matches = dimensions.get(rule.dimension) in rule.values
        if rule.action is RuleAction.INCLUDE:
            included[rule.dimension] = included.get(rule.dimension, False) or matches
        elif matches:
            return False
    return all(included.values())

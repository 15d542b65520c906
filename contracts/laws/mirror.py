"""Does everything twice, at a target and in the reference, and compares what the target answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from contracts.laws.comparing import same_usage
from contracts.laws.law import Broken
from contracts.laws.metering import DAY, MAX, SUM, UNIQUE, Event, Question
from contracts.laws.reference import Group, Reference, Rule
from contracts.laws.things import CUSTOMERS, DEFINITIONS, METERS, Handling, Words
from contracts.laws.trial import Trial
from contracts.laws.twin import Twin, rows_of

INGEST, USAGE = "ingestMeterEvents", "queryUsage"
FILTERS, LISTS_FILTERS = "createFilteringRule", "listFilteringRules"
CANCELS = "createOrUpdateCustomFilteringRule"
CANCEL = "aflo.cancel_previous_resource_event"
_ALL, _RECENT = (-60 * DAY, 60 * DAY), (-6 * DAY, 2 * DAY)
"""Times that hold every event, and those that hold the latest ones, of which there are not too many hours."""

_AGGREGATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {SUM: ("SUM", "COUNT", "MAX"), MAX: ("MAX",), UNIQUE: ("SUM",)}
)
"""What each kind of meter is asked for; anything else is read in more than one way."""


@dataclass(frozen=True)
class Sketch:
    """An event before it has keys.

    Args:
        meter: By its number.
        customer: By its number.
        moment: In seconds after the first one of the trial's day.
        value: How much was used.
        dimensions: Pairs of a name and a value.
        tag: What steps call it, so that others may be left out.
    """

    meter: int
    customer: int
    moment: int
    value: float
    dimensions: tuple[tuple[str, str], ...]
    tag: int = 0


@dataclass(frozen=True)
class Asked:
    """A question about usage before it has keys: its times as those of a sketch, its customers by their numbers.

    Args:
        span: The first second that is asked for, and the first no longer.
        pick: Which aggregation of those that the meter is asked for.
        interval: Of the buckets.
        groups: The dimensions.
        customers: Those that it is limited to; empty for no limit.
        filters: The values that it is limited to, by dimension.
    """

    span: tuple[int, int]
    pick: int = 0
    interval: str = "DAY"
    groups: Group = ()
    customers: tuple[int, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Mirror:
    """An account at a target beside the account as it should be.

    Every method makes its calls, those included that they need, and compares the answers.

    Args:
        trial: Whose keys and talk are used.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.reference = Reference(trial.terms.dedup)
        thing = DEFINITIONS if trial.metering.published else METERS
        self.meters = Twin(thing, self.reference.meters, trial)
        self.customers = Twin(CUSTOMERS, self.reference.customers, trial)
        self._sent: dict[int, tuple[Sketch, Event]] = {}
        self._latest = 0

    def can(self, *operations: str) -> bool:
        """Whether the document has these operations."""
        return all(map(self.trial.talk.knows, operations))

    @property
    def sent(self) -> dict[int, tuple[Sketch, Event]]:
        """The events that were sent so far, to meters that are there, by the tags of their sketches."""
        return {tag: each for tag, each in self._sent.items() if each[1].meter in self.reference.meters.living}

    def handle_customer(self, what: Handling, number: int, words: Words) -> None:
        """Handles a customer, but deletes none with usage: what becomes of that is told nowhere."""
        used = any(event.customer == self.customers.key(number) for _, event in self._sent.values())
        if not (used and what is Handling.DELETE):
            self.customers.handle(what, number, words)

    def send(self, sketches: Iterable[Sketch]) -> None:
        """Ingests events in one batch, each with a mark of its own."""
        self._ingest([self._event(each, self.trial.key(f"u{each.tag}")) for each in sketches])

    def resend(self, tags: Iterable[int]) -> None:
        """Ingests events again in one batch, the same in every field."""
        sent = self.sent
        self._ingest([sent[tag] for tag in tags if tag in sent])

    def reuse(self, tag: int, part: str, sketch: Sketch) -> None:
        """Ingests an event again, with one part of it changed to that of a sketch, whose tag it has then."""
        if tag in self.sent:
            before, event = self.sent[tag]
            changed = replace(before, tag=sketch.tag, **{part: getattr(sketch, part)})
            self._ingest([self._event(changed, event.unique_id)])

    def cancel(self, tag: int) -> None:
        """Cancels one event by another one that is the same, but for the word that cancels."""
        if tag in self.sent:
            sketch, event = self.sent[tag]
            self._latest = sketch.meter
            self.trial.talk.write(INGEST, replace(event, dimensions=(*event.dimensions, (CANCEL, "true"))).as_json())
            self.reference.cancel(event)

    def cancel_matching(self, meter: int, rule: int, filters: Mapping[str, Sequence[str]]) -> None:
        """Cancels the events of a meter that are there and match."""
        key = self.meters.needed(meter)
        body = {
            "id": self.trial.key(f"x{meter}{rule}"),
            "meterApiName": key,
            "type": "by_property_filter_out",
            "ingestionTimeRange": {"startTimeInSeconds": 0},
            "filter": {name: list(values) for name, values in filters.items()},
        }
        self._latest = meter
        self.trial.talk.write(CANCELS, body)
        self.reference.cancel_matching(key, filters)

    def filter(self, meter: int, number: int, rule: Rule) -> None:
        """Creates a filtering rule of a meter, or replaces it."""
        key = self.meters.needed(meter)
        rule_id = self.trial.key(f"r{meter}{number}")
        self.trial.talk.write(FILTERS, {"meterApiName": key, "ruleId": rule_id, **_rule_json(rule)})
        self.reference.rule(key, rule_id, rule)

    def list_filters(self, meter: int) -> None:
        """Lists the filtering rules of a meter: each stands once, as it was written last, and none beside them."""
        key = self.meters.needed(meter)
        reply = self.trial.talk.want(LISTS_FILTERS, query={"meterApiName": key})
        found = sorted((_told_rule(row) for row in rows_of(reply, LISTS_FILTERS)), key=str)
        rules = self.reference.rules.get(key, {})
        wanted = sorted(({"ruleId": each, **_rule_json(rule)} for each, rule in rules.items()), key=str)
        if found != wanted:
            expected = f"that the list of the filtering rules of {key} is {wanted}"
            raise Broken(expected, f"it is {found}", reply, operation_id=LISTS_FILTERS)

    def add_up(self, interval: str, groups: Group) -> None:
        """Asks for all that was counted by the meter whose events were sent or cancelled last."""
        self.ask(self._latest, Asked(_RECENT if interval == "HOUR" else _ALL, 0, interval, groups))

    def ask(self, meter: int, asked: Asked) -> None:
        """Asks for usage."""
        thing = self.meters.thing
        kind = thing.kinds[meter]
        aggregations, (start, end) = _AGGREGATIONS[kind], asked.span
        question = Question(
            self.meters.needed(meter),
            self.trial.day + start,
            self.trial.day + end,
            aggregations[asked.pick % len(aggregations)],
            asked.interval,
            asked.groups,
            tuple(map(self.customers.key, asked.customers)),
            asked.filters,
        )
        distinct = thing.distinct if kind == UNIQUE else ""
        wanted = self.reference.usage(question, distinct)
        self.trial.hold(lambda: same_usage(self.trial, question, wanted, distinct))

    def tidy(self) -> None:
        """Deletes what the sequence made, as far as that is possible."""
        self.customers.tidy()
        self.meters.tidy()

    def _event(self, sketch: Sketch, unique_id: str) -> tuple[Sketch, Event]:
        meter, customer = self.meters.needed(sketch.meter), self.customers.needed(sketch.customer)
        seconds = self.trial.day + sketch.moment
        return sketch, Event(meter, customer, seconds, sketch.value, unique_id, sketch.dimensions)

    def _ingest(self, made: list[tuple[Sketch, Event]]) -> None:
        if made:
            bodies = [event.as_json() for _, event in made]
            self.trial.talk.write(INGEST, bodies if len(bodies) > 1 else bodies[0])
            self.reference.ingest(event for _, event in made)
            self._latest = made[-1][0].meter
            self._sent |= {sketch.tag: (sketch, event) for sketch, event in made}


def _rule_json(rule: Rule) -> dict[str, Any]:
    action = "INCLUDE" if rule.includes else "EXCLUDE"
    return {"dimensionName": rule.dimension, "dimensionValues": sorted(rule.values), "action": action}


def _told_rule(row: dict[str, Any]) -> dict[str, Any]:
    values = row.get("dimensionValues")
    names = ("ruleId", "dimensionName", "dimensionValues", "action")
    told = {name: row.get(name) for name in names}
    return {**told, "dimensionValues": sorted(values) if isinstance(values, list) else values}

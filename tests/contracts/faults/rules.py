"""Faults of filtering rules and of cancellation."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from tests.contracts.faults.client import DAY, Client, event, fresh
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited
from tests.contracts.faults.ingesting import INGEST, Event, as_cancellation, each, events_of, is_cancellation
from tests.contracts.faults.rules_kept import (
    CREATE,
    LIST,
    RIGHT,
    Reading,
    Rule,
    excluded,
    included,
    matches,
    read_as,
    value_of,
)

_CANCEL = "createOrUpdateCustomFilteringRule"
_CANCEL_PATH = "/ingest-snapshot/custom-filtering-rules"
_fault = partial(Fault, category=Category.RULES, operations=frozenset({CREATE}))
_live = partial(Fault, category=Category.RULES, dialect="live", found_by=frozenset({"cancellation_undoes_one_event"}))


def _first_value(rule: Rule, one: Event) -> bool:
    return matches(rule | {"dimensionValues": (rule.get("dimensionValues") or [])[:1]}, one)


def _include_first(reading: Reading, rules: list[Rule], one: Event) -> bool:
    met = any(rule["action"] == "INCLUDE" and reading.matches(rule, one) for rule in rules)
    return (met or not excluded(reading, rules, one)) and included(reading, rules, one)


def _lets_those_without_in(reading: Reading, rules: list[Rule], one: Event) -> bool:
    known = [rule for rule in rules if rule["action"] == "EXCLUDE" or value_of(one, rule["dimensionName"]) is not None]
    return not excluded(reading, rules, one) and included(reading, known, one)


def _both(old: Rule | None, new: Rule) -> Rule:
    values = [*((old or {}).get("dimensionValues") or ()), *(new.get("dimensionValues") or ())]
    return new | {"dimensionValues": values}


def _cancel(request: Request, send: Send, meter: str, filters: dict[str, list[str]]) -> None:
    """Cancels what was counted already, by way of the platform behind."""
    rule = {"id": fresh("rule"), "meterApiName": meter, "type": "by_property_filter_out", "filter": filters}
    sent = replace(request, path=_CANCEL_PATH, query="", headers=request.headers.drop("content-encoding"))
    send(sent.with_json({**rule, "ingestionTimeRange": {"startTimeInSeconds": 0}}))


def _acts_backwards(request: Request, send: Send) -> Answer:
    answer = send(request)
    rule = answer.json() if answer.good else {}
    if rule.get("action") == "EXCLUDE" and rule.get("dimensionName") and rule.get("dimensionValues"):
        _cancel(request, send, rule["meterApiName"], {rule["dimensionName"]: rule["dimensionValues"]})
    return answer


def _lists_every_meter() -> Wrong:
    meters: dict[tuple[str, str], None] = {}

    def wrong(request: Request, send: Send) -> Answer:
        answer = send(request)
        if request.operation == CREATE and answer.good:
            meters[request.key, answer.json()["meterApiName"]] = None
        if request.operation != LIST or not answer.good:
            return answer
        own = [meter for key, meter in list(meters) if key == request.key]
        lists = [send(replace(request, query=f"meterApiName={quote(meter, errors='replace')}")) for meter in own]
        found = {rule["ruleId"]: rule for one in (*lists, answer) if one.good for rule in one.json()}
        return answer.with_json(list(found.values()))

    return limited({CREATE, LIST}, wrong)


def _cancels_all(request: Request, send: Send) -> Answer:
    answer = send(request)
    for one in events_of(request) or []:
        if answer.good and is_cancellation(one) and one.get("meterApiName") and one.get("customerId"):
            _cancel(request, send, one["meterApiName"], {"customerId": [one["customerId"]]})
    return answer


def _without_filter(request: Request, send: Send) -> Answer:
    rule = request.json()
    if not isinstance(rule, dict) or not isinstance(rule.get("filter"), dict):
        return send(request)
    right = send(request)
    if not right.good:
        return right
    send(request.with_json({name: value for name, value in rule.items() if name != "filter"}))
    # What was cancelled stays so, and the rule is read back as it was written.
    return send(request)


def _ruled(
    expected: float, action: str, *values: str, sent: tuple[dict[str, str], ...], batch: bool = False
) -> Callable[[Client], bool]:
    """A probe: of events of these dimensions so many pass a rule on the region."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        client.rule(meter, values, action)
        client.ingest(event(fresh("other")))
        events = [event(meter, dimensions=dimensions) for dimensions in sent]
        for request in [events] if batch else events:
            client.ingest(request)
        return client.total(meter) == expected

    return probe


def _exclusion_wins(client: Client) -> bool:
    meter = client.meter()
    client.rule(meter, ["eu"], "INCLUDE")
    client.rule(meter, ["free"], "EXCLUDE", dimension="tier")
    client.ingest(event(fresh("other")))
    client.ingest(event(meter, dimensions={"region": "eu", "tier": "free"}))
    return client.total(meter) == 0


def _past_is_kept(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, dimensions={"region": "eu"}))
    client.rule(meter, ["eu"])
    return client.total(meter) == 1


def _rule_acts_at_once(client: Client) -> bool:
    meter = client.meter()
    client.rule(meter, ["eu"])
    client.ingest(event(meter, dimensions={"region": "eu"}))
    return client.total(meter) == 0


def _replaced(expected: float, action: str, region: str) -> Callable[[Client], bool]:
    """A probe: so many events of a region pass a rule that was about "eu" and is about "us" now."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        made = client.rule(meter, ["eu"], action)
        client.rule(meter, ["us"], action, ruleId=made["ruleId"])
        client.ingest(event(fresh("other")))
        client.ingest(event(meter, dimensions={"region": region}))
        return client.total(meter) == expected

    return probe


def _list_is_right(client: Client) -> bool:
    first, second = client.meter(), client.meter()
    client.rule(first, ["eu"])
    client.rule(second, ["us"])
    listed = client.get("/meter-event-filtering-rules", params={"meterApiName": first}).json()
    return [rule["meterApiName"] for rule in listed] == [first]


def _cancelled(*others: float) -> Callable[[Client], bool]:
    """A probe: one event is cancelled by another, and the others of its customer count."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        one = event(meter, 100, at=DAY + 600)
        client.ingest([*(event(meter, value, at=DAY + 60 * value) for value in others), one])
        client.ingest(as_cancellation(one))
        return client.live_total(meter) == sum(others)

    return probe


def _rule_cancels_its_own(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter, 1, dimensions={"region": "eu"}), event(meter, 2, dimensions={"region": "us"})])
    rule: dict[str, Any] = {"id": fresh("rule"), "meterApiName": meter, "type": "by_property_filter_out"}
    rule |= {"ingestionTimeRange": {"startTimeInSeconds": 0}, "filter": {"region": ["eu"]}}
    client.post(_CANCEL_PATH, json=rule)
    return client.live_total(meter) == 2


_EXCLUDES = "its probe has an event excluded"
_INCLUDES = "its probe has an event left out by an including rule"

FAULTS: tuple[Fault, ...] = (
    _fault(
        name="excluding_rules_do_nothing",
        says="An event that an excluding rule names is counted all the same.",
        found_by=frozenset({"exclude_drops_matches"}),
        make=read_as(replace(RIGHT, passes=included)),
        probe=_ruled(0, "EXCLUDE", "eu", sent=({"region": "eu"},)),
        shadows={
            "rules_spare_batches": _EXCLUDES,
            "including_rule_beats_an_excluding_one": _EXCLUDES,
            "rule_spares_the_next_request": _EXCLUDES,
        },
    ),
    _fault(
        name="rules_spare_batches",
        says="Rules act on single events, and let whatever comes in a batch in.",
        found_by=frozenset({"exclude_drops_matches", "include_keeps_matches_alone"}),
        make=read_as(replace(RIGHT, batches=False)),
        probe=_ruled(1, "EXCLUDE", "eu", sent=({"region": "eu"}, {"region": "us"}), batch=True),
    ),
    _fault(
        name="including_rule_beats_an_excluding_one",
        says="An event that one rule includes is counted though another one excludes it.",
        found_by=frozenset({"exclude_drops_matches"}),
        make=read_as(replace(RIGHT, passes=_include_first)),
        probe=_exclusion_wins,
    ),
    _fault(
        name="including_rules_do_nothing",
        says="An event that no including rule names is counted all the same.",
        found_by=frozenset({"include_keeps_matches_alone"}),
        make=read_as(replace(RIGHT, passes=lambda *known: not excluded(*known))),
        probe=_ruled(0, "INCLUDE", "eu", sent=({"region": "us"},)),
        shadows={"including_rule_lets_events_without_the_dimension_in": _INCLUDES},
    ),
    _fault(
        name="including_rule_lets_events_without_the_dimension_in",
        says="An including rule lets every event in that has no value of its dimension.",
        found_by=frozenset({"include_keeps_matches_alone"}),
        make=read_as(replace(RIGHT, passes=_lets_those_without_in)),
        probe=_ruled(0, "INCLUDE", "eu", sent=({},)),
    ),
    _fault(
        name="first_value_of_a_rule_matches_alone",
        says="Of the values that a rule names only the first one is looked at.",
        found_by=frozenset({"rule_with_several_values_matches_each"}),
        make=read_as(replace(RIGHT, matches=_first_value)),
        probe=_ruled(2, "INCLUDE", "eu", "us", sent=({"region": "eu"}, {"region": "us"})),
    ),
    _fault(
        name="rule_acts_on_what_was_counted",
        says="An excluding rule takes back the events that were counted before it was made.",
        found_by=frozenset({"rule_acts_from_its_creation_on"}),
        make=lambda: limited(CREATE, _acts_backwards),
        probe=_past_is_kept,
    ),
    _fault(
        name="rule_spares_the_next_request",
        says="Rules are read after a request is done, so that a new one does not act on the next request.",
        found_by=frozenset({"rule_acts_from_its_creation_on"}),
        make=read_as(replace(RIGHT, delay=1)),
        probe=_rule_acts_at_once,
    ),
    _fault(
        name="replaced_rule_keeps_its_values",
        says="A rule that is sent again acts on the values that it named before, too.",
        found_by=frozenset({"rule_update_replaces"}),
        make=read_as(replace(RIGHT, kept=_both)),
        probe=_replaced(1, "EXCLUDE", "eu"),
    ),
    _fault(
        name="replaced_rule_acts_as_before",
        says="A rule that is sent again is answered with its new values, and acts by the old ones.",
        found_by=frozenset({"rule_update_replaces"}),
        make=read_as(replace(RIGHT, kept=lambda old, new: old or new)),
        probe=_replaced(1, "INCLUDE", "us"),
        shadows={"replaced_rule_keeps_its_values": "the old values act in both"},
    ),
    _fault(
        name="rules_of_all_meters_are_listed",
        says="The list of a meter's rules holds those of every meter.",
        operations=frozenset({LIST}),
        found_by=frozenset({"rule_list_selects_by_meter"}),
        make=_lists_every_meter,
        probe=_list_is_right,
    ),
    _live(
        name="cancelling_event_does_nothing",
        says="An event that is to cancel another one is taken, and the other one still counts.",
        operations=frozenset({INGEST}),
        make=each(lambda one: None if is_cancellation(one) else one),
        probe=_cancelled(),
        shadows={"cancelling_event_cancels_the_customer": "its probe has an event cancelled"},
    ),
    _live(
        name="cancelling_event_cancels_the_customer",
        says="An event that is to cancel another one cancels all events of its customer and meter.",
        operations=frozenset({INGEST}),
        make=lambda: limited(INGEST, _cancels_all),
        probe=_cancelled(1, 2),
    ),
    _live(
        name="cancelling_rule_ignores_its_filter",
        says="A custom filtering rule cancels all events of its meter, whatever values it names.",
        operations=frozenset({_CANCEL}),
        make=lambda: limited(_CANCEL, _without_filter),
        probe=_rule_cancels_its_own,
    ),
)

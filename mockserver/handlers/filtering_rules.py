"""Filtering rules: what is dropped at ingest, meter by meter, from the rule's creation on."""

from collections.abc import Mapping

from mockserver.domain.filtering import FilteringRule, RuleAction
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import Collection, JsonObject
from mockserver.handlers.meters import kind_of, warn_unknown_meter

COLLECTION = "meter-event-filtering-rules"
KEPT = ("meterApiName", "ruleId", "dimensionName", "dimensionValues", "action")


def _unused_id(call: Call, rules: Collection) -> str:
    """A rule id that no rule has: callers may have chosen one that the sequence makes too."""
    while True:
        rule_id = minted("rule-", call.store.next_number("filtering-rule"), length=12)
        if rule_id not in rules:
            return rule_id


def create_filtering_rule(call: Call) -> Reply:
    """Creates the rule, or replaces the one of that id; another meter in the body moves it there."""
    rule = {name: call.body[name] for name in KEPT if name in call.body}
    if kind_of(call, rule["meterApiName"]) is None:
        warn_unknown_meter(call, rule["meterApiName"], "meterApiName")
    for name in ("action", "dimensionName"):
        if name not in rule:
            call.warn(name, "inert-rule", f"{name} is absent: the rule does nothing")
    rules = call.store.collection(COLLECTION)
    # An empty id could not be told from none.
    rule["ruleId"] = rule.get("ruleId") or _unused_id(call, rules)
    rules.put(rule["ruleId"], rule)
    return Reply(rule)


def list_filtering_rules(call: Call) -> Reply:
    """The rules of the meter that the query names, oldest first."""
    documents = call.store.collection(COLLECTION).documents()
    return Reply([each for each in documents if each["meterApiName"] == call.query["meterApiName"]])


def has_rules(call: Call) -> bool:
    """Whether the account has any filtering rule."""
    return len(call.store.collection(COLLECTION)) > 0


def rules_by_meter(call: Call) -> dict[str, list[FilteringRule]]:
    """Every rule as the domain knows it, inert ones included, by the meter that it acts on."""
    rules: dict[str, list[FilteringRule]] = {}
    for document in call.store.collection(COLLECTION).documents():
        rules.setdefault(document["meterApiName"], []).append(rule_from_document(document))
    return rules


def rule_from_document(document: JsonObject) -> FilteringRule:
    """A stored rule in the domain's words."""
    return FilteringRule(
        meter=document["meterApiName"],
        rule_id=document["ruleId"],
        dimension=document.get("dimensionName"),
        values=frozenset(document.get("dimensionValues", ())),
        action=RuleAction(document["action"].lower()) if "action" in document else None,
    )


BINDINGS: Mapping[str, Binding] = {
    "createFilteringRule": Binding(create_filtering_rule, Tier.RESOURCE),
    "listFilteringRules": Binding(list_filtering_rules, Tier.RESOURCE),
}

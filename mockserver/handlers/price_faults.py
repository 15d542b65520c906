"""What of a price could never be rated as it was meant: it is refused, and the first such place is named."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from mockserver.domain.decimals import exactly
from mockserver.domain.price_tiers import TierRule, tier_faults
from mockserver.domain.reducers import REDUCERS
from mockserver.engine.store import JsonObject
from mockserver.handlers.price_machines import GRANULARITIES, MATRIX, VOLUMES, is_leaf, tiers_from_api

TIER_FIELDS = {"start": "startAfterUnit", "batch": "batchSize", "price": "pricePerBatch"}
"""What a tier's members are called in bodies."""

_UNITS = re.compile(r"[0-9]+(\.[0-9]+)?")
"""A number of units as the key of a map."""


class Fault(NamedTuple):
    """A rule that a price breaks, and the dotted path of the field that breaks it."""

    field: str
    rule: str


SENTENCES: Mapping[str, str] = {
    TierRule.UNORDERED: "a tier does not begin beyond the one before",
    TierRule.EMPTY_BATCH: "a batch has no units",
    TierRule.NEGATIVE: "a price, or a number of units, is below zero",
    "mismatched-dimensions": "there is not one value for each of dimensionKeys",
    "repeated-row": "another row before has the same values",
    "invalid-volume": "the keys must be different numbers of units, from 0 on",
    "incomplete-node": "a reducer has no node that prices what it gives",
    "misplaced-node": "what counts resources comes first, and the rows of a matrix are leaves",
    "unknown-granularity": "usage is not reduced by such stretches of time",
}
"""What each rule says of the field."""


ODDITIES: Mapping[str, str] = {
    "nothing-counted": "no dimensions are named whose values are counted: every stretch with usage counts as one",
    "unpriced-node": "there is nothing to price units by: usage is billed at 0",
}
"""What each rule says of a field that is legal, and hardly meant."""

PRICED_BY = {MATRIX: "dimensionsPrices", "volume_based_leaf_node": VOLUMES}
"""What a node prices units by; leaves of other kinds do it by tiers."""


def nodes_of(price: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Every node of a price with its dotted path, the outermost first."""
    waiting = [("price", price["price"])] if "price" in price else []
    while waiting:
        path, node = waiting.pop()
        yield path, node
        if "nextNode" in node:
            waiting.append((f"{path}.nextNode", node["nextNode"]))
        rows = list(enumerate(node.get("dimensionsPrices", ())))
        waiting.extend((f"{path}.dimensionsPrices[{number}].leafNode", row["leafNode"]) for number, row in rows[::-1])


def faults_of(price: JsonObject) -> Iterator[Fault]:
    """Everything that is wrong with a price, node by node."""
    for path, node in nodes_of(price):
        for check in CHECKS:
            yield from check(path, node)


def oddities_of(price: JsonObject) -> Iterator[Fault]:
    """Everything that is odd about a price, node by node, and that it is kept with all the same."""
    for path, node in nodes_of(price):
        if node["type"] in REDUCERS:
            if REDUCERS[node["type"]].counts and not node.get("distinctDimensions"):
                yield Fault(f"{path}.distinctDimensions", "nothing-counted")
        elif "flatRate" not in node and not node.get(PRICED_BY.get(node["type"], "tiers")):
            yield Fault(f"{path}.{PRICED_BY.get(node['type'], 'tiers')}", "unpriced-node")


def _tiers(path: str, node: JsonObject) -> Iterator[Fault]:
    for place, member, rule in tier_faults(tiers_from_api(node)):
        yield Fault(f"{path}.tiers[{place}].{TIER_FIELDS[member]}", rule)


def _flat_rate(path: str, node: JsonObject) -> Iterator[Fault]:
    if exactly(node.get("flatRate", 0)) < 0:
        yield Fault(f"{path}.flatRate", TierRule.NEGATIVE)


def _volumes(path: str, node: JsonObject) -> Iterator[Fault]:
    field, seen = f"{path}.{VOLUMES}", set()
    for units, price in node.get(VOLUMES, {}).items():
        known = Decimal(units) if _UNITS.fullmatch(units) else None
        if known is None or known in seen:
            yield Fault(field, "invalid-volume")
        if exactly(price) < 0:
            yield Fault(field, TierRule.NEGATIVE)
        seen.add(known)


def _rows(path: str, node: JsonObject) -> Iterator[Fault]:
    width, seen = len(node.get("dimensionKeys", ())), set()
    for place, row in enumerate(node.get("dimensionsPrices", ())):
        field, values = f"{path}.dimensionsPrices[{place}]", tuple(row["dimensionValues"])
        if len(values) != width:
            yield Fault(f"{field}.dimensionValues", "mismatched-dimensions")
        if values in seen:
            yield Fault(f"{field}.dimensionValues", "repeated-row")
        if not is_leaf(row["leafNode"]):
            yield Fault(f"{field}.leafNode.type", "misplaced-node")
        seen.add(values)


def _reducer(path: str, node: JsonObject) -> Iterator[Fault]:
    if node["type"] not in REDUCERS:
        return
    if node.get("granularity", "entire_invoice_period").lower() not in GRANULARITIES:
        yield Fault(f"{path}.granularity", "unknown-granularity")
    if path != "price" and REDUCERS[node["type"]].counts:
        yield Fault(f"{path}.type", "misplaced-node")
    if "nextNode" not in node:
        yield Fault(f"{path}.nextNode", "incomplete-node")


CHECKS: tuple[Callable[[str, JsonObject], Iterator[Fault]], ...] = (_reducer, _rows, _tiers, _flat_rate, _volumes)
"""What is looked at in each node: (its path, the node) -> what is wrong with it."""

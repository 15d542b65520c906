"""Which events filtering rules let in."""

from itertools import product

import pytest

from mockserver.domain.filtering import FilteringRule, RuleAction, admits

INCLUDE, EXCLUDE = RuleAction.INCLUDE, RuleAction.EXCLUDE


def rule(action: RuleAction | None, values: str = "", dimension: str | None = "region") -> FilteringRule:
    """A rule on one dimension; `values` are its words."""
    return FilteringRule("calls", f"{action}-{dimension}-{values}", dimension, frozenset(values.split()), action)


@pytest.mark.parametrize(
    ("rules", "dimensions", "admitted"),
    [
        ([], {"region": "eu"}, True),
        ([rule(EXCLUDE, "eu us")], {"region": "eu"}, False),
        ([rule(EXCLUDE, "eu us")], {"region": "ap"}, True),
        ([rule(EXCLUDE, "eu")], {}, True),
        ([rule(EXCLUDE)], {"region": "eu"}, True),
        ([rule(INCLUDE, "eu")], {"region": "eu"}, True),
        ([rule(INCLUDE, "eu")], {"region": "us"}, False),
        ([rule(INCLUDE, "eu")], {}, False),
        ([rule(INCLUDE)], {"region": "eu"}, False),
        ([rule(INCLUDE, "eu"), rule(INCLUDE, "us")], {"region": "us"}, True),
        ([rule(INCLUDE, "eu"), rule(INCLUDE, "us")], {"region": "ap"}, False),
        ([rule(INCLUDE, "eu"), rule(INCLUDE, "free", "tier")], {"region": "eu", "tier": "free"}, True),
        ([rule(INCLUDE, "eu"), rule(INCLUDE, "free", "tier")], {"region": "eu", "tier": "paid"}, False),
        ([rule(INCLUDE, "eu"), rule(EXCLUDE, "eu")], {"region": "eu"}, False),
        ([rule(EXCLUDE, "eu"), rule(INCLUDE, "eu")], {"region": "eu"}, False),
        ([rule(INCLUDE, "eu"), rule(EXCLUDE, "free", "tier")], {"region": "eu", "tier": "free"}, False),
        ([rule(None, "eu")], {"region": "eu"}, True),
        ([rule(None, "eu")], {"region": "us"}, True),
        ([rule(INCLUDE, "eu", None)], {}, True),
        ([rule(EXCLUDE, "eu", None)], {"region": "eu"}, True),
    ],
)
def test_rules_decide_as_the_table_says(
    rules: list[FilteringRule], dimensions: dict[str, str], *, admitted: bool
) -> None:
    """EXCLUDE beats INCLUDE, INCLUDE asks for one match a dimension, an incomplete rule is inert."""
    assert admits(rules, dimensions) is admitted


def test_two_rules_agree_with_the_written_rule_in_every_combination() -> None:
    """Over all pairs of rules and all events: no EXCLUDE hits, and every included dimension is hit."""
    choices = [
        rule(action, values, name) for action in (INCLUDE, EXCLUDE, None) for values in ("x", "x y") for name in "pq"
    ]
    for first, second, p, q in product(choices, choices, ("x", "y", "z", None), ("x", "y", None)):
        dimensions = {name: value for name, value in (("p", p), ("q", q)) if value is not None}
        live = [each for each in (first, second) if each.action]
        hits = {each.rule_id: dimensions.get(str(each.dimension)) in each.values for each in live}
        excluded = any(hits[each.rule_id] for each in live if each.action is EXCLUDE)
        required = {each.dimension for each in live if each.action is INCLUDE}
        met = {each.dimension for each in live if each.action is INCLUDE and hits[each.rule_id]}
        assert admits([first, second], dimensions) == (not excluded and met == required)

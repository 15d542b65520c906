"""The table of the kinds of promotions, against what their names say."""

import pytest

from mockserver.domain.promotions import KINDS, TIERED, Model, Target, Trigger


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_what_its_name_says(name: str) -> None:
    """The words of a name tell its model, target and trigger."""
    kind, words = KINDS[name], set(name.split("_"))
    assert (kind.model in TIERED) is ("tiered" in words)
    assert (kind.model in {Model.ABSOLUTE, Model.TIERED_ABSOLUTE}) is ("absolute" in words or "sample" in words)
    assert (kind.model in {Model.RELATIVE, Model.TIERED_RELATIVE}) is ("relative" in words)
    assert (kind.model is Model.COMPOSED) is ("generic" in words)
    assert (kind.target in {Target.ITEM, Target.PRODUCT_ITEM}) is ("item" in words)
    assert (kind.target is Target.PLAN) is ("plan" in words)
    assert (kind.trigger is Trigger.SALES_EVENT) is ("sales" in words)
    assert (kind.trigger is Trigger.PARTNER) is ("partner" in words)
    assert (kind.trigger is Trigger.TIME_LIMITED) is ("limited" in words)
    assert (kind.trigger is Trigger.AUTOMATIC) is ("automatic" in words and "partner" not in words)
    assert (kind.trigger is Trigger.UNCONDITIONED) is ("unconditioned" in words)
    assert (kind.trigger is Trigger.CONDITION) is ("generic" in words)


def test_there_are_29_kinds() -> None:
    """No two kinds of the vendor's templates are alike but for the two whose names say so."""
    assert len(KINDS) == 29
    alike = {"time_limited_relative_product_discount", "time_limited_relative_product_full_discount"}
    twins = {name for name, kind in KINDS.items() if list(KINDS.values()).count(kind) > 1}
    assert twins == alike

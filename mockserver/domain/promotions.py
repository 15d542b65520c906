"""The kinds of promotions: how large a reduction is, what it reduces, and when it applies to whom.

The kinds are those of the vendor's templates, under the names that its paths and its field `type` have for them.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from mockserver.domain.terms import CycleInterval, months_later, term_end
from mockserver.domain.windows import DAY_S


class Model(Enum):
    """How large a reduction is."""

    ABSOLUTE = auto()
    """An amount a billing cycle."""
    RELATIVE = auto()
    """A share of the price."""
    TIERED_ABSOLUTE = auto()
    """An amount that depends on what is measured."""
    TIERED_RELATIVE = auto()
    """A share that depends on what is spent."""
    COMPOSED = auto()
    """A condition and a model that the promotion itself spells out."""


TIERED: Final = frozenset({Model.TIERED_ABSOLUTE, Model.TIERED_RELATIVE})
"""The models whose size depends on something."""


class Target(Enum):
    """What a promotion reduces."""

    PRODUCT = auto()
    """The whole invoice."""
    PRODUCT_ITEM = auto()
    """The lines of one product item."""
    ITEM = auto()
    """The same, under the other name that some templates have for the item."""
    PLAN = auto()
    """What a plan costs."""


class Trigger(Enum):
    """When a promotion applies to a customer."""

    AUTOMATIC = auto()
    """By itself, to customers whose traits match its tags."""
    PARTNER = auto()
    """By itself, to customers whose tags mark them as partners."""
    SALES_EVENT = auto()
    """To customers whose traits match, while a sale is on."""
    TIME_LIMITED = auto()
    """From when it is applied to a customer on, for a number of cycles or months."""
    CONDITION = auto()
    """To a customer whom it was applied to, while the condition that it spells out holds."""
    UNCONDITIONED = auto()
    """To a customer whom it was applied to, always."""
    CAPPED = auto()
    """To a customer whom it was applied to, until its cap is used up."""


@dataclass(frozen=True, slots=True)
class PromotionKind:
    """One kind of promotion."""

    model: Model
    target: Target
    trigger: Trigger


_ABSOLUTE, _RELATIVE, _COMPOSED = Model.ABSOLUTE, Model.RELATIVE, Model.COMPOSED
_BY_AMOUNT, _BY_SHARE = Model.TIERED_ABSOLUTE, Model.TIERED_RELATIVE
_PRODUCT, _PRODUCT_ITEM, _ITEM, _PLAN = Target.PRODUCT, Target.PRODUCT_ITEM, Target.ITEM, Target.PLAN
_AUTOMATIC, _PARTNER, _SALE = Trigger.AUTOMATIC, Trigger.PARTNER, Trigger.SALES_EVENT
_LIMITED, _CONDITION = Trigger.TIME_LIMITED, Trigger.CONDITION

KINDS: Final[Mapping[str, PromotionKind]] = {
    "absolute_product_automatic_promotion": PromotionKind(_ABSOLUTE, _PRODUCT, _AUTOMATIC),
    "absolute_product_item_automatic_promotion": PromotionKind(_ABSOLUTE, _PRODUCT_ITEM, _AUTOMATIC),
    "absolute_product_item_sales_event_promotion": PromotionKind(_ABSOLUTE, _PRODUCT_ITEM, _SALE),
    "absolute_product_sales_event_promotion": PromotionKind(_ABSOLUTE, _PRODUCT, _SALE),
    "generic_item_promotion": PromotionKind(_COMPOSED, _ITEM, _CONDITION),
    "generic_product_promotion": PromotionKind(_COMPOSED, _PRODUCT, _CONDITION),
    "product_absolute_partner_discount": PromotionKind(_ABSOLUTE, _PRODUCT, _PARTNER),
    "product_item_absolute_partner_discount": PromotionKind(_ABSOLUTE, _PRODUCT_ITEM, _PARTNER),
    "product_item_relative_partner_discount": PromotionKind(_RELATIVE, _PRODUCT_ITEM, _PARTNER),
    "relative_product_automatic_promotion": PromotionKind(_RELATIVE, _PRODUCT, _AUTOMATIC),
    "relative_product_item_automatic_promotion": PromotionKind(_RELATIVE, _PRODUCT_ITEM, _AUTOMATIC),
    "relative_product_item_sales_event_promotion": PromotionKind(_RELATIVE, _PRODUCT_ITEM, _SALE),
    "relative_product_partner_automatic_promotion": PromotionKind(_RELATIVE, _PRODUCT, _PARTNER),
    "relative_product_sales_event_promotion": PromotionKind(_RELATIVE, _PRODUCT, _SALE),
    "sample_currency_promotion": PromotionKind(_ABSOLUTE, _PRODUCT, Trigger.CAPPED),
    "tiered_absolute_product_automatic_promotion": PromotionKind(_BY_AMOUNT, _PRODUCT, _AUTOMATIC),
    "tiered_absolute_product_item_automatic_promotion": PromotionKind(_BY_AMOUNT, _PRODUCT_ITEM, _AUTOMATIC),
    "tiered_relative_product_automatic_promotion": PromotionKind(_BY_SHARE, _PRODUCT, _AUTOMATIC),
    "tiered_relative_product_item_automatic_promotion": PromotionKind(_BY_SHARE, _PRODUCT_ITEM, _AUTOMATIC),
    "time_limited_absolute_item_discount": PromotionKind(_ABSOLUTE, _ITEM, _LIMITED),
    "time_limited_absolute_product_discount": PromotionKind(_ABSOLUTE, _PRODUCT, _LIMITED),
    "time_limited_relative_item_discount": PromotionKind(_RELATIVE, _ITEM, _LIMITED),
    "time_limited_relative_product_discount": PromotionKind(_RELATIVE, _PRODUCT, _LIMITED),
    "time_limited_relative_product_full_discount": PromotionKind(_RELATIVE, _PRODUCT, _LIMITED),
    "time_limited_tiered_absolute_item_discount": PromotionKind(_BY_AMOUNT, _ITEM, _LIMITED),
    "time_limited_tiered_absolute_product_discount": PromotionKind(_BY_AMOUNT, _PRODUCT, _LIMITED),
    "time_limited_tiered_relative_item_discount": PromotionKind(_BY_SHARE, _ITEM, _LIMITED),
    "time_limited_tiered_relative_product_discount": PromotionKind(_BY_SHARE, _PRODUCT, _LIMITED),
    "unconditioned_absolute_plan_promotion": PromotionKind(_ABSOLUTE, _PLAN, Trigger.UNCONDITIONED),
}
"""Each kind by its name."""


class RepeatUnit(StrEnum):
    """After what a sale comes again. The names are our reading."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_UNIT_STEPS: Final[Mapping[RepeatUnit, tuple[int, int]]] = {
    RepeatUnit.DAY: (1, 0),
    RepeatUnit.WEEK: (7, 0),
    RepeatUnit.MONTH: (0, 1),
    RepeatUnit.YEAR: (0, 12),
}
"""The days or the months of each unit."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A sale comes again every `length` units of `unit`, `times` times after the first; without end when None."""

    unit: RepeatUnit
    length: int = 1
    times: int | None = None

    def shifted(self, moment_s: int, count: int) -> int:
        """A moment (Unix seconds) so many repetitions later."""
        steps = count * self.length
        days, months = _UNIT_STEPS[self.unit]
        return moment_s + steps * days * DAY_S if days else months_later(moment_s, steps * months)


@dataclass(frozen=True, slots=True)
class Sale:
    """When a sale is on: over `[start_s, end_s)` (Unix seconds; without an end when that is None), perhaps again."""

    start_s: int
    end_s: int | None = None
    repeat: Repeat | None = None

    def overlaps(self, start_s: int, end_s: int) -> bool:
        """Whether the sale is on at some time of `[start_s, end_s)`."""
        if self.start_s >= end_s:
            return False
        if self.end_s is None or self.repeat is None:
            return self.end_s is None or self.end_s > start_s
        # Each time ends after the one before: if the last that has begun is over, all are.
        return self.repeat.shifted(self.end_s, self._times_begun(end_s, self.repeat)) > start_s

    def _times_begun(self, before_s: int, repeat: Repeat) -> int:
        """How many repetitions begin before a moment; found by halving, never counted out."""
        times = 1
        while repeat.shifted(self.start_s, times) < before_s:
            times *= 2
        begun = bisect_left(range(times), before_s, key=lambda count: repeat.shifted(self.start_s, count)) - 1
        return begun if repeat.times is None else min(begun, repeat.times)


def has_tags(traits: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Whether a customer's traits have every tag with its value; no tags are had by all (our reading)."""
    return all(traits.get(name) == value for name, value in tags.items())


def is_partner(traits: Mapping[str, str], tags: Mapping[str, str], partner_tag: str | None) -> bool:
    """Whether tags mark a customer as a partner: the traits have all tags, and the partner tag as a name or a value.

    Where neither is given nobody is a partner (our reading).
    """
    marked = partner_tag is None or partner_tag in traits or partner_tag in traits.values()
    return bool(tags or partner_tag is not None) and marked and has_tags(traits, tags)


def is_within_cycles(
    applied_s: int, cycles: int, period_start_s: int, interval: CycleInterval, length: int = 1
) -> bool:
    """Whether a billing period is one of the first `cycles` since a promotion was applied.

    Args:
        applied_s: when it was applied, or the customer's first period began if that was later (Unix seconds). The
            period that ran then is the first one.
        cycles: how many; none of them when it is not above 0.
        period_start_s: when the period starts (Unix seconds).
        interval: the unit of the plan's billing periods.
        length: how many units each has.
    """
    return cycles > 0 and applied_s >= term_end(period_start_s, 1 - cycles, interval, length)

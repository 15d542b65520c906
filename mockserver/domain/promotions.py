"""The kinds of promotions: how large a reduction is, what it reduces, and when it applies.

The kinds are those of the vendor's templates, under the names that its paths and its field `type` have for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


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

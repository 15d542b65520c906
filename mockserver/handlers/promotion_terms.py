"""What the documents of promotions say, in the words of the domain; and what of it cannot be read.

What a promotion says in a form that is not known here reduces nothing. The names inside composed promotions, of
measures, strategies and intervals are our reading where the vendor's pages do not give one.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import inf
from typing import Any, Final, NamedTuple

from mockserver.domain.decimals import exactly
from mockserver.domain.promotions import Model, PromotionKind, Repeat, RepeatUnit, Sale
from mockserver.domain.reductions import (
    Absolute,
    AfterItemPrice,
    Measure,
    Relative,
    Step,
    TieredAbsolute,
    TieredRelative,
)
from mockserver.domain.reductions import Model as Reduction
from mockserver.engine.store import JsonObject

COMPOSED_MODELS: Final[Mapping[str, Model]] = {
    "absolute": Model.ABSOLUTE,
    "relative": Model.RELATIVE,
    "tieredabsolute": Model.TIERED_ABSOLUTE,
    "tieredrelative": Model.TIERED_RELATIVE,
}
"""The models that a composed promotion may name, in lower case; only the first one is on the vendor's pages."""

MEASURES: Final[Mapping[str, Measure]] = {"perunitbatch": Measure.UNITS}
"""What tiers of amounts can be measured on, in lower case; without a measure it is what is spent."""

STRATEGIES: Final[Mapping[str, bool]] = {"graduated": False, "whole_amount": True}
"""Whether a strategy takes the share of the highest tier of the whole, in lower case; without one it does not."""

TIERS_OVER_TIME: Final = "acrossBillingPeriods"
"""The field of promotions with tiers that last for a time."""

AFTER_ITEM_PRICE: Final = "afteritempricethreshold"


class Unread(NamedTuple):
    """A part of a promotion in a form that is not known here."""

    field: str
    rule: str
    message: str


def number(value: object) -> Decimal | None:
    """An amount, a share or a threshold of an open object, exact; None where there is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return exactly(value)


def steps_from_api(tiers: Mapping[str, Any]) -> tuple[Step, ...]:
    """Tiers in order of their thresholds; those that cannot be read as a threshold from 0 on are left out."""
    found = {}
    for threshold, value in tiers.items():
        start, read = _threshold(threshold), number(value)
        if start is not None and read is not None:
            found[start] = read
    return tuple(Step(start, value) for start, value in sorted(found.items()))


def _threshold(text: str) -> Decimal | None:
    try:
        start = float(text)
    except ValueError:
        return None
    return exactly(start) if 0 <= start < inf else None


def reduction_from_api(kind: PromotionKind, document: JsonObject) -> Reduction | None:
    """How large the reduction of a promotion is; None where it does not say so, or in no known way."""
    if kind.model is not Model.COMPOSED:
        return _reduction(kind.model, document)
    composed = document.get("promotionModel") or {}
    model = COMPOSED_MODELS.get(_name_of(composed))
    return None if model is None else _reduction(model, composed)


def _reduction(model: Model, terms: JsonObject) -> Reduction | None:
    if model is Model.ABSOLUTE:
        amount = number(terms.get("discount"))
        return None if amount is None else Absolute(amount)
    if model is Model.RELATIVE:
        share = number(terms.get("discountRatio"))
        return None if share is None else Relative(share)
    return _tiered(model, terms)


def _tiered(model: Model, terms: JsonObject) -> TieredAbsolute | TieredRelative | None:
    by_amount, accumulates = model is Model.TIERED_ABSOLUTE, terms.get(TIERS_OVER_TIME) is True
    tiers = terms.get("discountMap" if by_amount else "priceToDiscountMap")
    if not isinstance(tiers, dict):
        return None
    if by_amount:
        measure = MEASURES.get(_name_of(terms.get("measure")), Measure.SPEND)
        return TieredAbsolute(steps_from_api(tiers), measure, accumulates)
    whole = STRATEGIES.get(str(terms.get("discountCalculationStrategy")).lower(), False)
    return TieredRelative(steps_from_api(tiers), whole, accumulates)


def cycle_cap(kind: PromotionKind, document: JsonObject) -> Decimal | None:
    """The most that a promotion takes off one invoice; a composed one says it in its model (our reading)."""
    terms = document.get("promotionModel") or {} if kind.model is Model.COMPOSED else document
    return number(terms.get("cycleMaxDiscount"))


def condition_from_api(document: JsonObject) -> AfterItemPrice | None:
    """The condition of a composed promotion; None without one, and where it cannot be read."""
    condition = document.get("condition") or {}
    threshold = number(condition.get("threshold"))
    return AfterItemPrice(threshold) if _name_of(condition) == AFTER_ITEM_PRICE and threshold is not None else None


def has_unread_condition(document: JsonObject) -> bool:
    """Whether a promotion has a condition that cannot be read, so that it never holds."""
    return bool(document.get("condition")) and condition_from_api(document) is None


def sale_from_api(document: JsonObject) -> Sale | None:
    """When a sale is on; None for always."""
    time_range = document.get("acceptablePromotionTimeRange")
    if time_range is None:
        return None
    return Sale(time_range["startTimeInSeconds"], time_range.get("endTimeInSeconds"), _repeat(document))


def _repeat(document: JsonObject) -> Repeat | None:
    interval = document.get("recurrenceInterval")
    if not interval:
        return None
    unit, length = str(interval.get("intervalLength")).lower(), interval.get("intervalLengthCount", 1)
    times = interval.get("maxRecurrence")
    if unit not in {*RepeatUnit} or length < 1 or (times is not None and times < 0):
        return None
    return Repeat(RepeatUnit(unit), length, times)


def unread_parts(kind: PromotionKind, document: JsonObject) -> Iterator[Unread]:
    """What of a promotion is there and cannot be read."""
    if "promotionModel" in document and reduction_from_api(kind, document) is None:
        message = "promotionModel is of no known type, or lacks what its type needs: the promotion reduces nothing"
        yield Unread("promotionModel", "unread-model", message)
    if has_unread_condition(document):
        message = "condition is of no known type, or has no threshold: the promotion reduces nothing"
        yield Unread("condition", "unread-condition", message)
    if document.get("measure") and _name_of(document["measure"]) not in MEASURES:
        yield Unread("measure", "unread-measure", "measure is of no known type: the tiers are measured on the price")
    strategy = document.get("discountCalculationStrategy")
    if strategy is not None and strategy.lower() not in STRATEGIES:
        message = "discountCalculationStrategy is not known: each tier has its own share"
        yield Unread("discountCalculationStrategy", "unread-strategy", message)
    if document.get("recurrenceInterval") and _repeat(document) is None:
        message = "recurrenceInterval is no number of days, weeks, months or years: the sale is on once"
        yield Unread("recurrenceInterval", "unlikely-recurrence", message)


def _name_of(composed: object) -> str:
    """The type that an open object names, in lower case; empty where it names none."""
    name = composed.get("type") if isinstance(composed, dict) else None
    return name.lower() if isinstance(name, str) else ""

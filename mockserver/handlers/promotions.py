"""Promotion definitions: one collection, written through one generic form or one template a kind, read in one."""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, Final, NamedTuple

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.item_patterns import read_pattern
from mockserver.domain.promotions import KINDS, TIERED, Model, PromotionKind, Target, Trigger
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.printing import printable
from mockserver.engine.references import warn_of_strangers
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.product_items import SERVER_TIME, definition_to_api
from mockserver.handlers.promotion_terms import TIERS_OVER_TIME, steps_from_api, unread_parts

COLLECTION = "promotions"

AMOUNTS: Final = frozenset({"discount", "discountMap", "cycleMaxDiscount", "totalMaxDiscount"})
"""Fields of a promotion that hold money, at any depth."""

MODEL_FIELDS: Final[Mapping[Model, tuple[str, ...]]] = {
    Model.ABSOLUTE: ("discount",),
    Model.RELATIVE: ("discountRatio", "cycleMaxDiscount"),
    Model.TIERED_ABSOLUTE: ("discountMap", "measure"),
    Model.TIERED_RELATIVE: ("priceToDiscountMap", "discountCalculationStrategy", "cycleMaxDiscount"),
    Model.COMPOSED: ("promotionModel", "condition", "promotionType"),
}
"""The fields of each model; without the first one the promotion reduces nothing."""

TARGET_FIELDS: Final[Mapping[Target, tuple[str, ...]]] = {
    Target.PRODUCT: ("targetProductId",),
    Target.PRODUCT_ITEM: ("targetProductItemId",),
    Target.ITEM: ("targetItemId", "dimensionConstraintMap"),
    Target.PLAN: ("targetPlanId", "promotionType"),
}
"""The fields of each target; the first one names it."""

_TAGGED: Final = ("customerTags", "isHidden", "dimensionConstraintMap", "totalMaxDiscount")

TRIGGER_FIELDS: Final[Mapping[Trigger, tuple[str, ...]]] = {
    Trigger.AUTOMATIC: _TAGGED,
    Trigger.PARTNER: (*_TAGGED, "partnerTag"),
    Trigger.SALES_EVENT: (
        "customerTags",
        "dimensionConstraintMap",
        "acceptablePromotionTimeRange",
        "recurrenceInterval",
    ),
    Trigger.TIME_LIMITED: ("promotionTimeLimit", "totalMaxDiscount"),
    Trigger.CONDITION: (),
    Trigger.UNCONDITIONED: (),
    Trigger.CAPPED: ("totalMaxDiscount",),
}
"""The fields of each trigger."""


def fields_of(kind: PromotionKind) -> frozenset[str]:
    """The fields that promotions of a kind have besides those that all have."""
    over_time = kind.trigger is Trigger.TIME_LIMITED and kind.model in TIERED
    own = (*MODEL_FIELDS[kind.model], *TARGET_FIELDS[kind.target], *TRIGGER_FIELDS[kind.trigger])
    return frozenset(own) | ({TIERS_OVER_TIME} if over_time else set())


KIND_FIELDS: Final = frozenset(name for kind in KINDS.values() for name in fields_of(kind))
"""The fields that some kinds have and others have not."""


class Doubt(NamedTuple):
    """A value that can be stored and can hardly be meant."""

    field: str
    rule: str
    message: str
    holds: Callable[[Any], bool]


def _are_tiers(tiers: Mapping[str, float], most: float = float("inf")) -> bool:
    """Whether every threshold is another number from 0 on, and every value lies between 0 and `most`."""
    return len(steps_from_api(tiers)) == len(tiers) and all(0 <= value <= most for value in tiers.values())


def _negative(amount: float) -> bool:
    return amount < 0


DOUBTS: Final = (
    *(
        Doubt(name, "negative-discount", f"{name} is below 0: the promotion takes nothing off", _negative)
        for name in ("discount", "cycleMaxDiscount", "totalMaxDiscount")
    ),
    Doubt(
        "discountRatio", "unlikely-ratio", "discountRatio is no share from 0 to 1", lambda ratio: not 0 <= ratio <= 1
    ),
    Doubt(
        "discountMap",
        "unlikely-tier",
        "discountMap goes from numbers from 0 on to amounts from 0 on",
        lambda tiers: not _are_tiers(tiers),
    ),
    Doubt(
        "priceToDiscountMap",
        "unlikely-tier",
        "priceToDiscountMap goes from numbers from 0 on to shares from 0 to 1",
        lambda tiers: not _are_tiers(tiers, most=1),
    ),
    Doubt(
        "promotionTimeLimit",
        "unlikely-time-limit",
        "promotionTimeLimit is a number of cycles or of months, above 0",
        lambda limit: sorted(limit.get(name, 0) > 0 for name in ("cycles", "months")) != [False, True],
    ),
)


ITEM_PATTERN: Final = "isRegEx"
"""The field that says that targetProductItemId is a pattern, which several items may match whole (our reading)."""

TARGET_ITEM: Final = Reference("targetProductItemId", "product-items", "product item")

PROMOTIONS = Resource(
    COLLECTION,
    noun="promotion",
    to_api=definition_to_api,
    locking=True,
    references=(
        Reference("targetItemId", "product-items", "product item"),
        Reference("targetPlanId", "product-plans", "product plan"),
    ),
    lower=("promotionType",),
    owned=(SERVER_TIME,),
    stamped=True,
)


def create_or_update_promotion(call: Call) -> Reply:
    """Stores a promotion in the generic form; without a known type nothing tells what it reduces."""
    warn_of_type(call, KINDS, PROMOTIONS.noun)
    return _stored(call, call.body)


def warn_of_type(call: Call, known: Container[str], noun: str) -> None:
    """Warns of a generic body that does not say which of the known kinds it is.

    Raises:
        StrictRefusal: the account is strict.
    """
    name = call.body.get("type")
    if name is None:
        call.warn("type", "absent-type", f"type is absent: nothing tells how the {noun} works")
    elif name not in known:
        call.warn("type", "unknown-type", f"type is no kind of {noun} that is known here: {printable(name)}")


def create_or_update_by_template(call: Call) -> Reply:
    """Stores what the generic form would with the type that the path ends in; the document refuses another type."""
    return _stored(call, {**call.body, "type": call.operation.path.rpartition("/")[2]})


def _stored(call: Call, body: JsonObject) -> Reply:
    kind = KINDS.get(body.get("type", ""))
    if kind is not None:
        body = _of_kind(call, body, kind)
    require_forward(body.get("acceptablePromotionTimeRange"), "acceptablePromotionTimeRange")
    for doubt in DOUBTS:
        if doubt.field in body and doubt.holds(body[doubt.field]):
            call.warn(doubt.field, doubt.rule, doubt.message)
    _warn_of_item(call, body)
    return Reply(definition_to_api(PROMOTIONS.store(call, body["id"], with_exact_amounts(body, AMOUNTS))))


def _of_kind(call: Call, body: JsonObject, kind: PromotionKind) -> JsonObject:
    """The body without the fields that promotions of this kind do not have."""
    foreign = (KIND_FIELDS - fields_of(kind)) & body.keys()
    for name in sorted(foreign):
        call.warn(name, "foreign-field", f"{name} has no meaning in a promotion of this type and is dropped")
    for name in _needed(kind):
        if name not in body:
            call.warn(name, "inert-promotion", f"{name} is absent: the promotion reduces nothing")
    if kind.trigger is Trigger.PARTNER and not body.get("customerTags") and "partnerTag" not in body:
        call.warn("customerTags", "inert-promotion", "no tag marks the partners: the promotion reduces nothing")
    kept = {name: value for name, value in body.items() if name not in foreign}
    for part in unread_parts(kind, kept):
        call.warn(part.field, part.rule, part.message)
    return kept


def _warn_of_item(call: Call, body: JsonObject) -> None:
    """Warns of a product item that does not exist, or of a pattern of items that is none."""
    if body.get(ITEM_PATTERN) is not True:
        warn_of_strangers(call, body, [TARGET_ITEM])
    elif read_pattern(body.get(TARGET_ITEM.path, "")) is None:
        message = f"{TARGET_ITEM.path} is no pattern that is known here: the promotion reduces nothing"
        call.warn(TARGET_ITEM.path, "unread-pattern", message)


def _needed(kind: PromotionKind) -> Iterable[str]:
    """The fields without which the promotion has no effect; the product has a default."""
    yield MODEL_FIELDS[kind.model][0]
    if kind.target is not Target.PRODUCT:
        yield TARGET_FIELDS[kind.target][0]


def require_forward(time_range: JsonObject | None, field: str) -> None:
    """Does nothing for a range that ends after it starts, has no end, or is not there.

    Raises:
        InvalidInput: the range ends before or when it starts.
    """
    end = time_range.get("endTimeInSeconds") if time_range else None
    if time_range is not None and end is not None and end <= time_range["startTimeInSeconds"]:
        message = f"{field} ends before it starts, or when it starts"
        raise InvalidInput(message, field=f"{field}.endTimeInSeconds", rule="reversed-range")


def template_operation(kind: str) -> str:
    """The operationId of a kind's template; those of partner discounts end in a word that the path has not."""
    suffix = "Promotion" if kind.endswith("_partner_discount") else ""
    return f"createOrUpdate{kind.title().replace('_', '')}{suffix}"


BINDINGS: Mapping[str, Binding] = {
    "getPromotion": PROMOTIONS.get(),
    "createOrUpdatePromotion": Binding(create_or_update_promotion, Tier.RESOURCE),
    "deletePromotion": PROMOTIONS.delete(),
    "listPromotions": PROMOTIONS.list(),
    **{template_operation(kind): Binding(create_or_update_by_template, Tier.RESOURCE) for kind in KINDS},
}

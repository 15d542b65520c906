"""Promotion definitions: every template and the generic form store one thing, and what is refused or warned of."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mockserver.domain.promotions import KINDS
from mockserver.handlers.promotions import KIND_FIELDS, fields_of, template_operation
from specs import catalog
from tests.handlers.steps import NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PATH = "/payments/pricing/amberflo/account-pricing/promotions"
LATER_MS = NOON_MS + 60_000
STOPPED = {"frozen": True, "now": NOON_MS}
OPERATIONS = {operation.operation_id: operation for operation in catalog.operations()}
NAMED = {"id": "p", "promotionName": "P"}
KIND = "absolute_product_automatic_promotion"
ABSOLUTE = {**NAMED, "type": KIND, "discount": 12.35}
SALE = {"acceptablePromotionTimeRange": {"startTimeInSeconds": 100, "endTimeInSeconds": 200}}


def example_of(operation_id: str) -> Json:
    """The body that the document shows for an operation."""
    content = OPERATIONS[operation_id].node["requestBody"]["content"]["application/json"]
    value: Json = content["examples"]["typical"]["value"]
    return value


def life_of(kind: str) -> list[Step]:
    """A promotion written by its template, read by every reader, changed by the generic form, deleted by its id."""
    body = example_of(template_operation(kind))
    by_id = {"id": body["id"]}
    answered = {**body, "lockingStatus": "open", "lastUpdateTimeInMillis": NOON_MS, "createTime": ABSENT}
    changed = {**body, "promotionName": "Changed", "lockingStatus": "DEPRECATED"}
    changed_answer = {**changed, "lockingStatus": "deprecated", "lastUpdateTimeInMillis": LATER_MS}
    return [
        Step(template_operation(kind), body=without(body, "type"), expect=answered, clock=STOPPED),
        Step("getPromotion", query=by_id, expect=answered),
        Step("listPromotions", expect=[answered]),
        Step("createOrUpdatePromotion", body=changed, expect=changed_answer, clock={"now": LATER_MS}),
        Step("getPromotion", query=by_id, expect=changed_answer),
        Step("deletePromotion", query=by_id, expect=changed_answer),
        Step("getPromotion", query=by_id, status=404),
        Step("listPromotions", expect=[]),
    ]


def without(body: Mapping[str, Any], *names: str) -> Json:
    """A body that lacks some fields."""
    return {key: value for key, value in body.items() if key not in names}


ROUND_TRIPS = {kind: life_of(kind) for kind in KINDS}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Each kind of promotion is stored, read back by every reader, changed and deleted."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def promotions(account: Account) -> MockClient:
    """The client of an account whose clock stands still."""
    return account.mock


def test_a_template_stores_what_the_generic_form_stores(promotions: MockClient) -> None:
    """Reading gives the same promotion after either form, whatever its kind."""
    bodies = {kind: example_of(template_operation(kind)) for kind in KINDS}
    for kind, body in bodies.items():
        promotions.post(f"{PATH}/{kind}", json=without(body, "type"))
    by_template = promotions.get(f"{PATH}/list").json()
    promotions.reset()
    for body in bodies.values():
        promotions.post(PATH, json=body)
    assert promotions.get(f"{PATH}/list").json() == by_template
    assert len(by_template) == len(KINDS)


def test_a_type_that_contradicts_the_path_is_refused(promotions: MockClient) -> None:
    """A template takes its own type or none; any other is 400 that names the field, and nothing is stored."""
    for kind in KINDS:
        other = next(each for each in KINDS if each != kind)
        assert refused(promotions.post(f"{PATH}/{kind}", json={**NAMED, "type": other})) == "type: enum"
    assert promotions.get(f"{PATH}/list").json() == []


def declared(spec: Any, schema: Any) -> Iterator[str]:
    """The properties that a schema and the branches of its allOf declare."""
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield from schema.get("properties", {})
    for branch in schema.get("allOf", ()):
        yield from declared(spec, branch)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_fields_is_the_documents(kind: str) -> None:
    """The fields that a kind keeps are those that its template's document checks: no unchecked one can be stored."""
    content = OPERATIONS[template_operation(kind)].node["requestBody"]["content"]["application/json"]
    known = set(declared(catalog.document("amberflo").spec, content["schema"]))
    assert known & KIND_FIELDS == fields_of(KINDS[kind])


def test_the_templates_are_those_of_the_document() -> None:
    """Each kind has one path, which ends in its name, and no other path is a template."""
    paths = {
        operation.path.rpartition("/")[2]: name
        for name, operation in OPERATIONS.items()
        if operation.path.startswith(f"{PATH}/") and operation.method == "POST"
    }
    assert paths == {kind: template_operation(kind) for kind in KINDS}


@pytest.mark.parametrize(
    ("path", "foreign"),
    [
        (f"{PATH}/{KIND}", dict.fromkeys(KIND_FIELDS - fields_of(KINDS[KIND]), "junk")),
        (PATH, {"discountRatio": 0.5, "targetItemId": "i", "promotionType": "coupon"}),
    ],
    ids=["template", "generic"],
)
def test_fields_of_other_kinds_are_dropped(promotions: MockClient, path: str, foreign: Json) -> None:
    """Only the fields of its type are in a promotion; the others are warned of. Fields of no kind are kept."""
    response = promotions.post(path, json={**ABSOLUTE, **foreign, "note": "mine"})
    expected = {**ABSOLUTE, "note": "mine", "lockingStatus": "open", "lastUpdateTimeInMillis": NOON_MS}
    assert response.json() == expected
    assert promotions.rules() == ["foreign-field"] * len(foreign)


@pytest.mark.parametrize("amount", [0.1, 12.35, 1e-7, 123456789.123456789, 5, 1e300])
def test_amounts_are_kept_exactly(promotions: MockClient, amount: float) -> None:
    """An amount comes back as the number that was sent, wherever it stands."""
    kind = "tiered_absolute_product_automatic_promotion"
    tiers = {"0": amount, "10": 2 * amount}
    promotions.post(f"{PATH}/{kind}", json={**NAMED, "discountMap": tiers, "totalMaxDiscount": amount})
    stored = promotions.get(PATH, params={"id": "p"}).json()
    assert (stored["discountMap"], stored["totalMaxDiscount"]) == (tiers, amount)


@pytest.mark.parametrize("spelling", ["discount", "DISCOUNT"])
def test_enums_are_answered_in_lower_case(promotions: MockClient, spelling: str) -> None:
    """Either case is taken."""
    kind = "generic_product_promotion"
    body = {**NAMED, "promotionType": spelling, "promotionModel": {"type": "Absolute"}, "lockingStatus": "OPEN"}
    answered = promotions.post(f"{PATH}/{kind}", json=body).json()
    assert (answered["promotionType"], answered["lockingStatus"]) == ("discount", "open")


def test_a_promotion_is_found_by_the_path_style_too(promotions: MockClient) -> None:
    """The id may stand in the path, unless it is the last segment of another path."""
    for name in ("summer/2024", "list"):
        promotions.post(PATH, json={**ABSOLUTE, "id": name, "lockingStatus": "deprecated"})
    assert promotions.get(f"{PATH}/summer%2F2024").json()["id"] == "summer/2024"
    assert promotions.get(PATH, params={"Id": "list"}).json()["id"] == "list"
    assert len(promotions.get(f"{PATH}/list").json()) == 2
    assert promotions.delete(f"{PATH}/summer%2F2024").json()["id"] == "summer/2024"
    assert refused(promotions.get(f"{PATH}/summer%2F2024"), 404) == "id: unknown-key"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (without(ABSOLUTE, "id"), "id: required"),
        (without(ABSOLUTE, "promotionName"), "promotionName: required"),
        ({**ABSOLUTE, "id": ""}, "id: minLength"),
        ({**ABSOLUTE, "discount": "50"}, "discount: type"),
        ({**ABSOLUTE, "lockingStatus": "shut"}, "lockingStatus: enum"),
        (
            {**NAMED, **SALE, "acceptablePromotionTimeRange": {}},
            "acceptablePromotionTimeRange.startTimeInSeconds: required",
        ),
        (
            {**NAMED, "acceptablePromotionTimeRange": {"startTimeInSeconds": 200, "endTimeInSeconds": 100}},
            "acceptablePromotionTimeRange.endTimeInSeconds: reversed-range",
        ),
        (
            {**NAMED, "acceptablePromotionTimeRange": {"startTimeInSeconds": 200, "endTimeInSeconds": 200}},
            "acceptablePromotionTimeRange.endTimeInSeconds: reversed-range",
        ),
    ],
)
def test_refusals(promotions: MockClient, body: Json, details: str) -> None:
    """A body that breaks the document, or whose sale ends before it starts, is 400 that names the field."""
    assert refused(promotions.post(PATH, json=body)) == details
    assert promotions.get(f"{PATH}/list").json() == []


def test_an_open_sale_is_taken(promotions: MockClient) -> None:
    """A sale without an end has none, whether it is null or left out."""
    kind = "absolute_product_sales_event_promotion"
    for time_range in ({"startTimeInSeconds": 100}, {"startTimeInSeconds": 100, "endTimeInSeconds": None}):
        body = {**NAMED, "discount": 1, "acceptablePromotionTimeRange": time_range}
        answered = promotions.post(f"{PATH}/{kind}", json=body)
        assert answered.json()["acceptablePromotionTimeRange"] == time_range


@pytest.mark.parametrize("method", ["get", "delete"])
def test_the_id_is_required(promotions: MockClient, method: str) -> None:
    """Without an id, or with an empty one, reading and deleting are 400; with an unknown one 404."""
    ask = getattr(promotions, method)
    assert refused(ask(PATH)) == "id: required"
    assert refused(ask(PATH, params={"id": ""})) == "id: minLength"
    assert refused(ask(PATH, params={"id": "nobody"}), 404) == "id: unknown-key"


def test_the_locking_status_moves_forward(promotions: MockClient) -> None:
    """A promotion can be deleted once it is deprecated, and a status that has passed does not come back."""
    promotions.post(PATH, json={**ABSOLUTE, "lockingStatus": "close_to_deletions"})
    response = promotions.post(PATH, json={**ABSOLUTE, "lockingStatus": "open"})
    assert refused(response) == "lockingStatus: illegal-transition"
    assert refused(promotions.delete(PATH, params={"id": "p"})) == "lockingStatus: locked"
    # The lock holds for whoever writes: a template's body without a status keeps it.
    kept = promotions.post(f"{PATH}/{KIND}", json=without(ABSOLUTE, "type"))
    assert kept.json()["lockingStatus"] == "close_to_deletions"
    promotions.post(PATH, json={**ABSOLUTE, "lockingStatus": "deprecated"})
    assert promotions.delete(PATH, params={"id": "p"}).status_code == 200


def test_deprecating_a_closed_promotion_is_no_change_of_it(promotions: MockClient) -> None:
    """Moving the status of a promotion that is closed to changes leaves no warning, by either form."""
    promotions.post(PATH, json={**ABSOLUTE, "lockingStatus": "close_to_changes"})
    promotions.post(f"{PATH}/{KIND}", json={**without(ABSOLUTE, "type"), "lockingStatus": "deprecated"})
    assert promotions.rules() == []


TIERED_SHARE = {**NAMED, "type": "tiered_relative_product_automatic_promotion"}
TIERED_AMOUNT = {**NAMED, "type": "tiered_absolute_product_automatic_promotion"}
SHARE = {**NAMED, "type": "relative_product_automatic_promotion"}
LIMITED = {**NAMED, "type": "time_limited_absolute_product_discount", "discount": 1}
ON_ITEM = {**NAMED, "type": "absolute_product_item_automatic_promotion", "discount": 1}
COMPOSED = {**NAMED, "type": "generic_product_promotion", "promotionModel": {"type": "Absolute", "discount": 1}}
ON_SALE = {**NAMED, "type": "absolute_product_sales_event_promotion", "discount": 1}
PARTNERS = {**NAMED, "type": "product_absolute_partner_discount", "discount": 1}
AFTER = {"type": "AfterItemPriceThreshold"}


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (NAMED, "type", "absent-type"),
        ({**NAMED, "type": "new_kind", "discount": 1}, "type", "unknown-type"),
        (without(ABSOLUTE, "discount"), "discount", "inert-promotion"),
        (ON_ITEM, "targetProductItemId", "inert-promotion"),
        ({**ON_ITEM, "targetProductItemId": "nothing"}, "targetProductItemId", "unknown-product-item"),
        (
            {**NAMED, "type": "unconditioned_absolute_plan_promotion", "discount": 1, "targetPlanId": "nothing"},
            "targetPlanId",
            "unknown-product-plan",
        ),
        ({**ABSOLUTE, "discountRatio": 0.5}, "discountRatio", "foreign-field"),
        ({**ABSOLUTE, "discount": -1}, "discount", "negative-discount"),
        ({**ABSOLUTE, "totalMaxDiscount": -0.5}, "totalMaxDiscount", "negative-discount"),
        ({**SHARE, "discountRatio": 1.5}, "discountRatio", "unlikely-ratio"),
        ({**SHARE, "discountRatio": -0.1}, "discountRatio", "unlikely-ratio"),
        ({**TIERED_AMOUNT, "discountMap": {"first": 5}}, "discountMap", "unlikely-tier"),
        ({**TIERED_AMOUNT, "discountMap": {"0": -5}}, "discountMap", "unlikely-tier"),
        ({**TIERED_AMOUNT, "discountMap": {"nan": 5}}, "discountMap", "unlikely-tier"),
        ({**TIERED_SHARE, "priceToDiscountMap": {"0": 15}}, "priceToDiscountMap", "unlikely-tier"),
        ({**TIERED_SHARE, "priceToDiscountMap": {"-1": 0.5}}, "priceToDiscountMap", "unlikely-tier"),
        ({**TIERED_SHARE, "priceToDiscountMap": {"5": 0.1, "5.0": 0.2}}, "priceToDiscountMap", "unlikely-tier"),
        (
            {**TIERED_SHARE, "priceToDiscountMap": {}, "discountCalculationStrategy": "clever"},
            "discountCalculationStrategy",
            "unread-strategy",
        ),
        ({**TIERED_AMOUNT, "discountMap": {}, "measure": {"type": "Moon"}}, "measure", "unread-measure"),
        ({**ON_ITEM, "targetProductItemId": "a+", "isRegEx": True}, "targetProductItemId", "unread-pattern"),
        ({**COMPOSED, "promotionModel": {"type": "Magic"}}, "promotionModel", "unread-model"),
        ({**COMPOSED, "promotionModel": {"type": "TieredAbsolute"}}, "promotionModel", "unread-model"),
        ({**COMPOSED, "condition": {"type": "FullMoon", "threshold": 1}}, "condition", "unread-condition"),
        ({**COMPOSED, "condition": {**AFTER, "threshold": True}}, "condition", "unread-condition"),
        ({**ON_SALE, "recurrenceInterval": {"intervalLength": "moon"}}, "recurrenceInterval", "unlikely-recurrence"),
        (
            {**ON_SALE, "recurrenceInterval": {"intervalLength": "day", "intervalLengthCount": 0}},
            "recurrenceInterval",
            "unlikely-recurrence",
        ),
        (
            {**ON_SALE, "recurrenceInterval": {"intervalLength": "day", "maxRecurrence": -1}},
            "recurrenceInterval",
            "unlikely-recurrence",
        ),
        (PARTNERS, "customerTags", "inert-promotion"),
        ({**PARTNERS, "customerTags": {}}, "customerTags", "inert-promotion"),
        ({**LIMITED, "promotionTimeLimit": {}}, "promotionTimeLimit", "unlikely-time-limit"),
        ({**LIMITED, "promotionTimeLimit": {"cycles": 1, "months": 1}}, "promotionTimeLimit", "unlikely-time-limit"),
        ({**LIMITED, "promotionTimeLimit": {"months": 0}}, "promotionTimeLimit", "unlikely-time-limit"),
    ],
)
def test_doubtful_promotions_are_warned_of(promotions: MockClient, body: Json, field: str, rule: str) -> None:
    """What can hardly be meant is stored with a warning, and refused in a strict account, where nothing is stored."""
    assert promotions.post(PATH, json=body).status_code == 200
    assert promotions.rules() == [rule]
    assert promotions.get(PATH, params={"id": "p"}).json()["promotionName"] == "P"
    promotions.reset(strict=True)
    assert refused(promotions.post(PATH, json=body)) == f"{field}: {rule}"
    assert promotions.get(f"{PATH}/list").json() == []


@pytest.mark.parametrize(
    "body",
    [
        {**SHARE, "discountRatio": 1},
        {**SHARE, "discountRatio": 0},
        {**TIERED_SHARE, "priceToDiscountMap": {"0": 0.1, "500": 0.15, "1e3": 1}},
        {**TIERED_SHARE, "priceToDiscountMap": {}, "discountCalculationStrategy": "WHOLE_AMOUNT"},
        {**LIMITED, "promotionTimeLimit": {"cycles": 3}},
        {**ON_ITEM, "targetProductItemId": "api-.*|storage", "isRegEx": True},
        {**COMPOSED, "condition": {**AFTER, "threshold": 0}},
        {**COMPOSED, "promotionModel": {"type": "tieredrelative", "priceToDiscountMap": {"0": 0.5}}},
        {**ON_SALE, "recurrenceInterval": {"intervalLength": "WEEK", "intervalLengthCount": 2, "maxRecurrence": 0}},
        {**PARTNERS, "partnerTag": "gold"},
        LIMITED,
    ],
)
def test_sound_promotions_pass_a_strict_account(promotions: MockClient, body: Json) -> None:
    """The edges of what is sensible are sensible."""
    promotions.reset(strict=True)
    assert promotions.post(PATH, json=body).status_code == 200


def test_changes_are_in_the_event_log(promotions: MockClient) -> None:
    """Making, changing and deleting a promotion are each an event of the account."""
    promotions.post(PATH, json=ABSOLUTE)
    promotions.post(PATH, json={**ABSOLUTE, "lockingStatus": "deprecated"})
    promotions.delete(PATH, params={"id": "p"})
    events = [each for each in Account(promotions).stored("account-events") if each["noun"] == "promotion"]
    assert [(each["key"], each["verb"]) for each in events] == [("p", "created"), ("p", "updated"), ("p", "deleted")]

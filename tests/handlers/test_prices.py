"""Prices of product items: kept as they are written, and made from templates."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.handlers.price_templates import TEMPLATES, price_from_template
from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PRICING = "/payments/pricing/amberflo/account-pricing"
PATH = f"{PRICING}/product-item-price"
NAMED = {"id": "price-1", "productItemId": "item-1"}
TIERS = [
    {"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.12},
    {"startAfterUnit": 100.5, "batchSize": 10, "pricePerBatch": 1},
]
LEAF = {"type": "PricePerUnitLeafNode", "tiers": TIERS}
PRICE = {**NAMED, "price": LEAF}
DEEP = {
    "type": "max_reducer",
    "granularity": "ENTIRE_INVOICE_PERIOD",
    "nextNode": {
        "type": "DimensionMatrixNode",
        "dimensionKeys": ["region"],
        "dimensionsPrices": [{"dimensionValues": ["eu"], "leafNode": {**LEAF, "allowPartialBatch": True}}],
    },
}
ROWS = [{"dimensionValues": ["eu", "x"], "leafNodeType": "LeafNode", "tiers": TIERS}]
TIERED = {"leafNodeType": "PricePerUnitLeafNode", "priceTiers": TIERS}
MATRIX = {
    "type": "DimensionMatrixNode",
    "dimensionKeys": ["region", "tier"],
    "dimensionsPrices": [{"dimensionValues": ["eu", "x"], "leafNode": {"type": "LeafNode", "tiers": TIERS}}],
}
DAILY = {"usageGranularity": "day"}
BRACKETS = {"0": 1, "1000": 0.8}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "flat_rate": ({"flatRate": 9.99}, {"type": "LeafNode", "flatRate": 9.99, "tiers": []}),
    "flat_rate_with_overages": ({"flatRate": 9.99, **TIERED}, {**LEAF, "flatRate": 9.99}),
    "tiered_seat_based": (
        {"distinctDimensions": ["user"], **DAILY, **TIERED},
        {"type": "distinct_resource_reducer", "granularity": "day", "distinctDimensions": ["user"], "nextNode": LEAF},
    ),
    "usage_based_dimension": ({"dimensionKeys": ["region", "tier"], "priceTiers": ROWS}, MATRIX),
    "usage_based_dimension_with_max": (
        {"dimensionKeys": ["region", "tier"], "priceTiers": ROWS, **DAILY},
        {"type": "max_reducer", "granularity": "day", "nextNode": MATRIX},
    ),
    "usage_based_no_dimension": (TIERED, LEAF),
    "usage_based_no_dimension_with_max": (
        {**TIERED, **DAILY},
        {"type": "max_reducer", "granularity": "day", "nextNode": LEAF},
    ),
    "usage_based_volume": (
        {"volumeToUnitPriceMap": BRACKETS},
        {"type": "volume_based_leaf_node", "volumeToUnitPriceMap": BRACKETS},
    ),
}
"""What each template needs, and the node that it makes."""

LABELS = {
    "productItemPriceName": "Calls",
    "productItemInvoiceLabel": "API calls",
    "scalar": 0.001,
    "dimensionalScalars": [{"region": "eu", "scalar": 2}],
}


def by_template(kind: str) -> Iterator[Step]:
    """The life of a price that a template made: written, read by every reader, changed, read again."""
    operation, (needed, node) = TEMPLATES[kind][0], CASES[kind]
    made = {**NAMED, **LABELS, "price": node, "priceGenerator": {**NAMED, **LABELS, **needed, "type": kind}}
    yield Step(operation, body={**NAMED, **LABELS, **needed, "lockingStatus": "OPEN"}, expect=made)
    yield Step("getProductItemPrice", query={"id": "price-1"}, expect={**made, "lockingStatus": "open"})
    yield Step("listProductItemPrices", query={"productItemId": "item-1"}, expect=[made])
    yield Step("getBillingAccountDetails", expect={"productItemPrices": [made]})
    yield Step(operation, body={**NAMED, **needed, "scalar": 2, "groupDimensions": ["team"]})
    changed = {"scalar": 2, "price": {**node, "groupDimensions": ["team"]}, "dimensionalScalars": ABSENT}
    yield Step("getProductItemPrice", query={"id": "price-1"}, expect=changed)
    yield Step("listProductItemPrices", expect=[changed])


ROUND_TRIPS = {
    "price": [
        Step("listProductItemPrices", expect=[], clock={"frozen": True, "now": NOON_MS}),
        Step("getProductItemPrice", query={"id": "price-1"}, status=404),
        Step(
            "createOrUpdateProductItemPrice",
            body={**NAMED, "price": DEEP, "priceGenerator": None, "lastUpdateTimeInMillis": 1},
            expect={**NAMED, "price": DEEP, "lockingStatus": "open", "lastUpdateTimeInMillis": NOON_MS},
        ),
        Step("createOrUpdateProductItemPrice", body={"id": "price-2", "productItemId": "item-2", "price": LEAF}),
        Step("getProductItemPrice", query={"id": "price-1"}, expect={**NAMED, "price": DEEP, "priceGenerator": None}),
        Step("listProductItemPrices", expect=[NAMED, {"id": "price-2", "price": LEAF}]),
        Step("listProductItemPrices", query={"productItemId": "item-2"}, expect=[{"id": "price-2"}]),
        Step("listProductItemPrices", query={"productItemId": "item-3"}, expect=[]),
        Step("createOrUpdateProductItemPrice", body={**PRICE, "scalar": 3, "lockingStatus": "DEPRECATED"}),
        Step(
            "getProductItemPrice",
            query={"id": "price-1"},
            expect={**PRICE, "scalar": 3, "lockingStatus": "deprecated", "priceGenerator": ABSENT},
        ),
    ],
    "template of any kind": [
        Step(
            "createProductItemPriceFromTemplate",
            body={**NAMED, "type": "FLAT_RATE", "flatRate": 5},
            expect={**NAMED, "price": {"type": "LeafNode", "flatRate": 5, "tiers": []}},
        ),
        Step(
            "getProductItemPrice",
            query={"id": "price-1"},
            expect={"priceGenerator": {**NAMED, "type": "flat_rate", "flatRate": 5}},
        ),
    ],
    **{kind: list(by_template(kind)) for kind in CASES},
}


def add_item(account: Account) -> None:
    """Creates the product item that the prices are of."""
    item = {"id": "item-1", "meterApiName": "calls", "productId": "1", "productItemName": "Item"}
    account.take(account.mock.post(f"{PRICING}/product-items", json=item))


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is read back by its id and in the lists, with the node that its template makes."""
    run(mock, ROUND_TRIPS[name])


def test_every_template_is_tried() -> None:
    """The cases above are exactly the templates that are known."""
    assert CASES.keys() == TEMPLATES.keys()


@pytest.mark.parametrize("kind", CASES)
def test_a_template_stores_what_one_would_write_by_hand(account: Account, kind: str) -> None:
    """The same price, written as a template, through the template of any kind, or by hand, is one and the same."""
    body = {**NAMED, **LABELS, **CASES[kind][0], "groupDimensions": ["team"]}
    by_hand = price_from_template(kind, body)
    read = []
    for path, sent in ((f"/template/{kind}", body), ("/template", {**body, "type": kind.upper()}), ("", by_hand)):
        account.mock.reset()
        account.mock.clock(frozen=True)
        account.mock.clock(now=NOON_MS)
        account.take(account.mock.post(PATH + path, json=sent))
        read.append(account.take(account.mock.get(PATH, params={"id": "price-1"})))
    assert read[0] == read[1] == read[2]
    assert read[0]["price"] == {**CASES[kind][1], "groupDimensions": ["team"]}


@pytest.mark.parametrize("kind", CASES)
def test_a_type_that_contradicts_the_path_is_refused(account: Account, kind: str) -> None:
    """A body may name its template, in either case, but no other one."""
    body = {**NAMED, **CASES[kind][0]}
    for spelling in (kind, kind.upper()):
        account.take(account.mock.post(f"{PATH}/template/{kind}", json={**body, "type": spelling}))
    before = account.take(account.mock.get(f"{PATH}/list"))
    for wrong in ("flat" if kind == "flat_rate" else "flat_rate", "ultra_frequency", ""):
        assert refused(account.mock.post(f"{PATH}/template/{kind}", json={**body, "type": wrong})) == "type: enum"
    assert account.take(account.mock.get(f"{PATH}/list")) == before


@pytest.mark.parametrize("kind", CASES)
def test_a_template_needs_its_fields(account: Account, kind: str) -> None:
    """A template without one of its fields is refused by name, and stores nothing."""
    whole = {**NAMED, **CASES[kind][0]}
    for field in whole:
        body = {name: value for name, value in whole.items() if name != field}
        assert refused(account.mock.post(f"{PATH}/template/{kind}", json=body)) == f"{field}: required"
        refused(account.mock.post(f"{PATH}/template", json={**body, "type": kind}))
    assert account.take(account.mock.get(f"{PATH}/list")) == []


def test_an_average_is_reduced_first(account: Account) -> None:
    """A template that asks for it rates the average of the period instead of the sum."""
    body = {**NAMED, **TIERED, "useAverageReducer": True}
    price = account.take(account.mock.post(f"{PATH}/template/usage_based_no_dimension", json=body))["price"]
    assert price == {"type": "average_reducer", "granularity": "ENTIRE_INVOICE_PERIOD", "nextNode": LEAF}


@pytest.mark.parametrize("strict", [False, True])
def test_a_template_known_by_name_only(account: Account, *, strict: bool) -> None:
    """A template whose making is not known is kept without a node and warned of; a strict account refuses it."""
    account.mock.reset(strict=strict)
    if strict:
        account.define("calls")
        add_item(account)
    body: dict[str, Any] = {**NAMED, "type": "INTERCHANGE_PLUS", "fees": [1]}
    response = account.mock.post(f"{PATH}/template", json=body)
    if strict:
        assert refused(response) == "type: unpriced-template"
        return
    answered = account.take(response)
    assert answered["priceGenerator"] == {**body, "type": "interchange_plus"}
    assert "price" not in answered
    assert account.mock.rules() == ["unpriced-template", "unknown-product-item"]


@given(
    st.sampled_from(sorted(CASES)),
    st.dictionaries(st.sampled_from(sorted(LABELS)), st.integers()),
    st.sampled_from([None, "open", "CLOSE_TO_CHANGES"]),
)
def test_a_template_loses_nothing(kind: str, labels: dict[str, int], status: str | None) -> None:
    """The template is kept whole but for the status, which is the price's; so are names, labels and scalars."""
    template = {**NAMED, **CASES[kind][0], **labels}
    sent = template if status is None else {**template, "lockingStatus": status}
    price = price_from_template(kind, sent)
    assert price.pop("priceGenerator") == {**template, "type": kind}
    assert price.pop("price") == CASES[kind][1]
    assert price.pop("lockingStatus", None) == status
    assert price == {**NAMED, **labels}


def test_the_status_of_a_template_may_move_alone(account: Account) -> None:
    """Deprecating a closed price by its own template changes nothing else, so nothing is warned of."""
    body = {**NAMED, "flatRate": 0.3}
    for status in ("CLOSE_TO_CHANGES", "DEPRECATED"):
        account.take(account.mock.post(f"{PATH}/template/flat_rate", json={**body, "lockingStatus": status}))
    assert account.mock.rules() == ["unknown-product-item"] * 2
    response = account.mock.post(f"{PATH}/template/flat_rate", json={**body, "lockingStatus": "open"})
    assert refused(response) == "lockingStatus: illegal-transition"


@pytest.mark.parametrize("amount", [0.1, 1e-300, 1.7976931348623157e308, 0, 0.30000000000000004, 10**400])
def test_amounts_come_back_as_they_were(account: Account, amount: float) -> None:
    """No price is rounded, however small or large."""
    tier = {"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": amount}
    node = {"type": "LeafNode", "tiers": [tier], "volumeToUnitPriceMap": {"0": amount}}
    account.take(account.mock.post(PATH, json={**NAMED, "price": node}))
    assert account.take(account.mock.get(PATH, params={"id": "price-1"}))["price"] == node


def leaf(**fields: Any) -> dict[str, Any]:
    """The leaf of these tests, changed."""
    return {**LEAF, **fields}


def matrix(*rows: tuple[list[str], dict[str, Any]]) -> dict[str, Any]:
    """A matrix of one dimension."""
    made = [{"dimensionValues": values, "leafNode": node} for values, node in rows]
    return {"type": "DimensionMatrixNode", "dimensionKeys": ["region"], "dimensionsPrices": made}


def reducer(kind: str = "max_reducer", **fields: Any) -> dict[str, Any]:
    """A reducer, with a leaf after it if nothing else is said."""
    return {"type": kind, "granularity": "DAY", "nextNode": LEAF, **fields}


def volume(**prices: float) -> dict[str, Any]:
    """A leaf of unit prices by volume, keyed by words or, where these begin with u, by what follows."""
    return {"type": "volume_based_leaf_node", "volumeToUnitPriceMap": {key[1:]: each for key, each in prices.items()}}


NEGATIVE = {**TIERS[0], "pricePerBatch": -0.01}
EMPTY = {**TIERS[0], "batchSize": 0}
UNRATABLE: dict[str, tuple[dict[str, Any], str]] = {
    "tiers that fall": (leaf(tiers=TIERS[::-1]), "price.tiers[1].startAfterUnit: unordered-tiers"),
    "tiers that do not rise": (leaf(tiers=TIERS[:1] * 2), "price.tiers[1].startAfterUnit: unordered-tiers"),
    "a tier below zero": (leaf(tiers=[{**TIERS[0], "startAfterUnit": -1}]),
                          "price.tiers[0].startAfterUnit: negative-amount"),
    "a batch of nothing": (leaf(tiers=[EMPTY]), "price.tiers[0].batchSize: empty-batch"),
    "a batch below zero": (leaf(tiers=[{**TIERS[0], "batchSize": -0.5}]), "price.tiers[0].batchSize: empty-batch"),
    "a price below zero": (leaf(tiers=[NEGATIVE]), "price.tiers[0].pricePerBatch: negative-amount"),
    "a flat rate below zero": (leaf(flatRate=-1), "price.flatRate: negative-amount"),
    "a unit price below zero": (volume(u0=1, u10=-1), "price.volumeToUnitPriceMap: negative-amount"),
    "a volume that is no number": (volume(u0=1, uten=1), "price.volumeToUnitPriceMap: invalid-volume"),
    "a volume below zero": ({**volume(), "volumeToUnitPriceMap": {"-1": 1}},
                            "price.volumeToUnitPriceMap: invalid-volume"),
    "one volume twice": ({**volume(), "volumeToUnitPriceMap": {"10": 1, "10.0": 2}},
                         "price.volumeToUnitPriceMap: invalid-volume"),
    "a nested leaf": (reducer(nextNode=leaf(tiers=[NEGATIVE])),
                      "price.nextNode.tiers[0].pricePerBatch: negative-amount"),
    "a leaf in a row": (matrix((["eu"], LEAF), (["us"], leaf(tiers=[EMPTY]))),
                        "price.dimensionsPrices[1].leafNode.tiers[0].batchSize: empty-batch"),
    "a row with a value too many": (matrix((["eu", "us"], LEAF)),
                                    "price.dimensionsPrices[0].dimensionValues: mismatched-dimensions"),
    "a row twice": (matrix((["eu"], LEAF), (["us"], LEAF), (["eu"], LEAF)),
                    "price.dimensionsPrices[2].dimensionValues: repeated-row"),
    "a row of rows": (matrix((["eu"], matrix((["us"], LEAF)))),
                      "price.dimensionsPrices[0].leafNode.type: misplaced-node"),
    "a row that reduces": (matrix((["eu"], reducer())), "price.dimensionsPrices[0].leafNode.type: misplaced-node"),
    "a count after another reducer": (reducer(nextNode=reducer("distinct_resource_reducer")),
                                      "price.nextNode.type: misplaced-node"),
    "an unknown granularity": (reducer(granularity="fortnight"), "price.granularity: unknown-granularity"),
    "a reducer alone": ({"type": "average_reducer"}, "price.nextNode: incomplete-node"),
    "a reducer alone after another": (reducer(nextNode={"type": "max_reducer"}),
                                      "price.nextNode.nextNode: incomplete-node"),
}  # fmt: skip


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", UNRATABLE)
def test_a_price_that_cannot_be_rated_is_refused(account: Account, name: str, *, strict: bool) -> None:
    """What nobody could bill is 400 and names its place and the rule; the price that was there stays."""
    account.take(account.mock.post(PATH, json=PRICE))
    before = account.take(account.mock.get(f"{PATH}/list"))
    if strict:
        account.mock.reset(strict=True)
        before = []
    node, details = UNRATABLE[name]
    assert refused(account.mock.post(PATH, json={**NAMED, "price": node})) == details
    assert account.take(account.mock.get(f"{PATH}/list")) == before


RATABLE = [
    DEEP,
    LEAF,
    leaf(tiers=[], flatRate=0),
    leaf(tiers=[{**TIERS[0], "pricePerBatch": 0}]),
    volume(u10=1, **{"u2.5": 0.5, "u0": 0}),
    matrix((["eu"], LEAF), (["us"], volume(u0=1))),
    reducer(granularity="Entire_Invoice_Period"),
    reducer(granularity="week", nextNode=reducer("average_reducer", nextNode=matrix((["eu"], LEAF)))),
    reducer("resource_groups_reducer", distinctDimensions=["user"], nextNode=reducer()),
    {"type": "max_reducer", "nextNode": LEAF},
]


@pytest.mark.parametrize("number", range(len(RATABLE)))
def test_a_price_that_can_be_rated_is_kept_as_it_is(account: Account, number: int) -> None:
    """Prices of every shape are stored as they are written and nothing is warned of, not even by a strict account."""
    account.mock.reset(strict=True)
    account.define("calls")
    add_item(account)
    assert account.take(account.mock.post(PATH, json={**NAMED, "price": RATABLE[number]}))["price"] == RATABLE[number]


ODDITIES = [
    (leaf(tiers=[]), "price.tiers: unpriced-node"),
    ({"type": "LeafNode"}, "price.tiers: unpriced-node"),
    ({"type": "LeafNode", "volumeToUnitPriceMap": BRACKETS}, "price.tiers: unpriced-node"),
    ({"type": "volume_based_leaf_node", "tiers": TIERS}, "price.volumeToUnitPriceMap: unpriced-node"),
    (matrix(), "price.dimensionsPrices: unpriced-node"),
    (matrix((["eu"], LEAF), (["us"], {"type": "LeafNode"})), "price.dimensionsPrices[1].leafNode.tiers: unpriced-node"),
    (reducer(nextNode={"type": "LeafNode"}), "price.nextNode.tiers: unpriced-node"),
    (reducer("distinct_resource_reducer"), "price.distinctDimensions: nothing-counted"),
    (reducer("DimensionCounterWindowFunctionNode", distinctDimensions=[]), "price.distinctDimensions: nothing-counted"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(ODDITIES)))
def test_prices_that_are_hardly_meant_are_warned_of(account: Account, number: int) -> None:
    """What is legal and bills nothing, or counts nothing, is kept and told of; a strict account refuses it."""
    node, caution = ODDITIES[number]
    add_item(account)
    assert account.take(account.mock.post(PATH, json={**NAMED, "price": node}))["price"] == node
    told = account.mock.journal()[-1]["warnings"]
    assert [f"{each['field']}: {each['rule']}" for each in told] == [caution]
    account.mock.reset(strict=True)
    account.define("calls")
    add_item(account)
    assert refused(account.mock.post(PATH, json={**NAMED, "price": node})) == caution


UNRATABLE_TEMPLATES = [
    ("flat_rate", {"flatRate": -1}, "flatRate: negative-amount"),
    ("flat_rate_with_overages", {"priceTiers": TIERS[::-1]}, "priceTiers[1].startAfterUnit: unordered-tiers"),
    ("flat_rate_with_overages", {"priceTiers": [EMPTY], "useAverageReducer": True},
     "priceTiers[0].batchSize: empty-batch"),
    ("tiered_seat_based", {"priceTiers": [NEGATIVE]}, "priceTiers[0].pricePerBatch: negative-amount"),
    ("tiered_seat_based", {"usageGranularity": "fortnight"}, "usageGranularity: unknown-granularity"),
    ("usage_based_dimension", {"dimensionKeys": ["region"]}, "priceTiers[0].dimensionValues: mismatched-dimensions"),
    ("usage_based_dimension", {"priceTiers": ROWS * 2}, "priceTiers[1].dimensionValues: repeated-row"),
    ("usage_based_dimension_with_max", {"priceTiers": [{**ROWS[0], "tiers": TIERS[::-1]}]},
     "priceTiers[0].tiers[1].startAfterUnit: unordered-tiers"),
    ("usage_based_dimension_with_max", {"usageGranularity": "fortnight"}, "usageGranularity: unknown-granularity"),
    ("usage_based_no_dimension", {"priceTiers": [EMPTY]}, "priceTiers[0].batchSize: empty-batch"),
    ("usage_based_no_dimension_with_max", {"priceTiers": [EMPTY]}, "priceTiers[0].batchSize: empty-batch"),
    ("usage_based_volume", {"volumeToUnitPriceMap": {"0": -1}}, "volumeToUnitPriceMap: negative-amount"),
    ("usage_based_volume", {"volumeToUnitPriceMap": {"some": 1}}, "volumeToUnitPriceMap: invalid-volume"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "details"), UNRATABLE_TEMPLATES)
def test_a_template_that_cannot_be_rated_is_refused(
    account: Account, kind: str, changes: dict[str, Any], details: str
) -> None:
    """A template is refused by the name of its own field, by its path and by the path of any template."""
    body = {**NAMED, **CASES[kind][0], **changes}
    assert refused(account.mock.post(f"{PATH}/template/{kind}", json=body)) == details
    assert refused(account.mock.post(f"{PATH}/template", json={**body, "type": kind})) == details
    assert account.take(account.mock.get(f"{PATH}/list")) == []


@pytest.mark.parametrize(
    ("kind", "changes", "caution"),
    [
        ("usage_based_no_dimension", {"priceTiers": []}, "priceTiers: unpriced-node"),
        ("usage_based_dimension", {"priceTiers": []}, "priceTiers: unpriced-node"),
        ("usage_based_dimension", {"priceTiers": [{**ROWS[0], "tiers": []}]}, "priceTiers[0].tiers: unpriced-node"),
        ("tiered_seat_based", {"distinctDimensions": []}, "distinctDimensions: nothing-counted"),
        ("usage_based_volume", {"volumeToUnitPriceMap": {}}, "volumeToUnitPriceMap: unpriced-node"),
    ],
)
def test_a_template_that_is_hardly_meant_is_warned_of(
    account: Account, kind: str, changes: dict[str, Any], caution: str
) -> None:
    """The warning of a template names the template's own field too."""
    add_item(account)
    account.take(account.mock.post(f"{PATH}/template/{kind}", json={**NAMED, **CASES[kind][0], **changes}))
    told = account.mock.journal()[-1]["warnings"]
    assert [f"{each['field']}: {each['rule']}" for each in told] == [caution]


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": ""}, "id: minLength"),
        ({"productItemId": ""}, "productItemId: minLength"),
        ({"price": None}, "price: not-null"),
        ({"price": {}}, "price.type: required"),
        ({"price": {"type": "leafnode"}}, "price.type: enum"),
        ({"price": {"type": "LeafNode", "tiers": [{"batchSize": 1, "pricePerBatch": 1}]}},
         "price.tiers[0].startAfterUnit: required"),
        ({"price": {"type": "max_reducer", "nextNode": {"type": "x"}}}, "price.nextNode.type: enum"),
        ({"scalar": "2"}, "scalar: type"),
    ],
)  # fmt: skip
def test_a_bad_price_is_refused(account: Account, changes: dict[str, Any], details: str) -> None:
    """What breaks the document, at any depth of the tree, is 400 and names its place."""
    assert refused(account.mock.post(PATH, json={**PRICE, **changes})) == details
    assert account.take(account.mock.get(f"{PATH}/list")) == []


def test_a_price_is_read_by_path_too(account: Account) -> None:
    """The key may stand in the path, where a slash in it is written as %2F; one that names nothing is 404."""
    account.take(account.mock.post(PATH, json={**PRICE, "id": "a/b"}))
    answers = [account.unjudged("GET", f"{PATH}{rest}") for rest in ("/a%2Fb", "?id=a/b", "?Id=a/b", "/other")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert refused(answers[3], 404) == "id: unknown-key"


def test_a_price_must_be_named(account: Account) -> None:
    """A read without an id is 400."""
    assert refused(account.mock.get(PATH)) == "id: required"
    assert refused(account.mock.get(PATH, params={"id": ""})) == "id: minLength"

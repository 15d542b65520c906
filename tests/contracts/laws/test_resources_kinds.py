"""Which kinds of things a document has, what is written of them, and what counts as a difference."""

from typing import Any

import pytest

from contracts.laws.resources_bodies import Bodies
from contracts.laws.resources_comparing import differences, told
from contracts.laws.resources_kinds import Kind, kinds, minted
from contracts.laws.resources_pages import PAGES
from specs import catalog
from specs.catalog import DIALECTS, Document
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.gadgets import GADGETS
from tests.contracts.test_prism import DOCUMENT

EVERY = [(dialect, kind) for dialect in DIALECTS for kind in kinds(catalog.project(dialect))]
REPLACED = [(dialect, kind) for dialect, kind in EVERY if kind.replace is not None]

Row = tuple[str, str, bool, str | None, str | None, str | None, str | None]


def row(kind: Kind) -> Row:
    """A kind as a row: what makes it, its key, who chooses that, and what reads, lists, replaces and deletes one."""
    handles = [each.operation.operation_id if each else None for each in (kind.read, kind.listing, kind.delete)]
    read, listing, delete = handles
    replace = kind.replace.operation_id if kind.replace else None
    return kind.create.operation_id, kind.key, kind.chosen, read, listing, replace, delete


def of(document: Document, create: str) -> Kind:
    """The kind that an operation makes."""
    return next(each for each in kinds(document) if each.create.operation_id == create)


METERS = (
    "createMeterDefinition",
    "meterApiName",
    True,
    "getMeterDefinitionById",
    "listMeterDefinitions",
    "updateMeterDefinition",
    "deleteMeterDefinition",
)
RULES = ("createFilteringRule", "ruleId", False, None, "listFilteringRules", None, None)
CUSTOMERS = (
    "createCustomer",
    "customerId",
    True,
    "getCustomerById",
    "listCustomers",
    "updateCustomer",
    "deleteCustomer",
)


def test_published_kinds_have_their_operations() -> None:
    """Links and paths lead to what reads, lists, replaces and deletes each kind of the published form."""
    assert [row(each) for each in kinds(catalog.project("published"))] == [CUSTOMERS, METERS, RULES]


def test_a_document_without_links_is_read_by_its_paths() -> None:
    """Where nothing is linked, a key behind the path of a creation leads to the same operations."""
    assert [row(each) for each in kinds(catalog.read(DOCUMENT))] == [METERS, RULES]


@pytest.mark.parametrize(
    "expected",
    [
        ("createMeter", "id", False, "getMeter", "listMeters", "updateMeter", "deleteMeter"),
        ("createOrUpdateProductItem", "id", True, None, "listProductItems", "createOrUpdateProductItem", None),
        ("applyCustomerPromotion", "id", False, None, "listCustomerPromotions", None, "removeCustomerPromotion"),
        (
            "createCustomerPrepaidOrder",
            "id",
            True,
            "getPrepaidOrder",
            "listOpenPrepaidOrders",
            None,
            "deletePrepaidOrder",
        ),
        (
            "createUsageReportJob",
            "id",
            False,
            "getUsageReportJob",
            "listUsageReportJobs",
            "updateUsageReportJob",
            "deleteUsageReportJob",
        ),
    ],
    ids=lambda expected: expected[0],
)
def test_live_kinds_have_their_operations(expected: Row) -> None:
    """Kinds that a list alone shows, that belong to somebody, and whose keys the target makes are derived too."""
    assert row(of(catalog.project("live"), expected[0])) == expected


def test_every_live_deletion_is_about_a_kind() -> None:
    """No operation that deletes what somebody made is forgotten; the logo is the one of the account."""
    live = catalog.project("live")
    known = {kind.delete.operation.operation_id for kind in kinds(live) if kind.delete}
    deletions = {each.operation_id for each in live.operations if each.method == "DELETE"}
    assert deletions - known == {"deleteCompanyLogo"}
    assert len([kind for kind in kinds(live) if kind.first]) == 16


def test_tiny_documents_have_their_kind() -> None:
    """A document from elsewhere is derived like a vendor's."""
    (thing,), (gadget,) = kinds(catalog.read(THINGS)), kinds(catalog.read(GADGETS))
    assert row(thing) == ("createThing", "thingId", True, "getThing", "listThings", None, "deleteThing")
    assert row(gadget) == ("createGadget", "id", False, "getGadget", None, "replaceGadget", "deleteGadget")


def test_what_is_answered_a_key_and_never_shown_is_known() -> None:
    """A prepaid order of the published form has a key, although nothing reads it; a marked event is no such thing."""
    assert [(each.create.operation_id, each.key) for each in minted(catalog.project("published"))] == [
        ("createPrepaidOrder", "orderId")
    ]
    assert minted(catalog.document("solvimon")) == ()


def test_paged_operations_are_known() -> None:
    """What pages by number, by token and by the last key is found in the live form; the published one pages nothing."""
    found = {each.operation_id: each.about.source for each in PAGES.subjects(catalog.project("live"))}
    assert found == {"searchCustomers": "things", "listUsageEvents": "events", "listAccountEvents": "changes"}
    assert not [*PAGES.subjects(catalog.project("published"))]


@pytest.mark.parametrize(("dialect", "kind"), EVERY, ids=lambda each: getattr(each, "noun", each))
def test_two_bodies_share_no_name(dialect: str, kind: Kind) -> None:
    """Things of one kind that are made under two keys do not stand in each other's way."""
    bodies = Bodies(catalog.project(dialect), kind)
    one, other = bodies.example("key-1", "owner"), bodies.example("key-2", "owner")
    assert all(one[owner] == "owner" for owner in kind.owners)
    if kind.chosen:
        assert (one[kind.key], other[kind.key]) == ("key-1", "key-2")
    unique = {"createMeter": "label", "createUsageReportJob": "jobName", "createWebhookSubscription": "topic"}
    name = unique.get(kind.create.operation_id)
    assert name is None or one[name] != other[name]


@pytest.mark.parametrize(("dialect", "kind"), REPLACED, ids=lambda each: getattr(each, "noun", each))
def test_a_replacement_is_another_one(dialect: str, kind: Kind) -> None:
    """Whatever can be replaced is replaced by something else, under the same key and names."""
    bodies = Bodies(catalog.project(dialect), kind)
    before = bodies.full("key", "owner", "words")
    after, gone = bodies.less(bodies.other(before, "other words"))
    assert after != before
    assert {name for name in before if name not in after} == {path[0] for path in gone if len(path) == 1}
    kept = {kind.key, "meterApiName", "jobName", "topic", *kind.owners} & before.keys()
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_a_full_customer_says_everything() -> None:
    """The words, the free names and the whole address of a customer are written, and some of each is left out later."""
    document = catalog.project("published")
    bodies = Bodies(document, of(document, "createCustomer"))
    full = bodies.full("key", "", "words")
    address = {"line1": "words", "city": "San Francisco", "state": "CA", "postalCode": "94105", "country": "US"}
    assert full["address"] == {**address, "verified": False}
    assert full["traits"] == {"first": "words", "second": "words"}
    assert (full["customerId"], full["customerName"], full["description"]) == ("key", "words", "words")
    assert bodies.less(full)[1] == (("address", "postalCode"), ("traits", "second"), ("description",))


def test_amounts_get_more_places_than_cents() -> None:
    """A price is written with a fraction that rounding would take away, and switches are off."""
    document = catalog.project("live")
    price = Bodies(document, of(document, "createOrUpdateProductItemPrice")).full("key", "", "words")
    assert price["price"]["nextNode"]["tiers"][0]["pricePerBatch"] == 0.120375
    notification = Bodies(document, of(document, "createNotification")).full("key", "", "words")
    assert notification["enabled"] is False


SPEC: dict[str, Any] = {}
SHAPE: dict[str, Any] = {
    "properties": {
        "name": {"type": "string"},
        "stage": {"anyOf": [{"enum": ["ACTIVE"]}, {"enum": ["active"]}]},
        "count": {"type": "number"},
        "mails": {"type": "array", "items": {"type": "string"}},
        "inner": {"properties": {"deep": {"type": "array", "items": {"properties": {"value": {"type": "number"}}}}}},
        "made": {"type": "integer", "readOnly": True},
    }
}


@pytest.mark.parametrize(
    ("wrote", "reads", "expected"),
    [
        ({"name": "a"}, {"name": "a", "more": 1}, ""),
        ({"name": "a"}, {"name": "A"}, "name was written as 'a' and reads 'A'"),
        ({"name": "a"}, {}, "name was written as 'a' and is not there"),
        ({"name": None}, {}, ""),
        ({"stage": "active"}, {"stage": "ACTIVE"}, ""),
        ({"stage": "active"}, {"stage": "GONE"}, "stage was written as 'active' and reads 'GONE'"),
        ({"count": "1000"}, {"count": 1000.0}, ""),
        ({"count": 0.125}, {"count": 0.13}, "count was written as 0.125 and reads 0.13"),
        ({"count": 1}, {"count": True}, "count was written as 1 and reads True"),
        ({"mails": "a@example.com"}, {"mails": ["a@example.com"]}, ""),
        ({"mails": ["b", "a"]}, {"mails": ["a", "b"]}, "mails was written as ['b', 'a'] and reads ['a', 'b']"),
        ({"mails": ["a", "b"]}, {"mails": ["a"]}, "mails was written as ['a', 'b'] and reads ['a']"),
        (
            {"inner": {"deep": [{"value": 1}, {"value": 2}]}},
            {"inner": {"deep": [{"value": 1}, {"value": 3}]}},
            "inner.deep[1].value was written as 2 and reads 3",
        ),
        ({"inner": {"deep": []}}, {"inner": None}, "inner was written as {'deep': []} and reads None"),
        ({"made": 1}, {"made": 2}, ""),
        ({"unknown": 1}, {}, ""),
    ],
)
def test_differences_are_told(wrote: dict[str, Any], reads: dict[str, Any], expected: str) -> None:
    """A value that reads otherwise, or not at all, is told by its path; what the document allows is no difference."""
    assert told(differences(SPEC, SHAPE, wrote, reads, {})) == expected


def test_what_the_answer_echoed_has_to_stay() -> None:
    """A field that no schema describes has to be read when the answer to its writing showed it."""
    found = differences(SPEC, SHAPE, {"unknown": 1, "turned": 2}, {}, {"unknown": 1, "turned": 3})
    assert told(found) == "unknown was written as 1 and is not there"


def test_many_differences_are_cut() -> None:
    """Three differences are told, and how many more there are; a long value is cut."""
    wrote: dict[str, Any] = {"name": "a" * 200, "count": 1, "mails": ["a"], "stage": "active", "inner": {}}
    words = told(differences(SPEC, SHAPE, wrote, {}, {}))
    assert words.endswith("; and 2 more")
    assert "a" * 100 not in words

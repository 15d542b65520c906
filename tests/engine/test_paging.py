"""Pages of a collection: the same as sorting, searching and cutting a plain list, whatever changed before."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.paging import Page, Selection, Span, value_at
from mockserver.engine.store import Collection, MemoryCollection

Documents = dict[str, dict[str, Any]]

KEYS = st.sampled_from("abcdef")
VALUES = st.none() | st.integers(-2, 2) | st.sampled_from(["x", "X", "Straße", "y z"]) | st.booleans()
DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"name": VALUES, "size": VALUES, "part": st.fixed_dictionaries({"kind": VALUES}) | VALUES}
)
CHANGES = st.lists(st.tuples(KEYS, st.none() | DOCUMENTS), max_size=14)
SELECTIONS = st.builds(
    Selection,
    sort=st.sampled_from(["", "name", "size", "part.kind", "absent"]),
    ascending=st.booleans(),
    search=st.sampled_from(["", "x", "STRASSE", "Y", "1"]),
    searched=st.sampled_from([("name",), ("name", "part.kind")]),
    among=st.just({}) | st.builds(lambda values: {"size": frozenset(values)}, st.lists(VALUES, max_size=3)),
    span=st.none() | st.builds(Span, st.just("size"), st.none() | st.integers(-2, 2), st.none() | st.integers(-2, 2)),
    offset=st.integers(0, 4),
    limit=st.none() | st.integers(0, 4),
)


def changed(collection: Collection, model: Documents, changes: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Carries out changes on a collection and on a plain dict: a document is put, None deletes."""
    for key, document in changes:
        if document is None:
            collection.delete(key)
            model.pop(key, None)
        else:
            collection.put(key, {"id": key, **document})
            model[key] = {"id": key, **document}


def rank(document: dict[str, Any], path: str) -> tuple[int, Any]:
    """How a document is ordered: numbers, then texts without regard to case, then the rest."""
    value = value_at(document, path) if path else None
    if isinstance(value, int):
        return 0, value
    return (1, value.casefold()) if isinstance(value, str) else (2, 0)


def is_selected(document: dict[str, Any], selection: Selection) -> bool:
    """Whether a document is asked for, without any index."""
    size = document.get("size")
    texts = [str(value_at(document, path) or "").casefold() for path in selection.searched]
    span = selection.span
    return (
        (not selection.search or any(selection.search.casefold() in text for text in texts))
        and all(document.get(path) in admitted for path, admitted in selection.among.items())
        and (
            span is None
            or (
                isinstance(size, int)
                and (span.first is None or size >= span.first)
                and (span.end is None or size < span.end)
            )
        )
    )


def plain_page(model: Documents, selection: Selection) -> Page:
    """The page of a plain dict."""
    ordered = sorted(model.values(), key=lambda document: rank(document, selection.sort))
    ordered = ordered if selection.ascending else ordered[::-1]
    if selection.after:
        place = next(place for place, document in enumerate(ordered) if document["id"] == selection.after)
        ordered = ordered[place + 1 :]
    found = [document for document in ordered if is_selected(document, selection)]
    end = None if selection.limit is None else selection.offset + selection.limit
    return Page(found[selection.offset : end], len(model), len(found))


@given(CHANGES, SELECTIONS, CHANGES, SELECTIONS)
def test_a_page_is_a_cut_of_the_sorted_list(
    before: list[tuple[str, dict[str, Any] | None]],
    first: Selection,
    after: list[tuple[str, dict[str, Any] | None]],
    second: Selection,
) -> None:
    """Documents and counts are those of a plain list, also when the collection changed since its orders were made."""
    collection, model = MemoryCollection(), Documents()
    changed(collection, model, before)
    assert collection.page(first) == plain_page(model, first)
    changed(collection, model, after)
    for selection in (second, first):
        assert collection.page(selection) == plain_page(model, selection)


@given(CHANGES, CHANGES, st.builds(Selection, sort=st.sampled_from(["", "name"]), ascending=st.booleans()))
def test_following_from_document_to_document_meets_each_once(
    before: list[tuple[str, dict[str, Any] | None]], after: list[tuple[str, dict[str, Any] | None]], order: Selection
) -> None:
    """Page by page behind the last key, every document comes once and in order."""
    collection, model = MemoryCollection(), Documents()
    changed(collection, model, before)
    collection.page(order)
    changed(collection, model, after)
    met: list[dict[str, Any]] = []
    for _ in range(len(model)):
        page = collection.page(replace(order, after=met[-1]["id"] if met else "", limit=1))
        assert page.found == len(model) - len(met)
        met += page.documents
    assert met == plain_page(model, order).documents


@given(CHANGES, CHANGES)
def test_distinct_values_are_those_that_documents_have(
    before: list[tuple[str, dict[str, Any] | None]], after: list[tuple[str, dict[str, Any] | None]]
) -> None:
    """Each combination is there once, also after changes; one whose last document went is gone."""
    collection, model = MemoryCollection(), Documents()
    changed(collection, model, before)
    collection.distinct("id", "name")
    changed(collection, model, after)
    found = collection.distinct("id", "name")
    assert len(found) == len(set(found))
    assert set(found) == {(document["id"], document.get("name")) for document in model.values()}


@pytest.fixture
def things() -> MemoryCollection:
    """Three documents whose names differ in case and whose sizes tie, put in the order b, a, c."""
    collection = MemoryCollection()
    for key, name in (("b", "Beta"), ("a", "alpha"), ("c", "beta")):
        collection.put(key, {"id": key, "name": name, "size": 1, "part": {"kind": key}})
    return collection


def ids(page: Page) -> str:
    """The keys of a page in a row."""
    return "".join(document["id"] for document in page.documents)


@pytest.mark.parametrize(
    ("sort", "ascending", "expected"),
    [("", True, "bac"), ("", False, "cab"), ("name", True, "abc"), ("name", False, "cba"), ("size", True, "bac")],
)
def test_equals_stand_in_the_order_of_creation(
    things: MemoryCollection, sort: str, expected: str, *, ascending: bool
) -> None:
    """Case does not matter, ties are broken by age, and descending is the exact reverse."""
    assert ids(things.page(Selection(sort, ascending))) == expected


def test_a_search_does_not_reach_over_two_fields(things: MemoryCollection) -> None:
    """The end of one field and the start of the next are no text."""
    searched = ("name", "part.kind")
    assert ids(things.page(Selection(search="betab", searched=searched))) == ""
    assert ids(things.page(Selection(search="BETA", searched=searched))) == "bc"


def test_money_has_an_order(things: MemoryCollection) -> None:
    """Decimals stand among the other numbers."""
    things.put("d", {"id": "d", "size": Decimal("0.5")})
    assert ids(things.page(Selection("size"))) == "dbac"
    assert ids(things.page(Selection(span=Span("size", 1, None)))) == "bac"


def test_a_list_is_among_nothing(things: MemoryCollection) -> None:
    """A field that holds a list or an object equals no scalar, and is no error."""
    assert ids(things.page(Selection(among={"part": frozenset({"b"})}))) == ""
    assert ids(things.page(Selection(among={"part.kind": frozenset({"b", "c"})}))) == "bc"


def test_a_page_is_a_copy(things: MemoryCollection) -> None:
    """What a page hands out cannot change the collection."""
    things.page(Selection(limit=1)).documents[0]["part"]["kind"] = "changed"
    document = things.get("b")
    assert document is not None
    assert document["part"] == {"kind": "b"}

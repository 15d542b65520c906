"""The store in memory: collections that nobody can reach into, sequences, and forgetting."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.store import Collection, MemoryStore, copied

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def things(store: MemoryStore) -> Collection:
    """A collection with three documents, put in the order b, a, c."""
    collection = store.collection("things")
    for key in ("b", "a", "c"):
        collection.put(key, {"id": key, "tags": {"list": [1]}})
    return collection


def ids(collection: Collection) -> list[str]:
    """The keys in the order in which the documents are listed."""
    return [document["id"] for document in collection.documents()]


def test_documents_are_listed_in_the_order_of_creation(things: Collection) -> None:
    """The oldest document comes first, and a replaced one keeps its place."""
    things.put("b", {"id": "b", "new": True})
    assert ids(things) == ["b", "a", "c"]
    assert things.get("b") == {"id": "b", "new": True}


def test_a_deleted_document_is_gone(things: Collection) -> None:
    """`delete` answers what it removed; put again, the document is the newest."""
    assert things.delete("b") == {"id": "b", "tags": {"list": [1]}}
    assert (things.get("b"), "b" in things, len(things)) == (None, False, 2)
    things.put("b", {"id": "b"})
    assert ids(things) == ["a", "c", "b"]


@pytest.mark.parametrize("method", ["get", "delete"])
def test_an_unknown_key_names_nothing(things: Collection, method: str) -> None:
    """Neither `get` nor `delete` fails on a key without a document."""
    assert getattr(things, method)("nobody") is None
    assert len(things) == 3


def test_what_was_put_cannot_be_changed_from_outside(store: MemoryStore) -> None:
    """A store keeps its own copy of a document."""
    document: dict[str, Any] = {"tags": {"list": [1]}}
    store.collection("things").put("a", document)
    document["tags"]["list"].append(2)
    assert store.collection("things").get("a") == {"tags": {"list": [1]}}


@pytest.mark.parametrize("read", ["get", "documents"])
def test_what_was_read_cannot_change_the_store(things: Collection, read: str) -> None:
    """A document that is handed out is a copy, however deep it is changed."""
    document = things.get("b") if read == "get" else things.documents()[0]
    assert document is not None
    document["tags"]["list"].append(2)
    assert things.get("b") == {"id": "b", "tags": {"list": [1]}}


@given(JSON)
def test_a_copy_equals_its_original(value: Any) -> None:
    """`copied` changes no value."""
    assert copied(value) == value


def test_decimals_survive() -> None:
    """Money stays exact in a stored document."""
    store = MemoryStore()
    store.collection("orders").put("a", {"amount": Decimal("0.10")})
    document = store.collection("orders").get("a")
    assert document is not None
    assert str(document["amount"]) == "0.10"


def test_only_collections_with_documents_are_named(store: MemoryStore, things: Collection) -> None:
    """Looking into a collection does not make one."""
    assert len(store.collection("others")) == 0
    assert store.collections() == ["things"]


def test_a_collection_is_the_same_at_each_look(store: MemoryStore, things: Collection) -> None:
    """Two handles of one name see the same documents."""
    assert list(store.collection("things").documents()) == things.documents()


def test_sequences_count_on_their_own(store: MemoryStore) -> None:
    """Each sequence starts at 1 and knows nothing of the others."""
    numbers = [store.next_number(name) for name in ("a", "a", "b", "a")]
    assert numbers == [1, 2, 1, 3]


def test_clearing_forgets_everything(store: MemoryStore, things: Collection) -> None:
    """After `clear` there are no documents, no events and no used numbers."""
    store.next_number("a")
    before = store.events
    store.clear()
    assert (store.collections(), store.next_number("a"), store.events.count()) == ([], 1, 0)
    assert store.events is not before


def test_a_transaction_lets_exceptions_through(store: MemoryStore) -> None:
    """A refusal inside a transaction reaches the caller."""
    with pytest.raises(KeyError), store.transaction():
        raise KeyError

"""Generic resources: list, get, create, upsert and delete of documents with a key."""

from typing import Any

import pytest

from mockserver.engine.account import Policy
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import MOST_WARNINGS, Call
from mockserver.engine.errors import DuplicateKey, InvalidInput, KeyNotFound, StrictRefusal
from mockserver.engine.identifiers import minted
from mockserver.engine.printing import printable
from mockserver.engine.resource import Absent, Reference, Resource
from mockserver.engine.store import JsonObject, MemoryStore
from specs.catalog import documents


def stamped(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """A document with the time of its creation."""
    return {**document, "created": previous["created"] if previous else call.now_ms}


def shown(document: JsonObject) -> JsonObject:
    """A document without its secret."""
    return {name: value for name, value in document.items() if name != "secret"}


FULL = Resource(
    "full",
    noun="full thing",
    mints="full-",
    locking=True,
    references=[Reference("parts.thingId", "things", "thing")],
    lower=["kind", "parts.unit"],
    owned=["made"],
    defaults={"kind": "plain", "tags": []},
    stamped=True,
)
LENIENT = Resource("lenient", noun="thing", parameter="thingId", absent=Absent.EMPTY_OBJECT)
THINGS = Resource("things", key="id", noun="thing", prepare=stamped, to_api=shown)
PLAIN = Resource("plain", key="id", noun="thing")
OPERATION = documents()[0].operations[0]


class Caller:
    """Calls bindings on one store, at a time that goes on with every call."""

    def __init__(self, *, strict: bool = False) -> None:
        self.store = MemoryStore()
        self.policy = Policy(strict=strict)
        self.last: Call | None = None
        self.now_ms = 0

    def __call__(self, binding: Binding, body: Any = None, query: Any = None, **path: str) -> Any:
        """The answered body."""
        self.now_ms += 1
        self.last = Call(OPERATION, path, query or {}, body, False, self.now_ms, self.store, self.policy)  # noqa: FBT003
        reply = binding.behaviour(self.last)
        assert reply.status == 200
        return reply.body

    def warned(self) -> list[tuple[str | None, str]]:
        """Field and rule of the last call's warnings."""
        assert self.last is not None
        return [(warning.field, warning.rule) for warning in self.last.warnings]


@pytest.fixture
def call() -> Caller:
    """A lenient caller."""
    return Caller()


def test_a_created_document_can_be_read_back(call: Caller) -> None:
    """Create answers what get and list then answer, in the wire's view."""
    created = call(THINGS.create(), {"id": "a", "secret": 1})
    assert created == {"id": "a", "created": 1}
    assert call(THINGS.get(), id="a") == created
    assert call(THINGS.list()) == [created]


def test_a_duplicate_key_is_refused(call: Caller) -> None:
    """A create of an existing key names field and rule, and changes nothing."""
    call(THINGS.create(), {"id": "a"})
    with pytest.raises(DuplicateKey) as refused:
        call(THINGS.create(), {"id": "a", "other": True})
    assert (refused.value.field, refused.value.rule) == ("id", "duplicate-key")
    assert call(THINGS.list()) == [{"id": "a", "created": 1}]


@pytest.mark.parametrize("binding", [THINGS.create(), THINGS.upsert()], ids=["create", "upsert"])
def test_an_empty_key_is_refused(call: Caller, binding: Binding) -> None:
    """A document under an empty key could not be read back."""
    with pytest.raises(InvalidInput) as refused:
        call(binding, {"id": ""})
    assert (refused.value.field, refused.value.rule) == ("id", "empty-key")
    assert call(THINGS.list()) == []


def test_an_upsert_replaces_the_whole_document(call: Caller) -> None:
    """Old fields vanish; what `prepare` carries over stays."""
    call(THINGS.create(), {"id": "a", "old": True})
    assert call(THINGS.upsert(), {"id": "a", "new": True}) == {"id": "a", "new": True, "created": 1}
    assert call(THINGS.get(), id="a") == {"id": "a", "new": True, "created": 1}


@pytest.mark.parametrize(("warn", "expected"), [(False, []), (True, [("id", "absent-key")])])
def test_an_upsert_creates_what_is_absent(call: Caller, expected: list[Any], *, warn: bool) -> None:
    """An upsert without a document creates it, with a warning where only an update is documented."""
    call(THINGS.upsert(warn_when_absent=warn), {"id": "a"})
    assert call.warned() == expected
    call(THINGS.upsert(warn_when_absent=warn), {"id": "a"})
    assert call.warned() == []


def test_a_strict_account_refuses_with_nothing_stored() -> None:
    """A warning that became a refusal leaves no document."""
    call = Caller(strict=True)
    with pytest.raises(StrictRefusal) as refused:
        call(THINGS.upsert(warn_when_absent=True), {"id": "a"})
    assert (refused.value.field, refused.value.rule) == ("id", "absent-key")
    assert call(THINGS.list()) == []


def test_a_delete_answers_the_document_and_removes_it(call: Caller) -> None:
    """The deleted document is answered in the wire's view, and is gone."""
    call(THINGS.create(), {"id": "a", "secret": 1})
    assert call(THINGS.delete(), id="a") == {"id": "a", "created": 1}
    assert call(THINGS.list()) == []


def test_a_delete_answers_as_it_is_told(call: Caller) -> None:
    """`answer` completes the deleted document; the collection never sees it."""
    call(PLAIN.create(), {"id": "a"})
    gone = call(PLAIN.delete(answer=lambda call, document, _: {**document, "gone": call.now_ms}), id="a")
    assert gone == {"id": "a", "gone": 2}


@pytest.mark.parametrize("binding", [THINGS.get(), THINGS.delete()], ids=["get", "delete"])
@pytest.mark.parametrize("key", ["nobody", "", "\x00", "x" * 500])
def test_a_path_key_that_names_nothing_is_not_found(call: Caller, binding: Binding, key: str) -> None:
    """Any unknown key is refused by name, in a short message without control characters."""
    with pytest.raises(KeyNotFound) as refused:
        call(binding, id=key)
    assert (refused.value.field, refused.value.rule) == ("id", "unknown-key")
    assert len(refused.value.message) < 200
    assert refused.value.message.isprintable()


def test_a_body_is_not_changed(call: Caller) -> None:
    """The caller's body is the caller's."""
    body = {"id": "a"}
    call(THINGS.create(), body)
    assert body == {"id": "a"}


def test_a_replacement_needs_something_to_replace(call: Caller) -> None:
    """A replacement of an absent document is not found; one that exists is replaced whole."""
    for body in ({"id": "a"}, {}):
        with pytest.raises(KeyNotFound):
            call(PLAIN.replace(), body)
    call(PLAIN.create(), {"id": "a", "old": 1})
    assert call(PLAIN.replace(), {"id": "a", "new": 1}) == {"id": "a", "new": 1}


def test_an_id_is_minted_for_a_document_without_one(call: Caller) -> None:
    """A minted id is never one that a caller chose before."""
    taken = minted("full-", 1)
    call(FULL.upsert(), {"id": taken})
    ids = [call(FULL.create(), {})["id"] for _ in range(2)]
    assert taken not in ids
    assert len(set(ids)) == 2
    assert all(each.startswith("full-") for each in ids)


def test_a_written_document_is_completed_as_the_table_says(call: Caller) -> None:
    """Defaults are filled in, enums are lower case, the server's own fields are its own, times are the clock's."""
    body = {"id": "a", "made": 1, "createTime": 9, "updateTime": 9, "kind": "BIG", "parts": [{"unit": "KG"}, 5]}
    stored = {"id": "a", "kind": "big", "tags": [], "parts": [{"unit": "kg"}, 5], "lockingStatus": "open"}
    assert call(FULL.upsert(), body) == {**stored, "createTime": 1, "updateTime": 1}
    assert call(FULL.upsert(), body) == {**stored, "createTime": 1, "updateTime": 2}
    assert call(FULL.upsert(), {"id": "b"})["kind"] == "plain"


def test_a_reference_to_nothing_is_warned_of(call: Caller) -> None:
    """Each reference that names nothing leaves a warning; those that name something leave none."""
    call(THINGS.create(), {"id": "x"})
    call(FULL.upsert(), {"id": "a", "parts": [{"thingId": "x"}, {"thingId": "y"}, {"thingId": ""}, {"thingId": 5}, {}]})
    assert call.warned() == [("parts.thingId", "unknown-thing")]


def test_a_strict_account_refuses_a_reference_to_nothing() -> None:
    """The refusal names the field, and nothing is stored or logged."""
    call = Caller(strict=True)
    with pytest.raises(StrictRefusal) as refused:
        call(FULL.upsert(), {"id": "a", "parts": {"thingId": "y"}})
    assert (refused.value.field, refused.value.rule) == ("parts.thingId", "unknown-thing")
    assert call.store.collections() == []


STATES = ("open", "close_to_deletions", "close_to_changes", "deprecated")
FORWARD = {
    ("open", "close_to_deletions"),
    ("open", "close_to_changes"),
    ("open", "deprecated"),
    ("close_to_deletions", "deprecated"),
    ("close_to_changes", "deprecated"),
}


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_a_locking_status_only_moves_forward(call: Caller, before: str, after: str) -> None:
    """A status may stay or move forward; every other transition is refused, named, and changes nothing."""
    call(FULL.upsert(), {"id": "a", "lockingStatus": before.upper()})
    if after == before or (before, after) in FORWARD:
        assert call(FULL.upsert(), {"id": "a", "lockingStatus": after})["lockingStatus"] == after
        return
    with pytest.raises(InvalidInput, match=f"transition from {before} to {after}") as refused:
        call(FULL.upsert(), {"id": "a", "lockingStatus": after})
    assert (refused.value.field, refused.value.rule) == ("lockingStatus", "illegal-transition")
    assert call(FULL.get(), id="a")["lockingStatus"] == before


@pytest.mark.parametrize("status", STATES)
def test_only_what_is_deprecated_is_deleted(call: Caller, status: str) -> None:
    """A status before the last keeps its document, whose update without a status leaves the status alone."""
    call(FULL.upsert(), {"id": "a", "lockingStatus": status})
    assert call(FULL.upsert(), {"id": "a"})["lockingStatus"] == status
    if status == "deprecated":
        assert call(FULL.delete(), id="a")["id"] == "a"
        return
    with pytest.raises(
        InvalidInput, match=f"'lockingStatus' {status} prevents full thing from being deleted"
    ) as refused:
        call(FULL.delete(), id="a")
    assert (refused.value.field, refused.value.rule) == ("lockingStatus", "locked")
    assert len(call(FULL.list())) == 1


@pytest.mark.parametrize("status", STATES)
def test_a_change_of_a_finished_document_is_warned_of(call: Caller, status: str) -> None:
    """What is closed to changes or deprecated should stay as it is, but for its status."""
    finished = status in ("close_to_changes", "deprecated")
    call(FULL.upsert(), {"id": "a", "lockingStatus": status})
    call(FULL.upsert(), {"id": "a"})
    assert call.warned() == []
    call(FULL.upsert(), {"id": "a", "new": 1})
    assert call.warned() == ([("lockingStatus", "closed-to-changes")] if finished else [])


def test_what_the_server_adds_is_no_change(call: Caller) -> None:
    """A finished document that is sent again is not warned of, though it is completed and stamped anew."""

    def completed(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
        return {**document, "length": len(document["name"]), "seen": call.now_ms}

    things = Resource("completed", noun="thing", prepare=completed, locking=True, owned=["seen"], stamped=True)
    body = {"id": "a", "name": "x", "lockingStatus": "close_to_changes"}
    for _ in range(2):
        call(things.upsert(), body)
        assert call.warned() == []
    call(things.upsert(), {**body, "name": "xx"})
    assert call.warned() == [("lockingStatus", "closed-to-changes")]


def test_a_key_may_stand_in_the_query_under_another_name(call: Caller) -> None:
    """A parameter of another name finds the document, and a key that names nothing gets an empty object if so told."""
    call(LENIENT.upsert(), {"id": "a"})
    assert call(LENIENT.get(), query={"thingId": "a"}) == {"id": "a"}
    assert call(LENIENT.get(), thingId="a") == {"id": "a"}
    assert call(LENIENT.get(), query={"thingId": "b"}) == {}
    assert call(LENIENT.get()) == {}
    assert call(LENIENT.delete(), query={"thingId": "b"}) == {}
    assert call(LENIENT.delete(), query={"thingId": "a"}) == {"id": "a"}


def test_a_list_is_selected_by_the_query(call: Caller) -> None:
    """Only the named parameters select, and only when they are given."""
    for key, owner in (("a", "ann"), ("b", "bob"), ("c", "ann")):
        call(PLAIN.create(), {"id": key, "owner": owner})
    listed = [call(PLAIN.list("owner"), query=query) for query in ({}, {"owner": "ann"}, {"owner": "x"}, {"id": "a"})]
    assert [[each["id"] for each in found] for found in listed] == [["a", "b", "c"], ["a", "c"], [], ["a", "b", "c"]]


def test_every_change_is_in_the_event_log(call: Caller) -> None:
    """Creates, updates and deletes are written down with time, kind, key and document; refused requests are not."""
    call(PLAIN.create(), {"id": "a"})
    with pytest.raises(DuplicateKey):
        call(PLAIN.create(), {"id": "a"})
    call(PLAIN.upsert(), {"id": "a", "new": 1})
    call(PLAIN.delete(), id="a")
    events = call.store.collection("account-events").documents()
    assert [(each["time"], each["noun"], each["key"], each["verb"], each["document"]) for each in events] == [
        (1, "thing", "a", "created", {"id": "a"}),
        (3, "thing", "a", "updated", {"id": "a", "new": 1}),
        (4, "thing", "a", "deleted", {"id": "a", "new": 1}),
    ]
    assert len({each["id"] for each in events}) == 3


def test_bindings_say_that_documents_are_stored() -> None:
    """Every generic behaviour is of the tier `resource` and light."""
    bindings = [THINGS.list(), THINGS.get(), THINGS.create(), THINGS.upsert(), THINGS.delete()]
    call = Call(OPERATION, {}, {}, [0] * 10_000, False, 0, MemoryStore(), Policy())  # noqa: FBT003
    assert {(each.tier, each.heavy(call), each.reason) for each in bindings} == {(Tier.RESOURCE, False, "")}


def test_only_so_many_warnings_are_kept(call: Caller) -> None:
    """A request with very many mistakes makes its point with the first of them."""
    call(PLAIN.list())
    assert call.last is not None
    for number in range(MOST_WARNINGS + 5):
        call.last.warn(f"[{number}]", "rule", "message")
    assert [warning.field for warning in call.last.warnings] == [f"[{number}]" for number in range(MOST_WARNINGS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("a\nb", "a\\nb"), ("\ud800", "\\ud800"), ("xxxxxx", "xxxxx…"), ("é", "é")],
)
def test_printable_text_is_short_and_harmless(text: str, expected: str) -> None:
    """What a message repeats has no control characters and is cut."""
    assert printable(text, 5) == expected


def test_minted_ids_follow_from_their_parts() -> None:
    """The same parts give the same id, other parts another one, and how parts are divided counts."""
    ids = [minted("x_", *parts) for parts in ((1,), (2,), ("ab", "c"), ("a", "bc"), ("\ud800",))]
    assert len(set(ids)) == len(ids)
    assert ids == [minted("x_", *parts) for parts in ((1,), (2,), ("ab", "c"), ("a", "bc"), ("\ud800",))]
    assert all(each.startswith("x_") and len(each) == 22 and each[2:].isalnum() for each in ids)

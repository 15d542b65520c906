"""Generic resources: list, get, create, upsert and delete of documents with a key."""

from typing import Any

import pytest

from mockserver.engine.account import Policy
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import MOST_WARNINGS, Call
from mockserver.engine.errors import DuplicateKey, InvalidInput, KeyNotFound, StrictRefusal
from mockserver.engine.identifiers import minted
from mockserver.engine.resource import Resource, printable
from mockserver.engine.store import JsonObject, MemoryStore
from specs.catalog import documents


def stamped(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """A document with the time of its creation."""
    return {**document, "created": previous["created"] if previous else call.now_ms}


def shown(document: JsonObject) -> JsonObject:
    """A document without its secret."""
    return {name: value for name, value in document.items() if name != "secret"}


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

    def __call__(self, binding: Binding, body: Any = None, **path: str) -> Any:
        """The answered body."""
        self.now_ms += 1
        self.last = Call(OPERATION, path, {}, body, False, self.now_ms, self.store, self.policy)  # noqa: FBT003
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

"""Collections of documents with a key: the behaviours that need no meaning beyond storing and reading back."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import DuplicateKey, InvalidInput, KeyNotFound
from mockserver.engine.fields import lower_case, with_changed
from mockserver.engine.identifiers import minted
from mockserver.engine.locking import require_deletable, warn_of_changes, with_status
from mockserver.engine.printing import printable
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import Collection, JsonObject, copied

__all__ = ["Absent", "Reference", "Resource"]

Convert = Callable[[JsonObject], JsonObject]
Prepare = Callable[[Call, JsonObject, JsonObject | None], JsonObject]
"""(call, the new document, the document it replaces or None) -> the document to store."""

ID_LENGTH = 20


class Absent(Enum):
    """What is answered when a key names nothing."""

    NOT_FOUND = "404"
    EMPTY_OBJECT = "200 {}"
    """As the live platform does for many of its reads."""


def _unchanged(document: JsonObject) -> JsonObject:
    return document


def _as_written(_call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    return document


class Resource:
    """A family of documents in one collection. Whatever becomes of one is written into the account's event log.

    Args:
        collection: its name in the store.
        key: the field that identifies a document, in bodies and in answers.
        noun: what a document is called in messages (`customer`).
        prepare: completes a document before it is stored, after everything below: what has meaning.
        to_api: turns a stored document into the answered one.
        parameter: the path or query parameter that names a document, when it is not called as the key.
        mints: what the id begins with that a document without one gets; empty where the caller must choose it.
        locking: whether documents have a `lockingStatus`.
        references: fields that name documents of other collections.
        lower: dotted paths of enums that are answered in lower case, however they were written.
        owned: fields that only the server writes; a caller's are dropped.
        steering: fields that may change in a document that is closed to changes: they steer what becomes of it.
        defaults: values of fields that the caller left out.
        stamped: whether documents have `createTime` and `updateTime` in Unix milliseconds.
        absent: what is answered when a key names nothing.
    """

    def __init__(  # noqa: PLR0913 - the words of a table, each with its default
        self,
        collection: str,
        *,
        key: str = "id",
        noun: str,
        prepare: Prepare = _as_written,
        to_api: Convert = _unchanged,
        parameter: str = "",
        mints: str = "",
        locking: bool = False,
        references: Iterable[Reference] = (),
        lower: Iterable[str] = (),
        owned: Iterable[str] = (),
        steering: Iterable[str] = (),
        defaults: Mapping[str, Any] | None = None,
        stamped: bool = False,
        absent: Absent = Absent.NOT_FOUND,
    ) -> None:
        self.collection = collection
        self.key = key
        self.noun = noun
        self._prepare = prepare
        self._to_api = to_api
        self._parameter = parameter or key
        self._mints = mints
        self._locking = locking
        self._references = tuple(references)
        self._lower = tuple(lower)
        self._owned = frozenset(owned) | ({"createTime", "updateTime"} if stamped else set())
        self._steering = frozenset(steering)
        self._defaults = dict(defaults or {})
        self._stamped = stamped
        self._absent = absent

    def documents(self, call: Call) -> Collection:
        """The family's collection in the caller's account."""
        return call.store.collection(self.collection)

    def named(self, call: Call) -> str:
        """The key that the request's path or query names; empty when it names none."""
        return str(call.path.get(self._parameter) or call.query.get(self._parameter, ""))

    def find(self, call: Call) -> JsonObject:
        """The document that the request names.

        Raises:
            KeyNotFound: the key names nothing.
        """
        document = self.documents(call).get(self.named(call))
        if document is None:
            raise self._unknown(self.named(call))
        return document

    def list(self, *selectors: str) -> Binding:
        """Answers all documents, oldest first.

        Args:
            selectors: query parameters that, when given, select the documents whose field of that name is equal.
        """

        def behaviour(call: Call) -> Reply:
            asked = {name: call.query[name] for name in selectors if name in call.query}
            found = (
                document
                for document in self.documents(call).documents()
                if all(document.get(name) == value for name, value in asked.items())
            )
            return Reply([self._to_api(each) for each in found])

        return self._bound(behaviour)

    def get(self) -> Binding:
        """Answers the document that the request names."""

        def behaviour(call: Call) -> Reply:
            if self._absent is Absent.EMPTY_OBJECT and self.named(call) not in self.documents(call):
                return Reply({})
            return Reply(self._to_api(self.find(call)))

        return self._bound(behaviour)

    def create(self) -> Binding:
        """Stores a new document; a key that exists is refused."""

        def behaviour(call: Call) -> Reply:
            key = self._body_key(call)
            if key in self.documents(call):
                message = f"Invalid request: {self.noun} already exists with '{self.key}': {printable(key)}"
                raise DuplicateKey(message, field=self.key, rule="duplicate-key")
            return Reply(self._to_api(self.store(call, key, call.body)))

        return self._bound(behaviour)

    def upsert(self, *, warn_when_absent: bool = False) -> Binding:
        """Replaces the document that the body's key names, whole, or creates it.

        Args:
            warn_when_absent: whether creating leaves a warning, because the vendor documents an update only.
        """

        def behaviour(call: Call) -> Reply:
            key = self._body_key(call)
            if warn_when_absent and key not in self.documents(call):
                shown = printable(key)
                call.warn(self.key, "absent-key", f"{self.noun} '{shown}' did not exist; the update created it")
            return Reply(self._to_api(self.store(call, key, call.body)))

        return self._bound(behaviour)

    def replace(self) -> Binding:
        """Replaces the document that the body's key names, whole; a key that names nothing is not found."""

        def behaviour(call: Call) -> Reply:
            key = str(call.body.get(self.key) or "")
            if key not in self.documents(call):
                raise self._unknown(key)
            return Reply(self._to_api(self.store(call, key, call.body)))

        return self._bound(behaviour)

    def delete(self, *, answer: Prepare = _as_written) -> Binding:
        """Removes the document that the request names and answers it, as `answer` completes it."""

        def behaviour(call: Call) -> Reply:
            key = self.named(call)
            if self._absent is Absent.EMPTY_OBJECT and key not in self.documents(call):
                return Reply({})
            return Reply(self._to_api(self.remove(call, key, answer=answer)))

        return self._bound(behaviour)

    def store(self, call: Call, key: str, body: JsonObject) -> JsonObject:
        """Completes a written document, stores it under its key, and answers it as it is kept.

        Raises:
            InvalidInput: its locking status would move backward, or what `prepare` refuses.
            StrictRefusal: the account is strict, and there was something to warn of.
        """
        previous = self.documents(call).get(key)
        document = self._prepare(call, self._completed(call, key, body, previous), previous)
        if self._locking:
            warn_of_changes(call, document, previous, self.noun, self._owned | self._steering)
        self.documents(call).put(key, document)
        record(call, self.noun, key, "updated" if previous else "created", document)
        return document

    def remove(self, call: Call, key: str, *, answer: Prepare = _as_written) -> JsonObject:
        """Removes a document and answers it as it went.

        Raises:
            KeyNotFound: the key names nothing.
            InvalidInput: its locking status keeps it.
        """
        document = self.documents(call).get(key)
        if document is None:
            raise self._unknown(key)
        if self._locking:
            require_deletable(document, self.noun)
        gone = answer(call, document, document)
        self.documents(call).delete(key)
        record(call, self.noun, key, "deleted", gone)
        return gone

    def _completed(self, call: Call, key: str, body: JsonObject, previous: JsonObject | None) -> JsonObject:
        """The written document with everything that the table says of it."""
        document = {name: value for name, value in body.items() if name not in self._owned}
        document = {**copied(self._defaults), **document, self.key: key}
        for path in self._lower:
            document = with_changed(document, path, lower_case)
        if self._stamped:
            document["createTime"] = previous["createTime"] if previous else call.now_ms
            document["updateTime"] = call.now_ms
        if self._locking:
            document = with_status(document, previous)
        warn_of_strangers(call, document, self._references)
        return document

    def _body_key(self, call: Call) -> str:
        key: Any = call.body.get(self.key)
        if not key and self._mints:
            return self._unused_id(call)
        if not key:
            message = f"{self.key} must not be empty: a {self.noun} with an empty key could not be read back"
            raise InvalidInput(message, field=self.key, rule="empty-key")
        return str(key)

    def _unused_id(self, call: Call) -> str:
        """An id that no document has: callers may have chosen one that the sequence makes too."""
        while True:
            key = minted(self._mints, call.store.next_number(self.collection), length=ID_LENGTH)
            if key not in self.documents(call):
                return key

    def _unknown(self, key: str) -> KeyNotFound:
        message = f"no {self.noun} with '{self.key}': {printable(key)}"
        return KeyNotFound(message, field=self.key, rule="unknown-key")

    @staticmethod
    def _bound(behaviour: Callable[[Call], Reply]) -> Binding:
        return Binding(behaviour, Tier.RESOURCE)

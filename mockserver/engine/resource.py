"""Collections of documents with a key: the behaviours that need no meaning beyond storing and reading back."""

from collections.abc import Callable
from typing import Any

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import DuplicateKey, InvalidInput, KeyNotFound
from mockserver.engine.store import Collection, JsonObject

Convert = Callable[[JsonObject], JsonObject]
Prepare = Callable[[Call, JsonObject, JsonObject | None], JsonObject]
"""(call, the new document, the document it replaces or None) -> the document to store."""


def _unchanged(document: JsonObject) -> JsonObject:
    return document


def _as_written(_call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    return document


class Resource:
    """A family of documents in one collection.

    Args:
        collection: its name in the store.
        key: the field that identifies a document, in bodies and in paths.
        noun: what a document is called in messages (`customer`).
        prepare: completes a document before it is stored: server-made fields, defaults, warnings.
        to_api: turns a stored document into the answered one.
    """

    def __init__(
        self, collection: str, *, key: str, noun: str, prepare: Prepare = _as_written, to_api: Convert = _unchanged
    ) -> None:
        self.collection = collection
        self.key = key
        self.noun = noun
        self._prepare = prepare
        self._to_api = to_api

    def documents(self, call: Call) -> Collection:
        """The family's collection in the caller's account."""
        return call.store.collection(self.collection)

    def find(self, call: Call) -> JsonObject:
        """The document that the path names.

        Raises:
            KeyNotFound: the path key names nothing.
        """
        document = self.documents(call).get(call.path[self.key])
        if document is None:
            raise self._unknown(call)
        return document

    def list(self) -> Binding:
        """Answers all documents, oldest first."""
        return self._bound(lambda call: Reply([self._to_api(each) for each in self.documents(call).documents()]))

    def get(self) -> Binding:
        """Answers the document that the path names."""
        return self._bound(lambda call: Reply(self._to_api(self.find(call))))

    def create(self) -> Binding:
        """Stores a new document; a key that exists is refused."""

        def behaviour(call: Call) -> Reply:
            key = self._body_key(call)
            if key in self.documents(call):
                message = f"Invalid request: {self.noun} already exists with '{self.key}': {key}"
                raise DuplicateKey(message, field=self.key, rule="duplicate-key")
            return self._store(call, key, None)

        return self._bound(behaviour)

    def upsert(self, *, warn_when_absent: bool = False) -> Binding:
        """Replaces the document that the body's key names, whole, or creates it.

        Args:
            warn_when_absent: whether creating leaves a warning, because the vendor documents an update only.
        """

        def behaviour(call: Call) -> Reply:
            key = self._body_key(call)
            previous = self.documents(call).get(key)
            if previous is None and warn_when_absent:
                call.warn(self.key, "absent-key", f"{self.noun} '{key}' did not exist; the update created it")
            return self._store(call, key, previous)

        return self._bound(behaviour)

    def delete(self, *, answer: Prepare = _as_written) -> Binding:
        """Removes the document that the path names and answers it, as `answer` completes it."""

        def behaviour(call: Call) -> Reply:
            document = self.find(call)
            self.documents(call).delete(call.path[self.key])
            return Reply(self._to_api(answer(call, document, document)))

        return self._bound(behaviour)

    def _store(self, call: Call, key: str, previous: JsonObject | None) -> Reply:
        document = self._prepare(call, dict(call.body), previous)
        self.documents(call).put(key, document)
        return Reply(self._to_api(document))

    def _body_key(self, call: Call) -> str:
        key: Any = call.body[self.key]
        if not key:
            message = f"{self.key} must not be empty: a {self.noun} with an empty key could not be read back"
            raise InvalidInput(message, field=self.key, rule="empty-key")
        return str(key)

    def _unknown(self, call: Call) -> KeyNotFound:
        message = f"no {self.noun} with '{self.key}': {printable(call.path[self.key])}"
        return KeyNotFound(message, field=self.key, rule="unknown-key")

    @staticmethod
    def _bound(behaviour: Callable[[Call], Reply]) -> Binding:
        return Binding(behaviour, Tier.RESOURCE)


def printable(text: str, limit: int = 100) -> str:
    """A caller's text, safe to repeat in a message: control characters escaped, cut at `limit` characters."""
    shown = text if len(text) <= limit else text[:limit] + "…"
    return shown.encode("unicode_escape").decode("ascii") if not shown.isprintable() else shown

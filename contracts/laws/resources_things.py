"""Things that a trial makes, and what it asks about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from contracts.checks.asking import Reply
from contracts.checks.lifecycles import DEPRECATED, LOCKED, LOCKING, Handle, as_text
from contracts.checks.samples import Sample, sample, schema_properties
from contracts.laws.law import Unclear
from contracts.laws.resources_bodies import Bodies
from contracts.laws.resources_kinds import Kind
from contracts.laws.trial import Trial
from specs.catalog import Document, Operation

WORDS = "First, with crème brûlée & 漢字"
"""What fields for people's words hold: not all of it is ASCII, and some of it suffers when it is escaped twice."""

_BAD_REQUEST = 400
_EMPTY: tuple[Any, ...] = ({}, [], None)


@dataclass(frozen=True)
class Thing:
    """Something that a trial made.

    Args:
        key: Its key.
        asked: What it was asked to be.
        fields: What is known of it: what it was asked to be, and what it was answered to be.
        answered: The answer to its creation, when that is an object.
    """

    key: str
    asked: Mapping[str, Any]
    fields: Mapping[str, Any]
    answered: Mapping[str, Any]


@lru_cache(maxsize=256)
def bodies(document: Document, kind: Kind) -> Bodies:
    """The bodies of a kind, which take a while to work out."""
    return Bodies(document, kind)


class Things:
    """The things of one kind in one trial.

    Args:
        trial: Which.
        kind: Of which kind, when it is not what the trial is about.
    """

    def __init__(self, trial: Trial, kind: Kind | None = None) -> None:
        self.kind: Kind = kind or trial.subject.about
        self.bodies = bodies(trial.document, self.kind)
        self._trial = trial

    @property
    def remote(self) -> bool:
        """Whether the target is somebody's, so that as little as possible is made."""
        return not self._trial.asker.gate.target.loopback

    def key(self, word: str) -> str:
        """A key of the trial; those of another kind are others."""
        return self._trial.key(f"{self.kind.number}{word}")

    @property
    def owner(self) -> str:
        """Whose all things of the trial are, where they are somebody's."""
        return self.key("o")

    @property
    def examples(self) -> int:
        """How many examples the document has of a creation."""
        return self.bodies.examples

    def plain(self, word: str) -> dict[str, Any]:
        """A body as in the document's example, under names of its own."""
        return self.bodies.example(self.key(word), self.owner)

    def full(self, word: str, words: str = WORDS, number: int = 0) -> dict[str, Any]:
        """A body that says more than an example of the document does."""
        return self.bodies.full(self.key(word), self.owner, words, number)

    def ask(self, operation: Operation, body: Mapping[str, Any]) -> Reply:
        """The answer to a request with this body, whatever its status; nothing else of it has to be said.

        Raises:
            Unclear: There was no answer, or it may not be sent.
        """
        return self._sent(operation, self._request(operation, body))

    def _request(self, operation: Operation, body: Mapping[str, Any]) -> Sample:
        """A request with this body; elsewhere with keys of the run's own in the place of others."""
        made = sample(self._trial.document, operation) or Sample({}, {}, {}, None)
        return self._trial.asker.owned(operation, replace(made, body=dict(body)))

    def _sent(self, operation: Operation, request: Sample) -> Reply:
        return self._trial.talk.ask(
            operation.operation_id, request.body, path=request.path, query=request.query, headers=request.headers
        )

    def make(self, body: Mapping[str, Any]) -> Thing:
        """Creates a thing.

        Raises:
            Unclear: It was not created, or its answer does not say its key.
        """
        request = self._request(self.kind.create, body)
        answer = good(self._sent(self.kind.create, request)).json()
        answered = answer if isinstance(answer, dict) else {}
        asked: Mapping[str, Any] = request.body
        # Where the client chooses, the key is what it chose, whatever a target makes of it in its answer.
        named = self.kind.chosen and self.kind.key in asked
        fields = {**asked, **answered, **({self.kind.key: asked[self.kind.key]} if named else {})}
        key = fields.get(self.kind.key)
        if not isinstance(key, str | int) or not as_text(key):
            raise Unclear(f"{self.kind.create.operation_id} did not answer with {self.kind.key}")
        return Thing(as_text(key), asked, fields, answered)

    def about(self, handle: Handle, thing: Thing, key: str = "") -> Reply:
        """Asks an operation about a thing, or about one that differs by its key alone."""
        fields = {**thing.fields, self.kind.key: key} if key else thing.fields
        request = handle.request(self._trial.document, fields)
        return self._sent(handle.operation, self._trial.asker.owned(handle.operation, request))

    def listed(self, thing: Thing) -> list[Mapping[str, Any]]:
        """What the list of a thing's kind holds.

        Raises:
            Unclear: There was no list.
        """
        if self.kind.listing is None:
            raise LookupError(f"nothing lists what {self.kind.create.operation_id} makes")
        found = good(self.about(self.kind.listing, thing)).json()
        if not isinstance(found, list):
            raise Unclear("the list is none; response_schema_conformance looks at its form")
        return [each for each in found if isinstance(each, dict)]

    def times_listed(self, thing: Thing) -> int:
        """How often the list of its kind holds a thing."""
        return sum(as_text(each.get(self.kind.key)) == thing.key for each in self.listed(thing))

    def seen(self, thing: Thing, reply: Reply | None = None) -> Mapping[str, Any]:
        """A thing as it is read, or as it stands in the list where that alone shows it.

        Args:
            thing: Which.
            reply: The answer to its reading, when it was read already.

        Raises:
            Unclear: It is not there, which other checks tell.
        """
        if self.kind.read is None:
            found = [each for each in self.listed(thing) if as_text(each.get(self.kind.key)) == thing.key]
            shown: Any = found[0] if found else None
        else:
            shown = good(reply or self.about(self.kind.read, thing)).json()
        if not isinstance(shown, dict) or not shown:
            raise Unclear(f"the {self.kind.noun} that was made is not there, which other checks tell")
        return shown

    def replace(self, thing: Thing, body: Mapping[str, Any]) -> Reply:
        """Replaces a thing.

        Raises:
            Unclear: It was not replaced.
        """
        if self.kind.replace is None:
            raise LookupError(f"nothing replaces what {self.kind.create.operation_id} makes")
        return good(self.ask(self.kind.replace, {**body, self.kind.key: thing.fields[self.kind.key]}))

    def remove(self, thing: Thing) -> Reply:
        """Deletes a thing, and deprecates it before where it has to be.

        Raises:
            Unclear: It was not deleted.
        """
        delete, deprecate = self.kind.delete, self.kind.deprecate
        if delete is None:
            raise LookupError(f"nothing deletes what {self.kind.create.operation_id} makes")
        done = self.about(delete, thing)
        if done.status == _BAD_REQUEST and LOCKED in delete.operation.refuses and deprecate is not None:
            good(self.ask(deprecate, {**thing.asked, self.kind.key: thing.fields[self.kind.key], LOCKING: DEPRECATED}))
            done = self.about(delete, thing)
        return good(done)

    @property
    def may_name_key(self) -> bool:
        """Whether a body of creation has a place for the key, whoever chooses it."""
        return self.kind.key in dict(schema_properties(self._trial.document, self.kind.create))


def good(reply: Reply) -> Reply:
    """An answer of success.

    Raises:
        Unclear: It is none; why is for other checks to judge.
    """
    if not reply.success:
        raise Unclear(f"{reply.exchange.operation_id} answered {reply.status}, which says nothing of it")
    return reply


def is_empty(reply: Reply) -> bool:
    """Whether an answer of success shows nothing."""
    return reply.success and (not reply.body.strip() or reply.json() in _EMPTY)

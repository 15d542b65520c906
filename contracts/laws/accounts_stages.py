"""What a trial of a law of accounts has made, and whether it still is as it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from contracts.checks.asking import Reply
from contracts.checks.fresh import fresh
from contracts.checks.lifecycles import Handle, as_text
from contracts.checks.samples import Sample, sample, samples
from contracts.laws.accounts_kinds import Kind, Step
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import DAY, HOUR, Event, Question, live_query, published_query
from contracts.laws.resources_things import bodies
from contracts.laws.talk import Talk
from contracts.laws.trial import Trial
from contracts.model import Result
from contracts.policy import is_read
from specs.catalog import Operation

USAGE = "queryUsage"
INGEST = "ingestMeterEvents"
EVENTS = "listUsageEvents"
MORE_USAGE = frozenset({"queryUsageSparse", "queryUsageBatch", "queryUsageSparseBatch", EVENTS})

_NOT_FOUND = frozenset({404, 410})
_OWN, _REFUSED = 3, 5
"""The value of the event that is sent, and of those that are refused."""


class Stage(Protocol):
    """Something that is there, made by the trial."""

    @property
    def reads(self) -> tuple[Step, ...]:
        """The requests that show it."""

    def settle(self) -> None:
        """Waits until it shows.

        Raises:
            Unclear: It does not.
        """

    def writes(self, word: str) -> tuple[Step, ...]:
        """The requests that would make another one under this word, change this one, and remove it; in this order."""

    def shows_anything(self, talk: Talk) -> bool:
        """Whether what nobody has made is shown as well, so that being shown says nothing."""

    def judge(self, words: Sequence[str]) -> None:
        """Looks whether everything is as it was made.

        Args:
            words: Those of the writes that were refused.

        Raises:
            Broken: A write has changed something.
            Unclear: That cannot be seen.
        """


class Thing:
    """One thing of a kind.

    Args:
        trial: Of which it is.
        kind: What it is.

    Raises:
        Unclear: It could not be made, or not be read.
    """

    def __init__(self, trial: Trial, kind: Kind) -> None:
        self._trial, self._kind = trial, kind
        asked = self._asked("a")
        answer = trial.talk.want(asked.operation_id, asked.request.body, query=asked.request.query).json()
        self._fields: Mapping[str, Any] = {**asked.request.body, **(answer if isinstance(answer, dict) else {})}
        self._before: Reply | None = None

    @property
    def reads(self) -> tuple[Step, ...]:
        """The reading of the thing, and the list that it is in."""
        lists = self._kind.lists
        listed = () if lists is None else (self._about(lists, (*self._texts("a"), self._key)),)
        return (self._read(), *listed)

    def settle(self) -> None:
        """Reads it."""
        before = self._read().ask(self._trial.talk)
        if not before.success or not self._read().shows(before):
            raise Unclear("what was made cannot be read")
        self._before = before

    def writes(self, word: str) -> tuple[Step, ...]:
        """Another thing; another text in this one; and its end."""
        kind, found = self._kind, [self._asked(word)]
        if kind.replaces is not None:
            found.append(Step(kind.replaces.operation_id, self._replaced(word)))
        if kind.lifecycle.delete is not None:
            found.append(self._about(kind.lifecycle.delete))
        return tuple(found)

    def judge(self, words: Sequence[str]) -> None:
        """Reads it, and looks for what the refused requests asked to be made."""
        after, lifecycle, replaces = self._read().ask(self._trial.talk), self._kind.lifecycle, self._kind.replaces
        if not after.success and after.status not in _NOT_FOUND:
            raise Unclear(f"{self._read().operation_id} answered {after.status}, which says nothing of it")
        news = [text for word in words for text in self._texts(f"{word}new")]
        if replaces is not None and any(text.encode() in after.body for text in news):
            raise self._broken(f"{self._kind.text} is another one", replaces, after)
        if not after.success or not self._read().shows(after):
            guilty = lifecycle.delete.operation if lifecycle.delete is not None else replaces or lifecycle.create
            raise self._broken("what was there before is there no more", guilty, after)
        for word in words:
            reply = self._shown(word, self._trial.talk)
            if reply is not None and not self.shows_anything(self._trial.talk):
                raise self._broken("what it asked to be made is there", lifecycle.create, reply)

    def shows_anything(self, talk: Talk) -> bool:
        """Asks for a thing that nobody has asked to be made."""
        return self._shown("z", talk) is not None

    def _shown(self, word: str, talk: Talk) -> Reply | None:
        """The answer that shows another thing; None when it is not shown."""
        look = self._other(word)
        reply = look.ask(talk) if look is not None else None
        return reply if look is not None and reply is not None and reply.success and look.shows(reply) else None

    def _broken(self, got: str, operation: Operation, after: Reply) -> Broken:
        shown = (after,) if self._before is None else (self._before, after)
        name = operation.operation_id
        return Broken(
            f"that {name}, which was refused or another account's, does nothing", got, *shown, operation_id=name
        )

    def _other(self, word: str) -> Step | None:
        """What would show another thing; None when the target chooses the keys and nothing lists them."""
        lifecycle, lists, document = self._kind.lifecycle, self._kind.lists, self._trial.document
        if lifecycle.chosen:
            key = self._trial.key(word)
            request = lifecycle.read.request(document, {**self._fields, lifecycle.key: key})
            return Step(lifecycle.read.operation.operation_id, request, (key,))
        return self._about(lists, self._texts(word)) if lists is not None else None

    @property
    def _key(self) -> str:
        return as_text(self._fields[self._kind.lifecycle.key])

    def _read(self) -> Step:
        return self._about(self._kind.lifecycle.read, self._texts("a") or (self._key,))

    def _texts(self, word: str) -> tuple[str, ...]:
        return tuple(self._said(word).values())

    def _said(self, word: str) -> dict[str, str]:
        """The free text that goes with a word, in its field; nothing when the kind has no such field."""
        return {self._kind.text: self._trial.key(f"{word}-text")} if self._kind.text else {}

    def _about(self, handle: Handle, hidden: tuple[str, ...] = ()) -> Step:
        return Step(handle.operation.operation_id, handle.request(self._trial.document, self._fields), hidden)

    def _asked(self, word: str) -> Step:
        """The request that makes one, from the document's example."""
        trial, lifecycle = self._trial, self._kind.lifecycle
        example = bodies(trial.document, self._kind.made).example(trial.key(word), trial.key("o"))
        key = {lifecycle.key: trial.key(word)} if lifecycle.chosen else {}
        request = sample(trial.document, lifecycle.create) or Sample({}, {}, {}, None)
        asked = replace(request, body={**example, **key, **self._said(word)})
        return Step(lifecycle.create.operation_id, trial.asker.owned(lifecycle.create, asked))

    def _replaced(self, word: str) -> Sample:
        key, asked = self._kind.lifecycle.key, self._asked("a").request
        return replace(asked, body={**asked.body, **self._said(f"{word}new"), key: self._fields[key]})


class Metered:
    """A meter, a customer, and one event of 3.

    Args:
        trial: Of which they are.

    Raises:
        Unclear: They could not be made.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._meter, self._customer = trial.key("m"), trial.key("c")
        trial.metering.define(self._meter)
        trial.metering.register(self._customer)
        trial.metering.send(self._event("u", _OWN))

    @property
    def reads(self) -> tuple[Step, ...]:
        """Usage by customer in every form that the document has, and the events."""
        trial, question = self._trial, replace(self._question, group_by=("customerId",))
        query = published_query(question) if trial.metering.published else live_query(question)
        asked = {USAGE: query, "queryUsageSparse": query, "queryUsageBatch": [query], "queryUsageSparseBatch": [query]}
        requests = {name: Sample({}, {}, {}, body) for name, body in asked.items()}
        requests[EVENTS] = Sample({}, {"meterApiName": self._meter}, {}, None)
        return tuple(Step(name, each, (self._customer,)) for name, each in requests.items() if trial.talk.knows(name))

    def settle(self) -> None:
        """Waits until the event counts."""

        def look() -> None:
            if self._total() < _OWN:
                raise Broken("that the event counts", "it does not")

        try:
            self._trial.hold(look)
        except Broken:
            raise Unclear("the usage of what was sent is not there") from None

    def shows_anything(self, talk: Talk) -> bool:  # noqa: ARG002 - usage is of somebody
        """No usage is made up."""
        return False

    def writes(self, word: str) -> tuple[Step, ...]:
        """One more event."""
        return (Step(INGEST, Sample({}, {}, {}, [self._event(word, _REFUSED).as_json()])),)

    def judge(self, words: Sequence[str]) -> None:
        """Asks for the usage."""
        self.settle()
        total = self._total()
        if total > _OWN:
            wanted = f"that the usage of one event of {_OWN}, and {len(words)} more that were refused, is {_OWN}"
            raise Broken(wanted, f"it is {total:g}", self._trial.talk.last, operation_id=INGEST)

    def _total(self) -> float:
        return self._trial.metering.total(self._question)

    def _event(self, word: str, value: float) -> Event:
        return Event(self._meter, self._customer, self._trial.day + 10 * HOUR, value, self._trial.key(word))

    @property
    def _question(self) -> Question:
        return Question(self._meter, self._trial.day, self._trial.day + DAY)


class Lone:
    """An operation alone: nothing is made for it.

    Args:
        trial: That asks it.
        operation: Which.
    """

    def __init__(self, trial: Trial, operation: Operation) -> None:
        request = next(fresh(trial.document, operation, trial.key("a")), None)
        request = request or next(samples(trial.document, operation))
        self._steps = (Step(operation.operation_id, trial.asker.owned(operation, request)),)
        self._only_reads = is_read(operation)

    @property
    def reads(self) -> tuple[Step, ...]:
        """The operation, when it only reads."""
        return self._steps if self._only_reads else ()

    def settle(self) -> None:
        """Nothing is waited for."""

    def shows_anything(self, talk: Talk) -> bool:  # noqa: ARG002 - as below
        """Nothing is known of what it shows."""
        return True

    def writes(self, word: str) -> tuple[Step, ...]:  # noqa: ARG002 - one request is like another
        """The operation, when it writes."""
        return () if self._only_reads else self._steps

    def judge(self, words: Sequence[str]) -> None:  # noqa: ARG002 - nothing shows what it changes
        """Nothing shows what it changes."""
        raise Unclear("nothing shows what it changes", Result.UNTESTED)

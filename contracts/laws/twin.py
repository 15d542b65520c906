"""Creates, replaces, deletes, reads and lists the things of one kind, at a target and in the reference."""

from typing import Any

from contracts.checks.asking import Reply
from contracts.laws.comparing import same_document
from contracts.laws.law import Broken, Unclear
from contracts.laws.reference import Shelf
from contracts.laws.things import Handling, Thing, Words
from contracts.laws.trial import Trial

_NOT_FOUND = 404
_CLIENT_ERRORS = range(400, 500)
_NAMED: Words = {"name": "Ada"}


class Twin:
    """The things of one kind, named by numbers, and made when they are needed: no sequence holds a call without need.

    Whatever is done makes its calls and compares the answers.

    Args:
        thing: The kind.
        shelf: What there should be of it.
        trial: Whose keys and talk are used.
    """

    def __init__(self, thing: Thing, shelf: Shelf, trial: Trial) -> None:
        self.thing = thing
        self._shelf = shelf
        self._trial = trial
        self._talk = trial.talk
        self._ages: dict[int, int] = {}
        self._addresses: dict[str, str] = {}

    def handle(self, what: Handling, number: int, words: Words) -> None:
        """Does something with a thing, unless the document cannot."""
        if not all(map(self._talk.knows, (self.thing.creates, self.thing.operation(what)))):
            return
        match what:
            case Handling.CREATE:
                self._create(number, words)
            case Handling.REPLACE:
                self._replace(number, words)
            case Handling.READ:
                self._read(number)
            case Handling.LIST:
                self._list()
            case Handling.DELETE:
                self._delete(number)

    def key(self, number: int) -> str:
        """The latest key of a number: what is made after a deletion has another one."""
        age = self._ages.get(number, 0)
        return self._trial.key(f"{self.thing.noun[0]}{number}{f'-{age}' if age else ''}")

    def needed(self, number: int) -> str:
        """The key of a thing that is there, made if it was not; what the document cannot make is only named."""
        key = self._fresh(number)
        if key not in self._shelf.living and self._talk.knows(self.thing.creates):
            self._write(self.thing.body(key, number, _NAMED))
        return key

    def tidy(self) -> None:
        """Deletes the things of the sequence as far as that is possible, so that lists stay short."""
        if self._talk.knows(self.thing.deletes):
            for key in self._shelf.living:
                if self.thing.retired:
                    self._talk.ask(self.thing.replaces, self._retired(key))
                self._talk.ask(self.thing.deletes, path=self._path(key))

    def _create(self, number: int, words: Words) -> None:
        """Creates a thing; when there is one already, that has to be refused, where the document says so."""
        thing, key = self.thing, self._fresh(number)
        body = thing.body(key, number, words)
        if key not in self._shelf.living:
            self._write(body)
        elif "duplicate-key" in self._trial.asker.operations[thing.creates].refuses:
            reply = self._talk.ask(thing.creates, body)
            if reply.success:
                wanted = f"that creating the {thing.noun} {key} again is refused, since it is there already"
                raise Broken(wanted, f"it is answered with {reply.status}", reply, operation_id=thing.creates)
            _require(reply, thing.creates, *_CLIENT_ERRORS)

    def _replace(self, number: int, words: Words) -> None:
        """Replaces a thing by another one of its key."""
        key = self.needed(number)
        body = self.thing.body(key, number, words)
        reply = self._talk.want(self.thing.replaces, {**self._address(key), **body})
        self._shelf.write(key, body)
        same_document(self.thing, body, reply.json(), reply, self.thing.replaces)

    def _delete(self, number: int) -> None:
        """Deletes a thing."""
        key = self.needed(number)
        if self.thing.retired:
            self._talk.want(self.thing.replaces, self._retired(key))
        self._talk.want(self.thing.deletes, path=self._path(key))
        self._shelf.delete(key)

    def _read(self, number: int) -> None:
        """Reads a thing that is there, that was deleted, or that never was."""
        thing, key = self.thing, self.key(number)
        reply = self._talk.ask(thing.reads, path=self._path(key))
        written = self._shelf.living.get(key)
        _require(reply, thing.reads, *(_CLIENT_ERRORS if written is None else (_NOT_FOUND,)))
        there = reply.success and bool(reply.json())
        if written is not None and there:
            same_document(thing, written, reply.json(), reply, thing.reads)
        elif there or written is not None:
            past = "was deleted" if key in self._shelf.gone else "was never made"
            wanted = f"no {thing.noun} {key} is found: it {past}" if there else f"the {thing.noun} {key} is found"
            got = f"it is answered with {reply.status}{'' if there or not reply.success else ' and nothing'}"
            raise Broken(f"that {wanted}", got, reply, operation_id=thing.reads)

    def _list(self) -> None:
        """Lists things: each of the sequence's own that is there stands once, and none that was deleted."""
        thing, shelf = self.thing, self._shelf
        reply = self._talk.want(thing.lists)
        rows = rows_of(reply, thing.lists)
        for key in (*shelf.living, *sorted(shelf.gone)):
            found = [row for row in rows if row.get(thing.key) == key]
            if len(found) != (key in shelf.living):
                times = "once" if key in shelf.living else "not at all, since it was deleted"
                expected = f"that the list has the {thing.noun} {key} {times}"
                raise Broken(expected, f"it has it {len(found)} times", reply, operation_id=thing.lists)
            for row in found:
                same_document(thing, shelf.living[key], row, reply, thing.lists)

    def _fresh(self, number: int) -> str:
        if self.key(number) in self._shelf.gone:
            self._ages[number] = self._ages.get(number, 0) + 1
        return self.key(number)

    def _write(self, body: dict[str, Any]) -> None:
        thing, key = self.thing, body[self.thing.key]
        reply = self._talk.want(thing.creates, body)
        document = reply.json()
        if thing.address != thing.key:
            if not isinstance(document, dict) or not isinstance(document.get(thing.address), str):
                raise Unclear(f"{thing.creates} answered no {thing.address}, by which the {thing.noun} could be read")
            self._addresses[key] = document[thing.address]
        self._shelf.write(key, body)
        same_document(thing, body, document, reply, thing.creates)

    def _path(self, key: str) -> dict[str, str]:
        return {self.thing.address: self._addresses.get(key, key)}

    def _address(self, key: str) -> dict[str, str]:
        """What a body has to hold beside what is written, so that the target knows which thing is meant."""
        return self._path(key) if self.thing.address != self.thing.key else {}

    def _retired(self, key: str) -> dict[str, Any]:
        return {**self._shelf.living[key], **self._address(key), **self.thing.retired}


def rows_of(reply: Reply, operation_id: str) -> list[dict[str, Any]]:
    """The objects of a list.

    Raises:
        Unclear: It is none.
    """
    rows = reply.json()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unclear(f"{operation_id} answered no list of objects; response_schema_conformance looks at its form")
    return rows


def _require(reply: Reply, operation_id: str, *also: int) -> None:
    """An answer of another status says nothing."""
    if not reply.success and reply.status not in also:
        raise Unclear(f"{operation_id} answered {reply.status}, which says nothing of it")

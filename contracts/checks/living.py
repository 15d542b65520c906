"""The life of one thing: it is created, read, hidden from others, deleted, and gone.

The same steps tell whether valid data is accepted where a document lets an operation refuse by rule: the key of this
thing is new, so that no rule is in the way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.checks.asking import Asker, NoReply, Reply, Said
from contracts.checks.credentials import REFUSALS, judged, key_required, ways
from contracts.checks.fresh import fresh
from contracts.checks.lifecycles import DEPRECATED, LOCKED, LOCKING, Handle, Lifecycle, as_text
from contracts.checks.samples import sample
from contracts.model import Result
from specs.catalog import Operation

READABLE = "ensure_resource_availability"
GONE = "use_after_free"
ACCEPTED = "positive_data_acceptance"
UNCHANGED = "refused_key_changes_nothing"
ISOLATED = "account_isolation"
_NOT_FOUND = frozenset({404, 410})
_BAD_REQUEST = 400
_NEVER_MADE = "what was never made is read as well"
_HIDDEN = frozenset({401, 403, 404, 410})

Thing = Mapping[str, Any]
"""What is known of a thing: what it was asked to be, and what it was answered to be."""


@dataclass
class Life:
    """One thing, and the requests about it.

    Args:
        asker: Does the asking.
        lifecycle: What kind of thing it is.
        key: Its key, which nothing else has; the target's own where that is who chooses.
    """

    asker: Asker
    lifecycle: Lifecycle
    key: str
    _thing: Thing = field(default_factory=dict)

    def steps(self) -> Iterator[Said]:
        """Goes through the life; nobody can repeat a command with a key that the target chose."""
        for said in self._steps():
            repeatable = self.lifecycle.chosen or self.key not in said.curl
            yield said if repeatable else replace(said, curl="")

    def _steps(self) -> Iterator[Said]:
        asked = self._asked(self.key)
        created = self._create(asked)
        yield from self._accepted(created)
        if not isinstance(created, Reply) or not created.success:
            yield from self._not_begun(created)
            return
        self._remember(asked, created)
        readable = self._readable(created)
        yield readable
        if readable.result is not Result.CONFORM:
            yield from self._not_begun(created, "what was created could not be read", known=READABLE)
            return
        yield from self._hidden(created)
        yield from self._without_key(created)
        yield from self._deleted(created)

    def _asked(self, key: str) -> dict[str, Any]:
        """The body that asks for a thing: the document's example, under this key where the client chooses it."""
        create, field = self.lifecycle.create, self.lifecycle.key if self.lifecycle.chosen else ""
        request = next(fresh(self.asker.document, create, key, field), None)
        if request is None:
            raise TypeError(f"{create.operation_id} has no example that is an object")
        owned: dict[str, Any] = self.asker.owned(create, request).body
        return owned

    def _create(self, body: Thing, auth: str = "own") -> Reply | NoReply:
        return self._ask(self.lifecycle.create, body, auth)

    def _ask(self, operation: Operation, body: Thing, auth: str = "own") -> Reply | NoReply:
        made = sample(self.asker.document, operation)
        if made is None:
            raise TypeError(f"{operation.operation_id} takes no JSON")
        return self.asker.ask(operation, replace(made, body=dict(body)), auth=auth)

    def _remember(self, asked: Thing, created: Reply) -> None:
        answer = created.json()
        self._thing = {**asked, **(answer if isinstance(answer, dict) else {})}
        self.key = as_text(self._thing.get(self.lifecycle.key, self.key))

    def _about(self, handle: Handle, auth: str = "own", *, key: str = "") -> Reply | NoReply:
        """Asks an operation about the thing, or about another one that differs by its key alone."""
        thing = {**self._thing, self.lifecycle.key: key} if key else self._thing
        return self.asker.ask(handle.operation, handle.request(self.asker.document, thing), auth=auth)

    def _accepted(self, created: Reply | NoReply) -> Iterator[Said]:
        name = self.lifecycle.create.operation_id
        if isinstance(created, Reply) and created.success:
            yield Said(ACCEPTED, name, Result.CONFORM)
        elif isinstance(created, Reply) and created.status == _BAD_REQUEST:
            wanted = "that the document's example is accepted under a new key"
            yield _differs(ACCEPTED, name, [created], wanted, "the document's example is refused")

    def _not_begun(self, created: Reply | NoReply, why: str = "", *, known: str = "") -> Iterator[Said]:
        """Without a thing there is nothing to look at."""
        lifecycle = self.lifecycle
        create, read = lifecycle.create, lifecycle.read.operation
        delete = lifecycle.delete.operation if lifecycle.delete else None
        if isinstance(created, NoReply):
            result, reason = created.result, created.reason
        else:
            result, reason = Result.UNTESTED, why or f"{create.operation_id} answered {created.status}"
        about = [(READABLE, create), (ISOLATED, read), (GONE, delete), (UNCHANGED, delete)]
        about += [(UNCHANGED, create)] if lifecycle.chosen else []
        for check, operation in about:
            if operation is not None and check != known:
                yield Said(check, operation.operation_id, result, reason)
        for operation in (create, read, delete):
            if operation is not None:
                yield from key_required(self.asker, operation)

    def _readable(self, created: Reply) -> Said:
        name, found = self.lifecycle.create.operation_id, self._about(self.lifecycle.read)
        if _is_there(found):
            return Said(READABLE, name, Result.CONFORM)
        if isinstance(found, Reply) and (found.success or found.status in _NOT_FOUND):
            wanted = "that what was created can be read"
            return _differs(READABLE, name, [created, found], wanted, "it is not found")
        return _unsaid(READABLE, name, found)

    def _hidden(self, created: Reply) -> Iterator[Said]:
        """Another account must not see it."""
        name = self.lifecycle.read.operation.operation_id
        if not self.asker.has_other:
            yield Said(ISOLATED, name, Result.NOT_REACHABLE, "there is no key of a second account")
            return
        found = self._about(self.lifecycle.read, "other")
        if isinstance(found, Reply) and found.success and self.key.encode() in found.body:
            if self._reads_anything():
                yield Said(ISOLATED, name, Result.INCONCLUSIVE, _NEVER_MADE)
                return
            wanted = "404, 401 or 403 for another account"
            yield _differs(ISOLATED, name, [created, found], wanted, "another account reads it")
        elif isinstance(found, Reply) and (found.success or found.status in _HIDDEN):
            yield Said(ISOLATED, name, Result.CONFORM)
        else:
            yield _unsaid(ISOLATED, name, found)

    def _without_key(self, created: Reply) -> Iterator[Said]:
        """Requests without a good key are refused, and leave everything as it was."""
        read, delete = self.lifecycle.read, self.lifecycle.delete
        for auth in ways(read.operation):
            yield _keyless(read.operation, created, self._about(read, auth), auth)
        if delete is not None:
            refused = self._about(delete, "wrong")
            yield _keyless(delete.operation, created, refused, "wrong")
            yield _unchanged(delete.operation, [created], refused, self._about(read), was_there=True)
        for auth in ways(self.lifecycle.create):
            yield from self._not_created(auth)

    def _not_created(self, auth: str) -> Iterator[Said]:
        """What is asked for without a good key is not there afterwards; unknown where the target chooses its key."""
        create, aside = self.lifecycle.create, f"{self.key}-{auth}"
        if not self.lifecycle.chosen:
            yield _keyless(create, None, self._create(self._asked(f"{self.key}-{auth}"), auth), auth)
            return
        # For whoever repeats it: so that it is new once more.
        cleared = self._about(self.lifecycle.delete, auth, key=aside) if self.lifecycle.delete is not None else None
        refused = self._create(self._asked(aside), auth)
        yield _keyless(create, cleared, refused, auth)
        after = self._about(self.lifecycle.read, key=aside)
        if _is_there(after, aside) and self._reads_anything():
            yield Said(UNCHANGED, create.operation_id, Result.INCONCLUSIVE, _NEVER_MADE)
            return
        yield _unchanged(create, [], refused, after, was_there=False, key=aside)

    def _reads_anything(self) -> bool:
        """Whether what nobody ever made is read as well, so that reading something says nothing of it."""
        never = f"{self.key}-never-made"
        return _is_there(self._about(self.lifecycle.read, key=never), never)

    def _deleted(self, created: Reply) -> Iterator[Said]:
        if self.lifecycle.delete is None:
            return
        name = self.lifecycle.delete.operation.operation_id
        commands: list[Reply] = [created]
        done = self._about(self.lifecycle.delete)
        if _is_locked(done, self.lifecycle.delete):
            deprecated = self._deprecate()
            commands += [deprecated] if isinstance(deprecated, Reply) else []
            done = self._about(self.lifecycle.delete)
        if _is_locked(done, self.lifecycle.delete):
            yield Said(GONE, name, Result.UNTESTED, "its document lets it refuse, and nothing shows how it would not")
            return
        if not isinstance(done, Reply) or not done.success:
            yield _unsaid(GONE, name, done)
            return
        yield Said(ACCEPTED, name, Result.CONFORM)
        found = self._about(self.lifecycle.read)
        if isinstance(found, Reply) and _is_there(found):
            wanted = "404, or an empty answer, for what was deleted"
            yield _differs(GONE, name, [*commands, done, found], wanted, "it is still there")
        elif isinstance(found, Reply) and (found.success or found.status in _NOT_FOUND):
            yield Said(GONE, name, Result.CONFORM)
        else:
            yield _unsaid(GONE, name, found)

    def _deprecate(self) -> Reply | NoReply | None:
        """Makes the thing one that may be deleted."""
        operation = self.lifecycle.deprecate
        if operation is None:
            return None
        return self._ask(operation, {**self._asked(self.key), self.lifecycle.key: self.key, LOCKING: DEPRECATED})


def _is_there(reply: Reply | NoReply, key: str = "") -> bool:
    """Whether an answer shows a thing: some platforms answer for what is not there with an empty object or list.

    Args:
        reply: The answer.
        key: The thing's; a list has to hold it when it is given.
    """
    if not isinstance(reply, Reply) or not reply.success or not reply.body:
        return False
    found = reply.json()
    if key and isinstance(found, list):
        return any(isinstance(each, dict) and key in each.values() for each in found)
    return found not in ({}, [])


def _is_locked(reply: Reply | NoReply, delete: Handle) -> bool:
    refused = isinstance(reply, Reply) and reply.status == _BAD_REQUEST
    return refused and LOCKED in delete.operation.refuses


def _keyless(operation: Operation, before: Reply | NoReply | None, reply: Reply | NoReply, auth: str) -> Said:
    """What a request without a good key says; the command of the one before it goes with its own."""
    said = judged(operation, reply, auth)
    told = isinstance(before, Reply) and before.curl and said.curl
    return replace(said, curl=f"{before.curl}\n{said.curl}") if isinstance(before, Reply) and told else said


def _unchanged(  # noqa: PLR0913 - before, the request, and after
    operation: Operation,
    before: list[Reply],
    refused: Reply | NoReply,
    after: Reply | NoReply,
    *,
    was_there: bool,
    key: str = "",
) -> Said:
    """Whether a request with a wrong key changed anything, by what is there after it; a list has to hold the key."""
    name = operation.operation_id
    if isinstance(refused, NoReply):
        return _unsaid(UNCHANGED, name, refused)
    if refused.success:
        # It was let in, which is another check's difference; that it then worked is the same cause.
        return Said(UNCHANGED, name, Result.INCONCLUSIVE, "the wrong key was accepted")
    if refused.status not in REFUSALS:
        return _unsaid(UNCHANGED, name, refused)
    if not isinstance(after, Reply) or not (after.success or after.status in _NOT_FOUND):
        return _unsaid(UNCHANGED, name, after)
    if _is_there(after, key) == was_there:
        return Said(UNCHANGED, name, Result.CONFORM)
    got = f"answered {refused.status}, and yet it was {'deleted' if was_there else 'created'}; reading it"
    return _differs(UNCHANGED, name, [*before, refused, after], "that a wrong key changes nothing", got)


def _differs(check: str, name: str, replies: list[Reply], expected: str, got: str) -> Said:
    """A difference that the last of some replies shows."""
    commands, last = [reply.curl for reply in replies], replies[-1]
    return Said(
        check,
        name,
        Result.DIFFERS,
        expected=expected,
        got=f"{got}: {last.status}",
        status=last.status,
        exchange=last.exchange,
        curl="\n".join(commands) if all(commands) else "",
    )


def _unsaid(check: str, name: str, reply: Reply | NoReply) -> Said:
    if isinstance(reply, NoReply):
        return Said(check, name, reply.result, reply.reason)
    return Said(check, name, Result.INCONCLUSIVE, f"answered {reply.status}, which says nothing of it")

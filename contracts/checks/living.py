"""The life of one thing: it is created, read, hidden from others, deleted, and gone.

The same steps tell whether valid data is accepted where a document lets an operation refuse by rule: the key of this
thing is new, so that no rule is in the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from contracts.checks.asking import Asker, NoReply, Reply, Said
from contracts.checks.credentials import REFUSALS, judged, key_required
from contracts.checks.lifecycles import Lifecycle
from contracts.checks.samples import Sample, sample
from contracts.model import Result
from specs.catalog import Operation

READABLE = "ensure_resource_availability"
GONE = "use_after_free"
ACCEPTED = "positive_data_acceptance"
UNCHANGED = "refused_key_changes_nothing"
ISOLATED = "account_isolation"
_NOT_FOUND = frozenset({404, 410})
_BAD_REQUEST = 400
_HIDDEN = frozenset({401, 403, 404, 410})


@dataclass(frozen=True)
class Life:
    """One thing, and the requests about it.

    Args:
        asker: Does the asking.
        lifecycle: What kind of thing it is.
        key: Its key, which nothing else has.
    """

    asker: Asker
    lifecycle: Lifecycle
    key: str

    def steps(self) -> Iterator[Said]:
        """Goes through the life."""
        created = self._create(self.key)
        yield from self._accepted(created)
        if not isinstance(created, Reply) or not created.success:
            yield from self._not_begun(created)
            return
        readable = self._readable(created)
        yield readable
        if readable.result is not Result.CONFORM:
            yield from self._not_begun(created, "what was created could not be read", known=READABLE)
            return
        yield from self._hidden(created)
        yield from self._without_key(created)
        yield from self._deleted(created)

    def _create(self, key: str, auth: str = "own") -> Reply | NoReply:
        create = self.lifecycle.create
        request = sample(self.asker.document, create)
        body: Any = request.body if request is not None else None
        if request is None or not isinstance(body, dict):
            raise TypeError(f"{create.operation_id} has no example that is an object")
        keyed = self.asker.owned(create, replace(request, body={**body, self.lifecycle.key: key}))
        return self.asker.ask(create, keyed, auth=auth)

    def _read(self, key: str, auth: str = "own") -> Reply | NoReply:
        return self.asker.ask(self._reading, self._of(key), auth=auth)

    @property
    def _reading(self) -> Operation:
        if self.lifecycle.read is None:
            raise TypeError(f"nothing reads what {self.lifecycle.create.operation_id} makes")
        return self.lifecycle.read

    def _of(self, key: str) -> Sample:
        return Sample({self.lifecycle.parameter: key}, {}, {}, None)

    def _accepted(self, created: Reply | NoReply) -> Iterator[Said]:
        name = self.lifecycle.create.operation_id
        if isinstance(created, Reply) and created.success:
            yield Said(ACCEPTED, name, Result.CONFORM)
        elif isinstance(created, Reply) and created.status == _BAD_REQUEST:
            wanted = "that the document's example is accepted under a new key"
            yield _differs(ACCEPTED, name, [created], wanted, "the document's example is refused")

    def _not_begun(self, created: Reply | NoReply, why: str = "", *, known: str = "") -> Iterator[Said]:
        """Without a thing there is nothing to look at."""
        create, read, delete = self.lifecycle.create, self.lifecycle.read, self.lifecycle.delete
        if isinstance(created, NoReply):
            result, reason = created.result, created.reason
        else:
            result, reason = Result.UNTESTED, why or f"{create.operation_id} answered {created.status}"
        about = [(READABLE, create), (UNCHANGED, create), (ISOLATED, read), (GONE, delete), (UNCHANGED, delete)]
        for check, operation in about:
            if operation is not None and check != known:
                yield Said(check, operation.operation_id, result, reason)
        for operation in (create, read, delete):
            if operation is not None:
                yield from key_required(self.asker, operation)

    def _readable(self, created: Reply) -> Said:
        name, found = self.lifecycle.create.operation_id, self._read(self.key)
        if isinstance(found, Reply) and found.success:
            return Said(READABLE, name, Result.CONFORM)
        if isinstance(found, Reply) and found.status in _NOT_FOUND:
            wanted = "that what was created can be read"
            return _differs(READABLE, name, [created, found], wanted, "it is not found")
        return _unsaid(READABLE, name, found)

    def _hidden(self, created: Reply) -> Iterator[Said]:
        """Another account must not see it."""
        name = self._reading.operation_id
        if not self.asker.has_other:
            yield Said(ISOLATED, name, Result.NOT_REACHABLE, "there is no key of a second account")
            return
        found = self._read(self.key, "other")
        if isinstance(found, Reply) and found.success and self.key.encode() in found.body:
            wanted = "404, 401 or 403 for another account"
            yield _differs(ISOLATED, name, [created, found], wanted, "another account reads it")
        elif isinstance(found, Reply) and (found.success or found.status in _HIDDEN):
            yield Said(ISOLATED, name, Result.CONFORM)
        else:
            yield _unsaid(ISOLATED, name, found)

    def _without_key(self, created: Reply) -> Iterator[Said]:
        """Requests without a good key are refused, and leave everything as it was."""
        delete = self.lifecycle.delete
        for auth in ("wrong", "none"):
            yield _keyless(self._reading, created, self._read(self.key, auth), auth)
        if delete is not None:
            refused = self.asker.ask(delete, self._of(self.key), auth="wrong")
            yield _keyless(delete, created, refused, "wrong")
            yield _unchanged(delete, [created], refused, self._read(self.key), was_there=True)
        for auth in ("wrong", "none"):
            aside = f"{self.key}-{auth}"
            # For whoever repeats it: so that it is new once more.
            cleared = self.asker.ask(delete, self._of(aside), auth=auth) if delete is not None else None
            refused = self._create(aside, auth)
            yield _keyless(self.lifecycle.create, cleared, refused, auth)
            yield _unchanged(self.lifecycle.create, [], refused, self._read(aside), was_there=False)

    def _deleted(self, created: Reply) -> Iterator[Said]:
        delete = self.lifecycle.delete
        if delete is None:
            return
        name, done = delete.operation_id, self.asker.ask(delete, self._of(self.key))
        if not isinstance(done, Reply) or not done.success:
            yield _unsaid(GONE, name, done)
            return
        yield Said(ACCEPTED, name, Result.CONFORM)
        found = self._read(self.key)
        if isinstance(found, Reply) and found.status in _NOT_FOUND:
            yield Said(GONE, name, Result.CONFORM)
        elif isinstance(found, Reply) and found.success:
            wanted = "404 for what was deleted"
            yield _differs(GONE, name, [created, done, found], wanted, "it is still there")
        else:
            yield _unsaid(GONE, name, found)


def _keyless(operation: Operation, before: Reply | NoReply | None, reply: Reply | NoReply, auth: str) -> Said:
    """What a request without a good key says; the command of the one before it goes with its own."""
    said = judged(operation, reply, auth)
    told = isinstance(before, Reply) and before.curl and said.curl
    return replace(said, curl=f"{before.curl}\n{said.curl}") if isinstance(before, Reply) and told else said


def _unchanged(
    operation: Operation, before: list[Reply], refused: Reply | NoReply, after: Reply | NoReply, *, was_there: bool
) -> Said:
    """Whether a request with a wrong key changed anything, by what is there after it."""
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
    if after.success == was_there:
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

"""The calls of one trial: they are made, and remembered, so that a law that is broken can show how."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from contracts.checks.asking import Asker, NoReply, Reply
from contracts.checks.samples import JSON, Sample
from contracts.laws.law import Unclear
from contracts.model import Result
from contracts.policy import is_read
from specs.catalog import Operation

MOST_THREADS = 8

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One call.

    Args:
        operation_id: What was asked.
        writes: Whether it may have changed something.
        reply: The answer; None for a write that was made before, and is only told.
        tell: Gives the shell command that asks it, or a comment where a shell could not.
    """

    operation_id: str
    writes: bool
    reply: Reply | None
    tell: Callable[[], str]


@dataclass
class Talk:
    """What is said to one account in one trial.

    Args:
        asker: Does the asking.
        auth: Whose key is used, one of `contracts.credentials.MODES`, unless a call says another.
        muted: Whether writes are left out, since they were made before.
        calls: What was said, in order.
    """

    asker: Asker
    auth: str = "own"
    muted: bool = False
    calls: list[Call] = field(default_factory=list)

    def knows(self, operation_id: str) -> bool:
        """Whether the document has an operation."""
        return operation_id in self.asker.operations

    def ask(  # noqa: PLR0913 - a request has that many parts
        self,
        operation_id: str,
        body: Any = None,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        media_type: str = JSON,
        auth: str = "",
    ) -> Reply:
        """The answer to one request, whatever its status.

        Args:
            operation_id: Which.
            body: A JSON value; text when `media_type` is another; None for no body.
            path: Values of the path parameters.
            query: The query.
            headers: More headers.
            media_type: Of the body.
            auth: Whose key, when not the talk's.

        Raises:
            Unclear: There was no answer, or the request may not be sent.
        """
        operation = self.asker.operations[operation_id]
        request = Sample(path or {}, query or {}, headers or {}, body, media_type)
        reply = self.asker.ask(operation, request, auth=auth or self.auth)
        if isinstance(reply, NoReply):
            raise Unclear(f"{operation_id}: {reply.reason}", reply.result)
        self.calls.append(Call(operation_id, not is_read(operation), reply, lambda: _told(reply.curl, operation)))
        return reply

    def want(self, operation_id: str, body: Any = None, **parts: Any) -> Reply:
        """The answer of a request that has to succeed for anything to be said.

        Raises:
            Unclear: It did not; why it did not is for other checks to judge.
        """
        reply = self.ask(operation_id, body, **parts)
        if not reply.success:
            raise Unclear(f"{operation_id} answered {reply.status}, which says nothing of it", Result.INCONCLUSIVE)
        return reply

    def write(self, operation_id: str, body: Any = None, **parts: Any) -> None:
        """A write that has to succeed, and whose answer does not matter; left out when the talk is muted.

        Raises:
            Unclear: As `want`.
        """
        if not self.muted:
            self.want(operation_id, body, **parts)
            return
        operation = self.asker.operations[operation_id]
        request = Sample(parts.get("path") or {}, parts.get("query") or {}, parts.get("headers") or {}, body)

        def tell() -> str:
            return _told(self.asker.command(operation, request, auth=self.auth), operation)

        self.calls.append(Call(operation_id, writes=True, reply=None, tell=tell))

    @property
    def last(self) -> Reply:
        """The latest answer."""
        return self.replies[-1]

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Every answer, in order."""
        return tuple(call.reply for call in self.calls if call.reply is not None)

    def tell_here(self) -> None:
        """Has the latest reading told where it was made, among the writes: after them it would show something else."""
        self.calls[-1] = replace(self.calls[-1], writes=True)

    def as_other(self) -> "Talk":
        """The same talk with the second account's key."""
        return Talk(self.asker, "other", self.muted, self.calls)

    def beside(self) -> "Talk":
        """The same talk for another thread."""
        return Talk(self.asker.alike(), self.auth, self.muted, self.calls)

    def together(self, tasks: Sequence[Callable[["Talk"], T]]) -> list[T]:
        """Does several things at once, in at most eight threads; their results in order.

        Raises:
            Unclear: One of them had no answer.
        """
        with ThreadPoolExecutor(min(len(tasks), MOST_THREADS) or 1) as pool:
            futures = [pool.submit(task, self.beside()) for task in tasks]
            return [future.result() for future in futures]

    def commands(self, shown: Sequence[Reply]) -> str:
        """The commands that show it: every write of the talk in order, and then what was read."""
        tells = {id(call.reply): call.tell for call in self.calls if call.reply is not None}
        known = {id(each) for each in shown}
        told = [call.tell() for call in self.calls if call.writes and id(call.reply) not in known]
        return "\n".join([*told, *(tells.get(id(each), each.tell)() for each in shown)])


def _told(command: str, operation: Operation) -> str:
    return command or f"# {operation.method} {operation.path}: what is sent is too long for a shell"

"""One operation, made ready to answer: its checks compiled, its behaviour bound, its vendor's manners known."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from mockserver.engine.binding import Binding
from mockserver.engine.call import TEXT, Call, Reply
from mockserver.engine.duties import NO_DUTY, Duty, perform
from mockserver.engine.errors import KeyNotFound
from mockserver.http.answer import CONTENT_TYPES, Answer, encoded, json_bytes
from mockserver.http.bodies import DEEPEST, depth, too_deep
from mockserver.http.errors import VENDORS
from mockserver.http.exchange import Exchange
from mockserver.http.parameters import Parameters
from mockserver.http.replies import ReplyCheck
from mockserver.http.validation import BodyCheck
from specs.catalog import Operation


class Endpoint:
    """What answers one operation.

    Args:
        operation: the operation.
        binding: its behaviour.
        schemes: the security schemes that it takes, any one of which suffices.
        parameters, body, replies: its checks; `body` is None when the operation takes none.
        duty: what the clock may have brought about, which is done before the behaviour.
    """

    def __init__(  # noqa: PLR0913 - one argument a part, made in one place
        self,
        operation: Operation,
        binding: Binding,
        *,
        schemes: tuple[Mapping[str, Any], ...],
        parameters: Parameters,
        body: BodyCheck | None,
        replies: ReplyCheck,
        duty: Duty = NO_DUTY,
    ) -> None:
        self.operation = operation
        self.binding = binding
        self.schemes = schemes
        self.parameters = parameters
        self.body = body
        self.vendor = VENDORS[operation.document]
        self.may_be_forbidden = "403" in operation.node["responses"]
        self._replies = replies
        self._duty = duty

    async def carry_out(self, exchange: Exchange) -> Answer:
        """Runs the behaviour under the account's lock and answers what it says, once that fits the document.

        Raises:
            Refusal: the behaviour refused.
            ReplyDrift: the behaviour broke the document.
        """
        account = exchange.account
        assert account is not None, "security runs first"  # noqa: S101 - a wiring fault of ours, for the type checker
        call = Call(
            operation=self.operation,
            path=decoded(exchange.path_keys) if exchange.path_keys else {},
            query=exchange.query,
            body=exchange.body,
            live_form=exchange.live_form,
            now_ms=0,
            store=account.store,
            policy=account.policy,
            warnings=exchange.warnings,
            account_id=account.public_id,
            session_token=exchange.session_token,
            media_type=exchange.media_type,
            content_type=exchange.content_type,
            body_fault=exchange.body_fault,
        )
        if not (account.lock.locked() or account.store.blocking or self.binding.heavy(call)):
            # Nobody holds the lock and nothing is awaited, so nothing can come in between.
            call.now_ms = account.clock.now_ms()
            if not self._duty.is_due(account.store, call.now_ms):
                return self._answer(call)
        async with account.lock:
            call.now_ms = account.clock.now_ms()
            call.policy = account.policy
            if account.store.blocking:
                return await asyncio.to_thread(self._answer_when_done, call)
            if self._duty.is_due(account.store, call.now_ms):
                await asyncio.to_thread(perform, self._duty, call)
            if self.binding.heavy(call):
                return await asyncio.to_thread(self._answer, call)
            return self._answer(call)

    def _answer_when_done(self, call: Call) -> Answer:
        """The answer of a store that may wait: every look at it is taken in the same thread."""
        if self._duty.is_due(call.store, call.now_ms):
            perform(self._duty, call)
        return self._answer(call)

    def _answer(self, call: Call) -> Answer:
        try:
            with call.store.transaction():
                reply = self.binding.behaviour(call)
                self._replies.check(reply)
        except RecursionError:
            if depth(call.body) < DEEPEST:
                raise
            raise too_deep() from None
        return self._encoded(reply)

    def _encoded(self, reply: Reply) -> Answer:
        headers = (*(encoded(reply.headers) if reply.headers else ()), *self.vendor.own_headers())
        if isinstance(reply.body, bytes):
            return Answer(reply.status, reply.media_type.encode("latin-1"), reply.body, headers)
        is_text = reply.media_type == TEXT
        body = str(reply.body).encode("utf-8") if is_text else json_bytes(reply.body)
        return Answer(reply.status, CONTENT_TYPES[reply.media_type], body, headers)


def decoded(path_keys: Mapping[str, str]) -> Mapping[str, str]:
    """Path keys as they were meant. `%2F` is a slash inside the key.

    Raises:
        KeyNotFound: a key is no UTF-8; nothing can have such a name.
    """
    try:
        return {name: unquote_to_bytes(key).decode("utf-8", "surrogatepass") for name, key in path_keys.items()}
    except UnicodeDecodeError:
        name = next(iter(path_keys))
        raise KeyNotFound(f"nothing has this '{name}'", field=name, rule="unknown-key") from None

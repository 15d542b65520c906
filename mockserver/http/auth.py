"""API keys and portal sessions: which are accepted, where they stand in a request, and which account they open."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from connexion.security import NO_VALUE, AbstractSecurityHandler

from mockserver.engine.account import Accounts
from mockserver.engine.errors import Refusal
from mockserver.http.exchange import Exchange, Scope, exchange_of, header

TEST_PREFIX = "test-"
FORBIDDEN_PREFIX = "test-forbidden"
"""Keys that are known and hold no permission, so that a client can be tested against 403 (a convention of ours)."""

MARKER = "x-token-word"
"""Key of a security scheme whose credential is a token behind a word, in the place of an account's key."""
SESSION_WORD = "session"
OLD_KEY_WORD = "IdToken "
"""An older page of the vendor's puts this word before an account's key; it is passed over."""


class Unauthorized(Refusal):
    """No key, or none that is accepted."""


class Forbidden(Refusal):
    """The key is known and may not do this."""


class KeyRing:
    """Decides which keys are accepted, and opens their accounts.

    Args:
        accounts: the server's accounts.
        exact: the only keys that are accepted; None accepts every key that begins with `test-`.
    """

    def __init__(self, accounts: Accounts, exact: frozenset[str] | None) -> None:
        self._accounts = accounts
        self._exact = exact

    def accepts(self, key: str) -> bool:
        """Whether the key opens an account."""
        return key.startswith(TEST_PREFIX) if self._exact is None else key in self._exact

    def open(self, scope: Scope, schemes: Sequence[Mapping[str, Any]], *, may_be_forbidden: bool = False) -> None:
        """Puts the account of the request's key into its exchange. One good credential is enough.

        Args:
            scope: the request.
            schemes: the OpenAPI security schemes that the operation takes.
            may_be_forbidden: whether the operation documents a 403.

        Raises:
            Unauthorized: there is no accepted key.
            Forbidden: the key holds no permission.
        """
        refusal: Refusal | None = None
        for scheme in schemes:
            key = credential(scope, scheme)
            if key is None:
                continue
            try:
                self._open_one(exchange_of(scope), scheme, key, may_be_forbidden=may_be_forbidden)
            except (Unauthorized, Forbidden) as error:
                # Of several bad credentials stock Connexion tells of the last one, too.
                refusal = error
            else:
                return
        raise refusal or Unauthorized("No API key provided", rule="api-key")

    def _open_one(self, exchange: Exchange, scheme: Mapping[str, Any], key: str, *, may_be_forbidden: bool) -> None:
        """Opens the account of one credential. That a session is 403 where 403 is documented is our reading."""
        token = session_token(key)
        account = None if token is None else self._accounts.by_public_id(token.partition(".")[0])
        if MARKER in scheme:
            if account is None:
                raise Unauthorized("Invalid session token provided", rule="session-token")
            # Whether the account holds such a session is asked inside its transaction.
            exchange.account, exchange.session_token = account, token
            return
        key = key.removeprefix(OLD_KEY_WORD)
        if may_be_forbidden and (account is not None or (self.accepts(key) and key.startswith(FORBIDDEN_PREFIX))):
            raise Forbidden("the key does not have the permission that this operation needs", rule="permission")
        if not self.accepts(key):
            raise Unauthorized("Invalid API key provided", rule="api-key")
        exchange.account = self._accounts.of(key)


def session_token(key: str) -> str | None:
    """The token of a portal session that stands in the place of a key, behind its word in any case; None for a key."""
    if " " not in key:
        return None
    word, _, token = key.partition(" ")
    return token.strip() if word.lower() == SESSION_WORD else None


@cache
def _header_name(name: str) -> bytes:
    """A header's name as it stands in a request; there are as many as the documents have schemes."""
    return name.lower().encode("latin-1")


def credential(scope: Scope, scheme: Mapping[str, Any]) -> str | None:
    """The key that a request sends by a security scheme: an apiKey header, or a bearer token."""
    if scheme["type"] == "apiKey":
        return header(scope, _header_name(scheme["name"]))
    kind, _, token = (header(scope, b"authorization") or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


API_KEY_SCHEME: Mapping[str, Any] = {"type": "apiKey", "in": "header", "name": "X-API-KEY"}


class StockSecurityHandler(AbstractSecurityHandler):  # type: ignore[misc]
    """The key ring behind stock Connexion's security middleware, for the path that is not prebuilt."""

    ring: KeyRing

    def get_fn(self, security_scheme: Mapping[str, Any], _required_scopes: Sequence[str]) -> Any:
        """The function that Connexion asks for each request with credentials of this scheme."""

        def verify(request: Any) -> Any:
            scope = request.scope
            if credential(scope, security_scheme) is None:
                return NO_VALUE
            may_be_forbidden = exchange_of(scope).answering().may_be_forbidden
            self.ring.open(scope, [security_scheme], may_be_forbidden=may_be_forbidden)
            return {"sub": "account"}

        return verify

"""Puts keys into requests on their last step, so that nobody before it holds one."""

from dataclasses import dataclass

import requests

from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON, WORD, WRONG_KEY
from contracts.model import Keys, Target
from contracts.portal import NO_SESSION, is_portal
from contracts.records import text_of
from contracts.secrets import Secret
from specs.catalog import Operation

PLACEHOLDER = "metermock-placeholder-key"
"""What a request carries where the key of the run belongs. Another value, or none, is sent as it stands."""

AUTH_HEADER = "X-Metermock-Auth"
"""Says which key a request gets, one of `MODES`. The gate takes it out."""

MODES = frozenset({"own", "other", "account", "wrong", "none"})
"""Its own, the second account's, the account's even where a session belongs, one that nobody has, or none."""


@dataclass(frozen=True)
class _Given:
    """What a request gets: the variable that it comes from, the secret, and the word before it if there is one."""

    variable: str
    secret: Secret | None
    word: str = ""

    def text(self, value: str) -> str:
        return f"{self.word} {value}" if self.word else value


class Credentials:
    """Puts keys into requests."""

    def __init__(self, target: Target, header: str) -> None:
        self._keys: Keys = target.keys
        self._document = target.document
        self._header = header
        self._session = target.keys.session

    def hold(self, session: Secret) -> None:
        """Gives operations of the portal this session from now on."""
        self._session = session

    def missing(self, request: requests.PreparedRequest, operation: Operation | None, mode: str) -> str:
        """Why the key that a request asks for cannot be given, or an empty string."""
        if mode and mode not in MODES:
            return f"{AUTH_HEADER} is {mode!r}"
        asked = mode in {"own", "other", "account"}
        if not asked and (mode or not any(PLACEHOLDER in text_of(value) for value in request.headers.values())):
            return ""
        given = self._given(operation, mode)
        if given.secret is not None:
            return ""
        return NO_SESSION if given.variable == SESSION else f"there is no key: {given.variable} is not set"

    def give(
        self, request: requests.PreparedRequest, operation: Operation | None, mode: str
    ) -> tuple[requests.PreparedRequest, dict[str, str]]:
        """A copy of the request with the key that it asks for, and its headers with the key's variable in its place."""
        sent = request.copy()
        sent.headers.pop(AUTH_HEADER, None)
        given = self._given(operation, mode)
        if mode:
            sent.headers.pop(self._header, None)
            sent.headers.pop("Authorization", None)
        if mode == "wrong":
            sent.headers[self._header] = given.text(WRONG_KEY)
        elif mode and mode != "none":
            sent.headers[self._header] = PLACEHOLDER
        variable = given.text(f"${given.variable}")
        shown = {name: text_of(value).replace(PLACEHOLDER, variable) for name, value in sent.headers.items()}
        for name, value in list(sent.headers.items()):
            if given.secret is not None and PLACEHOLDER in text_of(value):
                sent.headers[name] = text_of(value).replace(PLACEHOLDER, given.text(given.secret.reveal()))
        return sent, shown

    def _given(self, operation: Operation | None, mode: str) -> _Given:
        if mode == "other":
            return _Given(OTHER, self._keys.other)
        if operation is not None and is_portal(operation) and mode != "account":
            return _Given(SESSION, self._session, WORD)
        vendor = operation.document if operation else self._document
        return _Given(SOLVIMON if vendor == "solvimon" else AMBERFLO, self._keys.of(vendor))

"""Puts keys into requests on their last step, so that nobody before it holds one."""

import requests

from contracts.keys import AMBERFLO, OTHER, SOLVIMON, WRONG_KEY
from contracts.model import Keys, Target
from contracts.records import text_of
from contracts.secrets import Secret
from specs.catalog import Operation

PLACEHOLDER = "metermock-placeholder-key"
"""What a request carries where the key of the run belongs. Another value, or none, is sent as it stands."""

AUTH_HEADER = "X-Metermock-Auth"
"""Says which key a request gets: `own`, `other`, `wrong` or `none`. The gate takes it out."""


class Credentials:
    """Puts keys into requests."""

    def __init__(self, target: Target, header: str) -> None:
        self._keys: Keys = target.keys
        self._document = target.document
        self._header = header

    def missing(self, request: requests.PreparedRequest, operation: Operation | None, mode: str) -> str:
        """Why the key that a request asks for cannot be given, or an empty string."""
        if mode not in {"", "own", "other", "wrong", "none"}:
            return f"{AUTH_HEADER} is {mode!r}"
        wants_own = mode == "own" or (not mode and any(PLACEHOLDER in text_of(v) for v in request.headers.values()))
        variable, key = self._own(operation) if wants_own else (OTHER, self._keys.other)
        return f"there is no key: {variable} is not set" if key is None and (wants_own or mode == "other") else ""

    def give(
        self, request: requests.PreparedRequest, operation: Operation | None, mode: str
    ) -> tuple[requests.PreparedRequest, dict[str, str]]:
        """A copy of the request with the key that it asks for, and its headers with the key's variable in its place."""
        sent = request.copy()
        sent.headers.pop(AUTH_HEADER, None)
        if mode:
            sent.headers.pop(self._header, None)
            sent.headers.pop("Authorization", None)
        if mode in {"own", "other"}:
            sent.headers[self._header] = PLACEHOLDER
        elif mode == "wrong":
            sent.headers[self._header] = WRONG_KEY
        variable, key = (OTHER, self._keys.other) if mode == "other" else self._own(operation)
        shown = {name: text_of(value).replace(PLACEHOLDER, f"${variable}") for name, value in sent.headers.items()}
        for name, value in list(sent.headers.items()):
            if key is not None and PLACEHOLDER in text_of(value):
                sent.headers[name] = text_of(value).replace(PLACEHOLDER, key.reveal())
        return sent, shown

    def _own(self, operation: Operation | None) -> tuple[str, Secret | None]:
        vendor = operation.document if operation else self._document
        return (SOLVIMON if vendor == "solvimon" else AMBERFLO), self._keys.of(vendor)

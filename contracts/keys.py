"""Where the keys come from: the environment; on this machine they may also be made up, or given on the command line."""

import secrets
from collections.abc import Mapping
from typing import Any

from contracts.model import Keys, RunError
from contracts.secrets import Secret

AMBERFLO = "AMBERFLO_API_KEY"
OTHER = "AMBERFLO_OTHER_API_KEY"
SOLVIMON = "SOLVIMON_API_KEY"
SESSION = "AMBERFLO_SESSION"
"""The token of a portal session; without it a run opens one of its own where it may write."""

WORD = "Session"
"""What stands before a session's token in the key's header."""

DEFAULT_HEADER = "X-API-KEY"

WRONG_KEY = "metermock-wrong-key"
"""A key that no account has."""


def read_keys(environment: Mapping[str, str], *, loopback: bool, api_key: str | None = None) -> Keys:
    """The keys of a run.

    On this machine `api_key` serves for both vendors; and when nothing at all is set, two fresh `test-` keys do, since
    the mock takes each for an account of its own.

    Args:
        environment: Such as `os.environ`.
        loopback: Whether the target is on this machine.
        api_key: The one of the command line.

    Raises:
        RunError: A key cannot be sent, two accounts have one key, or `api_key` is used for a target elsewhere.
    """
    if api_key is not None and not loopback:
        raise RunError(
            "--api-key is for targets on this machine, since a command line is seen by others",
            f"put the key into {AMBERFLO} or {SOLVIMON}",
        )
    found = {name: _key(name, environment[name]) for name in (AMBERFLO, OTHER, SOLVIMON) if environment.get(name)}
    session = _key(SESSION, environment[SESSION]) if environment.get(SESSION) else None
    if api_key is not None:
        found[AMBERFLO] = found[SOLVIMON] = _key("--api-key", api_key)
    elif loopback and not found:
        found = _fresh()
    if AMBERFLO in found and found.get(OTHER) == found[AMBERFLO]:
        raise RunError(f"{OTHER} is the same key as {AMBERFLO}", "give it the key of a second account, or leave it out")
    return Keys(amberflo=found.get(AMBERFLO), other=found.get(OTHER), solvimon=found.get(SOLVIMON), session=session)


def _key(name: str, value: str) -> Secret:
    """The value as a key; neither the message nor anything else repeats it."""
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise RunError(f"{name} holds what no header can carry", "look for a line break or a space around the key")
    return Secret(value)


def _fresh() -> dict[str, Secret]:
    own, other = (Secret(f"test-{secrets.token_hex(12)}") for _ in range(2))
    return {AMBERFLO: own, OTHER: other, SOLVIMON: own}


def key_header(spec: Mapping[str, Any]) -> str:
    """The header in which a document wants its key; the vendors' own when it does not say."""
    schemes = spec.get("components", {}).get("securitySchemes", {})
    for scheme in schemes.values():
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return str(scheme["name"])
    return DEFAULT_HEADER

"""The shell command that sends a request again; a key never stands in it, only the variable that holds it."""

import shlex
from collections.abc import Mapping

import requests

from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON, WORD, WRONG_KEY
from contracts.model import BODY_LIMIT
from contracts.records import body_of, text_of

# What curl sets itself, what only describes the sender, and what the key's own argument replaces.
_LEFT_OUT = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "user-agent",
        "x-metermock-auth",
        "x-schemathesis-testcaseid",
    }
)

# How much of a shell line a URL may take before it is of no use to a person.
_URL_LIMIT = 2 * BODY_LIMIT


def curl(
    request: requests.PreparedRequest,
    *,
    key_header: str,
    auth: str = "own",
    vendor: str = "amberflo",
    portal: bool = False,
) -> str:
    """A command for a POSIX shell; empty when the request cannot be written as one.

    Args:
        request: As handed to the gate, whole; the header of its key is replaced.
        key_header: The header that carries the key.
        auth: Which key, one of `contracts.credentials.MODES`.
        vendor: Whose own key, ``amberflo`` or ``solvimon``.
        portal: Whether the operation takes a session's token.
    """
    body, url = body_of(request) or b"", str(request.url)
    text = _text(body)
    if text is None or len(body) > BODY_LIMIT or len(url) > _URL_LIMIT:
        return ""
    headers = {name: text_of(value) for name, value in request.headers.items() if name.lower() != key_header.lower()}
    words = ["curl", "-sS", "-i", "-g", "--path-as-is", "--max-time", "60", *_method(str(request.method))]
    words += [*_key(key_header, auth, vendor, portal=portal), *_headers(headers)]
    if body or "content-length" in {name.lower() for name in headers}:
        words += ["--data-raw", shlex.quote(text)]
    return " ".join([*words, shlex.quote(url)])


def _headers(headers: Mapping[str, str]) -> list[str]:
    """The arguments of the headers; those that curl would add by itself are taken away where they were not sent."""
    lowered = {name.lower() for name in headers}
    shown = [
        shlex.quote(f"{name}: {value}" if value else f"{name};")
        for name, value in headers.items()
        if name.lower() not in _LEFT_OUT
    ]
    shown += [f"{name}:" for name in ("Accept", "Content-Type") if name.lower() not in lowered]
    return [word for each in shown for word in ("-H", each)]


def _method(method: str) -> list[str]:
    return ["--head"] if method == "HEAD" else ["-X", shlex.quote(method)]


def _key(header: str, auth: str, vendor: str, *, portal: bool) -> list[str]:
    if auth == "none":
        return []
    if auth == "wrong":
        return ["-H", shlex.quote(f"{header}: {WORD} {WRONG_KEY}" if portal else f"{header}: {WRONG_KEY}")]
    if auth == "own" and portal:
        return ["-H", f'"{header}: {WORD} ${SESSION}"']
    variable = OTHER if auth == "other" else SOLVIMON if vendor == "solvimon" else AMBERFLO
    return ["-H", f'"{header}: ${variable}"']


def _text(body: bytes) -> str | None:
    """The body as an argument, or None when a shell cannot pass it on."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text

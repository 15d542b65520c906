"""Where a run goes: the URL read strictly, and whether it is this machine."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from contracts.keys import read_keys
from contracts.model import RunError, Target
from specs.catalog import DIALECTS, VENDORS

TREAT_AS_REMOTE = "METERMOCK_TREAT_AS_REMOTE"
"""The environment variable that lets a server on this machine play one that is elsewhere."""

LOOPBACK_NAME = "loopback"


def read_target(
    url: str,
    *,
    document: str = "amberflo",
    dialect: str | None = None,
    api_key: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Target:
    """The target of a command line, with its keys.

    Raises:
        RunError: The URL is none of a target, there is no such dialect, a target elsewhere is asked without one, or
            `read_keys` refuses.
    """
    parts = _split(url)
    loopback = is_loopback(parts.hostname or "") and environment.get(TREAT_AS_REMOTE, "") in {"", "0"}
    if dialect is not None and dialect not in DIALECTS:
        raise RunError(f"there is no dialect {dialect!r}", f"it is one of {', '.join(DIALECTS)}")
    if dialect is None and not loopback and document in VENDORS:
        raise RunError(
            f"{parts.hostname} is not on this machine, so its dialect must be said",
            f"give --dialect {' or --dialect '.join(DIALECTS)}",
        )
    return Target(
        url=f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}",
        document=document,
        dialect=dialect,
        loopback=loopback,
        keys=read_keys(environment, loopback=loopback, api_key=api_key),
        name=LOOPBACK_NAME if loopback else f"{parts.netloc.lower()}{parts.path.rstrip('/')}",
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone; nothing is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    example = "it looks like http://127.0.0.1:8080"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise RunError(f"the target is no URL: {error}", example) from None
    if parts.scheme not in {"http", "https"} or not host or not url.isprintable() or " " in url:
        raise RunError("the target is no http or https URL", example)
    if "@" in parts.netloc:
        raise RunError("the target's URL holds a user name or a password", "keys come from the environment")
    if parts.query or parts.fragment:
        raise RunError("the target's URL holds a query or a fragment", "give the root of the API")
    return parts

"""Schemathesis hooks: what our documents say beyond their schemas, and a guard for targets on other machines.

The hooks read `x-refuses`: an operation, or a form of its request, that carries it may refuse what its schema allows.
"""

import ipaddress
import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import schemathesis

READS = {"GET", "HEAD", "OPTIONS"}
REFUSALS = {400, 409}
ALLOW_WRITES = "METERMOCK_ALLOW_WRITES"
STRIPE = "autoCreateCustomerInStripe"
BOOLEANS = {"true", "false", "True", "False", "1", "0"}


class WriteRefusedError(Exception):
    """A request that would write to a target on another machine; it was not sent."""


def is_local(url: str) -> bool:
    """Whether a URL is on this machine, by its host's name or address alone; nothing is looked up."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_send(method: str, url: str) -> bool:
    """Whether a request may leave: reads always, writes to this machine, or anywhere when that was asked for."""
    return method.upper() in READS or is_local(url) or os.environ.get(ALLOW_WRITES) == "1"


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Drops probes with a method that the operation does not have, where they may not be sent."""
    return case.method == case.operation.method.upper() or may_send(case.method, case.operation.base_url)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Lets nothing out that may not be sent.

    Raises:
        WriteRefusedError: the request would write to another machine.
    """
    if not may_send(case.method, case.operation.base_url):
        raise WriteRefusedError(
            f"{case.method} {case.operation.path} would write to {case.operation.base_url} and was not sent: "
            f"give --include-method GET, or set {ALLOW_WRITES}=1 if the target is yours to write to"
        )


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keeps the failures that contradict our documents."""
    return not (
        asks_for_another_path(case)
        or (failure.code == "ST202" and response.status_code in REFUSALS and may_refuse(case.operation))
        or (failure.code == "ST201" and (sends_the_boolean(case) or sends_text(case)))
        or (failure.code == "ST205" and has_aliases(case.operation))
    )


def asks_for_another_path(case: Any) -> bool:
    """An empty path key makes the collection's path, which is answered by another operation."""
    return "" in (case.path_parameters or {}).values()


def sends_the_boolean(case: Any) -> bool:
    """The vendor's clients send a boolean where the published document has a word; it is accepted on purpose."""
    return (case.query or {}).get(STRIPE) in BOOLEANS


def sends_text(case: Any) -> bool:
    """Whatever value was meant for the body, a text arrives, so that it cannot be of a wrong type."""
    return case.media_type == "text/csv" and not isinstance(case.body, str)


def has_aliases(operation: Any) -> bool:
    """Whether another operation of the document is served at this path as well, so that `Allow` names its method."""
    items = operation.schema.raw_schema["paths"].values()
    methods = [node for item in items for node in item.values() if isinstance(node, dict)]
    return any(operation.path in node.get("x-aliases", ()) for node in methods)


def may_refuse(operation: Any) -> bool:
    """Whether the document says that the operation refuses by rule what its schema allows."""
    return any("x-refuses" in node for node in nodes(operation.definition.raw, operation.schema.raw_schema, set()))


def nodes(node: Any, document: Any, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Every object below a node of the document, references followed once."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item, document, seen)
    if not isinstance(node, dict):
        return
    yield node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in seen:
        seen.add(reference)
        target = document
        for step in reference[2:].split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        yield from nodes(target, document, seen)
    for value in node.values():
        yield from nodes(value, document, seen)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    """A body of lines is a string already; whatever else was generated goes as one line."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")

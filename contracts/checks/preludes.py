"""What has to be asked before a request so that it is answered as it was, whatever has become of the account since."""

import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from contracts.checks.interaction import Interaction
from contracts.checks.lifecycles import Handle, Lifecycle
from contracts.checks.samples import Sample, sample
from specs.catalog import Document, Operation

_SUCCESS = range(200, 300)


def prelude(
    document: Document, lifecycles: tuple[Lifecycle, ...], interaction: Interaction
) -> tuple[Operation, Sample] | None:
    """The request that makes a thing before it is read or deleted, or that takes it away before it is created.

    None when the request needs none, or when nothing is known that would do.
    """
    if interaction.status not in _SUCCESS or interaction.probe:
        return None
    for lifecycle in lifecycles:
        if interaction.operation_id == lifecycle.create.operation_id:
            return _removal(document, lifecycle, interaction)
        for handle in (lifecycle.read, lifecycle.delete):
            if handle is not None and handle.operation.operation_id == interaction.operation_id:
                return _creation(document, lifecycle, handle, interaction)
    return None


def _removal(document: Document, lifecycle: Lifecycle, interaction: Interaction) -> tuple[Operation, Sample] | None:
    try:
        body = json.loads(interaction.request_body)
    except (ValueError, RecursionError):
        return None
    key = body.get(lifecycle.key) if isinstance(body, dict) else None
    if lifecycle.delete is None or not isinstance(key, str):
        return None
    return lifecycle.delete.operation, lifecycle.delete.request(document, body)


def _creation(
    document: Document, lifecycle: Lifecycle, handle: Handle, interaction: Interaction
) -> tuple[Operation, Sample] | None:
    request = sample(document, lifecycle.create)
    named = {field: _asked(handle, name, interaction.url) for name, field in handle.fields.items()}
    if not lifecycle.chosen or not all(named.values()) or request is None or not isinstance(request.body, dict):
        return None
    return lifecycle.create, replace(request, body={**request.body, **named})


def _asked(handle: Handle, parameter: str, url: str) -> str:
    """The value of a parameter in a URL, or an empty string."""
    split = urlsplit(url)
    before, braces, after = handle.operation.path.partition(f"{{{parameter}}}")
    if not braces:
        return dict(parse_qsl(split.query)).get(parameter, "")
    found = re.fullmatch(f"{re.escape(before)}([^/]+){re.escape(after)}", split.path)
    return unquote(found[1]) if found else ""

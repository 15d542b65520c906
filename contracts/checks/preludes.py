"""What has to be asked before a request so that it is answered as it was, whatever has become of the account since."""

import json
import re
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from contracts.checks.interaction import Interaction
from contracts.checks.lifecycles import Lifecycle
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
            return _removal(lifecycle, interaction)
        for operation in (lifecycle.read, lifecycle.delete):
            if operation is not None and operation.operation_id == interaction.operation_id:
                return _creation(document, lifecycle, operation, interaction)
    return None


def _removal(lifecycle: Lifecycle, interaction: Interaction) -> tuple[Operation, Sample] | None:
    try:
        body = json.loads(interaction.request_body)
    except (ValueError, RecursionError):
        return None
    key = body.get(lifecycle.key) if isinstance(body, dict) else None
    if lifecycle.delete is None or not isinstance(key, str):
        return None
    return lifecycle.delete, Sample({lifecycle.parameter: key}, {}, {}, None)


def _creation(
    document: Document, lifecycle: Lifecycle, operation: Operation, interaction: Interaction
) -> tuple[Operation, Sample] | None:
    before, _, after = operation.path.partition(f"{{{lifecycle.parameter}}}")
    found = re.fullmatch(f"{re.escape(before)}([^/]+){re.escape(after)}", urlsplit(interaction.url).path)
    request = sample(document, lifecycle.create)
    if found is None or request is None or not isinstance(request.body, dict):
        return None
    return lifecycle.create, replace(request, body={**request.body, lifecycle.key: unquote(found[1])})

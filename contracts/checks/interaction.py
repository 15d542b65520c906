"""One request with its answer, in the words of the checks: what was meant by it, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass

PROBE_METHOD = "method"
PROBE_MEDIA_TYPE = "media type"


@dataclass(frozen=True)
class Interaction:
    """A request that was answered.

    Args:
        operation_id: Which operation it was made for.
        dialect: Of the projection that it was made from; empty for a document without dialects.
        phase: Of the run, such as ``coverage``.
        positive: Whether its data was valid; None when nothing is known of that.
        probe: What was deliberately wrong with its shape: ``method``, ``media type``, or empty.
        missing_header: Whether a required header was deliberately left out.
        after_create: Whether it reads what the request before it created.
        after_delete: Whether it reads what a request before it deleted.
        method: As sent.
        url: As sent.
        request_headers: As sent, names in lower case.
        request_body: As sent, whole.
        status: Of the answer.
        headers: Of the answer, names in lower case.
        body: Of the answer, whole.
    """

    operation_id: str
    dialect: str
    phase: str
    positive: bool | None
    probe: str
    missing_header: bool
    after_create: bool
    after_delete: bool
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

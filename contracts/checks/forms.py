"""The form of an answer follows the form of its request: the rules of the operations that know two forms."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contracts.checks.interaction import Interaction

Judgement = str | None
"""What is wrong with an answer's form; empty when nothing is; None when the exchange says nothing about it."""

_LIVE_INGEST_TYPES = ("application/x-ndjson", "text/csv", "application/csv")
_LIVE_INGEST_NAMES = {"schemadetection", "ingestschemaid"}


def answer_form(interaction: Interaction) -> Judgement:
    """What is wrong with the form of an answer to an operation that knows two."""
    rule = FORMS.get(interaction.operation_id)
    if rule is None or interaction.probe or interaction.positive is not True or interaction.status != 200:  # noqa: PLR2004
        return None
    return rule(interaction)


def _usage(interaction: Interaction) -> Judgement:
    """Flat times ask for the published form, a time range alone for the live form."""
    asked, given = _json(interaction.request_body), _json(interaction.body)
    if not isinstance(asked, dict) or not isinstance(given, dict):
        return None
    meters = given.get("clientMeters")
    if "startTimeInSeconds" in asked:
        if not isinstance(meters, dict) or "secondsSinceEpochIntervals" in given:
            return "a query with flat times was not answered with a map of meters"
    elif "timeRange" in asked and (not isinstance(meters, list) or "secondsSinceEpochIntervals" not in given):
        return "a query with a time range was not answered with intervals and a list of groups"
    return ""


def _ingest(interaction: Interaction) -> Judgement:
    """Plain JSON is answered with a JSON string; what only the live platform takes, with bare text."""
    media, answered = _media(interaction.request_headers), _media(interaction.headers)
    names = {name.lower() for name, _ in parse_qsl(urlsplit(interaction.url).query, keep_blank_values=True)}
    path = urlsplit(interaction.url).path
    live = media in _LIVE_INGEST_TYPES or path.endswith("/") or bool(names & _LIVE_INGEST_NAMES)
    live = live or "gzip" in interaction.request_headers.get("content-encoding", "").lower()
    if live:
        return "" if answered == "text/plain" else f"a live request was answered as {answered or 'nothing'}"
    if answered != "application/json":
        return f"a request in plain JSON was answered as {answered or 'nothing'}"
    return "" if isinstance(_json(interaction.body), str) else "a request in plain JSON was not answered with a string"


def _customers(interaction: Interaction) -> Judgement:
    """The query customerId asks for one object; without it there is a list."""
    names = {name.lower() for name, _ in parse_qsl(urlsplit(interaction.url).query, keep_blank_values=True)}
    given = _json(interaction.body)
    if "customerid" in names and interaction.dialect == "live":
        return "" if isinstance(given, dict) else "one customer was asked for, and the answer is no object"
    if "customerid" not in names and given is not None:
        return "" if isinstance(given, list) else "all customers were asked for, and the answer is no list"
    return None


FORMS: Mapping[str, Callable[[Interaction], Judgement]] = MappingProxyType(
    {"queryUsage": _usage, "ingestMeterEvents": _ingest, "listCustomers": _customers}
)
"""By operationId."""


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None

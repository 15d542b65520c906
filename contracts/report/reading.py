"""Reads the JSON report of an earlier run, so that it can be rendered and compared once more.

What is read is a text from somewhere: it is held against the schema, and nothing in it is run or believed to be short.
What can be worked out, such as sums and fingerprints, is worked out anew.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import jsonschema_rs

from contracts.conformance import CheckedDocument, Conformance, Fault, Requests, Unreached, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.model import (
    Deviation,
    DocumentLine,
    Example,
    Exchange,
    Finding,
    Identity,
    Outcome,
    Owner,
    Result,
    RunError,
    Severity,
    Verdict,
)
from contracts.report.json_report import KEYWORD_STATES, VERSION, schema
from contracts.report.visible import visible
from contracts.results import Cell
from contracts.results import Outcome as CellOutcome
from contracts.target import LOOPBACK_NAME

OLDEST = 3
"""The first version that is read; what it has not is empty, and its coverage is not counted."""

MOST_BYTES = 64 * 2**20
"""Many times the size of the largest report that a run writes."""

_LOOK = "give the report.json of a `contracts check --report-dir`"
_NEW_IN_4 = {"report": ("coverage", "checks", "loopback", "writes"), "finding": ("fingerprint",)}
_MARKS = {state: marks for marks, state in KEYWORD_STATES.items()}
_MOST_SHOWN = 160
# An error takes a copy of what is wrong with it, at a hundred times the size of the text.
_MOST_EXPLAINED = 4 * 2**20


def read_report(path: Path) -> Conformance:
    """The report of an earlier run.

    Args:
        path: A `report.json`.

    Raises:
        RunError: It cannot be read, is no report, or is of a version that is not known here.
    """
    text = _read(path)
    content = _parsed(path, text)
    version = _version(path, content)
    if reason := _misfit(content, version, explained=len(text) <= _MOST_EXPLAINED):
        raise _no_report(path, reason)
    return _conformance(content)


def _misfit(content: dict[str, Any], version: int, *, explained: bool) -> str:
    """Why an object does not fit the schema; empty when it does."""
    validator, members = _validator(version)
    if missing := [name for name in members if name not in content]:
        return f"it lacks {', '.join(missing)}"
    try:
        if validator.is_valid(content):
            return ""
        if explained:
            validator.validate(content)
    except jsonschema_rs.ValidationError as error:
        return f"{'/'.join(('', *map(str, error.instance_path)))}: {error.message}"
    except UnicodeEncodeError:
        return "one of its names holds half a character"
    return "it does not fit contracts/report/report.schema.json"


def _no_report(path: Path, why: str) -> RunError:
    """What is said of a file that holds something else; `why` may hold what was read."""
    return RunError(f"{path} is no report of a check: {visible(why, most=_MOST_SHOWN)}", _LOOK)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}", _LOOK) from None
    if len(data) > MOST_BYTES:
        raise _no_report(path, f"it has more than {MOST_BYTES >> 20} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_report(path, f"byte {error.start} is no UTF-8") from None


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_float=_finite, parse_constant=_no_number)
    except RecursionError:
        raise _no_report(path, "it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _no_report(path, f"it is no JSON, {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        # Of the functions below, or Python's of a number with thousands of digits.
        raise _no_report(path, str(error)) from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"an object has the member {twice} more than once")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"the number {text} is too large")
    return number


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _version(path: Path, content: Any) -> int:
    version = content.get("report") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise _no_report(path, "it does not say of which version of the report it is")
    named = f"{path} is a report of version {visible(str(version), most=_MOST_SHOWN)}"
    if version < OLDEST:
        raise RunError(f"{named}, which is no longer read; {OLDEST} to {VERSION} are", "check the target once more")
    if version > VERSION:
        raise RunError(f"{named}; {VERSION} is the last known here", "take the metermock that wrote it, or a later one")
    return version


@cache
def _validator(version: int) -> tuple[jsonschema_rs.Draft202012Validator, tuple[str, ...]]:
    """Of the reports of a version, and their members; an older one is without what came later."""
    found = schema() if version == VERSION else _older(schema(), version)
    # The mask keeps what was read out of what is said of it.
    validator = jsonschema_rs.Draft202012Validator(found, validate_formats=True, mask="the value")
    return validator, tuple(found["required"])


def _older(newest: dict[str, Any], version: int) -> dict[str, Any]:
    found = deepcopy(newest)
    found["properties"]["report"]["const"] = version
    for node, names in ((found, _NEW_IN_4["report"]), (found["$defs"]["finding"], _NEW_IN_4["finding"])):
        for name in names:
            del node["properties"][name]
            node["required"].remove(name)
    return found


def _conformance(content: dict[str, Any]) -> Conformance:
    target = content["target"]
    return Conformance(
        target=target["name"],
        url=target["url"],
        documents=tuple(map(_document, content["documents"])),
        profile=content["profile"],
        seed=int(content["seed"]),
        versions=content["versions"],
        started=content["started"],
        seconds=content["seconds"],
        requests=_requests(content["requests"]),
        outcomes=tuple(map(_outcome, content["results"])),
        judgement=_judgement(content["findings"], content["deviations"]),
        exit_code=ExitCode(content["exit_code"]),
        readings=tuple(map(_finding, content["readings"])),
        faults=tuple(map(_fault, content["faults"])),
        unreached=tuple(map(_unreached, content["unreached"])),
        coverage=tuple(map(_covered, (content.get("coverage") or {}).get("operations", ()))),
        words=tuple(_words(name, each) for name, each in content.get("checks", {}).items()),
        # Targets on the machine of the run have had this name from the beginning.
        loopback=content.get("loopback", target["name"] == LOOPBACK_NAME),
        writes=content.get("writes", True),
        notes=tuple(content["notes"]),
        excused=_counts(content["excused"]),
    )


def _document(each: dict[str, Any]) -> CheckedDocument:
    return CheckedDocument(each["name"], each["dialect"] or "", each["sha256"], int(each["operations"]))


def _requests(each: dict[str, Any]) -> Requests:
    return Requests(
        sent=int(each["sent"]),
        attempts=int(each["attempts"]),
        refused=_counts(each["refused"]),
        environment=_counts(each["environment"]),
        faults=_counts(each["faults"]),
        operations=_counts(each["operations"]),
    )


def _counts(each: Mapping[str, Any]) -> dict[str, int]:
    # JSON Schema takes 1.0 for an integer.
    return {name: int(count) for name, count in each.items()}


def _judgement(findings: Iterable[dict[str, Any]], deviations: dict[str, Any]) -> Judgement:
    return Judgement(
        open=tuple(map(_finding, findings)),
        accepted=tuple(map(_accepted, deviations["accepted"])),
        expired=tuple(map(_accepted, deviations["expired"])),
        stale=tuple(map(_deviation, deviations["stale"])),
        unmet=tuple(map(_deviation, deviations["unmet"])),
    )


def _accepted(each: dict[str, Any]) -> Accepted:
    return Accepted(_finding(each["finding"]), _deviation(each["deviation"]))


def _deviation(each: dict[str, Any]) -> Deviation:
    return Deviation(_identity(each["identity"]), each["reason"], each["owner"], each["until"])


def _identity(each: dict[str, Any]) -> Identity:
    return Identity(
        target=each["target"],
        document=each["document"],
        check=each["check"],
        operation_id=each["operation"],
        status=_whole(each["status"]),
        schema_path=each["schema_path"],
        dialects=tuple(each["dialects"]),
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _finding(each: dict[str, Any]) -> Finding:
    identity, line = _identity(each["identity"]), each["rests_on"]
    return Finding(
        identity=identity,
        severity=Severity(each["severity"]),
        expected=each["expected"],
        got=each["got"],
        rests_on=DocumentLine(line["file"], int(line["line"])) if line else None,
        owner=Owner(each["owner"]),
        evidence=each["evidence"] or "",
        count=int(each["count"]),
        examples=tuple(_example(one, identity.operation_id) for one in each["examples"]),
    )


def _example(each: dict[str, Any], operation_id: str) -> Example:
    request, answer = each["request"], each["answer"]
    exchange = Exchange(
        number=int(request["number"]),
        operation_id=operation_id,
        method=request["method"],
        path=request["path"],
        headers=request["headers"],
        body=_bytes(request["body"]),
        status=int(answer["status"]) if answer else None,
        response_headers=answer["headers"] if answer else {},
        response_body=_bytes(answer["body"]) if answer else b"",
        elapsed=each["seconds"],
        attempts=int(each["attempts"]),
        verdict=Verdict(Outcome.SENT if answer else Outcome.FAULT),
    )
    return Example(each["curl"] or "", exchange)


def _bytes(text: str) -> bytes:
    """A body; bytes that were no UTF-8 stay the escapes as which they were written."""
    return text.encode("utf-8", "backslashreplace")


def _outcome(each: dict[str, Any]) -> CellOutcome:
    counts = each["counts"]
    return CellOutcome(
        cell=Cell(each["document"], each["dialect"] or "", each["operation"], each["check"]),
        result=Result(each["result"]),
        evidence=each["evidence"] or "",
        conform=int(counts["conform"]),
        differs=int(counts["differs"]),
        inconclusive=int(counts["inconclusive"]),
        reason=each["reason"] or "",
    )


def _covered(each: dict[str, Any]) -> OperationCoverage:
    return OperationCoverage(
        document=each["document"],
        dialect=each["dialect"] or "",
        operation_id=each["operation"],
        method=each["method"],
        path=each["path"],
        family=each["family"],
        evidence=each["evidence"] or "",
        state=Covered(each["state"]),
        reason=each["reason"] or "",
        statuses=tuple((status, Covered(state)) for status, state in each["statuses"].items()),
        parameters=tuple(Parameter(one["in"], one["name"], Covered(one["state"])) for one in each["parameters"]),
        keywords=tuple(_keyword(pointer, state) for pointer, state in each["keywords"].items()),
    )


def _keyword(pointer: str, state: str) -> Keyword:
    met, broken = _MARKS.get(state, (False, False))
    return Keyword(pointer, met, broken, reachable=state in _MARKS)


def _words(name: str, each: dict[str, Any]) -> Words:
    return Words(name, each["kind"], each["expects"], each["matters"], each["evidence"] or "")


def _fault(each: dict[str, Any]) -> Fault:
    return Fault(each["document"] or "", each["dialect"] or "", each["message"], each["advice"] or "")


def _unreached(each: dict[str, Any]) -> Unreached:
    return Unreached(each["document"], each["dialect"] or "", each["operation"])

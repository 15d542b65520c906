"""Findings that somebody has accepted until a day, from a file.

They are shown as accepted, as stale when they are no longer met, and as findings again when their day has passed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from contracts.model import Deviation, Finding, Identity, Result, RunError
from contracts.results import Outcome

VERSION = 1
_REQUIRED = ("target", "document", "check", "operation", "reason", "owner", "until")
_OPTIONAL = ("status", "schema_path", "dialects")
_LOOK = "docs/contracts.md shows what it looks like"


@dataclass(frozen=True)
class Accepted:
    """A finding, and the deviation that accepts it or did so until its day."""

    finding: Finding
    deviation: Deviation


@dataclass(frozen=True)
class Judgement:
    """The findings of a run, sorted by what was agreed.

    Args:
        open: Accepted by nobody; the expired ones are among them.
        accepted: Shown, and no reason to fail.
        expired: Their day has passed.
        stale: Deviations whose check was made and holds now.
        unmet: Deviations of this target that this run could say nothing about.
    """

    open: tuple[Finding, ...]
    accepted: tuple[Accepted, ...] = ()
    expired: tuple[Accepted, ...] = ()
    stale: tuple[Deviation, ...] = ()
    unmet: tuple[Deviation, ...] = ()


def read_deviations(path: Path) -> tuple[Deviation, ...]:
    """The deviations of a file.

    Raises:
        RunError: It cannot be read, or an entry lacks something, has too much, or has a date that is none.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise RunError(f"{path} cannot be read: {reason}", _LOOK) from None
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise RunError(f"{path} is no list of deviations of version {VERSION}", _LOOK)
    entries = content.get("deviations") or []
    if not isinstance(entries, list):
        raise RunError(f"{path}: deviations is no list", _LOOK)
    return tuple(_deviation(path, number, entry) for number, entry in enumerate(entries, start=1))


def judge(
    findings: Sequence[Finding],
    deviations: Sequence[Deviation],
    outcomes: Iterable[Outcome],
    *,
    target: str,
    today: date,
) -> Judgement:
    """Sorts the findings of a run by what was accepted.

    Args:
        findings: Of the run.
        deviations: Those for other targets are passed over.
        outcomes: What the run found out, without which "no longer met" could not be told from "not looked at".
        target: Its name.
        today: On which a deviation's last day still counts.
    """
    ours = [each for each in deviations if each.identity.target == target]
    pairs = {finding.identity: _first(finding, ours, today) for finding in findings}
    matched = [Accepted(finding, found) for finding in findings if (found := pairs[finding.identity]) is not None]
    expired = tuple(pair for pair in matched if _has_passed(pair.deviation, today))
    accepted = tuple(pair for pair in matched if pair not in expired)
    taken = {pair.finding.identity for pair in accepted}
    met = [each for each in ours if any(covers(each, finding.identity) for finding in findings)]
    absent = [each for each in ours if each not in met]
    known = tuple(outcomes)
    stale = tuple(each for each in absent if _holds(each, known))
    return Judgement(
        open=tuple(finding for finding in findings if finding.identity not in taken),
        accepted=accepted,
        expired=expired,
        stale=stale,
        unmet=tuple(each for each in absent if each not in stale),
    )


def covers(deviation: Deviation, identity: Identity) -> bool:
    """Whether a deviation is about a finding; without dialects it is about all, else about no more than those."""
    asked = deviation.identity
    same = replace(asked, dialects=()) == replace(identity, dialects=())
    return same and (not asked.dialects or set(identity.dialects) <= set(asked.dialects))


def _first(finding: Finding, deviations: Sequence[Deviation], today: date) -> Deviation | None:
    """The deviation about a finding; one that still holds goes before one whose day has passed."""
    about = [each for each in deviations if covers(each, finding.identity)]
    return min(about, key=lambda each: _has_passed(each, today), default=None)


def _has_passed(deviation: Deviation, today: date) -> bool:
    return date.fromisoformat(deviation.until) < today


def _holds(deviation: Deviation, outcomes: Sequence[Outcome]) -> bool:
    """Whether the run looked, in every dialect that is meant, and saw nothing of it."""
    about = deviation.identity
    cells = [
        outcome.result
        for outcome in outcomes
        if (outcome.cell.document, outcome.cell.operation_id, outcome.cell.check)
        == (about.document, about.operation_id, about.check)
        and (not about.dialects or outcome.cell.dialect in about.dialects)
    ]
    return bool(cells) and all(result in {Result.CONFORM, Result.DIFFERS} for result in cells)


def _deviation(path: Path, number: int, entry: Any) -> Deviation:
    where = f"{path}, entry {number}"
    if not isinstance(entry, dict):
        raise RunError(f"{where} is no object", _LOOK)
    if missing := [name for name in _REQUIRED if not entry.get(name)]:
        raise RunError(f"{where} lacks {', '.join(missing)}", _LOOK)
    if unknown := sorted(str(name) for name in entry.keys() - {*_REQUIRED, *_OPTIONAL}):
        raise RunError(f"{where} has {', '.join(unknown)}, which means nothing", _LOOK)
    identity = Identity(
        target=str(entry["target"]),
        document=str(entry["document"]),
        check=str(entry["check"]),
        operation_id=str(entry["operation"]),
        status=_status(where, entry.get("status")),
        schema_path=str(entry.get("schema_path") or ""),
        dialects=_dialects(where, entry.get("dialects")),
    )
    return Deviation(identity, str(entry["reason"]), str(entry["owner"]), _day(where, entry["until"]))


def _status(where: str, value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise RunError(f"{where}: status {value!r} is no number", _LOOK)


def _dialects(where: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise RunError(f"{where}: dialects is no list of names", _LOOK)
    return tuple(sorted(value))


def _day(where: str, value: Any) -> str:
    """The last day, which YAML gives as a date when it is written as one."""
    text = str(value)
    try:
        # Other ways of writing a date would not be compared as texts are.
        written_out = date.fromisoformat(text).isoformat() == text
    except ValueError:
        written_out = False
    if not written_out:
        raise RunError(f"{where}: until is {text!r}; write it as 2026-01-31", _LOOK)
    return text

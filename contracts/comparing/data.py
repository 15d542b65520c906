"""A comparison as JSON, for a machine."""

import json
from typing import Any

from contracts.comparing.model import Change, Comparison, Difference, Fate, Met, Move, Side
from contracts.comparing.telling import verdict
from contracts.report.json_report import finding_as_json

VERSION = 1
"""Of the format; a member is neither added nor changed without a new version."""

_ONLY_COUNTED = frozenset({Move.STILL, Move.UNTESTED})


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON values."""
    return {
        "comparison": VERSION,
        "verdict": verdict(comparison),
        "exit_code": int(comparison.exit_code),
        "comparable": comparison.comparable,
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "obstacles": [_difference(each) for each in comparison.obstacles],
        "remarks": [_difference(each) for each in comparison.remarks],
        "families": list(comparison.families),
        "empty": list(comparison.empty),
        "left_out": list(comparison.left_out),
        "tested": comparison.tested,
        "totals": {move.value: len(comparison.moved(move)) for move in Move},
        "changes": [_change(each) for each in comparison.changes if each.move not in _ONLY_COUNTED],
        "findings": {fate.value: [_met(each) for each in comparison.met(fate)] for fate in Fate},
    }


def render(comparison: Comparison) -> str:
    """The comparison as text."""
    return json.dumps(as_json(comparison), indent=2, ensure_ascii=False) + "\n"


def _side(side: Side) -> dict[str, Any]:
    return {
        "target": {"name": side.target, "url": side.url},
        "profile": side.profile,
        "seed": side.seed,
        "started": side.started,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {"what": difference.what, "old": difference.old, "new": difference.new}


def _change(change: Change) -> dict[str, Any]:
    cell = change.cell
    return {
        "document": cell.document,
        "dialect": cell.dialect or None,
        "operation": cell.operation_id,
        "check": cell.check,
        "move": change.move.value,
        "before": change.before.value,
        "after": change.after.value,
        "reason": change.reason or None,
    }


def _met(met: Met) -> dict[str, Any]:
    return {
        "before": met.before.value if met.before else None,
        "after": met.after.value if met.after else None,
        "finding": finding_as_json(met.finding),
    }

"""Schemathesis' configuration for one projection."""

from collections.abc import Iterator
from typing import Any

import schemathesis

from contracts.checks.excuses import ALWAYS_LEGAL, legal_statuses
from contracts.checks.table import ENGINE_CHECKS
from contracts.model import Limits
from contracts.policy import is_read
from specs.catalog import Operation

PHASES = ("examples", "coverage", "fuzzing", "stateful")

# Ours judge 401, 403 and 2xx alone, which needs requests of their own.
_NOT_ASKED = ("ignored_auth", "object_level_authorization")


def engine_settings(
    url: str, operations: tuple[Operation, ...], limits: Limits, *, seed: int, remote: bool
) -> schemathesis.Config:
    """The configuration.

    Elsewhere nothing is made of what the target answered: neither data, nor links that no document has, nor what a
    refusal taught; and no method is sent that the document does not have.
    """
    return schemathesis.Config.from_dict(
        {
            "base-url": url,
            "seed": seed,
            "workers": 1,
            "continue-on-failure": True,
            "warnings": False,
            "suppress-health-check": ["all"],
            "cache": {"enabled": False},
            "generation": _generation(limits),
            "checks": _checks(),
            "phases": {name: _phase(name, enabled=name in limits.phases, remote=remote) for name in PHASES},
            "operations": list(_exceptions(operations, remote=remote)),
        }
    )


def _generation(limits: Limits) -> dict[str, Any]:
    return {
        "max-examples": limits.max_examples,
        "no-shrink": True,
        "database": "none",
        # The gate gives the key; a generated one would only be refused.
        "with-security-parameters": False,
    }


def _checks() -> dict[str, Any]:
    checks: dict[str, Any] = {name: {"enabled": True} for name in ENGINE_CHECKS}
    checks["positive_data_acceptance"]["expected-statuses"] = list(ALWAYS_LEGAL)
    return checks | {name: {"enabled": False} for name in _NOT_ASKED}


def _phase(name: str, *, enabled: bool, remote: bool) -> dict[str, Any]:
    phase: dict[str, Any] = {"enabled": enabled}
    if name == "stateful":
        phase["link-calibration"] = not remote
        if remote:
            phase["inference"] = {"algorithms": []}
        return phase
    phase["extra-data-sources"] = {"responses": not remote}
    if name == "coverage" and remote:
        phase["unexpected-methods"] = []
    if name == "fuzzing" and remote:
        phase["error-feedback"] = {"enabled": False}
    return phase


def _exceptions(operations: tuple[Operation, ...], *, remote: bool) -> Iterator[dict[str, Any]]:
    """What holds for some operations alone, one entry for all that share it: the engine goes through every entry often.

    An operation whose document has a reason to refuse may answer valid data with 400; and invalid data that a target
    lets in could do harm where others use it.
    """
    refusing = [each for each in operations if each.refuses]
    if refusing:
        legal = {"positive_data_acceptance": {"expected-statuses": list(legal_statuses(refusing[0]))}}
        yield {"include-name": [_label(each) for each in refusing], "checks": legal}
    writing = [_label(each) for each in operations if remote and not is_read(each)]
    if writing:
        yield {"include-name": writing, "generation": {"mode": "positive"}}


def _label(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"

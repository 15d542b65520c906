"""Schemathesis' configuration for one projection."""

from typing import Any

import schemathesis

from contracts.checks.excuses import legal_statuses
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
            "operations": [_operation(operation, remote=remote) for operation in operations],
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
    asked = dict.fromkeys(ENGINE_CHECKS, True) | dict.fromkeys(_NOT_ASKED, False)
    return {name: {"enabled": enabled} for name, enabled in asked.items()}


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


def _operation(operation: Operation, *, remote: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "include-name": f"{operation.method} {operation.path}",
        "checks": {"positive_data_acceptance": {"expected-statuses": list(legal_statuses(operation))}},
    }
    if remote and not is_read(operation):
        # Invalid data that a target lets in could do harm where others use it.
        settings["generation"] = {"mode": "positive"}
    return settings

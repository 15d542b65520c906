"""Deletes what a run made and left behind, from its ledger, newest first."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import requests

from contracts.clock import Clock
from contracts.faults import EnvironmentFault, Refused, TargetFault
from contracts.gate import PLACEHOLDER, Gate, Terms
from contracts.keys import AMBERFLO, SOLVIMON, key_header
from contracts.ledger import Entry, Ledger, Thing
from contracts.model import RunError, Target
from contracts.policy import HAZARDS, REMOVALS, Policy
from contracts.target import read_target
from specs import catalog
from specs.catalog import DIALECTS, VENDORS, Document, Operation

_UNAUTHORIZED = frozenset({401, 403})


@dataclass
class Cleanup:
    """What became of the things in a ledger.

    Args:
        removed: Deleted, and seen to be gone.
        gone: Not there any more, or never made.
        stays: What no operation deletes, and why.
        failed: What could not be deleted this time, and why.
    """

    removed: list[Thing] = field(default_factory=list)
    gone: list[Thing] = field(default_factory=list)
    stays: list[tuple[Thing, str]] = field(default_factory=list)
    failed: list[tuple[Thing, str]] = field(default_factory=list)


def clean_up_file(
    path: Path,
    *,
    api_key: str | None = None,
    environment: Mapping[str, str] = os.environ,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    clock: Clock | None = None,
) -> Cleanup:
    """Deletes what stands in a ledger file; doing it again deletes what was left.

    Args:
        path: The ledger.
        api_key: The one of the command line, for a target on this machine.
        environment: Where the keys are.
        terms: How fast, how long.
        clock: What waits and tells the time.

    Raises:
        RunError: There is no such ledger, its run is still going, or the key is missing or not accepted.
    """
    with Ledger.resume(path) as ledger:
        # The dialect decides forms alone, and a deletion has only one.
        target = read_target(
            ledger.target, document=ledger.document, dialect=DIALECTS[0], api_key=api_key, environment=environment
        )
        _require_key(target, environment, api_key)
        document = _document(ledger.document)
        gate = Gate(
            target,
            document.operations,
            policy=Policy(allow_writes=True),
            ledger=ledger,
            terms=terms,
            clock=clock,
            key_header=key_header(document.spec),
        )
        return clean_up(gate, ledger, document.operations)


def clean_up(
    gate: Gate, ledger: Ledger, operations: Sequence[Operation], report: Callable[[Thing], None] | None = None
) -> Cleanup:
    """Deletes what stands in an open ledger, through a gate that may write.

    Args:
        gate: Of the ledger's target, with this ledger.
        ledger: What is to be deleted; what is gone afterwards is written to it.
        operations: Every operation of the document, whatever its dialect.
        report: Is told of each thing before it is looked at.

    Raises:
        RunError: The key is not accepted, or the ledger cannot be written.
    """
    worker = _Worker(gate, {each.operation_id: each for each in operations})
    result = Cleanup()
    for entry in reversed(ledger.entries()):
        if report is not None:
            report(entry.thing)
        worker.clear(entry, ledger, result)
    return result


class _Worker:
    def __init__(self, gate: Gate, operations: Mapping[str, Operation]) -> None:
        self._gate = gate
        self._session = gate.session()
        self._operations = operations

    def clear(self, entry: Entry, ledger: Ledger, result: Cleanup) -> None:
        thing, removal = entry.thing, REMOVALS.get(entry.thing.kind)
        if removal is None or removal.delete not in self._operations:
            hazard = HAZARDS.get(entry.operation_id)
            result.stays.append((thing, hazard.reason if hazard else "no operation deletes it"))
            return
        try:
            answer = self._ask(removal.delete, thing)
            found = answer.status_code != requests.codes.not_found
            why = self._still_there(removal.read, thing, answer) if found else ""
        except (Refused, EnvironmentFault, TargetFault) as error:
            result.failed.append((thing, str(error)))
            return
        if why:
            result.failed.append((thing, why))
            return
        ledger.remove(thing)
        (result.removed if found else result.gone).append(thing)

    def _still_there(self, read: str, thing: Thing, answer: requests.Response) -> str:
        """Why a thing counts as still there after its deletion, or an empty string."""
        if not answer.ok:
            return f"the deletion was answered with {answer.status_code}"
        if read not in self._operations:
            return ""
        seen = self._ask(read, thing)
        if seen.status_code == requests.codes.not_found or _is_marked_deleted(seen):
            return ""
        return f"the deletion was answered with {answer.status_code}, and reading it then with {seen.status_code}"

    def _ask(self, operation_id: str, thing: Thing) -> requests.Response:
        operation = self._operations[operation_id]
        before, _, rest = operation.path.partition("{")
        path = before + quote(thing.key, safe="") + rest.partition("}")[2]
        headers = {self._gate.key_header: PLACEHOLDER}
        answer = self._session.request(operation.method, self._gate.target.url + path, headers=headers)
        if answer.status_code in _UNAUTHORIZED:
            raise RunError(
                f"the key is not accepted ({answer.status_code} for {operation.method})",
                "set the key of the account that the ledger's run wrote to, and clean up again",
            )
        return answer


def _is_marked_deleted(answer: requests.Response) -> bool:
    """Whether what is still found says of itself that it was deleted."""
    try:
        found = answer.json()
    except ValueError:
        return False
    return found == {} or (isinstance(found, dict) and bool(found.get("deleteTime")))


def _require_key(target: Target, environment: Mapping[str, str], api_key: str | None) -> None:
    variable = SOLVIMON if target.document == "solvimon" else AMBERFLO
    # On this machine keys are made up when none is set; a made-up one opens another account than the ledger's.
    if api_key is None and not environment.get(variable):
        raise RunError(f"there is no key: {variable} is not set", "set the key of the run that wrote the ledger")


def _document(name: str) -> Document:
    try:
        return catalog.document(name) if name in VENDORS else catalog.read(name)
    except catalog.CatalogError as error:
        raise RunError(f"the ledger's document cannot be read: {error}", "put it back where it was") from None


def cleanup_lines(result: Cleanup) -> list[str]:
    """What became of the things, as lines of text."""
    lines = [f"Deleted: {len(result.removed)}. Not there any more: {len(result.gone)}."]
    lines += [f"Stays for ever: {thing.kind} {thing.key}: {why}" for thing, why in result.stays]
    lines += [f"Not deleted: {thing.kind} {thing.key}: {why}" for thing, why in result.failed]
    lines += ["Clean up again to delete the rest."] if result.failed else []
    return lines

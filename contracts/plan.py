"""What a run would send, before it sends anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.gate import REMOTE_RATE
from contracts.keys import AMBERFLO, SOLVIMON
from contracts.model import LIMITS, Profile, Target
from contracts.policy import HAZARDS, REMOVALS, WRITES, Policy, Write, is_read, unsendable
from contracts.portal import is_portal, unopened
from specs.catalog import Operation


@dataclass(frozen=True)
class PlannedOperation:
    """What becomes of one operation.

    Args:
        operation: Which.
        most: The most requests, repetitions left out; 0 when none is sent, None when there is no limit.
        reason: Why none is sent; empty when some are.
        stays: What is left behind for ever; empty for nothing.
        cleared: What is left behind until it is cleaned up; empty for nothing.
    """

    operation: Operation
    most: int | None
    reason: str = ""
    stays: str = ""
    cleared: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run would send.

    Args:
        target: Where to.
        profile: How hard it looks.
        rate: Requests a second; None for no limit.
        seconds: When it ends at the latest.
        operations: In the order of the document.
        most: The most requests in all; None for no limit.
    """

    target: Target
    profile: Profile
    rate: float | None
    seconds: float
    operations: tuple[PlannedOperation, ...]
    most: int | None


def plan(
    target: Target, operations: Sequence[Operation], profile: Profile, policy: Policy, rate: float | None = None
) -> Plan:
    """The plan of a run; the gate holds every number in it when it is given the profile's quota.

    Args:
        target: Where to.
        operations: Of the document, in the dialect of the run.
        profile: How hard it looks.
        policy: What the command line allows.
        rate: What it says of the rate, or None.
    """
    limits = LIMITS[profile]
    used_rate = rate or (None if target.loopback else REMOTE_RATE)
    unopened_portal = unopened(target, operations, writes=policy.allow_writes)
    planned = tuple(
        PlannedOperation(each, 0, unopened_portal)
        if unopened_portal and is_portal(each)
        else _planned(target, each, limits.requests, policy)
        for each in operations
    )
    most = None
    if not target.loopback:
        total = sum(each.most or 0 for each in planned)
        most = min(total, int((used_rate or 0) * limits.seconds)) if used_rate else total
    return Plan(target, profile, used_rate, limits.seconds, planned, most)


def _planned(target: Target, operation: Operation, quota: int, policy: Policy) -> PlannedOperation:
    if target.keys.of(operation.document) is None and not is_portal(operation):
        variable = SOLVIMON if operation.document == "solvimon" else AMBERFLO
        return PlannedOperation(operation, 0, f"there is no key: {variable} is not set")
    if target.loopback:
        return PlannedOperation(operation, None)
    if reason := _refusal(operation, policy):
        return PlannedOperation(operation, 0, reason)
    write = WRITES.get(operation.operation_id, Write())
    stays = write.creates if write.creates and write.creates not in REMOVALS else ""
    return PlannedOperation(operation, quota, "", stays, "" if stays else write.creates)


def _refusal(operation: Operation, policy: Policy) -> str:
    """Why no request of an operation is sent elsewhere, or an empty string."""
    if is_read(operation):
        return ""
    if reason := unsendable(operation):
        return reason
    hazard = HAZARDS.get(operation.operation_id)
    if hazard is not None and hazard.name not in policy.allow:
        return f"{hazard.reason}; --allow {hazard.name} would send it"
    return "" if policy.allow_writes else "it writes, and --allow-writes is not given"


def plan_lines(planned: Plan) -> list[str]:
    """The plan as lines of text, secrets left out."""
    target = planned.target
    sent = [each for each in planned.operations if not each.reason]
    unsent = [each for each in planned.operations if each.reason]
    lines = [f"Target {target.url}, document {target.document}, dialect {target.dialect or 'both'}"]
    lines += [f"Profile {planned.profile}: {_size(planned)}"]
    if not target.loopback and target.url.startswith("http:"):
        lines += ["The key goes unencrypted: the target is http, not https"]
    lines += ["", f"Would be sent: {len(sent)} operations"]
    lines += [_sent_line(each) for each in sent]
    lines += ["", f"Would not be sent: {len(unsent)} operations"] if unsent else []
    lines += [f"  {_name(each)}: {each.reason}" for each in unsent]
    lines += ["", *_left_behind(planned)]
    return lines


def _size(planned: Plan) -> str:
    most = "as many requests as it takes" if planned.most is None else f"at most {planned.most:,} requests"
    rate = "" if planned.rate is None else f", at most {planned.rate:g} in a second"
    repeats = "" if planned.target.loopback else "; a 429, 502, 503 or 504 is asked again up to 3 times"
    return f"{most}{rate}, within {planned.seconds:g} s{repeats}"


def _sent_line(each: PlannedOperation) -> str:
    number = "" if each.most is None else f": at most {each.most:,}"
    return f"  {_name(each)}{number}"


def _name(each: PlannedOperation) -> str:
    return f"{each.operation.operation_id} ({each.operation.method} {each.operation.path})"


def _left_behind(planned: Plan) -> list[str]:
    if planned.target.loopback:
        return ["Everything is allowed on this machine, and what is created stays in the account of the key"]
    stays = sorted({each.stays for each in planned.operations if each.stays})
    cleared = sorted({each.cleared for each in planned.operations if each.cleared})
    lines = [f"Stays for ever: things of the kinds {', '.join(stays)}" if stays else "Nothing stays for ever"]
    if cleared:
        lines.append(f"Created, written to the ledger, and deleted by a clean-up: {', '.join(cleared)}")
    return lines

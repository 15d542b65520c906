"""What a failed assertion about a journal says."""

from collections.abc import Iterator, Sequence

from mockserver.testing.entries import Request
from mockserver.testing.wanted import Wanted, shown

MOST = 8
"""Requests of a list that are shown."""
MOST_DIFFERENCES = 5
"""Differences of one request that are shown."""


def too_few_or_many(wanted: Wanted, times: int | None, requests: Sequence[Request]) -> str:
    """Says how often a request was made, and when that is too few, what was asked instead, closest first."""
    found = [request for request in requests if wanted.matches(request)]
    others = [request for request in requests if not wanted.matches(request)]
    expected = "" if times is None else f", not {often(times)}"
    lines = [f"{wanted} was {f'requested {often(len(found))}' if found else 'never requested'}{expected}."]
    if found:
        lines += ["", "It was requested by:", *_listed(found, wanted)]
    if others and (times is None or len(found) < times):
        lines += ["", "What was requested instead, closest first:"]
        lines += _listed(sorted(others, key=wanted.distance), wanted)
    return "\n".join(lines if requests else [*lines, "", "Nothing was requested."])


def unwanted(wanted: Wanted, found: Sequence[Request]) -> str:
    """Says that a request was made which should not have been."""
    first = f"{wanted} was requested {often(len(found))}, and should not have been."
    return "\n".join([first, "", *_listed(found, wanted)])


def warned(requests: Sequence[Request], ignoring: Sequence[str]) -> str:
    """Says which warnings were left, each with its request."""
    lines, count = [], 0
    for request in requests:
        left = [warning for warning in request.warnings if warning.rule not in ignoring]
        count += len(left)
        lines += [f"  {_line(request)}"] * bool(left)
        lines += [f"       {each.rule}{f' at {each.field}' if each.field else ''}: {each.message}" for each in left]
    return "\n".join([f"{count} {'warning was' if count == 1 else 'warnings were'} left.", "", *lines])


def often(times: int) -> str:
    """How often, in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")


def _listed(requests: Sequence[Request], wanted: Wanted) -> Iterator[str]:
    for request in requests[:MOST]:
        yield f"  {_line(request)}"
        # Of a request to another place it says enough that it went there.
        misplaced = wanted.misplaced(request)
        differences = misplaced or wanted.differences(request)
        yield from (f"       {difference}" for difference in differences[:MOST_DIFFERENCES])
        if len(differences) > MOST_DIFFERENCES:
            yield f"       and {len(differences) - MOST_DIFFERENCES} differences more"
        if request.body is not None and not misplaced:
            yield f"       body: {shown(request.body)}"
    if len(requests) > MOST:
        yield f"  and {len(requests) - MOST} more"


def _line(request: Request) -> str:
    query = f" {shown(request.query)}" if request.query else ""
    operation = f" ({request.operation})" if request.operation else ""
    return f"#{request.sequence} {request.method} {request.path}{query}{operation} -> {request.status}"

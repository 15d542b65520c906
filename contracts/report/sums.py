"""What a report comes to, for whoever tells it in short; the same sums in every form of it."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from contracts.conformance import Conformance
from contracts.coverage.summary import Tally
from contracts.exitcodes import ExitCode
from contracts.model import Owner, Result

NOT_COUNTED = "not counted"
"""What stands in the place of coverage that nobody counted."""

VERDICTS: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.CONFORMS: "It conforms, as far as it was tested.",
        ExitCode.FINDINGS: "It does not conform.",
        ExitCode.COULD_NOT_RUN: "It could not be checked.",
    }
)

_SETTLED = frozenset({Result.CONFORM, Result.DIFFERS, Result.READING})

# What settles what is known of a law; what could not be tried somewhere says nothing against what held elsewhere.
_SETTLES = (
    Result.DIFFERS,
    Result.READING,
    Result.CONFORM,
    Result.INCONCLUSIVE,
    Result.UNTESTED,
    Result.NOT_REACHABLE,
)


def verdict(conformance: Conformance) -> str:
    """The verdict in one sentence, and how many findings it rests on."""
    judgement = conformance.judgement
    accepted = f", {len(judgement.accepted)} accepted" if judgement.accepted else ""
    findings = f"{len(judgement.open)} finding{'' if len(judgement.open) == 1 else 's'}"
    return f"{VERDICTS[conformance.exit_code]} {findings}{accepted}."


def law_results(conformance: Conformance) -> dict[str, Result]:
    """What became of each law that was looked at, by its name: it differs when it did anywhere."""
    laws = {each.name for each in conformance.words if each.kind == "law"}
    seen: dict[str, set[Result]] = {}
    for outcome in conformance.outcomes:
        if outcome.cell.check in laws:
            seen.setdefault(outcome.cell.check, set()).add(outcome.result)
    return {name: next(each for each in _SETTLES if each in results) for name, results in sorted(seen.items())}


def laws_line(conformance: Conformance) -> str:
    """How many laws came to each result, in words; empty when none was looked at."""
    counted = Counter(law_results(conformance).values())
    return ", ".join(f"{counted[result]} {result.value}" for result in Result if counted[result])


def owners_line(conformance: Conformance) -> str:
    """How many findings each likely owner has, in words; empty without a finding."""
    counted = Counter(each.owner for each in conformance.judgement.open)
    return ", ".join(f"{counted[owner]} {owner.value}" for owner in Owner if counted[owner])


def untold(conformance: Conformance) -> list[tuple[int, str]]:
    """Why there is no verdict where there is none, each with how often, the most often first."""
    without = [each for each in conformance.outcomes if each.result not in _SETTLED]
    reasons = Counter(f"{outcome.result.value}: {outcome.reason}" for outcome in without)
    return [(count, words) for words, count in reasons.most_common()]


def incidents(conformance: Conformance) -> list[tuple[int, str]]:
    """What went wrong on the way to the target and says nothing of it, each with how often, the most often first."""
    requests = conformance.requests
    found = [(count, f"answered {status}") for status, count in requests.environment.items()]
    found += [(count, f"without a whole answer: {kind}") for kind, count in requests.faults.items()]
    found += [(count, f"not sent: {reason}") for reason, count in requests.refused.items()]
    return sorted(found, key=lambda each: (-each[0], each[1]))


def remains(conformance: Conformance) -> tuple[str, ...]:
    """What stays at the target, in sentences."""
    if conformance.notes or conformance.writes:
        return conformance.notes
    return ("The run only read, so that nothing of it stays.",)


def share(tally: Tally) -> str:
    """How much is tested, as `3/5`, and how much of the rest could not be reached."""
    if not tally.total:
        return "-"
    lost = f" ({tally.not_reachable} not reachable)" if tally.not_reachable else ""
    return f"{tally.tested}/{tally.total}{lost}"

"""The page's own words: names and explanations for a reader who has not met them, and numbers in sentences."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.coverage.model import Covered
from contracts.model import Owner, Result, Severity

RESULTS = (
    Result.DIFFERS,
    Result.READING,
    Result.INCONCLUSIVE,
    Result.UNTESTED,
    Result.NOT_REACHABLE,
    Result.CONFORM,
)
"""The worst first: what is known to be wrong, then what is not known, then what is known to hold."""

SETTLED = frozenset({Result.CONFORM, Result.DIFFERS, Result.READING})
"""The results that are a verdict."""

NAMES: Mapping[Result, str] = MappingProxyType(
    {
        Result.CONFORM: "conforms",
        Result.DIFFERS: "differs",
        Result.READING: "differs from our reading",
        Result.INCONCLUSIVE: "inconclusive",
        Result.UNTESTED: "untested",
        Result.NOT_REACHABLE: "not reachable",
    }
)

MEANINGS: Mapping[Result, str] = MappingProxyType(
    {
        Result.CONFORM: "it was tried and held",
        Result.DIFFERS: "it was tried and did not hold: a finding, unless it was accepted",
        Result.READING: "it is not as we read what nobody says: told, but no finding",
        Result.INCONCLUSIVE: "it was tried, but the answers say nothing, such as 429 or 503",
        Result.UNTESTED: "it could have been tried and was not",
        Result.NOT_REACHABLE: "it cannot be tried with this target, or with what the run was allowed",
    }
)

ANSWERED: Mapping[Covered, str] = MappingProxyType(
    {Covered.TESTED: "yes", Covered.UNTESTED: "never", Covered.NOT_REACHABLE: "not reachable"}
)
"""Whether an operation was answered with success."""

SEVERITIES = tuple(Severity)

OWNERS: Mapping[Owner, str] = MappingProxyType(
    {
        Owner.TARGET: "whoever runs this deployment",
        Owner.DOCUMENT: "whoever keeps the OpenAPI documents: they ask for what they should not",
        Owner.OUR_READING: "whoever keeps these checks: the vendor seems to mean something else",
    }
)

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "published": "an OpenAPI document that was published",
        "documented": "the vendor's own pages",
        "sdk": "the vendor's client libraries",
        "inferred": "concluded from its neighbours",
        "our reading": "how we read what nobody says",
        "none": "the document does not say how well it is known",
    }
)
"""On whose word something rests, the best known first."""


def evidence_order(name: str) -> tuple[int, str]:
    """Sorts classes of evidence, the best known first and the unknown ones last."""
    known = list(EVIDENCE)
    return (known.index(name) if name in known else len(known), name)


def number(count: int) -> str:
    """A count for a reader, with commas between thousands."""
    return f"{count:,}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A count and what is counted, such as `1 finding` or `2 findings`."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def came_to(count: int, result: Result) -> str:
    """How many came to a result, such as `1 differs` or `2 differ`."""
    name = NAMES[result] if count == 1 else NAMES[result].replace("conforms", "conform").replace("differs", "differ")
    return f"{count:,} {name}"


def share(part: int, whole: int) -> str:
    """A percentage that is 0 of nothing alone, and 100 of everything alone."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 1:
        return "less than 1\u00a0%"
    if 99 < percent < 100:  # noqa: PLR2004 - almost all is not all
        return "more than 99\u00a0%"
    return f"{percent:.0f}\u00a0%"


def seconds(taken: float) -> str:
    """A duration for a reader; the same for one that was written as JSON and read again."""
    taken = round(taken, 3)
    if taken < 60:  # noqa: PLR2004 - a minute
        return f"{taken:.1f} s"
    minutes, rest = divmod(round(taken), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"

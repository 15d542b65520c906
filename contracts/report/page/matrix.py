"""The matrices: families of operations by checks, and laws by families; a field shows the worst and opens into all."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.conformance import Words
from contracts.model import Result
from contracts.report.page.anchors import Anchors, digest
from contracts.report.page.index import Key, Operation
from contracts.report.page.wording import RESULTS, came_to
from contracts.results import Outcome


@dataclass(frozen=True)
class Group:
    """The operations of a field that came to one result for one reason; each with the dialects, unless they agree."""

    result: Result
    reason: str
    operations: tuple[tuple[Operation, str], ...]


@dataclass(frozen=True)
class Field:
    """What became of one check or law of the operations of a family.

    Args:
        anchor: Where its operations are listed.
        family: Which family.
        name: Of the check or law.
        worst: The worst of the results.
        count: How many came to it.
        total: Of how many.
        summary: All the counts in words.
        groups: The operations, the worst first.
    """

    anchor: str
    family: str
    name: str
    worst: Result
    count: int
    total: int
    summary: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Matrix:
    """Families by checks.

    Args:
        families: In order.
        words: The checks or laws, in order.
        fields: By family and name; none where a check applies to nothing of a family.
    """

    families: tuple[str, ...]
    words: tuple[Words, ...]
    fields: Mapping[tuple[str, str], Field]


def matrices(
    operations: Mapping[Key, Operation], words: Mapping[str, Words], anchors: Anchors
) -> tuple[Matrix, Matrix]:
    """That of the checks, and that of the laws; what nobody describes is a check."""
    sorted_out: dict[tuple[str, str], list[tuple[Operation, Outcome]]] = defaultdict(list)
    for operation in operations.values():
        for outcome in operation.outcomes:
            sorted_out[operation.family, outcome.cell.check].append((operation, outcome))
    made = {key: _field(*key, entries, anchors) for key, entries in sorted_out.items()}
    laws = {name for _, name in made if name in words and words[name].kind == "law"}
    checks = {key: field for key, field in made.items() if key[1] not in laws}
    return _matrix(checks, words), _matrix({key: made[key] for key in made.keys() - checks.keys()}, words)


def _matrix(fields: Mapping[tuple[str, str], Field], words: Mapping[str, Words]) -> Matrix:
    names = sorted({name for _, name in fields})
    return Matrix(
        families=tuple(sorted({family for family, _ in fields})),
        words=tuple(words.get(name, Words(name, "check", "", "")) for name in names),
        fields=fields,
    )


def _field(family: str, name: str, entries: list[tuple[Operation, Outcome]], anchors: Anchors) -> Field:
    counts = Counter(outcome.result for _, outcome in entries)
    worst = next(result for result in RESULTS if counts[result])
    return Field(
        anchor=anchors.give(f"field--{digest(family, name)}"),
        family=family,
        name=name,
        worst=worst,
        count=counts[worst],
        total=len(entries),
        summary=", ".join(came_to(counts[result], result) for result in RESULTS if counts[result]),
        groups=tuple(_groups(entries)),
    )


def _groups(entries: list[tuple[Operation, Outcome]]) -> Iterable[Group]:
    """Equal results of equal reasons together."""
    several = len({outcome.cell.dialect for _, outcome in entries}) > 1
    sorted_out: dict[tuple[Result, str], dict[Key, tuple[Operation, list[str]]]] = defaultdict(dict)
    for operation, outcome in entries:
        _, dialects = sorted_out[outcome.result, outcome.reason].setdefault(operation.key, (operation, []))
        dialects.append(outcome.cell.dialect)
    for (result, reason), found in sorted(sorted_out.items(), key=lambda each: (RESULTS.index(each[0][0]), each[0][1])):
        listed = tuple(
            (operation, ", ".join(dialects) if several and len(dialects) < _dialects_of(operation) else "")
            for operation, dialects in found.values()
        )
        yield Group(result, reason, listed)


def _dialects_of(operation: Operation) -> int:
    return len({outcome.cell.dialect for outcome in operation.outcomes})

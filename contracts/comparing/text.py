"""A comparison for a person at a terminal, as plain text."""

from collections.abc import Iterator

from contracts.comparing.model import Comparison, Side
from contracts.comparing.telling import Row, Section, advice, counts, differences, sections, verdict
from contracts.report.visible import visible

_MOST_ROWS = 40
_MOST_CHARACTERS = 600


def render(comparison: Comparison) -> str:
    """The comparison as text."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"old  {_side(comparison.old)}"
    yield f"new  {_side(comparison.new)}"
    if comparison.families:
        yield f"compared: {_seen(', '.join(comparison.families))} alone"
    yield from (f"left out: {_seen(each)}" for each in comparison.left_out)
    heading = "Compared all the same, though the runs differ in" if comparison.families else "Not comparable"
    yield from _listed(Section(heading, tuple(differences(comparison.obstacles))))
    yield from _listed(Section("The runs also differ in", tuple(differences(comparison.remarks))))
    for section in sections(comparison):
        yield from _listed(section)
    if comparison.comparable:
        yield ""
        yield from counts(comparison)
    yield ""
    yield " ".join(filter(None, (_seen(verdict(comparison)), advice(comparison))))


def _side(side: Side) -> str:
    return _seen(f"{side.started}  {side.url} ({side.target}), {side.profile}, seed {side.seed}")


def _listed(section: Section) -> Iterator[str]:
    if not section.rows:
        return
    yield ""
    yield f"{section.title} ({len(section.rows)})"
    yield from (f"  {_row(each)}" for each in section.rows[:_MOST_ROWS])
    if len(section.rows) > _MOST_ROWS:
        yield f"  and {len(section.rows) - _MOST_ROWS} more; --format json has all of them"


def _row(row: Row) -> str:
    where = f" ({row.where})" if row.where else ""
    return f"{_seen(row.name + where)}: {_seen(row.words)}"


def _seen(text: str) -> str:
    return visible(text, most=_MOST_CHARACTERS)

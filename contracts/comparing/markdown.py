"""A comparison as Markdown, for a comment on a pull request; short enough for one."""

from collections.abc import Iterable, Iterator

from contracts.comparing.model import Comparison, Side
from contracts.comparing.telling import Row, Section, advice, counts, differences, sections, verdict
from contracts.report.escaping import code, prose

_ROOM = 3_200
"""Characters of the rows under one heading; all of them together stay below what is taken for a comment."""

_MOST_OF_NAME = 120
_MOST_OF_WORDS = 400
_MOST_NAMES = 20


def render(comparison: Comparison) -> str:
    """The comparison as text of at most `contracts.report.markdown.LIMIT` characters."""
    return "\n\n".join(_blocks(comparison)) + "\n"


def _blocks(comparison: Comparison) -> Iterator[str]:
    yield f"## {prose(verdict(comparison), _MOST_OF_WORDS)}"
    yield from filter(None, (advice(comparison),))
    yield f"- old: {_side(comparison.old)}\n- new: {_side(comparison.new)}"
    if comparison.families:
        yield f"Compared: {_names(comparison.families)} alone."
    if comparison.left_out:
        yield f"Left out: {_names(comparison.left_out)}."
    if comparison.comparable:
        yield "\n".join(f"- {each}" for each in counts(comparison))
    for section in sections(comparison):
        yield from _section(section)
    heading = "Compared all the same, though the runs differ in" if comparison.families else "Not comparable"
    yield from _section(Section(heading, tuple(differences(comparison.obstacles))))
    yield from _section(Section("The runs also differ in", tuple(differences(comparison.remarks))))


def _side(side: Side) -> str:
    where = f"{_name(side.url)}, {_name(side.profile)}, seed {_name(str(side.seed))}"
    return f"{where}, begun {_name(side.started)}"


def _section(section: Section) -> Iterator[str]:
    if section.rows:
        yield f"### {section.title} ({len(section.rows)})"
        yield "\n".join(_fitting(section.rows))


def _fitting(rows: Iterable[Row]) -> Iterator[str]:
    """As many rows as there is room for, and the number of the others."""
    lines = [f"- {_row(each)}" for each in rows]
    room = _ROOM
    for number, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            yield f"- and {len(lines) - number} more; `--format json` has all of them"
            return
        yield line


def _row(row: Row) -> str:
    where = f" ({_name(row.where)})" if row.where else ""
    return f"{_name(row.name)}{where}: {prose(row.words, _MOST_OF_WORDS)}"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(_name, names[:_MOST_NAMES]))
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _name(text: str) -> str:
    return code(text, _MOST_OF_NAME)

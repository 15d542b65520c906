"""The laws as text, from the table: a list for the terminal, one law explained, and a table for the documentation."""

import textwrap
from collections.abc import Iterator

from contracts.laws.law import EVERY_MODE, Law
from contracts.laws.table import LAWS

_WIDTH = 100


def listed() -> str:
    """Every law, by family: its name, its evidence, what it needs, and what has to hold."""
    wide = max(map(len, LAWS))
    lines: list[str] = []
    for family, laws in _families():
        lines += [*([""] if lines else []), family]
        lines += [f"  {law.name:<{wide}}  {law.evidence.value:<11}  {_needs(law)}" for law in laws]
    lines += [
        "",
        f"{len(LAWS)} laws. `contracts explain LAW` teaches one, `contracts check URL --law LAW` tries it alone.",
    ]
    return "\n".join(lines)


def explained(name: str) -> str:
    """One law, for somebody who meets it for the first time."""
    law = LAWS[name]
    facts = [
        ("holds", law.expects),
        ("evidence", f"{law.evidence.value}: {law.source}"),
        ("needs", _needs(law)),
        ("dedup", _modes(law)),
        ("severity", law.severity.value),
        ("tried", _tried(law)),
    ]
    parts = [law.name, "", textwrap.fill(law.why, _WIDTH), ""]
    parts += [_fact(word, text) for word, text in facts]
    return "\n".join(parts)


def table() -> str:
    """The laws as a Markdown table, for the documentation."""
    rows = ["| law | what has to hold | evidence | needs | dedup |", "| --- | --- | --- | --- | --- |"]
    for family, laws in _families():
        rows.append(f"| **{family}** | | | | |")
        rows += [
            f"| `{law.name}` | {_cell(law.expects)} | {law.evidence.value} | {_needs(law)} | {_modes(law)} |"
            for law in laws
        ]
    return "\n".join(rows)


def _families() -> Iterator[tuple[str, list[Law]]]:
    families = dict.fromkeys(law.family for law in LAWS.values())
    for family in families:
        yield family.value, [law for law in LAWS.values() if law.family is family]


def _needs(law: Law) -> str:
    return ", ".join(sorted(need.value for need in law.needs)) or "nothing"


def _modes(law: Law) -> str:
    return "any" if law.modes == EVERY_MODE else ", ".join(sorted(mode.value for mode in law.modes))


def _tried(law: Law) -> str:
    first = f"from the profile {law.profile.value} on" if law.profile.value != "smoke" else "in every profile"
    more = "; with generated data from the profile standard on" if law.generated is not None else ""
    halves = "; where usage settles late, in two halves (`contracts laws start`)" if law.late else ""
    return f"{first}{more}{halves}"


def _fact(word: str, text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=f"{word:<9} ", subsequent_indent=" " * 10)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

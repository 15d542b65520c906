"""The pages of docs/reference: each is made of what the code knows, and a test holds the committed ones against it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from contracts.__main__ import main as contracts
from contracts.checks.table import CHECKS, ENGINE_CHECKS
from contracts.laws.showing import explained
from contracts.laws.table import LAWS
from mockserver.__main__ import main as mockserver
from mockserver.engine.binding import Tier
from mockserver.handlers import bindings
from specs import catalog

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
_COLUMN = 10
"""Where the facts of an explained law begin."""
_MADE = "<!-- scripts/reference wrote this page; change the code instead. -->"

_OPERATIONS = """What the mock serves and the checks ask.

*Tier* says how the mock answers: `behaviour` has meaning beyond what was stored; `resource` stores, lists, reads
back and deletes; `example` answers the document's example. *Evidence* says how well an operation is known:
`published` in one of the published documents, `documented` on the vendor's pages, `sdk` in its clients' code,
`inferred` by our reading.
*Dialect* is the form of the API that has it."""

_CHECKS = """What `contracts check` holds each operation to. [contracts.md](../contracts.md) says what a result means;
[laws.md](laws.md) has the properties of the business."""

_LAWS = """What `contracts explain LAW` says, for every law. [laws.md](../laws.md) says how they are tried, and how a
platform is judged whose figures settle late."""

_REPORT = """The form of `report.json`; [contracts-report.md](../contracts-report.md) says what its members mean.
The schema is `contracts/report/report.schema.json` in the package."""


def commands() -> str:
    """Every command with its arguments and options."""
    parts = [
        "# Commands",
        "Two programs: `mockserver` serves the mock, `contracts` holds a target against the documents.",
    ]
    for program in (contracts, mockserver):
        for path, command in _walk(program, program_name(program)):
            parts += _command(path, command)
    return _page(parts)


def program_name(program: click.Command) -> str:
    """What the shell calls a program."""
    return "contracts" if program is contracts else "mockserver"


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _walk(found, f"{path} {name}")


def _command(path: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=path, max_content_width=1000)
    rows = [_option(each, context) for each in command.params if isinstance(each, click.Option) and not each.hidden]
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    level = "#" * min(2 + path.count(" "), 4)
    parts = [f"{level} {path}", cleandoc(command.help or ""), f"    {usage}"]
    return [*parts, _table(("option", "takes", "meaning", "when absent"), rows)] if rows else parts


def _option(option: click.Option, context: click.Context) -> tuple[str, ...]:
    said, _, default = (option.help or "").partition("  [default: ")
    default = default.rstrip("]")
    if not default and isinstance(option.default, str | int | float) and not isinstance(option.default, bool):
        default = f"`{option.default}`"
    names = ", ".join(f"`{name}`" for name in option.opts)
    return names, _takes(option, context), said, default


def _takes(option: click.Option, context: click.Context) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return ", ".join(f"`{choice}`" for choice in option.type.choices)
    metavar = option.make_metavar(context)
    return ", ".join(f"`{word}`" for word in metavar.split("|"))


def operations() -> str:
    """Every operation by its family, with evidence and tier."""
    bound = bindings()
    served = catalog.served().operations
    counts = Counter((bound[each.operation_id].tier.value, each.evidence) for each in served)
    tiers = [tier.value for tier in Tier if any(counts[tier.value, evidence] for evidence in catalog.EVIDENCE)]
    parts = [
        "# Operations",
        _OPERATIONS,
        _table(
            ("tier", *catalog.EVIDENCE, "all"),
            [
                (f"`{tier}`", *(str(counts[tier, word]) for word in catalog.EVIDENCE), str(_sum(counts, tier)))
                for tier in tiers
            ],
        ),
    ]
    for (document, family), members in groupby(served, key=lambda each: (each.document, each.family)):
        rows = [
            (
                f"`{each.method} {each.path}`",
                f"`{each.operation_id}`",
                bound[each.operation_id].tier.value,
                each.evidence,
                each.dialect.value if each.dialect else "both" if document == "amberflo" else "",
            )
            for each in members
        ]
        parts += [f"## {document}/{family}", _table(("operation", "name", "tier", "evidence", "dialect"), rows)]
    return _page(parts)


def _sum(counts: Mapping[tuple[str, str], int], tier: str) -> int:
    return sum(count for (found, _), count in counts.items() if found == tier)


def checks() -> str:
    """Every check of the documents."""
    rows = [
        (
            f"`{check.name}`",
            check.expects,
            check.matters,
            check.severity.value,
            "Schemathesis" if check.name in ENGINE_CHECKS else "ours",
        )
        for check in CHECKS.values()
    ]
    return _page(
        [
            "# Checks",
            _CHECKS,
            _table(("check", "expects", "why it matters", "severity", "made by"), rows),
        ]
    )


def laws() -> str:
    """Every law, as `contracts explain` teaches it."""
    parts = ["# Laws", _LAWS]
    for family, members in groupby(LAWS.values(), key=lambda law: law.family):
        parts.append(f"## {family.value}")
        for law in members:
            parts += _law(law.name)
    return _page(parts)


def _law(name: str) -> list[str]:
    """What the command explains, its columns read as a list."""
    _, why, columns = explained(name).split("\n\n")
    facts: list[str] = []
    for line in columns.splitlines():
        word, said = line[:_COLUMN].strip(), line[_COLUMN:]
        facts += [f"- **{word}**: {said}"] if word else [f"  {said}"]
    return [f"### {name}", _text(why), "\n".join(facts).replace("<", "&lt;")]


def report() -> str:
    """Every member of the JSON report, from its schema."""
    schema = json.loads(files("contracts.report").joinpath("report.schema.json").read_text(encoding="utf-8"))
    parts = [
        "# The JSON report",
        f"{schema['title']}.",
        _REPORT,
        "## report",
    ]
    parts += _object(schema, "report")
    for name, node in sorted(schema.get("$defs", {}).items()):
        parts += [f"## {name}", *_object(node, name)]
    return _page(parts)


def _object(node: Mapping[str, Any], name: str) -> list[str]:
    """A table of an object's members, and tables of the objects in it."""
    if "properties" not in node:
        return [f"{_form(node)}. {_text(node.get('description', ''))}".strip()]
    required = set(node.get("required", ()))
    rows: list[tuple[str, ...]] = []
    inner: list[str] = []
    for member, schema in node["properties"].items():
        path = f"{name}.{member}"
        must = "always" if member in required else "if known"
        rows.append((f"`{member}`", _form(schema), must, _text(schema.get("description", ""))))
        for found in _objects(schema):
            inner += [f"### {path}", *_object(found, path)]
    return [_table(("member", "form", "there", "meaning"), rows), *inner]


def _objects(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects with members of their own that stand in a schema itself."""
    if "properties" in schema:
        yield schema
    for each in [*_branches(schema), *(schema[key] for key in ("items", "additionalProperties") if key in schema)]:
        if isinstance(each, Mapping):
            yield from _objects(each)


def _branches(schema: Mapping[str, Any]) -> Sequence[Any]:
    branches: Sequence[Any] = schema.get("anyOf", schema.get("oneOf", ()))
    return branches


def _form(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if _branches(schema):
        return " or ".join(_form(each) for each in _branches(schema))
    for word, said in _FORMS.items():
        if word in schema:
            return said(schema)
    return "anything"


def _typed(schema: Mapping[str, Any]) -> str:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_of_type(schema, each) for each in types)


def _of_type(schema: Mapping[str, Any], name: str) -> str:
    if name == "array":
        return f"list of {_form(schema['items'])}" if "items" in schema else "list"
    values = schema.get("additionalProperties")
    if name == "object" and isinstance(values, Mapping):
        return f"object, its values {_form(values)}"
    return f"{name} ({schema['format']})" if name == "string" and "format" in schema else str(name)


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "const": lambda schema: f"`{json.dumps(schema['const'])}`",
    "enum": lambda schema: ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"]),
    "type": _typed,
}

PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "operations.md": operations,
    "checks.md": checks,
    "laws.md": laws,
    "report-schema.md": report,
}
"""The pages of the folder, by file name."""


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join([_MADE, *parts]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([each.replace("|", "\\|") for each in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _text(text: str) -> str:
    """Prose from the code, which is no Markdown."""
    return text.replace("<", "&lt;").replace("\n", " ")


def main() -> None:
    """Writes every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()

"""The documentation names every check, every result, every option and every member of the report."""

import re
from pathlib import Path

import click
import pytest

from contracts.__main__ import check, compare, report
from contracts.checks.table import CHECKS
from contracts.comparing import compare as compared
from contracts.comparing.data import as_json
from contracts.comparing.model import Fate, Move
from contracts.deviations import Judgement
from contracts.model import Result
from contracts.report import json_report
from contracts.report.reading import OLDEST
from tests.contracts.made import conformance

DOCS = Path(__file__).parents[3] / "docs"
GUIDE = (DOCS / "contracts.md").read_text()
REPORT = (DOCS / "contracts-report.md").read_text()


def test_every_check_is_explained() -> None:
    """The table of checks has each one, with its severity."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (\w+) \|$", GUIDE, re.MULTILINE))
    assert rows == {name: found.severity.value for name, found in CHECKS.items()}


def test_every_result_is_explained() -> None:
    """The table of results has each of the five."""
    assert all(f"| `{result}` |" in GUIDE for result in Result)


def test_every_option_is_explained() -> None:
    """The table of options has each option of the command."""
    options = [name for parameter in check.params for name in parameter.opts if name.startswith("--")]
    assert [name for name in options if f"`{name}" not in GUIDE] == []


def test_every_member_is_explained() -> None:
    """The tables of the report have each member of the schema."""
    schema = json_report.schema()
    names = ("finding", "identity", "example", "coveredOperation", "tallies", "tally")
    nodes = [schema, *(schema["$defs"][name] for name in names)]
    nodes += [schema["properties"]["coverage"]["anyOf"][1], schema["properties"]["checks"]["additionalProperties"]]
    members = {name for node in nodes for name in node["properties"]}
    assert [name for name in members if f"`{name}`" not in REPORT] == []


def test_the_version_is_the_one_that_is_written() -> None:
    """The documentation, the schema and the code mean the same version."""
    assert f"| `report` | {json_report.VERSION} |" in REPORT
    assert json_report.schema()["properties"]["report"]["const"] == json_report.VERSION
    assert f"Versions {OLDEST} and {json_report.VERSION} are read" in REPORT


@pytest.mark.parametrize("command", [report, compare])
def test_every_option_of_reading_is_explained(command: click.Command) -> None:
    """The documentation has each option and each form of the commands that read a report."""
    words = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]
    words += [
        f"`{name}`" for each in command.params if isinstance(each.type, click.Choice) for name in each.type.choices
    ]
    assert [word for word in words if word not in REPORT] == []


def test_every_change_is_explained() -> None:
    """The tables of the comparison have what can become of a check and of a finding."""
    tables = re.findall(r"^\| (`[^|]+`) \|", REPORT.partition("## Comparing")[2], re.MULTILINE)
    told = [name.strip("`") for row in tables for name in row.split(", ")]
    assert told == [*Move, *Fate]


def test_every_member_of_a_comparison_is_explained() -> None:
    """The documentation has each member of the JSON of a comparison."""
    found = as_json(compared(conformance(), conformance(Judgement(open=()))))
    (gone,) = found["findings"]["gone"]
    members = {*found, *found["old"], *gone, "what", "move", "reason"}
    assert [name for name in members if f"`{name}`" not in REPORT] == []

"""The documentation names every check, every result, every option and every member of the report."""

import re
from pathlib import Path

from contracts.__main__ import check
from contracts.checks.table import CHECKS
from contracts.model import Result
from contracts.report import json_report

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
    nodes = [schema, schema["$defs"]["finding"], schema["$defs"]["identity"], schema["$defs"]["example"]]
    members = {name for node in nodes for name in node["properties"]}
    assert [name for name in members if f"`{name}`" not in REPORT] == []

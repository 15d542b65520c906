"""The coverage gate: each folder is held to its figure, statements and branches apart."""

import json
from pathlib import Path

import pytest

from scripts.coverage_gate import REQUIRED, main


def report(tmp_path: Path, covered_lines: int, covered_branches: int) -> str:
    """A report in which every required folder has one file of 100 statements and 100 branches, and another is bare."""
    good = {"covered_lines": 100, "num_statements": 100, "covered_branches": 100, "num_branches": 100}
    measured = {**good, "covered_lines": covered_lines, "covered_branches": covered_branches}
    bare = {"covered_lines": 0, "num_statements": 100, "covered_branches": 0, "num_branches": 100}
    first, *others = REQUIRED
    files = {f"{first}a.py": {"summary": measured}, "elsewhere/b.py": {"summary": bare}}
    files |= {f"{folder}a.py": {"summary": good} for folder in others}
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"files": files}))
    return str(path)


@pytest.mark.parametrize(("lines", "branches", "status"), [(100, 100, 0), (95, 95, 0), (94, 100, 1), (100, 94, 1)])
def test_each_measure_counts(tmp_path: Path, lines: int, branches: int, status: int) -> None:
    """95 % is enough, and either measure below it fails; folders without a figure are not asked."""
    assert main(report(tmp_path, lines, branches)) == status


def test_nothing_measured_fails(tmp_path: Path) -> None:
    """A report without a required folder fails: a gate that measured nothing has passed nothing."""
    path = tmp_path / "coverage.json"
    path.write_text('{"files": {}}')
    assert main(str(path)) == 1


def test_the_figures_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A figure that is too low is printed with what is asked for."""
    main(report(tmp_path, 100, 90))
    assert "branches    90.00 %  too low: 95 % is asked for" in capsys.readouterr().out

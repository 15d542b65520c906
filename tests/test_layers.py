"""The layers of ARCHITECTURE.md are held by import-linter; each rule is shown to hold, and to be able to fail."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FUNCTION = 40
LINTER = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]

BREACHES = {
    "the domain imports the engine": ("mockserver/domain/windows.py", "import mockserver.engine.clock"),
    "the domain reads the clock": ("mockserver/domain/windows.py", "import time"),
    "the engine imports a handler": ("mockserver/engine/clock.py", "import mockserver.handlers.usage"),
    "the engine imports the framework": ("mockserver/engine/clock.py", "import connexion"),
    "a handler imports the framework": ("mockserver/handlers/usage.py", "import starlette"),
    "the documents import the server": ("specs/errors.py", "import mockserver.settings"),
    "the seeding looks into the server": ("mockserver/seeding/plan.py", "import mockserver.engine.store"),
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on a tree, with that tree's own packages first."""
    return subprocess.run(
        [*LINTER, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and the settings that may be spoilt."""
    for package in ("mockserver", "specs"):
        for source in (ROOT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


def test_the_tree_keeps_its_layers(tree: Path) -> None:
    """No module imports one of a layer above its own."""
    result = lint(tree)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(("module", "line"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_found(tree: Path, module: str, line: str) -> None:
    """An import that breaks a rule fails the gate and is named with its module."""
    spoilt = tree / module
    spoilt.write_text(f"{spoilt.read_text()}\n{line}\n")
    result = lint(tree)
    assert result.returncode != 0
    assert module.removesuffix(".py").replace("/", ".") in result.stdout


def test_rules_are_short() -> None:
    """No function of the domain is longer than forty lines, its docstring included."""
    long = [
        f"{path.name}: {node.name}"
        for path in sorted((ROOT / "mockserver" / "domain").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []

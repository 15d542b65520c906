"""The example reports: what `contracts check` says of a mock with state, of one without, and of three wrong servers."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from contracts.report.page import render
from contracts.report.reading import read_report
from scripts.fault_table import mock
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.support.prism import serving_prism

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "examples"
REPORT, PAGE = "report.json", "report.html"
_METERING = "tests/specs/published/metering.yaml"


@dataclass(frozen=True)
class Shown:
    """A report that is shown.

    Args:
        name: Of its folder.
        serve: Serves what is checked, and gives its URL.
        arguments: Of `contracts check`.
        clock: Whether the target's clock can be set.
    """

    name: str
    serve: Callable[[], AbstractContextManager[str]]
    arguments: tuple[str, ...]
    clock: bool = True


def faulty(name: str) -> Callable[[], AbstractContextManager[str]]:
    """Serves the mock behind a fault of this name."""

    @contextmanager
    def serve() -> Iterator[str]:
        with mock() as upstream, before(upstream, FAULTS[name]) as url:
            yield url

    return serve


_PUBLISHED = ("--profile", "standard", "--document", "amberflo", "--dialect", "published")
_LIVE = ("--profile", "smoke", "--document", "amberflo", "--dialect", "live")
SHOWN = (
    Shown("mock", mock, ("--profile", "smoke")),
    Shown(
        "prism", lambda: serving_prism(ROOT / _METERING), ("--profile", "smoke", "--document", _METERING), clock=False
    ),
    Shown("counts-resent-events", faulty("resent_event_counts_twice"), _PUBLISHED),
    Shown("shows-other-accounts", faulty("customers_are_read_by_any_account"), _PUBLISHED),
    Shown("reopens-locked-invoices", faulty("late_usage_opens_a_locked_invoice"), _LIVE),
)


def check(shown: Shown) -> None:
    """Runs the check, and keeps its report."""
    with shown.serve() as url, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "contracts", "check", url, *shown.arguments]
        command += ["--seed", "1", "--report-dir", folder]
        command += ["--clock-url", f"{url}/_mock/clock"] if shown.clock else []
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        written = Path(folder) / REPORT
        if not written.is_file():
            raise RuntimeError(f"{shown.name}: {run.stderr}")
        (FOLDER / shown.name).mkdir(parents=True, exist_ok=True)
        copyfile(written, FOLDER / shown.name / REPORT)


def write_page(folder: Path) -> None:
    """Renders the report of a folder."""
    (folder / PAGE).write_text(render(read_report(folder / REPORT)), encoding="utf-8")


def main(words: Sequence[str] | None = None) -> int:
    """Makes the reports that are named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/examples", description=__doc__)
    parser.add_argument("--render", action="store_true", help="check nothing, render what is there")
    parser.add_argument("--name", action="append", choices=[each.name for each in SHOWN], help="this one alone")
    options = parser.parse_args(words)
    for shown in SHOWN:
        if not options.name or shown.name in options.name:
            if not options.render:
                check(shown)
            write_page(FOLDER / shown.name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

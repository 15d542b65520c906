"""The example reports are what this version makes of them, and say what their servers do wrong."""

import json
import re
from pathlib import Path

import pytest

from contracts.exitcodes import ExitCode
from contracts.report.json_report import VERSION, as_json
from contracts.report.page import render
from contracts.report.reading import read_report
from scripts.example_reports import FOLDER, PAGE, REPORT, SHOWN

TELLING = {
    "mock": (),
    "prism": ("key_required", "every_event_of_a_batch_counts", "read_back_equals_written"),
    "counts-resent-events": ("resend_counts_once",),
    "shows-other-accounts": ("account_isolation",),
    "reopens-locked-invoices": ("locked_invoices_never_change",),
}
"""Checks and laws that have to be among the findings of each."""

NAMES = [each.name for each in SHOWN]


def test_every_example_is_listed() -> None:
    """There is a folder for each, no other, and the overview links its page."""
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == sorted(TELLING) == sorted(NAMES)
    overview = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(rf"\]\(([\w-]+)/{PAGE}\)", overview)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_the_rendering_of_its_report(name: str) -> None:
    """The page and the report are those of this version: `scripts/examples --render` makes the page anew."""
    folder = FOLDER / name
    report = read_report(folder / REPORT)
    assert render(report) == (folder / PAGE).read_text(encoding="utf-8")
    kept = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    assert kept["report"] == VERSION
    assert as_json(report) == kept


@pytest.mark.parametrize("name", NAMES)
def test_a_report_tells_what_its_server_does_wrong(name: str) -> None:
    """The mock conforms; each of the others fails the checks that name its fault."""
    report = read_report(FOLDER / name / REPORT)
    assert report.exit_code is (ExitCode.FINDINGS if TELLING[name] else ExitCode.CONFORMS)
    assert {each.identity.check for each in report.judgement.open} >= set(TELLING[name])


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_nothing_of_the_machine_that_made_it(name: str) -> None:
    """No folder of a user and no temporary one is in what is published."""
    text = (FOLDER / name / REPORT).read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|tmp|work)/", text)
    assert str(Path.home()) not in text

"""Every law holds on the mock, and is broken by a fault that names it; the documentation tells of each."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.__main__ import main
from contracts.laws.law import Need
from contracts.laws.showing import table
from contracts.laws.table import LAWS
from contracts.laws.trial import LONGEST_NAME
from contracts.model import Profile, Result
from specs.catalog import DIALECTS
from tests.contracts.faults.fault import Fault
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

GUIDE = (Path(__file__).parents[3] / "docs" / "laws.md").read_text(encoding="utf-8")
SINGLE = [name for name, law in LAWS.items() if law.profile is not Profile.DEEP]
"""The laws that are tried in every profile; what the deep one adds has tests of its own."""


BEYOND = {"list_of_customers_ends_after_a_page": "a page is 25 customers, and smoke makes twelve"}
"""Faults that the smallest profile is too small for."""


@pytest.fixture
def mock_url(server: Server) -> str:
    """The URL of a mock."""
    return server.url


def fault_of(law: str) -> Fault:
    """The first fault that breaks a law, one that names it alone if there is any."""
    naming = [fault for fault in FAULTS.values() if law in fault.found_by and fault.name not in BEYOND]
    assert naming, f"no fault breaks {law}"
    return min(naming, key=lambda fault: len(fault.found_by))


@pytest.mark.parametrize("name", SINGLE)
def test_law_holds_on_the_mock(mock_url: str, name: str) -> None:
    """A law is tried in at least one form of the API, and holds in each where it is."""
    found: dict[tuple[str, str, str], Result] = {}
    for document, dialects in (("amberflo", DIALECTS), ("solvimon", (None,))):
        for dialect in dialects:
            report = held(mock_url, name, dialect=dialect, document=document, clock=Need.CLOCK in LAWS[name].needs)
            found |= results(report)
    assert found
    assert set(found.values()) == {Result.CONFORM}


@pytest.mark.parametrize("name", SINGLE)
def test_law_is_broken_by_a_fault(mock_url: str, name: str) -> None:
    """Under a fault that names it, a law differs on an operation of the fault, with the commands that show it."""
    fault = fault_of(name)
    dialect = fault.dialect or None
    with before(mock_url, fault) as url:
        report = held(url, name, dialect=dialect, document=fault.document, clock=Need.CLOCK in LAWS[name].needs)
    differing = [each for each in report.judgement.open if each.identity.check == name]
    assert differing, [(each.cell.operation_id, each.result, each.reason) for each in report.outcomes]
    assert {each.identity.operation_id for each in differing} & fault.operations
    assert all(example.curl for each in differing for example in each.examples)


def test_names_are_told_apart_in_keys() -> None:
    """The part of a law's name that stands in the keys of its trials is no other law's."""
    assert len({name[:LONGEST_NAME] for name in LAWS}) == len(LAWS)


def test_documentation_has_the_table() -> None:
    """The table of the documentation is the one that the code prints."""
    assert table() in GUIDE


@pytest.mark.parametrize("name", LAWS)
def test_law_is_explained(name: str) -> None:
    """Each law says what it expects as a clause, why, and on whose word; and the command prints that."""
    law = LAWS[name]
    assert law.expects.startswith("that ")
    assert len(law.why) > 100
    told = CliRunner().invoke(main, ["explain", name])
    assert told.exit_code == 0
    assert " ".join(law.why.split()) in " ".join(told.output.split())
    assert law.evidence.value in told.output


def test_unknown_law_is_named() -> None:
    """A law that there is not ends with status 2 and the nearest one that there is."""
    told = CliRunner().invoke(main, ["explain", "resend_counts_twice"])
    assert told.exit_code == 2
    assert "perhaps resend_counts_once" in told.output

"""Prism, which serves a document without state and takes any key, does not conform, and the report says why."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.exitcodes import ExitCode
from contracts.model import Limits, Profile
from contracts.runner import run
from contracts.settings import LawOptions, Settings, projections
from contracts.target import read_target
from tests.support.prism import serving_prism

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "tests" / "specs" / "published" / "metering.yaml"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """The URL of Prism serving the published metering document."""
    with serving_prism(DOCUMENT) as url:
        yield url


def test_prism_takes_a_wrong_key(prism: str) -> None:
    """The run ends with 1, and among its findings is that a wrong key is accepted."""
    target = read_target(prism, document=str(DOCUMENT), environment={})
    files, limits = {DOCUMENT.stem: DOCUMENT}, Limits(1, 60, ("examples",), 15)
    found = run(Settings(target, projections(target, str(DOCUMENT)), Profile.SMOKE, 1, files=files, limits=limits))
    assert found.exit_code is ExitCode.FINDINGS
    wrong = [each for each in found.judgement.open if each.identity.check == "key_required"]
    assert {each.identity.operation_id for each in wrong} >= {"listMeterDefinitions", "ingestMeterEvents"}
    assert all("a wrong key is accepted" in each.got for each in wrong)


def test_laws_say_that_prism_counts_nothing(prism: str) -> None:
    """A server without state breaks the laws of counting and of reading back, told in words and numbers."""
    target = read_target(prism, document=str(DOCUMENT), environment={})
    laws = LawOptions(("sum_sums", "every_event_of_a_batch_counts", "read_back_equals_written"))
    files = {DOCUMENT.stem: DOCUMENT}
    found = run(Settings(target, projections(target, str(DOCUMENT)), Profile.SMOKE, 1, files=files, laws=laws))
    assert found.exit_code is ExitCode.FINDINGS
    told = {each.identity.check: each for each in found.judgement.open}
    assert told.keys() == set(laws.names)
    counted = told["every_event_of_a_batch_counts"]
    assert counted.expected.startswith("that every event of a batch")
    assert re.search(r"it is \d", counted.got)
    assert "Traceback" not in "".join(f"{each.expected}{each.got}" for each in told.values())
    assert all(example.curl for each in told.values() for example in each.examples)

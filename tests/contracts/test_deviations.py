"""Accepted findings are shown, stale ones are named, and past their date they are findings again."""

from datetime import date
from pathlib import Path

import pytest

from contracts.deviations import Judgement, judge, read_deviations
from contracts.model import Deviation, Finding, Result, RunError
from contracts.results import Outcome
from tests.contracts.made import deviation, finding, identity, outcome

TODAY = date(2026, 6, 30)
WRITTEN = """
version: 1
deviations:
  - target: loopback
    document: amberflo
    check: response_schema_conformance
    operation: getCustomerById
    status: 200
    schema_path: /required
    reason: known since spring
    owner: billing team
    until: 2030-01-31
"""


def judged(findings: tuple[Finding, ...], *deviations: Deviation, outcomes: tuple[Outcome, ...] = ()) -> Judgement:
    """The judgement of today."""
    return judge(findings, deviations, outcomes, target="loopback", today=TODAY)


def test_an_accepted_finding_is_not_open() -> None:
    """What somebody accepted is shown apart from what is open."""
    found = judged((finding(), finding(status=404)), deviation())
    assert [each.finding for each in found.accepted] == [finding()]
    assert found.open == (finding(status=404),)
    assert found.stale == found.unmet == ()


def test_the_last_day_still_counts() -> None:
    """A deviation holds on its last day."""
    assert judged((finding(),), deviation(TODAY.isoformat())).open == ()


def test_past_its_date_it_is_a_finding_again() -> None:
    """An expired deviation is named, and its finding is open."""
    found = judged((finding(),), deviation("2026-06-29"))
    assert found.open == (finding(),)
    assert [each.deviation for each in found.expired] == [deviation("2026-06-29")]


def test_a_newer_agreement_outweighs_an_expired_one() -> None:
    """With two deviations about one finding, the one that still holds decides."""
    found = judged((finding(),), deviation("2026-01-01"), deviation("2027-01-01"))
    assert found.open == ()
    assert found.expired == ()


def test_what_holds_again_is_stale() -> None:
    """A deviation whose check was made and holds is to be taken out."""
    assert judged((), deviation(), outcomes=(outcome(Result.CONFORM),)).stale == (deviation(),)


@pytest.mark.parametrize("result", [Result.UNTESTED, Result.INCONCLUSIVE, Result.NOT_REACHABLE])
def test_what_was_not_looked_at_is_not_stale(result: Result) -> None:
    """A deviation whose check has no verdict is neither met nor stale."""
    found = judged((), deviation(), outcomes=(outcome(result),))
    assert (found.stale, found.unmet) == ((), (deviation(),))


def test_one_dialect_alone_may_be_accepted() -> None:
    """A deviation of one dialect does not cover a finding that is in both."""
    both = finding(dialects=("live", "published"))
    assert judged((both,), deviation(dialects=("live",))).open == (both,)
    assert judged((finding(dialects=("live",)),), deviation(dialects=("live",))).open == ()


def test_other_targets_are_passed_over() -> None:
    """A deviation for another target is neither used nor called stale."""
    found = judged((finding(),), deviation(target="elsewhere"), outcomes=(outcome(Result.DIFFERS),))
    assert found == Judgement(open=(finding(),))


def test_a_file_is_read(tmp_path: Path) -> None:
    """A list as the documentation shows it."""
    path = tmp_path / "deviations.yaml"
    path.write_text(WRITTEN)
    assert read_deviations(path) == (deviation(),)
    assert deviation().identity == identity(dialects=())


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("version: 1", "version: 2", "of version 1"),
        ("    owner: billing team\n", "", "entry 1 lacks owner"),
        ("    reason: known since spring\n", "    reason: ''\n", "entry 1 lacks reason"),
        ("until: 2030-01-31", "until: soon", "until is 'soon'"),
        ("until: 2030-01-31", "until: 20300131", "until is '20300131'"),
        ("status: 200", "status: ok", "status 'ok' is no number"),
        ("status: 200", "colour: red", "has colour, which means nothing"),
        ("schema_path: /required", "dialects: live", "dialects is no list"),
        ("  - target: loopback", "  - just a word\n  - target: loopback", "entry 1 is no object"),
        ("version: 1", "version: [", "cannot be read"),
        ("deviations:\n", "deviations: one\nx:\n", "deviations is no list"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, before: str, after: str, words: str) -> None:
    """A list that cannot be used says where and why."""
    path = tmp_path / "deviations.yaml"
    assert before in WRITTEN
    path.write_text(WRITTEN.replace(before, after))
    with pytest.raises(RunError, match=words) as caught:
        read_deviations(path)
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_one_clear_line(tmp_path: Path) -> None:
    """A list that is not there could not be read."""
    with pytest.raises(RunError, match="cannot be read"):
        read_deviations(tmp_path / "none.yaml")

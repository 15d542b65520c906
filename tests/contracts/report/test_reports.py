"""The reports say the same in each form, fit their schemas, and never show as passed what was not tested."""

import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import jsonschema_rs
import pytest
from rich.console import Console

from contracts.conformance import Conformance
from contracts.coverage import Covered, Keyword, OperationCoverage
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode, exit_code
from contracts.model import Result, RunError
from contracts.redact import Redactor
from contracts.report import json_report, junit, write_reports
from contracts.report.files import FILES
from contracts.report.terminal import print_report
from contracts.secrets import Secret
from tests.contracts.made import conformance, deviation, exchange, finding, outcome
from tests.contracts.report.xsd import Schema

WITHOUT_VERDICT = {"key_required", "use_after_free", "account_isolation"}
AGREED = Judgement(
    open=(finding(status=404),),
    accepted=(Accepted(finding(), deviation()),),
    expired=(Accepted(finding(status=404), deviation(until="2020-01-01")),),
    stale=(deviation(check="key_required"),),
    unmet=(deviation(check="use_after_free"),),
)
REPORTS = [conformance(), conformance(AGREED), conformance(Judgement(open=()), exit_code=ExitCode.CONFORMS, faults=())]


def xml(found: Conformance) -> Element:
    """The JUnit report, parsed."""
    return fromstring(junit.render(found))  # noqa: S314 - what was just written


def on_terminal(found: Conformance) -> str:
    """What is printed."""
    out = io.StringIO()
    print_report(found, Console(file=out, width=120, highlight=False, markup=False))
    return out.getvalue()


@pytest.fixture(scope="module")
def fits() -> Any:
    """The schema of the JSON report."""
    return jsonschema_rs.Draft202012Validator(json_report.schema(), validate_formats=True)


@pytest.mark.parametrize("found", REPORTS)
def test_json_fits_its_schema(found: Conformance, fits: Any) -> None:
    """Every report fits the schema that is shipped."""
    fits.validate(json.loads(json_report.render(found).encode("utf-8", "backslashreplace")))


def test_the_json_schema_can_refuse(fits: Any) -> None:
    """The schema knows every member: one more, one less or another result does not fit."""
    good = json_report.as_json(conformance())
    for wrong in ({**good, "score": 1}, {name: value for name, value in good.items() if name != "seed"}):
        assert not fits.is_valid(wrong)
    good["results"][0]["result"] = "passed"
    assert not fits.is_valid(good)


@pytest.mark.parametrize("found", REPORTS)
def test_junit_fits_its_schema(found: Conformance) -> None:
    """Every report fits the schema that is shipped."""
    schema = Schema(files("contracts.report").joinpath("junit.xsd").read_text())
    assert schema.errors(xml(found)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "<testsuites/>",
        '<testsuites name="a" tests="x" failures="0" errors="0" skipped="0" time="0"/>',
        '<testsuites name="a" tests="0" failures="0" errors="0" skipped="0" time="0"><other/></testsuites>',
        "<testsuite/>",
    ],
)
def test_the_junit_schema_can_refuse(wrong: str) -> None:
    """The schema refuses what readers of JUnit would not understand."""
    schema = Schema(files("contracts.report").joinpath("junit.xsd").read_text())
    assert schema.errors(fromstring(wrong)) != []  # noqa: S314 - written above


def test_junit_passes_only_what_conforms() -> None:
    """A case without a child is one that conforms; all without a verdict are skipped, with the reason."""
    cases = {
        str(each.get("name")): each for each in xml(conformance()).iter("testcase") if each.get("classname") != "run"
    }
    assert [name for name, case in cases.items() if len(case) == 0] == ["not_a_server_error"]
    assert {name for name, case in cases.items() if case.find("skipped") is not None} == WITHOUT_VERDICT
    skipped = cases["use_after_free"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "untested: the time of the run was over"


def test_junit_counts_what_it_holds() -> None:
    """The counts of the whole are those of its suites, and a part that could not be run is an error."""
    root = xml(conformance())
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6",
        "failures": "1",
        "errors": "1",
        "skipped": "3",
    }


def test_junit_skips_what_was_accepted() -> None:
    """An accepted finding is no failure, and the words of the agreement are shown."""
    found = conformance(Judgement(open=(), accepted=(Accepted(finding(), deviation()),)))
    (case,) = [each for each in xml(found).iter("testcase") if each.get("name") == "response_schema_conformance"]
    skipped = case.find("skipped")
    assert skipped is not None
    assert "known since spring" in str(skipped.get("message"))


@pytest.mark.parametrize(
    "words", ["smoke, seed 7", "http://127.0.0.1:8000", "sha256 aaaa", "metermock 0.1.0", "10 sent"]
)
def test_the_terminal_says_what_was_checked(words: str) -> None:
    """Target, documents, profile, seed, versions and requests are in the head."""
    assert words in on_terminal(conformance())


def test_the_terminal_shows_findings_and_gaps() -> None:
    """Findings stand with their line, owner and command; what has no verdict stands with its reason."""
    shown = on_terminal(conformance(AGREED))
    for words in (
        "specs/amberflo/billing.yaml:12",
        "likely owner: target",
        "curl -sS http://127.0.0.1/customers/a",
        "accepted (known since spring; billing team, until 2030-01-31)",
        "expired",
        "stale: getCustomerById: key_required holds now",
        "not looked at: getCustomerById: use_after_free",
        "untested: the time of the run was over",
        "could not run solvimon: the target gives no answer",
        "Deleted: 3.",
        "It does not conform. 1 finding, 1 accepted.",
    ):
        assert words in shown, words


def test_json_names_everything() -> None:
    """The JSON report has every identity in full, and the head that all reports have."""
    report = json_report.as_json(conformance(AGREED))
    assert report["deviations"]["accepted"][0]["finding"]["identity"] == {
        "target": "loopback",
        "document": "amberflo",
        "dialects": ["published"],
        "check": "response_schema_conformance",
        "operation": "getCustomerById",
        "status": 200,
        "schema_path": "/required",
    }
    assert report["evidence"]["published"]["untested"] == 1
    assert report["findings"][0]["examples"][0]["answer"]["body"] == "\\xff\x00"
    assert "score" not in json.dumps(report)


def test_files_are_written_without_secrets(tmp_path: Path) -> None:
    """All files are there, and a secret that slipped into the report does not slip into them."""
    canary = "canary-key-12345"
    leaking = finding(schema_path=canary)
    found = conformance(Judgement(open=(leaking,)), redactor=Redactor([Secret(canary)]), notes=(canary,))
    written = write_reports(found, tmp_path / "new" / "folder")
    assert [path.name for path in written] == [each.file for each in FILES]
    for path in written:
        assert canary not in path.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """A report that cannot be written says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        write_reports(conformance(), tmp_path / "file")


@pytest.mark.parametrize(("findings", "faults", "expected"), [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 1)])
def test_findings_outweigh_faults(findings: int, faults: int, expected: int) -> None:
    """0 conforms, 1 findings, 2 could not run; 1 beats 2."""
    assert exit_code(findings=findings, faults=faults) == expected


def test_results_without_verdict_are_explained() -> None:
    """The tables of the terminal count each of the five results apart."""
    found = conformance(outcomes=tuple(outcome(each, f"check-{each}", reason="why") for each in Result))
    assert " ".join(on_terminal(found).split()).count("why") == 3


def test_examples_say_what_was_sent() -> None:
    """An example has the request as sent, with the variable in the key's place."""
    example = json_report.as_json(conformance())["findings"][0]["examples"][0]
    assert example["request"]["headers"] == dict(exchange().headers)


def test_the_second_lock_leaves_a_reports_own_members_alone(tmp_path: Path) -> None:
    """What a documented field is called, such as a token, masks nothing of what is said of it."""
    keyword = Keyword("/properties/token/pattern", met=True, broken=True)
    operation = ("amberflo", "live", "listUsers", "POST", "/users", "billing", "published", Covered.TESTED)
    write_reports(conformance(coverage=(OperationCoverage(*operation, keywords=(keyword,)),)), tmp_path)
    (shown,) = json.loads((tmp_path / "report.json").read_text())["coverage"]["operations"]
    assert shown["keywords"] == {keyword.pointer: "tested"}

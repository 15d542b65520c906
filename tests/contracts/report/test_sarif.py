"""The SARIF report: a rule a check, a result a finding, on the line of the document that it rests on."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from contracts.conformance import Conformance, Words
from contracts.deviations import Accepted, Judgement
from contracts.model import Severity
from contracts.report import sarif
from tests.contracts.made import conformance, deviation, finding
from tests.contracts.report.hostile import UNSEEN, empty, many, spiteful

WORDS = (Words("response_schema_conformance", "check", "a body that fits", "Typed clients fail."),)


def log(found: Conformance) -> Any:
    """The report, parsed as strictly as UTF-8 asks for."""
    return json.loads(sarif.render(found).encode("utf-8"))


def run(found: Conformance) -> Any:
    """Its one run."""
    (only,) = log(found)["runs"]
    return only


@pytest.fixture(scope="module")
def fits() -> Any:
    """The schema of what is written."""
    schema = json.loads(files("contracts.report").joinpath("sarif.schema.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("found", [conformance(), empty(), spiteful(), many(200), conformance(words=WORDS)])
def test_it_fits_the_schema(found: Conformance, fits: Any) -> None:
    """Whatever the report holds, what is written is SARIF."""
    fits.validate(log(found))


@pytest.mark.parametrize("member", ["tool", "results", "invocations"])
def test_the_schema_can_refuse(member: str, fits: Any) -> None:
    """A run without a member, or with one that SARIF does not know, does not fit."""
    good = log(conformance())
    del good["runs"][0][member]
    assert not fits.is_valid(good)
    wrong = log(conformance())
    wrong["runs"][0]["results"][0]["score"] = 1
    assert not fits.is_valid(wrong)


def test_a_rule_explains_itself() -> None:
    """The rule of a finding says what has to hold and why it matters."""
    (rule,) = run(conformance(words=WORDS))["tool"]["driver"]["rules"]
    assert rule["id"] == "response_schema_conformance"
    assert rule["shortDescription"]["text"] == "a body that fits"
    assert rule["help"]["text"] == "Typed clients fail."


def test_each_result_names_its_rule() -> None:
    """Index and name lead to the same rule, and every rule is used."""
    judgement = Judgement((finding(check="b"), finding(check="a"), finding(check="b", status=404)))
    found = run(conformance(judgement))
    rules = [each["id"] for each in found["tool"]["driver"]["rules"]]
    assert rules == ["a", "b"]
    assert [rules[each["ruleIndex"]] for each in found["results"]] == [each["ruleId"] for each in found["results"]]


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.CRITICAL, "error"),
        (Severity.HIGH, "error"),
        (Severity.MEDIUM, "warning"),
        (Severity.LOW, "note"),
    ],
)
def test_the_level_follows_the_severity(severity: Severity, level: str) -> None:
    """What is grave is an error."""
    (result,) = run(conformance(Judgement((replace(finding(), severity=severity),))))["results"]
    assert result["level"] == level


def test_readings_are_notes_and_the_accepted_are_suppressed() -> None:
    """Neither fails anybody's gate, and both are there."""
    accepted = Accepted(finding(status=404), deviation())
    found = run(conformance(Judgement((), (accepted,)), readings=(finding(),)))
    reading, agreed = found["results"]
    assert (reading["level"], reading["suppressions"]) == ("note", [])
    assert agreed["suppressions"][0]["status"] == "accepted"
    assert "known since spring" in agreed["suppressions"][0]["justification"]


def test_the_location_is_the_line_of_the_document() -> None:
    """The file from the root of what is checked out, and the operation; without a line the operation alone."""
    (there,) = run(conformance())["results"][0]["locations"]
    assert there["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/amberflo/billing.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12},
    }
    assert there["logicalLocations"][0]["fullyQualifiedName"] == "amberflo/getCustomerById"
    (nowhere,) = run(conformance(Judgement((replace(finding(), rests_on=None),))))["results"][0]["locations"]
    assert "physicalLocation" not in nowhere
    assert nowhere["logicalLocations"][0]["name"] == "getCustomerById"


def test_the_fingerprint_is_the_identity() -> None:
    """It is the same for other words, another count and other dialects, and another one for another status."""
    first = finding()
    same = replace(finding(dialects=("live",)), got="something else", count=9)
    other = finding(status=404)
    prints = [
        run(conformance(Judgement((each,))))["results"][0]["partialFingerprints"][sarif.FINGERPRINT]
        for each in (first, same, other)
    ]
    assert prints[0] == prints[1] == first.identity.fingerprint
    assert prints[2] != prints[0]


def test_the_run_can_be_repeated() -> None:
    """Seed, hashes and versions are there, and what could not be run is told."""
    found = run(conformance())
    assert found["properties"]["seed"] == 7
    assert found["properties"]["documents"][0]["sha256"] == "a" * 64
    assert found["properties"]["versions"]["schemathesis"] == "4.32.5"
    (invocation,) = found["invocations"]
    assert not invocation["executionSuccessful"]
    assert "gives no answer" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_nothing_of_a_target_is_obeyed() -> None:
    """No message has a link in it, and nothing anywhere a character that is not seen."""
    found = spiteful()
    text = sarif.render(found)
    assert not set(text) & set(UNSEEN)
    for result in run(found)["results"]:
        assert "](" not in result["message"]["text"]


def test_long_texts_are_cut() -> None:
    """Ten megabytes of an answer's words come to a few kilobytes, which say how much is left out."""
    long = replace(finding(), got="x" * 10_000_000)
    text = sarif.render(conformance(Judgement((long,))))
    assert len(text) < 20_000
    assert "9998000 characters more" in text

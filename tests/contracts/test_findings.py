"""One cause is one finding, and it rests on a line of the document."""

from pathlib import Path

import pytest

from contracts.findings import Findings, plain_path
from contracts.lines import Places
from contracts.model import EXAMPLE_LIMIT, Example, Finding, Owner, Severity
from specs import catalog
from tests.contracts.made import exchange, symptom

OPERATIONS = catalog.operations()
ROOT = Path(catalog.__file__).parents[1]


def found(*symptoms: object) -> tuple[Finding, ...]:
    """The findings of some symptoms."""
    findings = Findings("loopback")
    for each in symptoms:
        findings.add(each)  # type: ignore[arg-type]
    return findings.all(OPERATIONS, Places(OPERATIONS))


def line_of(finding: Finding) -> str:
    """The text of the line that a finding rests on."""
    assert finding.rests_on is not None
    return (ROOT / finding.rests_on.file).read_text().splitlines()[finding.rests_on.line - 1]


def test_the_same_symptom_in_both_dialects_is_one_finding() -> None:
    """Cases, phases and dialects add up to one finding that names both dialects."""
    (one,) = found(symptom(), symptom(), symptom(dialect="live", schema_path="/anyOf/1/required"))
    assert one.count == 3
    assert one.identity.dialects == ("live", "published")
    assert one.identity.schema_path == "/required"


def test_a_broken_choice_joins_the_branch_that_the_other_dialect_names() -> None:
    """Where one document has a choice and the other one branch of it, the same break is one finding."""
    (one,) = found(symptom(dialect="live", schema_path="/anyOf"), symptom())
    assert one.identity.dialects == ("live", "published")
    assert one.count == 2


def test_different_breaks_of_one_dialect_stay_apart() -> None:
    """A break of a choice and one of a property, seen in the same dialect, are two findings."""
    assert len(found(symptom(schema_path="/anyOf"), symptom())) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"check": "not_a_server_error"},
        {"operation_id": "listCustomers"},
        {"status": 404},
        {"schema_path": "/properties/test/type"},
        {"document": "other"},
    ],
)
def test_what_differs_is_another_finding(other: dict[str, object]) -> None:
    """Check, operation, status, schema and document make a finding what it is."""
    assert len(found(symptom(), symptom(**other))) == 2


def test_what_was_got_is_no_part_of_it() -> None:
    """Values do not make another finding."""
    assert len(found(symptom(got="one"), symptom(got="two", example=None))) == 1


def test_the_shortest_commands_are_kept() -> None:
    """Of many examples the shortest that can be repeated are kept, each once."""
    commands = ["", "curl long-long-long", "curl b", "curl a", "curl a", "curl longer"]
    (one,) = found(*(symptom(example=Example(each, exchange(number))) for number, each in enumerate(commands)))
    assert [each.curl for each in one.examples] == ["curl b", "curl a", "curl longer"]
    assert len(one.examples) == EXAMPLE_LIMIT


def test_the_gravest_come_first() -> None:
    """Findings are ordered by how grave they are."""
    low = symptom(check="a", severity=Severity.LOW)
    assert [each.severity for each in found(low, symptom())] == [Severity.HIGH, Severity.LOW]


def test_a_finding_rests_on_its_schema() -> None:
    """A broken schema is found in the file, through references."""
    (one,) = found(symptom(schema_path="/properties/customerName/type"))
    assert line_of(one).strip() == "type: string"
    assert one.rests_on is not None
    assert one.rests_on.file == "specs/amberflo/billing.yaml"


def test_a_finding_rests_on_its_answer_or_its_operation() -> None:
    """Without a schema a finding rests on the answer of its status; without that, on its operation."""
    (answer,) = found(symptom(schema_path="", status=404))
    assert line_of(answer).strip().startswith("no-such-customer:")
    (operation,) = found(symptom(schema_path="", status=418))
    assert line_of(operation).strip() == "operationId: getCustomerById"


def test_a_choice_is_followed_to_the_branch_that_goes_on() -> None:
    """Below a choice the branch is taken that has the next step."""
    (one,) = found(symptom(operation_id="listCustomers", schema_path="/items/properties/customerName/type"))
    assert line_of(one).strip() == "type: string"


def test_the_likely_owner() -> None:
    """The target is to blame, unless the document forgot a usual status, or the sentence is our reading."""
    assert found(symptom())[0].owner is Owner.TARGET
    forgotten = symptom(check="status_code_conformance", schema_path="", status=415)
    assert found(forgotten)[0].owner is Owner.DOCUMENT
    assert found(symptom(check="status_code_conformance", schema_path="", status=201))[0].owner is Owner.TARGET
    assert found(symptom(operation_id="ingestChargeEvents", document="solvimon"))[0].owner is Owner.OUR_READING
    assert found(symptom(operation_id="listInvoices", status=400))[0].owner is Owner.OUR_READING


def test_evidence_comes_from_the_operation() -> None:
    """A finding says how well its operation is known."""
    assert found(symptom())[0].evidence == "published"
    assert found(symptom(operation_id="nobody"))[0].evidence == ""


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/anyOf/0/required", "/required"),
        ("/items/oneOf/2/properties/a/type", "/items/properties/a/type"),
        ("/anyOf", ""),
        ("/$ref/required", "/required"),
        ("/properties/anyOfThem/type", "/properties/anyOfThem/type"),
    ],
)
def test_paths_without_choices(path: str, plain: str) -> None:
    """Steps into a choice or a reference are no part of an identity."""
    assert plain_path(path) == plain

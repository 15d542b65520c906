"""The table of faults: a fault of each category is found by the command line, and what was measured is kept."""

from pathlib import Path

import pytest

from scripts import fault_table
from scripts.fault_table import CONTRACTS, PLAIN, Table, by_contracts, documents_of, rendered, totals
from tests.contracts.faults.fault import Category, Fault
from tests.contracts.faults.table import FAULTS
from tests.support.serving import Server

FIRST = {
    category: next(fault for fault in FAULTS.values() if fault.category is category and not fault.schema_can_show)
    for category in Category
    if category is not Category.PROTOCOL
} | {Category.PROTOCOL: next(fault for fault in FAULTS.values() if fault.category is Category.PROTOCOL)}
"""One fault a category; of those that break a document's schema the protocol's alone are no others."""


@pytest.mark.slow(seconds=30)
@pytest.mark.parametrize("category", Category)
def test_fault_of_a_category_is_found(server_apart: Server, category: Category) -> None:
    """The first finding of a whole check names the broken property, on an operation that breaks it."""
    fault = FIRST[category]
    found, check, operation = by_contracts(server_apart.url, fault)
    assert found, (fault.name, check, operation)
    assert check in fault.found_by
    assert operation in fault.operations


@pytest.mark.slow(seconds=30)
@pytest.mark.parametrize("name", ["absent_notification_is_made_up", "rules_of_all_meters_are_listed"])
def test_fault_is_not_taken_for_another(server_apart: Server, name: str) -> None:
    """What looks like a breach of accounts, and is none, is found as what it is."""
    fault = FAULTS[name]
    found, check, operation = by_contracts(server_apart.url, fault)
    assert found, (check, operation)


def _some() -> tuple[Fault, Fault]:
    first, second, *_ = FAULTS.values()
    return first, second


def test_results_are_kept(tmp_path: Path) -> None:
    """A run that was interrupted goes on with what it has; results of other sources are measured again."""
    first, second = _some()
    path = tmp_path / "faults.jsonl"
    Table(path).add(first, CONTRACTS, (True, "sum_sums", "queryUsage"), 1.5)
    Table(path).add(second, PLAIN, (False, "", ""), 2)
    again = Table(path)
    assert set(again.hunts) == {(first.name, CONTRACTS), (second.name, PLAIN)}
    path.write_text(path.read_text().replace(again.hunts[first.name, CONTRACTS].digest, "of another version"))
    assert set(Table(path).hunts) == {(second.name, PLAIN)}


def test_table_tells_what_was_not_found(tmp_path: Path) -> None:
    """A fault that was missed, or found as something else, is told as not found and counted as such."""
    first, second = _some()
    table = Table(tmp_path / "faults.jsonl")
    table.add(first, CONTRACTS, (True, "sum_sums", "queryUsage"), 1.5)
    table.add(second, CONTRACTS, (False, "not_a_server_error", "queryUsage"), 2)
    text = rendered(table, [first, second])
    assert "| `sum_sums` on `queryUsage` | 2 | not measured |" in text
    assert "**not found**, but `not_a_server_error` on `queryUsage`" in text
    assert totals(table, [first, second])[-1] == "| all | 2 | 1 | not measured |"


def test_plain_schemathesis_is_given_documents() -> None:
    """Every fault is looked for in the documents of its operations."""
    given = {fault.name: documents_of(fault) for fault in FAULTS.values()}
    assert all(given.values())
    assert all(document.is_file() for documents in given.values() for document in documents)


def test_results_depend_on_the_sources() -> None:
    """What is measured with other sources has another digest; plain Schemathesis does not depend on ours."""
    fault, other = _some()
    assert fault_table.digest(CONTRACTS, fault) != fault_table.digest(PLAIN, fault)
    assert fault_table.digest(PLAIN, fault) != fault_table.digest(PLAIN, other)

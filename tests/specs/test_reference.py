"""Nothing of the vendors' reference is missing, and nothing was made up."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from mockserver.handlers import bindings
from specs import catalog

TABLE = list(csv.DictReader(Path(__file__).with_name("reference.csv").read_text(encoding="utf-8").splitlines()))
OPERATIONS = {operation.operation_id: operation for operation in catalog.operations()}


def test_the_table_is_the_reference() -> None:
    """171 operations of the reference, 17 published ones of which 7 are among them, one of the SDKs, and Solvimon's."""
    counted = Counter(row["source"] for row in TABLE)
    assert counted == {"reference": 164, "both": 7, "published": 10, "sdk": 1, "solvimon": 1}


def test_the_documents_hold_the_reference_and_no_more() -> None:
    """The operationIds of the documents, and those that are bound, are those of the table."""
    expected = {row["operationId"] for row in TABLE}
    assert OPERATIONS.keys() == expected
    assert bindings().keys() == expected


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["operationId"])
def test_an_operation_stands_where_the_reference_has_it(row: dict[str, str]) -> None:
    """Method and path are the reference's."""
    operation = OPERATIONS[row["operationId"]]
    assert (operation.method, operation.path) == (row["method"], row["path"])


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["operationId"])
def test_an_operation_says_how_well_it_is_known(row: dict[str, str]) -> None:
    """What stands in a published document is published, what stands in both of both dialects; the rest is live."""
    operation = OPERATIONS[row["operationId"]]
    known = (operation.evidence, operation.dialect)
    if row["source"] == "both":
        assert known == ("published", None)
    elif row["source"] == "published":
        assert known in {("published", None), ("published", "published")}
    elif row["source"] == "solvimon":
        assert known == ("documented", None)
    else:
        assert operation.evidence in ("documented", "sdk", "inferred")
        assert operation.dialect == "live"

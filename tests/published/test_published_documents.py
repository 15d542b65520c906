"""`schemathesis run`, the plain command line with its default checks, on a copy of each published document."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.schemathesis_runs import schemathesis
from tests.support.serving import Server

HERE = Path(__file__).parent
DOCUMENTS = HERE.parent / "specs" / "published"
OPERATIONS = {"metering": 9, "billing": 8}
BRIEFLY = ("--max-examples", 25)
BOOLEANS = {"true", "false", "True", "False", "1", "0"}
"""How clients spell a boolean in a query."""

pytestmark = pytest.mark.slow(seconds=15)


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("document", OPERATIONS)
def test_nothing_is_found(server: Server, tmp_path: Path, document: str, seed: int) -> None:
    """Every operation is tested and nothing found; the settings cover what has no honest answer.

    The first seed runs as it comes, the others with fewer cases of each operation.
    """
    run = schemathesis(
        tmp_path, "--config-file", HERE / "schemathesis.toml", "run", DOCUMENTS / f"{document}.yaml",
        "-u", server.url, "-H", f"X-API-KEY: test-{uuid4()}", "--seed", seed, *(BRIEFLY if seed > 1 else ()),
    )  # fmt: skip
    assert run.status == 0, run.output
    assert run.verdict == (OPERATIONS[document], 0, 0)


def test_the_boolean_is_all_that_is_accepted(server: Server, tmp_path: Path) -> None:
    """Of all invalid data for a new customer only the boolean that clients send is taken."""
    key = f"test-{uuid4()}"
    run = schemathesis(
        tmp_path, "--config-file", HERE / "refusals.toml", "run", DOCUMENTS / "billing.yaml",
        "-u", server.url, "-H", f"X-API-KEY: {key}", "--seed", 1, "--include-operation-id", "createCustomer",
        SCHEMATHESIS_HOOKS=str(HERE / "empty_account.py"), METERMOCK_URL=server.url, METERMOCK_KEY=key,
    )  # fmt: skip
    assert run.verdict == (1, 1, 0), run.output
    failed = list(run.failed_checks())
    assert {name for name, _ in failed} == {"negative_data_rejection"}
    assert {case["query"].get("autoCreateCustomerInStripe") for _, case in failed} <= BOOLEANS

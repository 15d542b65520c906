"""What the tests of the documents share: the published documents, and a judge of values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

PUBLISHED = Path(__file__).parent / "published"

Judge = Callable[[dict[str, Any], dict[str, Any], Any], bool]


def load_published(name: str) -> dict[str, Any]:
    """One published document, as its author wrote it."""
    content: dict[str, Any] = yaml.safe_load((PUBLISHED / f"{name}.yaml").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session", params=["metering", "billing"])
def published(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the published documents in turn."""
    return load_published(request.param)


@pytest.fixture(scope="session")
def accepts() -> Judge:
    """Says whether a schema of a document accepts a value, formats included."""

    def judge(spec: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
        whole = {"allOf": [schema], "components": spec["components"]}
        valid: bool = OAS30Validator(whole, format_checker=oas30_format_checker).is_valid(value)
        return valid

    return judge

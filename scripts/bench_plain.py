"""Plain Connexion on the published metering document: a stock AsyncApp, constant answers, both validations on.

usage: python -m scripts.bench_plain PORT DOCUMENT
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from connexion import AsyncApp
from connexion.resolver import Resolver

METER = {
    "meterApiName": "api-calls",
    "displayName": "API calls",
    "label": "api-calls",
    "type": "SUM_OF_ALL_USAGE",
    "meterTimeInMillis": 1718153645993,
    "dimensions": ["region", "tier"],
}
RECORD = {"groupInfo": {"customerId": "customer-1"}, "records": [{"1718064000": 42.0}]}
ANSWERS: dict[str, Any] = {
    "listMeterDefinitions": [METER],
    "queryUsage": {"clientMeters": {"api-calls": [RECORD]}},
}


def check_key(key: str, _required_scopes: list[str] | None = None) -> dict[str, str] | None:
    """Accepts the keys that the mock accepts."""
    return {"sub": key} if key.startswith("test-") else None


def handler(operation_id: str) -> Any:
    """An async handler with a constant answer; ingest counts what it was given, as its answer says."""

    async def answer(**_parameters: Any) -> Any:
        return ANSWERS.get(operation_id, METER)

    async def ingest(body: Any, **_parameters: Any) -> Any:
        return f"{len(body) if isinstance(body, list) else 1} records were ingested"

    return ingest if operation_id == "ingestMeterEvents" else answer


def plain_app(document: Path) -> AsyncApp:
    """The stock app."""
    spec = yaml.safe_load(document.read_text())
    spec["servers"] = [{"url": "/"}]
    for scheme in spec["components"]["securitySchemes"].values():
        scheme["x-apikeyInfoFunc"] = f"{__spec__.name if __spec__ else __name__}.check_key"
    app = AsyncApp("plain")
    app.add_api(spec, resolver=Resolver(handler), validate_responses=True)
    return app


def main(port: str, document: str) -> None:
    """Serves until it is stopped."""
    uvicorn.run(plain_app(Path(document)), port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])

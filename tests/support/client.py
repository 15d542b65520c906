"""A client of one fresh account of the mock."""

import uuid
from typing import Any

import requests

from tests.support.judge import judge


class MockClient:
    """Calls the mock with a key of its own; every exchange is judged by openapi-core.

    Args:
        url: where the server is.
        key: the API key; a fresh account when None.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url
        self.key = key or f"test-{uuid.uuid4()}"
        self.session = requests.Session()
        # No proxy and no .netrc is looked for, which would take longer than the request.
        self.session.trust_env = False
        self.session.headers["X-API-KEY"] = self.key
        self.session.hooks["response"].append(judge)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request; `options` are those of `requests`."""
        return self.session.request(method, self.url + path, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET `path`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        """POST to `path`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        """PUT to `path`."""
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        """DELETE `path`."""
        return self.request("DELETE", path, **options)

    def journal(self, **selection: Any) -> list[dict[str, Any]]:
        """The account's journal entries, oldest first."""
        entries: list[dict[str, Any]] = self.get("/_mock/journal", params=selection).json()["entries"]
        return entries

    def rules(self) -> list[str]:
        """The rules of all warnings so far."""
        return [caution["rule"] for entry in self.journal() for caution in entry["warnings"]]

    def clock(self, **change: Any) -> dict[str, Any]:
        """Changes the account's clock."""
        response = self.put("/_mock/clock", json=change)
        assert response.status_code == 200, response.text
        document: dict[str, Any] = response.json()
        return document

    def reset(self, **policy: Any) -> None:
        """Forgets everything; sets the account's policy."""
        response = self.post("/_mock/reset", json=policy)
        assert response.status_code == 200, response.text

    def close(self) -> None:
        """Gives its connections back."""
        self.session.close()

"""A page from another origin may call the mock, and reads its errors too."""

import requests

from mockserver.app import create_app
from mockserver.settings import Settings
from tests.support.serving import Server, serving

ORIGIN = {"Origin": "http://localhost:3000"}


def test_a_preflight_is_answered_without_a_key(server: Server) -> None:
    """A browser asks first, and may send the key's header."""
    asked = {**ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-api-key"}
    response = requests.options(f"{server.url}/customers", headers=asked, timeout=10)
    assert response.status_code == 200
    assert "PUT" in response.headers["Access-Control-Allow-Methods"]
    assert "x-api-key" in response.headers["Access-Control-Allow-Headers"]


def test_answers_and_errors_may_be_read_by_the_page(server: Server) -> None:
    """The allowing header is on a 200, a 401 and a 404."""
    for path, key, status in (
        ("/customers", "test-a", 200),
        ("/customers", "no", 401),
        ("/customers/x", "test-a", 404),
    ):
        response = requests.get(server.url + path, headers={**ORIGIN, "X-API-KEY": key}, timeout=10)
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_cross_origin_can_be_switched_off() -> None:
    """With --no-cors, a browser keeps other origins out."""
    with serving(create_app(Settings(cors=False))) as running:
        response = requests.get(f"{running.url}/_mock/health", headers=ORIGIN, timeout=10)
    assert "Access-Control-Allow-Origin" not in response.headers

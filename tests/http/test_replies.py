"""The mock's own answers are held against its documents; one that does not fit is a loud 500, never a quiet lie."""

import logging
from typing import Any

import pytest
import requests

from mockserver import app as composition
from mockserver.engine.binding import Binding
from mockserver.engine.call import TEXT, Call, Reply
from mockserver.handlers import bindings
from specs.catalog import Dialect
from tests.support.serving import serving

DRIFTS: dict[str, Reply] = {
    "wrong-body": Reply([{"customerId": 1}]),
    "missing-field": Reply([{"customerId": "x"}]),
    "undocumented-status": Reply([], status=418),
    "undocumented-media-type": Reply("text", media_type=TEXT),
    "other-dialect": Reply({}, dialect=Dialect.PUBLISHED),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_an_answer_that_breaks_the_document_is_a_500_with_an_id(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The client gets an id and no internals; the log has the id and what was wrong."""

    def drift(_call: Call) -> Reply:
        return DRIFTS[name]

    broken = {**bindings(), "listCustomers": Binding(drift)}
    monkeypatch.setattr(composition, "bindings", lambda: broken)
    with serving(composition.create_app()) as running, caplog.at_level(logging.ERROR, "mockserver"):
        response = requests.get(f"{running.url}/customers", headers={"X-API-KEY": "test-a"}, timeout=10)
    assert response.status_code == 500
    body: dict[str, Any] = response.json()
    assert body["code"] == "INTERNAL_ERROR"
    number = body["message"].split()[2].rstrip(";")
    assert number in caplog.text
    assert "ReplyDrift" in caplog.text
    assert "Traceback" not in response.text
    assert "ReplyDrift" not in response.text


def test_a_crash_is_a_500_that_leaks_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What an exception says stays in the log, and the next request is served."""

    def crash(_call: Call) -> Reply:
        raise RuntimeError("secret-detail")

    broken = {**bindings(), "listCustomers": Binding(crash)}
    monkeypatch.setattr(composition, "bindings", lambda: broken)
    with serving(composition.create_app()) as running, caplog.at_level(logging.ERROR, "mockserver"):
        key = {"X-API-KEY": "test-a"}
        response = requests.get(f"{running.url}/customers", headers=key, timeout=10)
        after = requests.get(f"{running.url}/meter-definition", headers=key, timeout=10)
    assert response.status_code == 500
    assert "secret-detail" not in response.text
    assert "secret-detail" in caplog.text
    assert after.json() == []

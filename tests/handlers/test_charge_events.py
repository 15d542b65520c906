"""Charge events (Solvimon): defaults, read-only fields, references, errors in the vendor's words."""

from typing import Any

import pytest

from tests.handlers.steps import Json, stop_clock
from tests.support.client import MockClient

PATH = "/v1/ingest/charge-data"
REQUIRED = {name: name[:4] for name in ("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id")}
FULL: Json = {
    **REQUIRED,
    "customer_id": None,
    "customer_reference": "ann",
    "pricing_plan_subscription_id": "ppsu_1",
    "pricing_plan_subscription_reference": None,
    "pricing_plan_subscription_selector": {"fallback": "LATEST"},
    "reference": "order-1",
    "description": "one call",
    "value": {"number": "1.5"},
    "period": {"start_at": "2024-06-01T00:00:00Z", "end_at": "2024-07-01T00:00:00Z", "ratio": "0.5"},
    "timestamp": "2024-06-12T12:00:00Z",
}
FIRST = {**REQUIRED, "reference": "order-1"}


@pytest.fixture
def charges(mock: MockClient) -> MockClient:
    """A client whose clock stands still, between two seconds."""
    stop_clock(mock, "2024-06-12T12:00:00.750Z")
    return mock


def charged(charges: MockClient, body: Json) -> Any:
    """The answered event."""
    response = charges.post(PATH, json=body)
    assert response.status_code == 201, response.text
    assert response.headers["X-REQUEST-ID"].startswith("reqr_")
    return response.json()


def refusal(response: Any, status: int) -> tuple[str, str | None]:
    """Code and field of a refused request."""
    assert response.status_code == status, response.text
    error = response.json()
    assert error["type"] == "INVALID_REQUEST"
    assert error["message"]
    return error["code"], error.get("field")


def test_every_field_is_echoed(charges: MockClient) -> None:
    """What was sent comes back, nulls included, with an id and a type of the server's making."""
    event = charged(charges, FULL)
    event_id = event.pop("id")
    assert event == {**FULL, "object_type": "CHARGE_DATA"}
    assert event_id.startswith("chda_")
    assert len(event_id) == 25
    assert event_id[5:].isalnum()


@pytest.mark.parametrize("sent", [{}, {"timestamp": None}], ids=["absent", "null"])
def test_the_timestamp_defaults_to_now(charges: MockClient, sent: Json) -> None:
    """Without a timestamp the clock's time is set, in whole seconds; optional fields stay absent."""
    event = charged(charges, {**REQUIRED, **sent})
    del event["id"]
    assert event == {**REQUIRED, "object_type": "CHARGE_DATA", "timestamp": "2024-06-12T12:00:00Z"}


def test_years_are_written_with_four_digits(charges: MockClient) -> None:
    """The earliest instant of the clock is still a valid ISO 8601 text."""
    charges.clock(now=-62_135_596_800_000)
    assert charged(charges, REQUIRED)["timestamp"] == "0001-01-01T00:00:00Z"


def test_read_only_fields_are_ignored(charges: MockClient) -> None:
    """A sent id or type neither comes back nor makes a replay another request; unknown fields are dropped."""
    first = charged(charges, {**FIRST, "id": "mine", "object_type": "MINE", "nonsense": 1})
    assert first["id"] != "mine"
    assert first["object_type"] == "CHARGE_DATA"
    assert "nonsense" not in first
    assert charged(charges, {**FIRST, "id": "other"}) == first


def test_the_same_reference_and_body_answer_the_first_event(charges: MockClient) -> None:
    """A replay changes nothing, even later and with its keys in another order."""
    first = charged(charges, FIRST)
    charges.clock(advance={"days": 1})
    assert charged(charges, dict(reversed(FIRST.items()))) == first
    assert charges.get("/_mock/state").json()["collections"]["charge-events"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"product_item_id": "other"},
        {"description": "other"},
        {"value": {"number": "2"}},
        {"timestamp": "2024-06-12T12:00:00Z"},
    ],
    ids=["id", "description", "value", "timestamp"],
)
def test_the_same_reference_with_another_body_is_a_conflict(charges: MockClient, change: Json) -> None:
    """A reference that stands for another event is 409, and the first event stays."""
    first = charged(charges, FIRST)
    assert refusal(charges.post(PATH, json={**FIRST, **change}), 409) == ("RESOURCE_ALREADY_EXISTS", "reference")
    assert charged(charges, FIRST) == first


def test_true_is_not_one(charges: MockClient) -> None:
    """JSON's true and 1 are two bodies, although Python takes them for equal."""
    charged(charges, {**FIRST, "value": {"flag": True}})
    assert refusal(charges.post(PATH, json={**FIRST, "value": {"flag": 1}}), 409)[0] == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize("reference", [{}, {"reference": None}, {"reference": ""}], ids=["absent", "null", "empty"])
def test_no_reference_never_deduplicates(charges: MockClient, reference: Json) -> None:
    """Without a reference each request is an event of its own."""
    body = {**REQUIRED, **reference}
    assert charged(charges, body)["id"] != charged(charges, body)["id"]


def test_a_refused_request_does_not_use_up_its_reference(charges: MockClient) -> None:
    """A reference that came with a bad body is free for the corrected one."""
    assert charges.post(PATH, json={**FIRST, "pricing_id": 5}).status_code == 400
    assert charged(charges, FIRST)["reference"] == "order-1"


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("how", ["absent", "null"])
def test_a_required_field_is_missed(charges: MockClient, name: str, how: str) -> None:
    """A required field that is absent or null is MISSING_FIELD, by name."""
    body = {**FULL, name: None}
    if how == "absent":
        del body[name]
    assert refusal(charges.post(PATH, json=body), 400) == ("MISSING_FIELD", name)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference": "no spaces"}, "reference"),
        ({"reference": "x" * 257}, "reference"),
        ({"reference": "trailing\n"}, "reference"),
        ({"description": "no/slash"}, "description"),
        ({"description": "x" * 257}, "description"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2024-13-01T00:00:00Z"}, "timestamp"),
        ({"pricing_id": 5}, "pricing_id"),
        ({"value": "5"}, "value"),
        ({"period": {"start_at": "now"}}, "period.start_at"),
    ],
)
def test_a_bad_field_is_invalid(charges: MockClient, change: Json, field: str) -> None:
    """Wrong types, patterns, lengths and dates are INVALID_FIELD with the dotted path."""
    assert refusal(charges.post(PATH, json={**FULL, **change}), 400) == ("INVALID_FIELD", field)


@pytest.mark.parametrize("change", [{"reference": "A-z_09"}, {"reference": "x" * 256}, {"description": "a b+c_d-e"}])
def test_what_the_patterns_allow_is_taken(charges: MockClient, change: Json) -> None:
    """Whole values of the documented characters and lengths are accepted."""
    assert charged(charges, {**REQUIRED, **change}).items() >= change.items()


@pytest.mark.parametrize("version", ["2", "01", "x"])
def test_another_version_is_refused(charges: MockClient, version: str) -> None:
    """Only version 1 is served; another one is told by its own code."""
    response = charges.post(f"/v{version}/ingest/charge-data", json=FULL)
    assert refusal(response, 400)[0] == "UNSUPPORTED_VERSION"


def test_accounts_mint_the_same_ids(charges: MockClient) -> None:
    """The same steps after a reset give the same ids."""
    before = [charged(charges, REQUIRED)["id"] for _ in range(2)]
    charges.reset()
    assert [charged(charges, REQUIRED)["id"] for _ in range(2)] == before

"""The vendor's Python SDK, unedited: it has no call of its own for charge events, so its ApiClient sends them.

The client builds the URL, the credentials and the body, and reads answers and errors into the SDK's own models, which
check the closed lists of types and codes.
"""

from typing import Any
from uuid import uuid4

import pytest
from solvimon_python_sdk import ApiClient, ApiError, Configuration
from solvimon_python_sdk.exceptions import ApiException, BadRequestException, ConflictException, UnauthorizedException
from solvimon_python_sdk.models.charge_data_period_create_request import ChargeDataPeriodCreateRequest

from tests.support.serving import Server

REQUIRED = {
    "product_item_id": "prii_2bQ4xN7mT0vW9yZ1cD3e",
    "pricing_id": "pric_8fG6hJ5kL4mN3pQ2rS1t",
    "pricing_item_id": "prii_0uV9wX8yZ7aB6cD5eF4g",
    "pricing_item_config_id": "pico_3hJ2kL1mN0pQ9rS8tU7v",
}
ANSWERS = {"201": "object", "400": "ApiError", "401": "ApiError", "403": "ApiError", "409": "ApiError"}


def configuration(server: Server, **credentials: Any) -> Configuration:
    """The SDK's settings for a fresh account of the mock."""
    return Configuration(host=server.url, **(credentials or {"api_key": {"API-Key": f"test-{uuid4()}"}}))


def ingest(settings: Configuration, body: Any, version: str = "1") -> Any:
    """Sends a charge event through the SDK's ApiClient; the answer's data."""
    client: Any = ApiClient(settings)
    request = client.param_serialize(
        "POST",
        "/v{version}/ingest/charge-data",
        path_params={"version": version},
        header_params={"Accept": "application/json", "Content-Type": "application/json"},
        body=body,
        auth_settings=["API-Key", "JWT-Authentication"],
    )
    response = client.call_api(*request)
    response.read()
    return client.response_deserialize(response, ANSWERS).data


def error_of(refused: pytest.ExceptionInfo[ApiException]) -> ApiError:
    """The error body as the SDK's model."""
    assert isinstance(refused.value.data, ApiError)
    return refused.value.data


def test_a_charge_event(server: Server) -> None:
    """A charge event is answered with an id and its object type, and a repeat with the first one's id."""
    settings = configuration(server)
    body = {**REQUIRED, "reference": "setup-fee-1", "customer_reference": "acme"}
    first, second = ingest(settings, body), ingest(settings, body)
    assert first["object_type"] == "CHARGE_DATA"
    assert first["id"] == second["id"]
    assert body.items() <= first.items()


def test_a_period_of_the_sdk(server: Server) -> None:
    """A period that the SDK's model wrote is accepted and answered with the same instants."""
    period = ChargeDataPeriodCreateRequest.from_json(
        '{"start_at": "2024-06-01T00:00:00Z", "end_at": "2024-07-01T00:00:00Z"}'
    )
    assert period
    answered = ingest(configuration(server), {**REQUIRED, "period": period.to_dict()})["period"]
    assert ChargeDataPeriodCreateRequest.from_dict(answered) == period


def test_a_bearer_token(server: Server) -> None:
    """The SDK's access token opens the account too."""
    assert ingest(configuration(server, access_token=f"test-{uuid4()}"), REQUIRED)["id"]


def test_a_missing_field(server: Server) -> None:
    """A missing field is the SDK's BadRequestException, whose error names the field."""
    with pytest.raises(BadRequestException) as refused:
        ingest(configuration(server), {**REQUIRED, "pricing_id": None})
    error = error_of(refused)
    assert (error.type, error.code, error.var_field) == ("INVALID_REQUEST", "MISSING_FIELD", "pricing_id")


def test_a_conflict(server: Server) -> None:
    """A reference used again for another event is the SDK's ConflictException."""
    settings = configuration(server)
    ingest(settings, {**REQUIRED, "reference": "one"})
    with pytest.raises(ConflictException) as refused:
        ingest(settings, {**REQUIRED, "reference": "one", "description": "another"})
    assert error_of(refused).code == "RESOURCE_ALREADY_EXISTS"


def test_a_refused_key(server: Server) -> None:
    """A key that is not accepted is the SDK's UnauthorizedException."""
    with pytest.raises(UnauthorizedException) as refused:
        ingest(configuration(server, api_key={"API-Key": "live"}), REQUIRED)
    assert error_of(refused).code == "UNAUTHORISED"


def test_another_version(server: Server) -> None:
    """A version that is not served is a BadRequestException with the vendor's code for it."""
    with pytest.raises(BadRequestException) as refused:
        ingest(configuration(server), REQUIRED, version="2")
    assert error_of(refused).code == "UNSUPPORTED_VERSION"

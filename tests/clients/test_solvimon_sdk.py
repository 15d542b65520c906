"""The vendor's Python SDK, unedited: it has no call of its own for charge events, so its ApiClient sends them.

The client builds the URL, the credentials and the body, and reads answers and errors into the SDK's own models, which
check the closed lists of types and codes.
"""

from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest

from tests.support.serving import Server

REQUIRED = {
    "product_item_id": "prii_2bQ4xN7mT0vW9yZ1cD3e",
    "pricing_id": "pric_8fG6hJ5kL4mN3pQ2rS1t",
    "pricing_item_id": "prii_0uV9wX8yZ7aB6cD5eF4g",
    "pricing_item_config_id": "pico_3hJ2kL1mN0pQ9rS8tU7v",
}
ANSWERS = {"201": "object", "400": "ApiError", "401": "ApiError", "403": "ApiError", "409": "ApiError"}


class Vendor:
    """The SDK as a client of the mock.

    Args:
        sdk: The SDK's package.
        server: The mock.
    """

    def __init__(self, sdk: Any, server: Server) -> None:
        self.sdk = sdk
        self._url = server.url

    def configuration(self, **credentials: Any) -> Any:
        """The SDK's settings, for a fresh account unless there are credentials."""
        return self.sdk.Configuration(host=self._url, **(credentials or {"api_key": {"API-Key": f"test-{uuid4()}"}}))

    def ingest(self, settings: Any, body: Any, version: str = "1") -> Any:
        """Sends a charge event through the SDK's ApiClient; the answer's data."""
        client = self.sdk.ApiClient(settings)
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

    def refusal(self, exception: str, settings: Any, body: Any, version: str = "1") -> Any:
        """The error body, as the SDK's model, of a charge event that is refused with this exception of the SDK."""
        with pytest.raises(getattr(self.sdk.exceptions, exception)) as refused:
            self.ingest(settings, body, version)
        assert isinstance(refused.value.data, self.sdk.ApiError)
        return refused.value.data


@pytest.fixture
def vendor(server: Server) -> Vendor:
    """The SDK. It is imported here since its models take seconds, in each process that collects the tests."""
    return Vendor(import_module("solvimon_python_sdk"), server)


def test_a_charge_event(vendor: Vendor) -> None:
    """A charge event is answered with an id and its object type, and a repeat with the first one's id."""
    settings = vendor.configuration()
    body = {**REQUIRED, "reference": "setup-fee-1", "customer_reference": "acme"}
    first, second = vendor.ingest(settings, body), vendor.ingest(settings, body)
    assert first["object_type"] == "CHARGE_DATA"
    assert first["id"] == second["id"]
    assert body.items() <= first.items()


def test_a_period_of_the_sdk(vendor: Vendor) -> None:
    """A period that the SDK's model wrote is accepted and answered with the same instants."""
    model = vendor.sdk.ChargeDataPeriodCreateRequest
    period = model.from_json('{"start_at": "2024-06-01T00:00:00Z", "end_at": "2024-07-01T00:00:00Z"}')
    assert period
    answered = vendor.ingest(vendor.configuration(), {**REQUIRED, "period": period.to_dict()})["period"]
    assert model.from_dict(answered) == period


def test_a_bearer_token(vendor: Vendor) -> None:
    """The SDK's access token opens the account too."""
    assert vendor.ingest(vendor.configuration(access_token=f"test-{uuid4()}"), REQUIRED)["id"]


def test_a_missing_field(vendor: Vendor) -> None:
    """A missing field is the SDK's BadRequestException, whose error names the field."""
    error = vendor.refusal("BadRequestException", vendor.configuration(), {**REQUIRED, "pricing_id": None})
    assert (error.type, error.code, error.var_field) == ("INVALID_REQUEST", "MISSING_FIELD", "pricing_id")


def test_a_conflict(vendor: Vendor) -> None:
    """A reference used again for another event is the SDK's ConflictException."""
    settings = vendor.configuration()
    vendor.ingest(settings, {**REQUIRED, "reference": "one"})
    error = vendor.refusal("ConflictException", settings, {**REQUIRED, "reference": "one", "description": "another"})
    assert error.code == "RESOURCE_ALREADY_EXISTS"


def test_a_refused_key(vendor: Vendor) -> None:
    """A key that is not accepted is the SDK's UnauthorizedException."""
    error = vendor.refusal("UnauthorizedException", vendor.configuration(api_key={"API-Key": "live"}), REQUIRED)
    assert error.code == "UNAUTHORISED"


def test_another_version(vendor: Vendor) -> None:
    """A version that is not served is a BadRequestException with the vendor's code for it."""
    assert vendor.refusal("BadRequestException", vendor.configuration(), REQUIRED, "2").code == "UNSUPPORTED_VERSION"

"""Bad bodies are refused clearly, whole, and in the vendor's shape."""

import gzip
import json
from typing import Any

import pytest

from tests.support.client import MockClient

JSON = {"Content-Type": "application/json"}
EVENT = {"meterApiName": "api-calls", "customerId": "acme", "meterValue": 1, "meterTimeInMillis": 1718153645993}

BAD_BODIES: dict[str, tuple[bytes, dict[str, str], str]] = {
    "empty": (b"", JSON, "required"),
    "malformed": (b'{"meterTimeInMillis": 1', JSON, "malformed-json"),
    "trailing-comma": (b"[{},]", JSON, "malformed-json"),
    "not-utf-8": (b'{"customerId": "\xff"}', JSON, "utf-8"),
    "nan": (b'{"meterTimeInMillis": 1, "meterValue": NaN}', JSON, "malformed-json"),
    "infinity": (b'{"meterTimeInMillis": 1, "meterValue": 1e999}', JSON, "malformed-json"),
    "nested": (b"[" * 100_000, JSON, "malformed-json"),
    "nested-and-closed": (b"[" * 100_000 + b"]" * 100_000, JSON, "malformed-json"),
    "no-content-type": (json.dumps(EVENT).encode(), {}, "content-type"),
    "wrong-content-type": (json.dumps(EVENT).encode(), {"Content-Type": "text/xml"}, "media-type"),
    "wrong-charset": (json.dumps(EVENT).encode(), {"Content-Type": "application/json; charset=utf-16"}, "content-type"),
    "not-gzip": (b"{}", {**JSON, "Content-Encoding": "gzip"}, "gzip"),
    "cut-gzip": (gzip.compress(json.dumps(EVENT).encode())[:-9], {**JSON, "Content-Encoding": "gzip"}, "gzip"),
    "brotli": (b"{}", {**JSON, "Content-Encoding": "br"}, "content-encoding"),
    "ndjson-line": (b'{"meterTimeInMillis": 1}\n{"x"\n', {"Content-Type": "application/x-ndjson"}, "malformed-json"),
    "ndjson-empty": (b"\n\n", {"Content-Type": "application/x-ndjson"}, "required"),
    "number": (b"5", JSON, "type"),
    "null": (b"null", JSON, "not-null"),
    "time-is-text": (b'{"meterTimeInMillis": "now"}', JSON, "type"),
    "time-too-large": (b'{"meterTimeInMillis": 9223372036854775808}', JSON, "maximum"),
    "time-absurd": (b'{"meterTimeInMillis": %d}' % -(10**40), JSON, "minimum"),
    "value-absurd": (
        b'{"meterTimeInMillis": 1, "meterApiName": "m", "meterValue": 1%s}' % (b"0" * 400),
        JSON,
        "number-range",
    ),
    "dimension-is-number": (b'{"meterTimeInMillis": 1, "dimensions": {"a": 1}}', JSON, "type"),
}


def _events(mock: MockClient) -> int:
    events: int = mock.get("/_mock/state").json()["events"]
    return events


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_a_400_in_the_vendors_shape_and_nothing_is_stored(mock: MockClient, name: str) -> None:
    """Every body fault is 400 with message, code and details, and leaves no event."""
    body, headers, rule = BAD_BODIES[name]
    response = mock.post("/ingest", data=body, headers=headers)
    assert response.status_code == 400, response.text
    error = response.json()
    assert error["code"] == "BAD_REQUEST"
    assert error["message"] == error["errorMessage"]
    assert error["details"].split(": ")[-1] == rule
    assert len(response.content) < 1024
    assert _events(mock) == 0


def test_a_chunked_body_is_read(mock: MockClient) -> None:
    """A body without Content-Length is a body."""
    response = mock.post("/ingest", data=iter([json.dumps(EVENT).encode()]), headers=JSON)
    assert response.json() == "1 records were ingested"
    assert _events(mock) == 1


def test_one_bad_event_of_a_thousand_is_told_by_index_field_and_rule(mock: MockClient) -> None:
    """The refusal of a batch names the event, in under a kilobyte, and stores none of it."""
    batch: list[dict[str, Any]] = [{**EVENT, "uniqueId": str(number)} for number in range(1000)]
    batch[617] = {**EVENT, "meterTimeInMillis": "yesterday"}
    response = mock.post("/ingest", json=batch)
    assert response.status_code == 400
    assert response.json()["details"] == "[617].meterTimeInMillis: type"
    assert len(response.content) < 1024
    assert _events(mock) == 0


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_body_over_the_limit_is_a_413(mock: MockClient, encoding: str) -> None:
    """Size alone is 413: of the body as sent, and of what a gzip bomb would inflate to."""
    blown = b" " * (33 * 1024 * 1024)
    body = gzip.compress(blown) if encoding == "gzip" else blown
    response = mock.post("/ingest", data=body, headers={**JSON, "Content-Encoding": encoding})
    assert response.status_code == 413
    assert response.json()["code"] == "PAYLOAD_TOO_LARGE"


def test_a_chunked_body_over_the_limit_is_a_413(mock: MockClient) -> None:
    """The limit holds for a body that does not announce its length."""
    pieces = (b" " * 1024 * 1024 for _ in range(34))
    assert mock.post("/ingest", data=pieces, headers=JSON).status_code == 413


def test_large_bodies_are_read_in_pieces_and_count_whole(mock: MockClient) -> None:
    """A batch that is parsed in pieces loses nothing, with cut-like text inside strings and nested objects."""
    tricky = {"a": 'x},{"meterTimeInMillis":"', "b": "}]},"}
    batch = [{**EVENT, "uniqueId": str(number), "dimensions": tricky} for number in range(12_000)]
    assert len(json.dumps(batch)) > 1024 * 1024
    assert mock.post("/ingest", json=batch).json() == "12000 records were ingested"
    assert _events(mock) == 12_000


@pytest.mark.parametrize("end", [b",]", b"]]", b"] x", b", {]"])
def test_large_malformed_bodies_are_refused(mock: MockClient, end: bytes) -> None:
    """What is parsed in pieces is refused as strictly as what is parsed at once."""
    events = b",".join([json.dumps(EVENT).encode()] * 12_000)
    response = mock.post("/ingest", data=b"[" + events + end, headers=JSON)
    assert response.status_code == 400
    assert response.json()["details"] == "malformed-json"
    assert _events(mock) == 0


def test_a_lone_surrogate_is_text(mock: MockClient) -> None:
    """JSON may hold half of a surrogate pair; it is stored and answered as it came."""
    body = b'{"customerId": "half\\ud800", "customerName": "x"}'
    assert mock.post("/customers", data=body, headers=JSON).status_code == 200
    assert mock.get("/customers").json()[0]["customerId"] == "half\ud800"
    assert mock.get("/customers/half%ED%A0%80").json()["customerName"] == "x"


def test_integers_beyond_int64_are_read_where_no_format_forbids_them(mock: MockClient) -> None:
    """The published usage query gives its times no format."""
    query = {
        "meterApiName": "m",
        "startTimeInSeconds": -(8 * 10**33),
        "endTimeInSeconds": 8 * 10**33,
        "aggregation": "SUM",
        "timeGroupingInterval": "DAY",
    }
    assert mock.post("/usage", json=query).json() == {"clientMeters": {"m": []}}


@pytest.mark.parametrize(("levels", "status"), [(150, 200), (199, 200), (200, 400), (980, 400), (5000, 400)])
def test_a_deeply_nested_body_is_refused(mock: MockClient, levels: int, status: int) -> None:
    """What could not be copied any more is not stored; what is taken can be read back."""
    nested = (
        b'{"id": "deep", "meterApiName": "m", "productId": "1", "productItemName": "d", "x": '
        + b"[" * levels
        + b"]" * levels
        + b"}"
    )
    path = "/payments/pricing/amberflo/account-pricing/product-items"
    response = mock.post(path, data=nested, headers=JSON)
    assert response.status_code == status, response.text
    assert len(mock.get(f"{path}/list").json()) == (1 if status == 200 else 0)
    if status == 400:
        assert response.json()["details"] == "malformed-json"

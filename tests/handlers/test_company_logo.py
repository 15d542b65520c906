"""The company logo: bytes up and down, kinds and sizes, and the portal's view of it."""

import gzip
from base64 import b64encode

import pytest

from tests.handlers.steps import NOON_MS, Account, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

LOGO = "/account-setting/logo"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
GIF = b"GIF89a" + bytes(16)
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROLOGUE = b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a > b -->\n<!DOCTYPE svg [<!ENTITY a "b">]>\n'
LIMIT = 1024 * 1024

AS_ANN = {"X-API-KEY": "Session $ann"}

ROUND_TRIPS = {
    "logo": [
        Step("createCustomer", body={"customerId": "ann", "customerName": "Ann"}),
        Step("createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}),
        Step("downloadCompanyLogo", status=404),
        Step("portalDownloadCompanyLogo", headers=AS_ANN, status=404),
        Step(
            "uploadCompanyLogo",
            raw=(PNG, "image/png"),
            expect={"contentType": "image/png", "sizeInBytes": len(PNG), "createTime": ..., "updateTime": ...},
        ),
        Step("downloadCompanyLogo", expect=PNG),
        Step("portalDownloadCompanyLogo", headers=AS_ANN, expect=b64encode(PNG)),
        Step("uploadCompanyLogo", raw=(SVG, "image/svg+xml"), expect={"contentType": "image/svg+xml"}),
        Step("downloadCompanyLogo", expect=SVG),
        Step("portalDownloadCompanyLogo", headers=AS_ANN, expect=b64encode(SVG)),
        Step("deleteCompanyLogo", expect={"contentType": "image/svg+xml", "sizeInBytes": len(SVG)}),
        Step("downloadCompanyLogo", status=404, expect={"details": "logo: unknown-key"}),
        Step("portalDownloadCompanyLogo", headers=AS_ANN, status=404),
        Step("deleteCompanyLogo", status=404),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A logo is uploaded, read by the account and the portal, replaced and removed."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("media_type", "picture"),
    [
        ("image/png", PNG),
        ("image/jpeg", JPEG),
        ("image/gif", GIF),
        ("image/gif", GIF.replace(b"89", b"87")),
        ("image/webp", WEBP),
        ("image/svg+xml", SVG),
        ("image/svg+xml", PROLOGUE + SVG),
    ],
    ids=["png", "jpeg", "gif", "old gif", "webp", "svg", "svg with a prologue"],
)
@pytest.mark.parametrize("encode", [bytes, b64encode], ids=["bytes", "base64"])
def test_a_picture_comes_back_byte_for_byte(mock: MockClient, media_type: str, picture: bytes, encode: type) -> None:
    """Of every kind, sent as bytes or as base64 text, the account gets the bytes under their media type."""
    sent = mock.post(LOGO, data=encode(picture), headers={"Content-Type": media_type})
    assert sent.json()["sizeInBytes"] == len(picture)
    answer = mock.get(LOGO)
    assert (answer.content, answer.headers["Content-Type"]) == (picture, media_type)


def test_a_compressed_upload_is_inflated(mock: MockClient) -> None:
    """Content-Encoding belongs to the way, not to the picture."""
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}
    assert mock.post(LOGO, data=gzip.compress(PNG), headers=headers).status_code == 200
    assert mock.get(LOGO).content == PNG


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        ("image/png", JPEG, "Content-Type: not-the-image-type"),
        ("image/png", PNG[1:], "Content-Type: not-the-image-type"),
        ("image/png", b64encode(GIF), "Content-Type: not-the-image-type"),
        ("image/webp", b"RIFF\x00\x00\x00\x00WAVE", "Content-Type: not-the-image-type"),
        ("image/svg+xml", b"<html><svg></svg></html>", "Content-Type: not-the-image-type"),
        ("image/svg+xml", b"<!-- <svg> -->", "Content-Type: not-the-image-type"),
        ("image/svg+xml", b"<!---->" * 5000 + b"<html>", "Content-Type: not-the-image-type"),
        ("image/svg+xml", b"\xff\xfe", "Content-Type: not-the-image-type"),
        ("image/bmp", b"BM", "media-type"),
        ("application/json", b"{}", "media-type"),
        ("image/png", b"", "required"),
    ],
    ids=[
        "another kind",
        "cut off",
        "base64 of another kind",
        "another container",
        "web page",
        "comment alone",
        "many comments",
        "no text",
        "unknown kind",
        "json",
        "empty",
    ],
)
def test_what_is_no_picture_of_its_kind_is_refused(
    mock: MockClient, media_type: str, body: bytes, expected: str
) -> None:
    """The body has to begin as a picture of the named kind does; the logo before stays."""
    mock.post(LOGO, data=GIF, headers={"Content-Type": "image/gif"})
    assert refused(mock.post(LOGO, data=body, headers={"Content-Type": media_type})) == expected
    assert mock.get(LOGO).content == GIF


@pytest.mark.parametrize("encode", [bytes, b64encode], ids=["bytes", "base64"])
def test_the_size_is_limited(mock: MockClient, encode: type) -> None:
    """A picture of exactly 1 MiB is kept, one byte more is 413, however it was sent."""
    largest = PNG + bytes(LIMIT - len(PNG))
    headers = {"Content-Type": "image/png"}
    assert mock.post(LOGO, data=encode(largest), headers=headers).json()["sizeInBytes"] == LIMIT
    assert refused(mock.post(LOGO, data=encode(largest + b"x"), headers=headers), 413) == "image-size"
    assert len(mock.get(LOGO).content) == LIMIT


def test_a_browser_is_told_not_to_run_it(mock: MockClient) -> None:
    """A drawing may hold scripts: the answer forbids them, and forbids taking it for anything else."""
    mock.post(LOGO, data=SVG, headers={"Content-Type": "image/svg+xml"})
    headers = mock.get(LOGO).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in headers["Content-Security-Policy"]


def test_times_are_the_clocks(mock: MockClient) -> None:
    """The first upload sets both times, a later one moves the second."""
    stop_clock(mock, NOON_MS)
    headers = {"Content-Type": "image/png"}
    mock.post(LOGO, data=PNG, headers=headers)
    mock.clock(now=NOON_MS + 5)
    about = mock.post(LOGO, data=PNG, headers=headers).json()
    assert (about["createTime"], about["updateTime"]) == (NOON_MS, NOON_MS + 5)


def test_changes_are_in_the_event_log_without_the_picture(mock: MockClient) -> None:
    """Uploads and the removal are logged, and the log does not repeat the bytes."""
    headers = {"Content-Type": "image/png"}
    for _ in range(2):
        mock.post(LOGO, data=PNG, headers=headers)
    mock.delete(LOGO)
    log = Account(mock).stored("account-events")
    assert [(each["noun"], each["verb"]) for each in log] == [
        ("company logo", "created"),
        ("company logo", "updated"),
        ("company logo", "deleted"),
    ]
    assert b64encode(PNG).decode() not in str(log)


def test_accounts_have_logos_of_their_own(mock: MockClient) -> None:
    """One account's logo is not another's."""
    mock.post(LOGO, data=PNG, headers={"Content-Type": "image/png"})
    other = MockClient(mock.url)
    assert other.get(LOGO).status_code == 404
    other.close()

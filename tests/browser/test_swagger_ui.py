"""The documentation page in a real browser: a headless Chromium, driven as a person would use it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from specs import catalog
from tests.support.client import MockClient

pytestmark = pytest.mark.browser

# All but the first two keep Chromium from calling out: the page must do without a network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: scripts/test installs it where there is apt"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the page complained of."""
    return []


@pytest.fixture
def page(browser: Browser, mock: MockClient, complaints: list[str]) -> Iterator[Page]:
    """The documentation page, loaded; requests that leave the server count as complaints."""
    opened = browser.new_page(viewport={"width": 1280, "height": 1000})
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request",
        lambda sent: None if sent.url.startswith((mock.url, "data:", "blob:")) else complaints.append(sent.url),
    )
    opened.goto(f"{mock.url}/_mock/docs/")
    expect(opened.locator(".opblock").first).to_be_visible()
    yield opened
    opened.close()


def test_every_operation_is_listed(page: Page, complaints: list[str]) -> None:
    """The page lists every operation, without an error and without a request to another server."""
    expect(page.locator(".opblock")).to_have_count(len(catalog.served().operations))
    assert complaints == []


def test_a_call_from_the_page(page: Page, complaints: list[str], mock: MockClient) -> None:
    """After Authorize with a key, "Try it out" calls the server in that key's account and shows the answer."""
    meter = {"meterApiName": "seen-in-the-page", "displayName": "Seen", "type": "SUM_OF_ALL_USAGE"}
    mock.post("/meter-definition", json=meter)
    page.get_by_role("button", name="Authorize").first.click()
    scheme = page.locator(".auth-container", has_text="ApiKeyAuth")
    scheme.locator("input").fill(mock.key)
    scheme.get_by_role("button", name="Authorize").click()
    scheme.get_by_role("button", name="Close").click()
    operation = page.locator("#operations-Meter_Definitions-listMeterDefinitions")
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text("seen-in-the-page")
    assert complaints == []

"""The documentation site builds without a warning, and needs nothing from elsewhere."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from tests.docs.console import ROOT

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
"""What a page loads by itself, by element."""


class Assets(HTMLParser):
    """Gathers what a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the URL of an element that loads one."""
        url = dict(attrs).get(LOADED.get(tag, ""))
        if url and ("rel", "canonical") not in attrs:
            self.urls.add(url)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def pages(site: Path) -> list[Path]:
    """The pages of the documentation; committed reports are pages of their own."""
    return [path for path in site.rglob("*.html") if "examples" not in path.relative_to(site).parts]


@pytest.mark.slow(seconds=15)
def test_site_builds(site: Path) -> None:
    """A strict build ends well, and every page of the navigation is there."""
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"([\w/-]+)\.md$", navigation.partition("\nnav:")[2], re.MULTILINE)
    assert named
    built = {str(path.relative_to(site).with_suffix("")) for path in site.rglob("*.html")}
    assert {re.sub(r"README$", "index", name) for name in named} <= built


def test_every_page_is_in_the_navigation() -> None:
    """No page of docs/ can be reached by its file name alone."""
    navigation = str(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    every = [str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")]
    assert [name for name in every if name not in navigation and not name.startswith("examples/")] == []


def test_site_loads_nothing_from_elsewhere(site: Path) -> None:
    """What a page loads by itself lies in the site, and is there."""
    for path in pages(site):
        assets = Assets()
        assets.feed(path.read_text(encoding="utf-8"))
        assert assets.urls
        # The page of a missing address may stand anywhere, so its URLs begin at the root.
        found = [url.lstrip("/") if path.name == "404.html" else url for url in assets.urls]
        assert [url for url in found if not (path.parent / url.partition("?")[0]).exists()] == [], path.name


def test_code_in_tables_is_told_without_backslashes(site: Path) -> None:
    """A bar inside of code is written for GitHub's tables as it must be, and shown as a bar."""
    assert "amberflo|solvimon|FILE" in (site / "contracts.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def opened(site: Path) -> Iterator[Page]:
    """The first page, opened from the disk."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: scripts/test installs it where there is apt"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto((site / "index.html").as_uri())
        yield page
        browser.close()


@pytest.mark.browser
def test_search_works_from_the_disk(opened: Page) -> None:
    """Without server and network, the search finds a law and leads to its page."""
    opened.get_by_role("textbox", name="Search").click()
    opened.keyboard.type("resend_counts_once")
    first = opened.locator(".md-search-result__link").first
    first.wait_for()
    assert "laws.html" in (first.get_attribute("href") or "")

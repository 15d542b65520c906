"""The HTML report in a real browser, opened from a file as somebody who got it by mail would."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, expect, sync_playwright

from contracts.conformance import Conformance
from contracts.deviations import Judgement
from contracts.report.page import render
from tests.browser import reports
from tests.contracts.made import finding

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
BAD = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1><svg onload=window.pwned=1>"


def small(found: Conformance) -> Conformance:
    """The report with a few of its operations; everything else as it is."""
    known = {reports.operation_id(number) for number in range(6)}
    return replace(
        found,
        outcomes=tuple(each for each in found.outcomes if each.cell.operation_id in known),
        coverage=tuple(each for each in found.coverage if each.operation_id in known),
        judgement=replace(found.judgement, open=found.judgement.open[:3]),
    )


def hostile() -> Conformance:
    """A report whose findings try to run a script, of an operation whose name does."""
    bad = replace(finding(operation_id=BAD, check=BAD), expected=BAD, got=f"\u202e{BAD}", evidence=BAD)
    return replace(small(reports.large()), judgement=Judgement(open=(bad,)), target=BAD, url=f"javascript:{BAD}")


REPORTS = {
    "clean": reports.report,
    "large": reports.large,
    "reading": reports.reading_only,
    "small": lambda: small(reports.large(size=400)),
    "hostile": hostile,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of the reports."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in REPORTS.items():
        (folder / f"{name}.html").write_text(render(make()), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in REPORTS}


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
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of its own, without a network."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page; whatever it complains of, or asks another address for, fails the test."""
    complaints: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    opened = context.new_page()
    opened.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", dismissed)
    opened.on("request", lambda sent: None if sent.is_navigation_request() else complaints.append(sent.url))
    yield opened
    assert complaints == []


def overflow(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("clean", "This deployment conforms, as far as it was tested: no finding in 190 operations."),
        ("large", "This deployment does not conform: 200 findings in 60 of 190 operations"),
        ("reading", "This deployment does not conform: 1 finding in 1 of 190 operations"),
    ],
)
def test_the_first_screen_says_it_all(page: Page, files: dict[str, str], name: str, verdict: str) -> None:
    """Verdict, target, who should act and what was not tested are seen without scrolling, and nothing sticks out."""
    page.goto(files[name])
    expect(page.get_by_role("heading", level=1)).to_contain_text(verdict)
    for heading in ("What differs", "Who should act", "What was not tested"):
        expect(page.get_by_role("heading", name=heading)).to_be_in_viewport()
    assert overflow(page) == 0
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    expect(page.get_by_role("heading", name="What differs")).to_be_in_viewport()
    assert overflow(page) == 0


def test_a_run_that_only_read_says_so(page: Page, files: dict[str, str]) -> None:
    """What was not sent, and that nothing stays behind, is told of a run that was not allowed to write."""
    page.goto(files["reading"])
    expect(page.locator("header")).to_contain_text("it only read")
    expect(page.get_by_text("This run only read: it created, changed and deleted nothing.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="3,020 \u00d7 it writes")).to_be_visible()


def drill_down(page: Page) -> None:
    """From a field of the matrix to its operations, and from there to one of them."""
    field = page.locator("td.field.differs a").first
    opened = page.locator(str(field.get_attribute("href")))
    expect(opened).to_be_hidden()
    field.click()
    expect(opened).to_be_visible()
    link = opened.get_by_role("link").first
    operation = page.locator(str(link.get_attribute("href")))
    expect(operation).to_be_hidden()
    link.click()
    expect(operation).to_be_visible()
    expect(operation).to_contain_text("keywords of the body")


def test_drilling_down(page: Page, files: dict[str, str]) -> None:
    """A field of the matrix leads to its operations, and an operation to its results and coverage."""
    page.goto(files["large"])
    drill_down(page)


def test_drilling_down_without_a_script(browser: Browser, files: dict[str, str]) -> None:
    """All of it works without JavaScript; what needs it is not there."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(files["small"])
    drill_down(page)
    expect(page.locator(".filter")).to_be_hidden()
    first = page.locator(".finding").first
    first.locator("summary").first.click()
    expect(first.get_by_text("Who should act")).to_be_visible()
    expect(first.get_by_role("button")).to_have_count(0)
    context.close()


def test_filtering(page: Page, files: dict[str, str]) -> None:
    """Findings and operations are narrowed by choice and by text, the number is said, and Clear brings all back."""
    page.goto(files["large"])
    shown = page.locator("#shown")
    findings = page.locator("section:has(> #findings) > .finding:visible")
    expect(shown).to_have_text("200 of 200 findings and 190 of 190 operations shown")
    page.get_by_label("Severity").select_option("critical")
    expect(shown).to_contain_text("50 of 200 findings")
    expect(findings).to_have_count(50)
    page.get_by_label("Who should act").select_option("document")
    page.get_by_label("Text", exact=True).fill("PROPERTIES/A40 required")
    expect(findings).to_have_count(1)
    expect(findings).to_contain_text('"member40"')
    expect(shown).to_contain_text("1 of 200 findings")
    page.get_by_label("Text", exact=True).fill("zzz unheard")
    expect(shown).to_have_text("0 of 200 findings and 0 of 190 operations shown")
    page.get_by_role("button", name="Clear").click()
    expect(shown).to_have_text("200 of 200 findings and 190 of 190 operations shown")
    assert shown.get_attribute("aria-live") == "polite"


def test_copying_a_command(page: Page, files: dict[str, str]) -> None:
    """The button puts the command on the clipboard, character by character, and says so."""
    expected = min(small(reports.large(400)).judgement.open, key=lambda each: each.severity.value)
    page.goto(files["small"])
    first = page.locator(".finding").first
    first.locator("summary").first.click()
    button = first.get_by_role("button", name="Copy").first
    button.click()
    expect(first.get_by_role("button", name="Copied")).to_be_focused()
    expect(page.locator("#shown")).to_have_text("The command is on the clipboard")
    assert page.evaluate("navigator.clipboard.readText()") == expected.examples[0].curl


def test_a_fragment_opens_what_it_names(page: Page, files: dict[str, str]) -> None:
    """A link to a finding or to an operation opens it, wherever it is folded away."""
    page.goto(f"{files['small']}#op--amberflo--{reports.operation_id(3)}")
    expect(page.locator(f"#op--amberflo--{reports.operation_id(3)}")).to_be_visible()
    page.locator(".card a[href^='#finding--']").first.click()
    expect(page.locator(".finding .body:target .facts")).to_be_visible()


def test_using_it_by_keyboard(page: Page, files: dict[str, str]) -> None:
    """The first stop leads to the findings; from there a finding is opened without a pointer, and focus is seen."""
    page.goto(files["small"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the findings")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.locator("#close-all").focus()
    page.keyboard.press("Tab")
    focused: Locator = page.locator("summary:focus")
    assert focused.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".finding[open]")).to_have_count(1)


def test_printing(page: Page, files: dict[str, str], tmp_path: Path) -> None:
    """On paper everything is unfolded and nothing is left that only a screen can use."""
    page.goto(files["small"])
    written = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert written.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", written)) > 2
    assert page.locator("details[open]").count() < page.locator("details").count()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("details:not([open])")).to_have_count(0)
    for gone in ("nav", ".filter", ".copy"):
        expect(page.locator(gone).first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() < page.locator("details").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nobody_is_shut_out(page: Page, files: dict[str, str], scheme: str, width: int) -> None:
    """No serious rule of axe is broken in either colour scheme at either width, with everything unfolded."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(files["small"])
    page.locator("td.field a").first.click()
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}] == []
    assert overflow(page) == 0


def test_a_hostile_target_runs_nothing(page: Page, files: dict[str, str]) -> None:
    """Markup in what a target sent is read as text: no script of it runs, and nothing of it is loaded."""
    page.goto(files["hostile"])
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    first = page.locator(".finding").first
    expect(first.get_by_text("Got", exact=True).locator("xpath=following-sibling::dd")).to_have_text(rf"\u202e{BAD}")
    assert page.evaluate("window.pwned") is None
    expect(page.locator("img, svg[onload], script:not(:last-of-type)")).to_have_count(0)
    assert overflow(page) == 0


def test_the_policy_holds_where_escaping_would_not(page: Page, context: BrowserContext, files: dict[str, str]) -> None:
    """Even markup that had come through would run nothing and load nothing: the browser refuses it."""
    other = context.new_page()
    sent: list[str] = []
    other.on("request", lambda request: None if request.is_navigation_request() else sent.append(request.url))
    other.goto(files["small"])
    other.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", BAD)
    other.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert other.evaluate("window.pwned") is None
    assert [url for url in sent if not url.startswith("file:")] == []

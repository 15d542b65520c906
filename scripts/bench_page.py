"""Measures the HTML report: how fast it is written, how large it is, and how soon after opening it can be used.

The report is of 190 operations in two dialects and 200 findings, each with three examples of 4 KB bodies.
"""

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from contracts.report.page import render
from tests.browser.reports import FINDINGS, OPERATIONS, large

WRITTEN_S, LARGEST_MB, USABLE_S = 2.0, 2.0, 1.0


@dataclass(frozen=True)
class Written:
    """A page, and what writing it took: seconds the first time, with the template, and the next time."""

    page: str
    first_s: float
    next_s: float


def write() -> Written:
    """Renders the report twice."""
    report = large()
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        page = render(report)
        seconds.append(time.perf_counter() - began)
    return Written(page, *seconds)


def usable(browser: Browser, address: str) -> float:
    """Seconds from opening a page until a finding was filtered out and what is left is drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    began = time.perf_counter()
    page.goto(address, wait_until="domcontentloaded")
    page.select_option("#filter-severity", label="critical")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    taken = time.perf_counter() - began
    page.close()
    return taken


def opened(page: str, times: int) -> list[float]:
    """Seconds until the page was usable, each time in a new tab of one Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed: scripts/test installs it where there is apt")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        taken = [usable(browser, path.as_uri()) for _ in range(times)]
        browser.close()
    return taken


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Measures the HTML report.")
    parser.add_argument("--quick", action="store_true", help="open it once: shows that it works, not how fast it is")
    times = 1 if parser.parse_args().quick else 5
    written = write()
    taken = sorted(opened(written.page, times))
    print(
        f"the HTML report of {OPERATIONS} operations and {FINDINGS} findings: written in {written.first_s:.2f} s, "
        f"again in {written.next_s:.2f} s (goal {WRITTEN_S:g}), {len(written.page.encode()) / 1e6:.2f} MB "
        f"(goal {LARGEST_MB:g}), usable {taken[len(taken) // 2]:.2f} s after opening (goal {USABLE_S:g}; "
        f"worst of {times}: {taken[-1]:.2f})"
    )


if __name__ == "__main__":
    main()

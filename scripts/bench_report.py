"""Runs the measurements and prints them as the README's tables: `python -m scripts.bench_report [--quick]`."""

import argparse
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench_billing import CUSTOMERS as BILLED_CUSTOMERS
from scripts.bench_billing import EVENTS as BILLED_EVENTS
from scripts.bench_billing import ITEMS, large_invoice, two_years
from scripts.bench_http import WORKS, Contender, Measured, contenders, health_under_load, measure
from scripts.bench_lists import CUSTOMERS, PAGE, lists

LOAD_CORE = 1
EVENTS_A_BATCH = 1000


def machine() -> str:
    """The processor and how much of it there is."""
    named = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    return f"{named[0] if named else platform.machine()}, {os.cpu_count()} cores"


def _cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text().splitlines()


def ratio(mine: float, other: float, goal: float | None) -> str:
    """How many times the other's rate, and the goal where there is one."""
    aim = f" (goal {goal:g})" if goal else ""
    return f"{mine / other:.2f}x{aim}"


def rate_rows(everyone: Sequence[Contender], measured: dict[str, Measured]) -> list[list[str]]:
    """A row a kind of request: each server's rate, then the mock's ratio to each of the others."""
    mock, *others = (contender.name for contender in everyone)
    rows = [["requests a second", mock, *(cell for name in others for cell in (name, f"mock / {name}"))]]
    for work in WORKS:
        mine = measured[mock].rates[work.name]
        row = [work.name, f"{mine:,.0f}"]
        for name in others:
            rate = measured[name].rates[work.name]
            row += [f"{rate:,.0f}", ratio(mine, rate, work.goals.get(name))]
        rows.append(row)
    return rows


def other_rows(everyone: Sequence[Contender], measured: dict[str, Measured]) -> list[list[str]]:
    """Start and memory of each server."""
    names = [contender.name for contender in everyone]
    return [
        ["", *names],
        ["start to first answer", *(f"{measured[name].start_s:.2f} s" for name in names)],
        ["memory when idle", *(f"{measured[name].memory_mb:.0f} MB" for name in names)],
    ]


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Measures the mock beside its peers.")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast it is")
    quick = parser.parse_args().quick
    os.sched_setaffinity(0, {LOAD_CORE % (os.cpu_count() or 1)})
    everyone = list(contenders())
    measured = measure(everyone, *((1, 0.5) if quick else (3, 4.0)))
    versions = ", ".join(f"{contender.name} {contender.version}" for contender in everyone)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, Python {platform.python_version()}; {versions}\n")
    print(table(rate_rows(everyone, measured)), end="\n\n")
    print(table(other_rows(everyone, measured)), end="\n\n")
    batches = measured[everyone[0].name].rates["ingest 1000 events"]
    print(f"events ingested a second, with dedup: {batches * EVENTS_A_BATCH:,.0f} (goal 200,000)")
    health = health_under_load(everyone[0])
    print(
        f"/_mock/health while another account sends {health.sent_mb:.0f} MB, which takes {health.seconds:.1f} s: "
        f"worst {health.worst_ms:.1f} ms (goal 50), median {health.median_ms:.1f} ms"
    )
    customers = 500 if quick else CUSTOMERS
    listed = lists(everyone[0], customers)
    print(
        f"{customers:,} customers: all {listed.all_ms:.1f} ms (goal 100), a sorted page of {PAGE} "
        f"{listed.page_ms:.1f} ms (goal 5)"
    )
    print_billing(everyone[0], *((20_000, 50) if quick else (BILLED_EVENTS, BILLED_CUSTOMERS)))


def print_billing(mock: Contender, events: int, customers: int) -> None:
    """Measures and prints how fast the mock bills."""
    large = large_invoice(mock, events)
    print(
        f"an invoice over {events:,} events of one customer, {ITEMS} items priced by a dimension: the first time "
        f"{large.first_ms:.0f} ms (goal 100), after one more event {large.one_more_event_ms:.0f} ms, unchanged "
        f"{large.unchanged_ms:.1f} ms (goal 5)"
    )
    years = two_years(mock, customers, events)
    print(
        f"two years of monthly invoices for {customers:,} customers with {events:,} events: {years.seconds:.1f} s "
        f"(goal 30); meanwhile at worst /_mock/health {years.worst_health_ms:.1f} ms, another account's request "
        f"{years.worst_other_ms:.1f} ms"
    )


if __name__ == "__main__":
    main()

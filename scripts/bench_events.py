"""Measures the event store: events appended a second, four queries, memory, the wait of other threads.

Every measurement runs in a process of its own, so that its memory is its own:

    python scripts/bench_events.py --events 1000000
"""

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mockserver.domain.aggregation import Aggregation, MeterKind  # noqa: E402  # found by the line above
from mockserver.domain.identity import Dedup  # noqa: E402
from mockserver.domain.usage import CUSTOMER, UsageQuery  # noqa: E402
from mockserver.domain.windows import Interval  # noqa: E402
from mockserver.engine.events import EventBatch, EventStore  # noqa: E402

BATCH = 1_000
LARGE_BATCH = 230_000
METERS = [f"meter-{number}" for number in range(5)]
CUSTOMERS = [f"customer-{number}" for number in range(1_000)]
START_MS = 1_704_067_200_000  # 2024-01-01, a Monday
DAYS = 31
REGIONS, SERVICES, TIERS = (
    [f"{name}-{number}" for number in range(size)] for name, size in (("region", 6), ("service", 8), ("tier", 3))
)
WHOLE = (START_MS // 1000, START_MS // 1000 + DAYS * 86_400)
QUERIES: dict[str, tuple[UsageQuery, MeterKind]] = {
    "sum_day_by_customer_ms": (
        UsageQuery(METERS[0], *WHOLE, Aggregation.SUM, Interval.DAY, (CUSTOMER,)),
        MeterKind.SUM,
    ),
    "max_hour_filtered_ms": (
        UsageQuery(METERS[1], *WHOLE, Aggregation.MAX, Interval.HOUR, (), {"region": frozenset(REGIONS[:1])}),
        MeterKind.MAX,
    ),
    "distinct_customers_month_ms": (
        UsageQuery(METERS[2], *WHOLE, Aggregation.COUNT, Interval.MONTH),
        MeterKind.UNIQUE,
    ),
    "days_of_one_customer_ms": (
        UsageQuery(
            METERS[3],
            *WHOLE,
            Aggregation.SUM,
            Interval.DAY,
            ("region",),
            {CUSTOMER: frozenset(CUSTOMERS[7:8])},
        ),
        MeterKind.SUM,
    ),
}
REPEATS = 7


@dataclass(frozen=True)
class Row:
    """What was measured on one store."""

    events: int
    conflict_warnings: bool
    events_per_second: int
    batch_median_us: int
    batch_worst_ms: float
    retried_batch_median_us: int
    bytes_per_event: int
    sum_day_by_customer_ms: float
    max_hour_filtered_ms: float
    distinct_customers_month_ms: float
    days_of_one_customer_ms: float
    large_batch_ms: float
    longest_wait_of_another_thread_ms: float


def run(counts: Sequence[int] = (1_000_000, 10_000_000)) -> list[Row]:
    """Measure stores of these sizes, with and without conflict warnings, one after the other."""
    return [measure_apart(count, conflict_warnings=warnings) for count in counts for warnings in (True, False)]


def measure_apart(events: int, *, conflict_warnings: bool) -> Row:
    """Measure one store in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(events)]
    if not conflict_warnings:
        command.append("--no-conflict-warnings")
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return Row(**json.loads(answer.stdout))


def measure(events: int, *, conflict_warnings: bool) -> Row:
    """Fill a store, ask it, and look at its memory; in this process."""
    random = Random(7)  # noqa: S311  # a measurement has nothing to hide
    append_time(EventStore(), columns_of(random, 0, BATCH))  # first calls pay for what Python loads late
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # as the server does
    store, before = EventStore(conflict_warnings=conflict_warnings), resident_bytes()
    times = [append_time(store, columns_of(random, at, BATCH)) for at in range(0, events, BATCH)]
    gc.collect()
    memory = resident_bytes() - before
    retried = [append_twice_time(store, random, events + at) for at in range(0, 100 * BATCH, BATCH)]
    queries = {name: query_time(store, query, kind) for name, (query, kind) in QUERIES.items()}
    large_ms, wait_ms = large_batch_time(store, random, 2 * events)
    return Row(
        events=events,
        conflict_warnings=conflict_warnings,
        events_per_second=round(events / sum(times)),
        batch_median_us=round(float(np.median(times)) * 1e6),
        batch_worst_ms=round(max(times) * 1e3, 1),
        retried_batch_median_us=round(float(np.median(retried)) * 1e6),
        bytes_per_event=round(memory / events),
        large_batch_ms=large_ms,
        longest_wait_of_another_thread_ms=wait_ms,
        **queries,
    )


Columns = tuple[str, list[str | None], list[int], list[float], list[dict[str, str] | None], list[str | None]]


def columns_of(random: Random, first: int, count: int) -> Columns:
    """Events of one meter as a handler would hand them over; every one is new, no word is shared with the store."""
    spread = DAYS * 86_400_000
    return (
        METERS[first // BATCH % len(METERS)],
        [CUSTOMERS[random.randrange(len(CUSTOMERS))] for _ in range(count)],
        [START_MS + random.randrange(spread) for _ in range(count)],
        [float(random.randrange(100)) for _ in range(count)],
        [
            {"region": random.choice(REGIONS), "service": random.choice(SERVICES), "tier": random.choice(TIERS)}
            for _ in range(count)
        ],
        [f"event-{number:012}" for number in range(first, first + count)],
    )


def append_time(store: EventStore, columns: Columns) -> float:
    """Seconds from lists to stored events."""
    started = time.perf_counter()
    store.append(EventBatch(*columns), Dedup.EVENT)
    return time.perf_counter() - started


def append_twice_time(store: EventStore, random: Random, first: int) -> float:
    """Seconds that a batch takes when it comes a second time, all duplicates."""
    columns = columns_of(random, first, BATCH)
    append_time(store, columns)
    return append_time(store, columns)


def query_time(store: EventStore, query: UsageQuery, kind: MeterKind) -> float:
    """The median time of a query in milliseconds; each asks for a second more, so that none is a kept answer."""
    times = []
    for earlier in range(REPEATS):
        asked = replace(query, start_s=query.start_s - earlier)
        started = time.perf_counter()
        store.aggregate(asked, kind)
        times.append(time.perf_counter() - started)
    return round(float(np.median(times)) * 1e3, 1)


def large_batch_time(store: EventStore, random: Random, first: int) -> tuple[float, float]:
    """Milliseconds that one large batch takes, and the longest that another thread waited for its turn meanwhile."""
    columns = columns_of(random, first, LARGE_BATCH)
    done, gaps = threading.Event(), list[float]()
    thread = threading.Thread(target=lambda: gaps.extend(heartbeat(done)))
    thread.start()
    taken = append_time(store, columns)
    done.set()
    thread.join()
    return round(taken * 1e3, 1), round(max(gaps, default=0.0) * 1e3, 1)


def heartbeat(done: threading.Event) -> Iterator[float]:
    """Seconds by which each one-millisecond nap of this thread was too long."""
    while not done.is_set():
        started = time.perf_counter()
        time.sleep(0.001)
        yield time.perf_counter() - started - 0.001


def resident_bytes() -> int:
    """Memory of this process that is in RAM."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def render(rows: Sequence[Row]) -> str:
    """The rows as a table, one column a store."""
    names = list(asdict(rows[0]))
    lines = [[name.replace("_", " "), *(format_number(asdict(row)[name]) for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head = f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}"
    table = [
        "  ".join(cell.ljust(widths[0]) if at == 0 else cell.rjust(widths[at]) for at, cell in enumerate(line))
        for line in lines
    ]
    return "\n".join([head, *table])


def format_number(number: float) -> str:
    """A number with separators; a flag as a word."""
    return ("on" if number else "off") if isinstance(number, bool) else f"{number:,}"


def main() -> None:
    """Print the table, or measure one store for the process that asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes of the stores")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--no-conflict-warnings", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(asdict(measure(options.measure, conflict_warnings=not options.no_conflict_warnings))))
    else:
        print(render(run(options.events)))


if __name__ == "__main__":
    main()

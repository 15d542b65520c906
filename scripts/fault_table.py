"""The table of faults: which of them `contracts check` finds, and which plain `schemathesis run` does."""

import argparse
import hashlib
import inspect
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from contracts.routing import Router
from specs import catalog
from tests.contracts.faults.fault import Fault
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.support.schemathesis_runs import schemathesis
from tests.support.serving import serving_apart

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "reports" / "faults.jsonl"
PUBLISHED = ROOT / "tests" / "specs" / "published"
CONFIG = ROOT / "tests" / "published" / "schemathesis.toml"
CONTRACTS, PLAIN = "contracts", "schemathesis"
TOOLS = (CONTRACTS, PLAIN)
SEED = 1
_SERVED = ("mockserver", "specs", *(f"tests/contracts/faults/{name}.py" for name in ("fault", "proxy", "wire")))
_SOURCES = {CONTRACTS: ("contracts", *_SERVED), PLAIN: _SERVED}
"""What the results of a tool depend on, beside the fault's own module."""


@dataclass(frozen=True)
class Hunt:
    """What one tool made of one fault.

    Args:
        fault: The fault's name.
        tool: Which.
        found: Whether a check that names the broken property failed on an operation that has it.
        check: That check, or the first one that failed when it names another property; empty when none did.
        operation: Of which operation.
        seconds: How long the tool took.
        digest: Of the sources that were measured.
    """

    fault: str
    tool: str
    found: bool
    check: str
    operation: str
    seconds: float
    digest: str


@cache
def _sources(tool: str) -> bytes:
    whole = hashlib.sha256()
    for place in _SOURCES[tool]:
        for path in sorted((ROOT / place).rglob("*")) or [ROOT / place]:
            if path.suffix in {".py", ".yaml"}:
                whole.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return whole.digest()


def digest(tool: str, fault: Fault) -> str:
    """Of everything that a tool's result on a fault depends on."""
    own = [Path(inspect.getsourcefile(each) or __file__).read_bytes() for each in (fault.make, fault.probe)]
    return hashlib.sha256(b"".join([_sources(tool), *own, fault.name.encode()])).hexdigest()[:16]


@contextmanager
def mock() -> Iterator[str]:
    """The URL of a mock in a process of its own."""
    with serving_apart() as server:
        yield server.url


def by_contracts(upstream: str, fault: Fault) -> tuple[bool, str, str]:
    """Runs `contracts check` until its first finding: whether it is the right one, and which it is."""
    with before(upstream, fault) as url, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "contracts", "check", url, "--profile", "standard", "--fail-fast"]
        command += ["--strict-laws", "--clock-url", f"{url}/_mock/clock", "--seed", str(SEED), "--report-dir", folder]
        command += ["--document", fault.document, *(["--dialect", fault.dialect] if fault.dialect else [])]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        written = Path(folder) / "report.json"
        if not written.is_file():
            raise RuntimeError(f"{fault.name}: {run.stderr}")
        report = json.loads(written.read_text(encoding="utf-8"))
    seen = [(each["identity"]["check"], each["identity"]["operation"]) for each in report["findings"]]
    right = [each for each in seen if each[0] in fault.found_by and each[1] in fault.operations]
    check, operation = (right or seen or [("", "")])[0]
    return bool(right), check, operation


def by_schemathesis(upstream: str, fault: Fault) -> tuple[bool, str, str]:
    """Runs plain Schemathesis over the fault's paths: whether it finds more there than without the fault."""
    seen: list[tuple[str, str]] = []
    for document in documents_of(fault):
        with before(upstream, fault) as url:
            failed = plain_failures(url, document, paths_of(fault))
        if failed and document.parent != PUBLISHED:
            # With their settings nothing is found in the published documents, which tests/published holds.
            failed -= plain_failures(upstream, document, paths_of(fault))
        seen += sorted(failed)
    right = [each for each in seen if each[1] in fault.operations]
    check, operation = (right or seen or [("", "")])[0]
    return bool(right), check, operation


def documents_of(fault: Fault) -> tuple[Path, ...]:
    """The documents that plain Schemathesis is given: the published ones, or those of the operations' families."""
    whole = catalog.document(fault.document)
    families = sorted({whole.operation(name).family for name in fault.operations})
    folder = PUBLISHED if fault.dialect == "published" else ROOT / "specs" / fault.document
    return tuple(path for family in families if (path := folder / f"{family}.yaml").is_file())


def paths_of(fault: Fault) -> str:
    """A pattern of the paths that plain Schemathesis is given: all that begin as the fault's operations do."""
    whole = catalog.document(fault.document)
    firsts = sorted({whole.operation(name).path.split("/")[1] for name in fault.operations})
    return f"^/({'|'.join(map(re.escape, firsts))})(/|$)"


def plain_failures(url: str, document: Path, paths: str) -> frozenset[tuple[str, str]]:
    """The checks that fail in a run of plain Schemathesis, each with its operation."""
    router = Router(catalog.read(document).operations)
    with tempfile.TemporaryDirectory() as folder:
        config = ("--config-file", CONFIG) if document.parent == PUBLISHED else ()
        target = ("-u", url, "-H", f"X-API-KEY: test-{uuid4()}", "--seed", SEED, "--include-path-regex", paths)
        run = schemathesis(Path(folder), *config, "run", document, *target)
        found = set()
        for check, case in run.failed_checks():
            match = router.match(case["method"], case["path"])
            operation = match.operation if match else router.near(case["path"])
            found.add((check, operation.operation_id if operation else ""))
    return frozenset(found)


class Table:
    """The results so far, kept in a file as they come.

    Args:
        path: The file.
        of_any_version: Whether results of other sources count as well; otherwise they are passed over.
    """

    def __init__(self, path: Path, *, of_any_version: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.hunts: dict[tuple[str, str], Hunt] = {}
        path.parent.mkdir(exist_ok=True)
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            hunt = Hunt(**json.loads(line))
            fault = FAULTS.get(hunt.fault)
            if fault is not None and (of_any_version or hunt.digest == digest(hunt.tool, fault)):
                self.hunts[hunt.fault, hunt.tool] = hunt

    def add(self, fault: Fault, tool: str, result: tuple[bool, str, str], seconds: float) -> None:
        """Keeps a result."""
        hunt = Hunt(fault.name, tool, *result, round(seconds, 1), digest(tool, fault))
        with self._lock:
            self.hunts[fault.name, tool] = hunt
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(hunt)) + "\n")
        word = "found" if hunt.found else "not found"
        sys.stderr.write(f"{fault.name}: {tool}: {word} {hunt.check} {hunt.operation} in {hunt.seconds:g} s\n")


def hunt_all(table: Table, faults: Sequence[Fault], tools: Iterable[str], jobs: int) -> None:
    """Lets the tools look for the faults that have no result yet, several at a time."""
    missing = [(fault, tool) for tool in tools for fault in faults if (fault.name, tool) not in table.hunts]
    hunters = {CONTRACTS: by_contracts, PLAIN: by_schemathesis}
    with mock() as upstream, ThreadPoolExecutor(jobs) as pool:

        def hunt(job: tuple[Fault, str]) -> None:
            fault, tool = job
            began = time.monotonic()
            result = hunters[tool](upstream, fault)
            table.add(fault, tool, result, time.monotonic() - began)

        list(pool.map(hunt, missing))


def rendered(table: Table, faults: Sequence[Fault]) -> str:
    """The whole table as Markdown, and its totals."""
    lines = ["| fault | category | a schema can show it | contracts check | s | schemathesis run | s |"]
    lines += ["| --- | --- | --- | --- | ---: | --- | ---: |"]
    for fault in faults:
        cells = [cell for tool in TOOLS for cell in _cells(table.hunts.get((fault.name, tool)))]
        row = [f"`{fault.name}`", fault.category.value, "yes" if fault.schema_can_show else "no", *cells]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join([*totals(table, faults), "", *lines, ""])


def _cells(hunt: Hunt | None) -> tuple[str, str]:
    if hunt is None:
        return "not measured", ""
    what = f"`{hunt.check}` on `{hunt.operation}`" if hunt.check else ""
    if hunt.found:
        return what, f"{hunt.seconds:.0f}"
    return f"**not found**{', but ' + what if what else ''}", f"{hunt.seconds:.0f}"


def totals(table: Table, faults: Sequence[Fault]) -> list[str]:
    """How many faults each tool found, by category."""
    categories = list(dict.fromkeys(fault.category.value for fault in faults))
    lines = ["| category | faults | contracts check | schemathesis run |", "| --- | ---: | ---: | ---: |"]
    for category in [*categories, "all"]:
        chosen = [fault for fault in faults if category in {fault.category.value, "all"}]
        counts = [_count(table, chosen, tool) for tool in TOOLS]
        lines.append(f"| {category} | {len(chosen)} | {counts[0]} | {counts[1]} |")
    return lines


def _count(table: Table, faults: Sequence[Fault], tool: str) -> str:
    """How many were found; of how many, when not all were measured."""
    measured = sum((fault.name, tool) in table.hunts for fault in faults)
    if not measured:
        return "not measured"
    found = sum(_found(table, fault, tool) for fault in faults)
    return str(found) if measured == len(faults) else f"{found} of {measured} measured"


def _found(table: Table, fault: Fault, tool: str) -> bool:
    hunt = table.hunts.get((fault.name, tool))
    return hunt is not None and hunt.found


def clean_runs(seeds: Iterable[int], arguments: Sequence[str]) -> int:
    """Runs `contracts check` on the mock without a fault, once a seed; how many of the runs found something."""
    wrong = 0
    with mock() as url:
        for seed in seeds:
            command = [sys.executable, "-m", "contracts", "check", url, "--strict-laws", "--seed", str(seed)]
            command += ["--clock-url", f"{url}/_mock/clock", *arguments]
            began = time.monotonic()
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            wrong += run.returncode != 0
            last = run.stdout.strip().splitlines()[-1:] or [run.stderr.strip()]
            sys.stdout.write(f"seed {seed}: {last[0]} {time.monotonic() - began:.0f} s\n")
            if run.returncode:
                sys.stdout.write(run.stdout)
            sys.stdout.flush()
    return wrong


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="look for this one alone")
    parser.add_argument("--category", help="look for those of this category alone")
    parser.add_argument("--tool", choices=TOOLS, action="append", help="measure this tool alone")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--any-version", action="store_true", help="keep what was measured with other sources, too")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured")
    parser.add_argument("--print-only", action="store_true", help="print what was measured, and measure nothing")
    parser.add_argument("--write", type=Path, help="put the table into this document, below its last line of ---")
    parser.add_argument("--seeds", type=int, help="run so many seeds without a fault instead")
    parser.add_argument("rest", nargs="*", help="with --seeds: more arguments of contracts check, after --")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 when less than 95 % of the faults were found, or a run without a fault found something."""
    options = _arguments(words)
    if options.seeds:
        return 1 if clean_runs(range(1, options.seeds + 1), options.rest) else 0
    if options.fresh:
        KEPT.unlink(missing_ok=True)
    faults = [fault for fault in FAULTS.values() if _is_chosen(fault, options)]
    table = Table(KEPT, of_any_version=options.any_version)
    if not options.print_only:
        hunt_all(table, faults, options.tool or TOOLS, options.jobs)
    text = rendered(table, faults)
    sys.stdout.write(text)
    if options.write:
        head, mark, _ = options.write.read_text(encoding="utf-8").partition("\n---\n")
        options.write.write_text(f"{head}{mark}\n{text}", encoding="utf-8")
    found = sum(_found(table, fault, CONTRACTS) for fault in faults)
    return 0 if found >= 0.95 * len(faults) else 1


def _is_chosen(fault: Fault, options: Any) -> bool:
    by_name = not options.fault or fault.name in options.fault
    return by_name and options.category in {None, fault.category.value}


if __name__ == "__main__":
    raise SystemExit(main())

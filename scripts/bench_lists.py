"""How long the mock takes to list many customers, and a page of them."""

from dataclasses import dataclass

from scripts.bench_http import Contender, Measured, Work, call, running
from scripts.bench_load import drive

CUSTOMERS = 10_000
PAGE = 50
ALL = Work("all", "/customers", None, 1, {})
ONE_PAGE = Work("a page", f"/customers/paging?page=100&limit={PAGE}&sort=customerName&isAscending=false", None, 1, {})


@dataclass(frozen=True)
class Lists:
    """Medians of the time to an answer, in milliseconds."""

    all_ms: float
    page_ms: float


def lists(mock: Contender, customers: int = CUSTOMERS) -> Lists:
    """Lists an account of so many customers again and again, one request at a time."""
    with running(mock, Measured()) as port:
        for number in range(customers):
            name = f"customer {number * 7919 % customers:05}"
            call(port, "POST", "/customers", {"customerId": f"c-{number}", "customerName": name})
        medians = [
            1000 * drive(("127.0.0.1", port), work.requests(port), first=0, seconds=2, connections=1).quantile(0.5)
            for work in (ALL, ONE_PAGE)
        ]
    return Lists(*medians)

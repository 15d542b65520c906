"""Customers by the page: order, search, exact counts, and pages that make no sense."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

# id, name, e-mail address, stage; created in this order, a minute apart.
PEOPLE = [
    ("c3", "beta Works", None, "ACTIVE"),
    ("c1", "Alpha Inc", "hello@alpha.example", "TRIAL"),
    ("c2", "Beta works", "team@beta.example", None),
    ("inc-4", "Delta", "d@delta.example", "ACTIVE"),
]
DEFAULTS = {"limit": 50, "page": 1, "isAscending": True, "sort": "createTime", "search": ABSENT}


def person(customer: str, name: str, email: str | None = None, stage: str | None = None) -> dict[str, Any]:
    """A customer to create."""
    whole = {"customerId": customer, "customerName": name, "customerEmail": email, "lifecycleStage": stage}
    return {field: value for field, value in whole.items() if value is not None}


ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "pages": [
        Step("searchCustomers", expect={"items": [], "metadata": {"totalRowCount": 0, "totalFilteredPages": 0}}),
        *[Step("createCustomer", body=person(*each)) for each in PEOPLE],
        Step(
            "searchCustomers",
            query={"page": 2, "limit": 3},
            expect={
                "items": [person(*PEOPLE[3])],
                "metadata": {
                    **DEFAULTS,
                    "totalRowCount": 4,
                    "filteredRowCount": 4,
                    "limit": 3,
                    "page": 2,
                    "totalFilteredPages": 2,
                },
            },
        ),
        Step("updateCustomer", body=person("c1", "Zeta Inc")),
        Step(
            "searchCustomers",
            query={"search": "INC", "sort": "customerName", "isAscending": "false", "limit": 1},
            expect={
                "items": [person("c1", "Zeta Inc")],
                "metadata": {
                    "totalRowCount": 4,
                    "filteredRowCount": 2,
                    "limit": 1,
                    "page": 1,
                    "totalFilteredPages": 2,
                    "isAscending": False,
                    "sort": "customerName",
                    "search": "INC",
                },
            },
        ),
        Step("deleteCustomer", {"customerId": "c1"}),
        Step(
            "searchCustomers",
            query={"search": "inc"},
            expect={"items": [{"customerId": "inc-4"}], "metadata": {"totalRowCount": 3, "filteredRowCount": 1}},
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Pages and counts follow every change of the customers."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def people(mock: MockClient) -> MockClient:
    """A client of an account with the people above."""
    for minute, each in enumerate(PEOPLE):
        stop_clock(mock, NOON_MS + minute * 60_000)
        Account.take(mock.post("/customers", json=person(*each)))
    return mock


def ids(mock: MockClient, **query: Any) -> list[str]:
    """The ids of a page's customers."""
    page = Account.take(mock.get("/customers/paging", params=query))
    return [customer["customerId"] for customer in page["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "c3 c1 c2 inc-4"),
        ({"isAscending": "False"}, "inc-4 c2 c1 c3"),
        ({"sort": "customerId"}, "c1 c2 c3 inc-4"),
        # Names tie without regard to case: the older customer first, and in reverse the younger one.
        ({"sort": "customerName"}, "c1 c3 c2 inc-4"),
        ({"sort": "customerName", "isAscending": "false"}, "inc-4 c2 c3 c1"),
        # A customer without the field comes last, and first in reverse.
        ({"sort": "customerEmail"}, "inc-4 c1 c2 c3"),
        ({"sort": "lifecycleStage", "isAscending": "0"}, "c2 c1 inc-4 c3"),
        ({"Sort": "updateTime", "LIMIT": 2}, "c3 c1"),
        ({"limit": 2, "page": 2}, "c2 inc-4"),
        ({"search": "BETA"}, "c3 c2"),
        ({"search": "alpha.example"}, "c1"),
        ({"search": "INC"}, "c1 inc-4"),
        ({"search": ""}, "c3 c1 c2 inc-4"),
        ({"search": "nobody"}, ""),
    ],
)
def test_order_and_search(people: MockClient, query: dict[str, Any], expected: str) -> None:
    """Sorting and searching know no case, ties are broken by age, and id, name and address are searched."""
    assert ids(people, **query) == expected.split()


@pytest.mark.parametrize(("limit", "pages"), [(1, 4), (2, 2), (3, 2), (4, 1), (10_000, 1)])
def test_the_pages_hold_everyone_once(people: MockClient, limit: int, pages: int) -> None:
    """All pages together are the whole list, and the page behind the last is empty with the same counts."""
    met = [customer for page in range(1, pages + 1) for customer in ids(people, limit=limit, page=page)]
    assert met == ["c3", "c1", "c2", "inc-4"]
    behind = Account.take(people.get("/customers/paging", params={"limit": limit, "page": pages + 1}))
    assert behind["items"] == []
    assert behind["metadata"] == {
        "totalRowCount": 4,
        "filteredRowCount": 4,
        "limit": limit,
        "page": pages + 1,
        "totalFilteredPages": pages,
        "isAscending": True,
        "sort": "createTime",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": 10**9}, "page"),
        ({"page": 10**30}, "page"),
        ({"page": "1_0"}, "page"),
        ({"limit": 0}, "limit"),
        ({"limit": -5}, "limit"),
        ({"limit": 10**9}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "nonsense"}, "sort"),
        ({"sort": ""}, "sort"),
        ({"isAscending": "perhaps"}, "isAscending"),
    ],
)
def test_pages_that_make_no_sense_are_refused(people: MockClient, query: dict[str, Any], field: str) -> None:
    """A page or limit out of bounds, an unknown field to sort by and a wrong type are 400 and name the parameter."""
    assert refused(people.get("/customers/paging", params=query)).startswith(f"{field}: ")


def test_a_customer_who_is_called_paging_is_reached_by_the_query(mock: MockClient) -> None:
    """The path of the pages is taken; the list still finds the customer by its id."""
    for name in ("paging", "stage", "reinstate"):
        Account.take(mock.post("/customers", json=person(name, "Odd Ltd")))
        assert Account.take(mock.get("/customers", params={"customerId": name}))["customerName"] == "Odd Ltd"
    assert "items" in Account.take(mock.get("/customers/paging"))

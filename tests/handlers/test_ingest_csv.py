"""Tables of events: what a column is, and which tables are none."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, event, refused

HEADER = "meterApiName,customerId,meterValue,meterTimeInMillis"


def send(account: Account, table: str | bytes, **options: Any) -> Any:
    """Sends a table."""
    return account.mock.post("/ingest", data=table, headers={"Content-Type": "text/csv", **options})


def test_rows_are_events_and_other_columns_dimensions(account: Account) -> None:
    """The fields go by their names; every other column is a dimension, where its cell is not empty."""
    table = f"{HEADER},uniqueId,region,tier\ncalls,ann,2,{NOON_MS},a,eu,gold\ncalls,ann,3.5,{NOON_MS},b,us,\n"
    response = send(account, table)
    assert (response.status_code, response.text) == (200, "2 records were ingested")
    assert response.headers["Content-Type"].startswith("text/plain")
    groups = account.usage(groupBy=["region"])
    assert [(group["groupInfo"]["region"], *group["records"][0].values()) for group in groups] == [
        ("eu", 2),
        ("us", 3.5),
    ]
    assert [group["groupInfo"] for group in account.usage(groupBy=["tier", "customerId"])] == [
        {"tier": "gold", "customerId": "ann"}
    ]


def test_a_row_is_the_same_event_as_its_json(account: Account) -> None:
    """The way an event was sent is no part of its identity."""
    account.ingest(event(uniqueId="a", dimensions={"region": "eu"}))
    send(account, f"region,uniqueId,{HEADER}\neu,a,calls,ann,1,{NOON_MS}\n")
    assert account.state()["events"] == 1


@pytest.mark.parametrize(
    "table",
    [
        f"{HEADER}\r\ncalls,ann,1,{NOON_MS}\r\n",
        f"\ufeff{HEADER}\ncalls,ann,1,{NOON_MS}",
        f" meterApiName , customerId,meterValue,meterTimeInMillis\n\ncalls,ann,1,{NOON_MS}\n\n",
        f'"meterApiName","customerId","meterValue","meterTimeInMillis","a,b"\n"calls",ann,"1",{NOON_MS},"x\ny"\n',
        "meterTimeInMillis,meterApiName,customerId,meterValue\n2024-06-12T12:00:00Z,calls,ann,1e0\n",
    ],
    ids=["crlf", "mark", "blanks", "quotes", "order"],
)
def test_tables_come_in_many_hands(account: Account, table: str) -> None:
    """Line ends, quotes, blank lines, a byte order mark and the order of columns make no difference."""
    assert send(account, table.encode()).text == "1 records were ingested"
    assert (account.total(), account.mock.rules()) == (1, [])


@pytest.mark.parametrize(
    ("table", "details"),
    [
        ("\n\n", "malformed-row"),
        (f"{HEADER},\ncalls,ann,1,{NOON_MS},x", "malformed-row"),
        (f"{HEADER},meterValue\ncalls,ann,1,{NOON_MS},2", "malformed-row"),
        (f"{HEADER}\ncalls,ann,1", "malformed-row"),
        (f"{HEADER}\ncalls,ann,1,{NOON_MS},x", "malformed-row"),
        (f'{HEADER}\ncalls,ann,1,"{NOON_MS}', "malformed-row"),
        (f"{HEADER}\ncalls,ann,1,", "[0].meterTimeInMillis: required"),
        ("customerId\nann", "[0].meterTimeInMillis: required"),
        (f"{HEADER}\ncalls,ann,1,{NOON_MS}\ncalls,ann,one,{NOON_MS}", "[1].meterValue: type"),
        (f"{HEADER}\ncalls,ann,1,12h", "[0].meterTimeInMillis: type"),
        (f"{HEADER}\ncalls,ann,1e999,{NOON_MS}", "[0].meterValue: number-range"),
        (b"\xff\xfe", "utf-8"),
        (b"", "required"),
    ],
    ids=["blank", "unnamed", "twice", "short", "long", "open", "no-time", "no-column", "value", "time", "huge", "bytes",
         "empty"],
)  # fmt: skip
def test_a_table_that_is_none_is_refused(account: Account, table: str | bytes, details: str) -> None:
    """What cannot be read is named by its row and field, and nothing of it is stored."""
    assert refused(send(account, table)).endswith(details)
    assert account.state()["events"] == 0


def test_a_header_alone_is_an_empty_batch(account: Account) -> None:
    """No rows, no events."""
    assert send(account, HEADER).text == "0 records were ingested"


def test_a_long_table_is_taken_whole(account: Account) -> None:
    """Thousands of rows are stored by a worker thread, each once."""
    rows = "\n".join(f"calls,ann,1,{NOON_MS + number}" for number in range(6_000))
    assert send(account, f"{HEADER}\n{rows}\n").text == "6000 records were ingested"
    assert account.total() == 6_000

"""What is special to the laws of resources: what they tell of whom, and what they keep silent about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.laws.law import Need
from contracts.laws.resources import LAWS
from contracts.model import Profile, Result
from contracts.policy import Policy
from contracts.runner import run
from contracts.settings import LawOptions, Settings, projections
from contracts.target import TREAT_AS_REMOTE, read_target
from specs.catalog import DIALECTS
from tests.contracts.faults.fault import Answer, Category, Request, Send, Wrong, limited
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.gadgets import GADGETS, Flaw, Gadgets
from tests.contracts.faulty.server import Fault as Broken
from tests.contracts.faulty.server import Faulty
from tests.contracts.gates import OWN_KEY
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.holding import held, results
from tests.contracts.recording_server import REAL_CUSTOMERS, REAL_METERS, recording_account
from tests.support.serving import Server, serving

NAMES = tuple(law.name for law in LAWS)
TINY = {"AMBERFLO_API_KEY": "test-one", "AMBERFLO_OTHER_API_KEY": "test-two"}
LONG_LIST = "list_of_customers_ends_after_a_page"
"""A fault that the smoke profile makes too few things for."""

OURS = [
    fault
    for fault in FAULTS.values()
    if fault.category is Category.RESOURCES and fault.found_by & {*NAMES} and fault.name != LONG_LIST
]


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Each kind is held to every law that it has operations for, and whatever is written, the mock is not accused."""
    found = results(held(server.url, *NAMES, dialect=dialect, profile=Profile.STANDARD, seed=seed))
    without = {"pages_neither_lose_nor_repeat"} if dialect == "published" else set()
    assert {name for _, name, _ in found} == {*NAMES} - without
    assert set(found.values()) == {Result.CONFORM}


@pytest.mark.slow(seconds=4)
@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.name)
def test_first_law_that_differs_names_the_fault(server: Server, fault: Any) -> None:
    """With all laws tried in order, the first that differs under a fault is one that names it, on its operation."""
    with before(server.url, fault) as url:
        report = held(url, *NAMES, dialect=fault.dialect, fail_fast=True)
    (found,) = report.judgement.open
    assert found.identity.check in fault.found_by
    assert found.identity.operation_id in fault.operations


def told(server: Server, fault: str, law: str, profile: Profile = Profile.SMOKE) -> str:
    """What a law says of a fault."""
    found = finding(server, FAULTS[fault], law, profile)
    return f"{found.expected} | {found.got}"


def test_read_back_tells_the_field_and_both_values(server: Server) -> None:
    """What was lost is told by its path, with the creation and the reading as commands, and nothing else."""
    found = finding(server, FAULTS["customer_is_read_back_without_its_postal_code"], "read_back_equals_written")
    assert found.got == "address.postalCode was written as '94105' and is not there"
    (example,) = found.examples
    assert [line.count("curl") for line in example.curl.splitlines()] == [1, 1]
    assert "-X POST" in example.curl.splitlines()[0]
    assert "-X GET" in example.curl.splitlines()[1]


def test_what_is_left_out_has_to_go(server: Server) -> None:
    """A merged replacement is told by the field that was to be gone."""
    words = told(server, "update_of_a_customer_keeps_what_was_left_out", "replace_replaces")
    assert "has no description once it was replaced by one without" in words
    assert words.endswith("it still reads 'First, with crème brûlée & 漢字'")


def test_long_list_is_told_by_its_length(server: Server) -> None:
    """A list that is cut is found beyond the smoke profile, and how many others there were is told."""
    fault = FAULTS[LONG_LIST]
    assert checked(server, fault, "list_holds_each_once").judgement.open == ()
    words = told(server, fault.name, "list_holds_each_once", Profile.STANDARD)
    assert "once, among 120 others that were made beside it" in words


def test_number_of_pages_is_told(server: Server) -> None:
    """A number of pages that is too small for the entries is told in numbers."""
    words = told(server, "number_of_pages_is_rounded_down", "pages_neither_lose_nor_repeat")
    assert "that 7 entries make 3 pages of 3" in words
    assert words.endswith("totalFilteredPages is 2")


def test_case_is_told_of_the_operation_at_fault(server: Server) -> None:
    """A key that is refused for its case is told of the creation, one that is found for it of the reading."""
    refused = finding(server, FAULTS["meter_names_are_taken_in_any_case"], "keys_are_case_sensitive")
    assert refused.identity.operation_id == "createMeterDefinition"
    found = finding(server, FAULTS["customer_is_read_in_any_case"], "keys_are_case_sensitive")
    assert found.identity.operation_id == "getCustomerById"


def test_one_key_for_two_things_is_told_once(server: Server) -> None:
    """Where two things get one key, lists and deletions say nothing, since that is the fault of neither."""
    fault = FAULTS["second_notification_of_a_name_takes_the_first_ones_id"]
    report = checked(server, fault, "list_holds_each_once", "deleted_is_gone", "keys_are_unique")
    assert {each.identity.check for each in report.judgement.open} == {"keys_are_unique"}
    found = results(report)
    assert found["live", "list_holds_each_once", "listNotifications"] is Result.INCONCLUSIVE
    assert found["live", "deleted_is_gone", "deleteNotification"] is Result.INCONCLUSIVE


def _on(operation_id: str, change: Callable[[Any], Any]) -> Callable[[], Wrong]:
    """A platform that changes what one operation answers with success."""

    def wrong(request: Request, send: Send) -> Answer:
        answer = send(request)
        return answer.with_json(change(answer.json())) if answer.status == 200 else answer

    return lambda: limited({operation_id}, wrong)


def test_what_is_lost_on_any_way_is_told_where_it_is_read_back(server: Server) -> None:
    """A field that no reading ever shows is no fault of replacing, of refusing a duplicate, or of the case of keys."""
    hidden = _on("getCustomerById", lambda customer: {**customer, "customerName": "hidden"})
    report = checked(server, platform(hidden), *NAMES)
    assert {(each.identity.check, each.identity.operation_id) for each in report.judgement.open} == {
        ("read_back_equals_written", "getCustomerById")
    }


def test_coarse_clock_is_not_accused(server: Server) -> None:
    """A platform that counts whole seconds may show the same time of change twice."""

    def coarse(customer: Any) -> Any:
        return {**customer, "updateTime": customer["updateTime"] // 100_000 * 100_000}

    report = checked(server, platform(_on("getCustomerById", coarse)), "update_time_grows")
    assert report.judgement.open == ()


def test_a_deletion_takes_nothing_else(server: Server) -> None:
    """A deletion that takes another thing along is told, on the deletion."""

    def greedy() -> Wrong:
        gone: list[str] = []

        def wrong(request: Request, send: Send) -> Answer:
            if request.operation == "deleteCustomer":
                gone.append(request.key)
            answer = send(request)
            hidden = request.operation == "getCustomerById" and request.key in gone
            return Answer(404, answer.headers, b"{}") if hidden else answer

        return limited({"deleteCustomer", "getCustomerById"}, wrong)

    found = finding(server, platform(greedy), "deleted_is_gone")
    assert found.identity.operation_id == "deleteCustomer"
    assert "stays when another one is deleted" in found.expected


def test_pages_lose_nothing_at_their_ends(server: Server) -> None:
    """A page that ends one entry early is told with one of the entries that nobody sees."""

    def short(page: Any) -> Any:
        return {**page, "items": page["items"][:2]} if len(page["items"]) == 3 else page

    found = finding(server, platform(_on("searchCustomers", short), "live"), "pages_neither_lose_nor_repeat")
    assert "that the pages of 3 together hold the 7 entries of one long page" in found.expected
    assert found.got.startswith("they lose 2 of them, such as {")


@pytest.mark.parametrize("flaw", [Flaw.NONE, Flaw.KEEPS, Flaw.FORGETS])
def test_gadgets_are_told_apart(flaw: Flaw) -> None:
    """A document with keys of the target's own and deletions that wait is held to the laws, and only flaws are told."""
    expected = {
        Flaw.NONE: set(),
        Flaw.KEEPS: {("deleted_is_gone", "deleteGadget")},
        Flaw.FORGETS: {("read_back_equals_written", "getGadget")},
    }
    with serving(Gadgets(flaw).app()) as server:
        report = held(
            server.url, *NAMES, dialect=None, document=str(GADGETS), environment=TINY, profile=Profile.STANDARD
        )
    assert {(each.identity.check, each.identity.operation_id) for each in report.judgement.open} == expected[flaw]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Broken.NONE, set()),
        (Broken.DELETE_KEEPS, {("deleted_is_gone", "deleteThing")}),
        (Broken.CREATE_FORGETS, {("read_back_equals_written", "getThing")}),
        (Broken.MISSING_FIELD, {("read_back_equals_written", "getThing")}),
        (Broken.WRONG_TYPE, {("read_back_equals_written", "getThing")}),
        (Broken.UNAVAILABLE, set()),
        (Broken.HTML_ERROR, set()),
        (Broken.EXAMPLE_REFUSED, set()),
    ],
    ids=lambda each: each.name.lower() if isinstance(each, Broken) else "",
)
def test_things_are_told_apart(fault: Broken, expected: set[tuple[str, str]]) -> None:
    """A document from elsewhere is held to the laws; a fault is told by the law whose property it is, or by none."""
    with serving(Faulty(fault).app()) as server:
        report = held(
            server.url, *NAMES, dialect=None, document=str(THINGS), environment=TINY, profile=Profile.STANDARD
        )
    assert {(each.identity.check, each.identity.operation_id) for each in report.judgement.open} == expected


def test_elsewhere_little_is_made_and_all_of_it_cleared(tmp_path: Path) -> None:
    """On somebody's account two things of a kind are enough, theirs are not touched, and nothing is left behind."""
    environment = {"AMBERFLO_API_KEY": OWN_KEY, TREAT_AS_REMOTE: "1"}
    with recording_account() as account:
        target = read_target(account.url, document="amberflo", dialect="published", environment=environment)
        settings = Settings(
            target,
            projections(target, "amberflo"),
            Profile.STANDARD,
            1,
            Policy(allow_writes=True),
            5000,
            ledger=tmp_path / "ledger.jsonl",
            laws=LawOptions(NAMES, strict=True),
        )
        found = run(settings)
        assert set(account.customers) == set(REAL_CUSTOMERS)
        assert set(account.meters) == set(REAL_METERS)
    # The account takes a key twice, and keeps no times.
    assert {each.identity.check for each in found.judgement.open} == {"duplicate_is_refused_and_harmless"}
    assert found.requests.operations["createCustomer"] < 25


def test_laws_only_need_to_write() -> None:
    """No law of resources needs a clock, a second key or a target on this machine."""
    assert {law.needs for law in LAWS} == {frozenset({Need.WRITES})}


def test_stopped_clock_is_not_accused(server: Server) -> None:
    """On an account whose clock somebody stopped, the same time of change twice is no difference."""
    key = "test-stopped-clock"
    httpx.put(f"{server.url}/_mock/clock", json={"frozen": True}, headers={"X-API-KEY": key}).raise_for_status()
    own = {"AMBERFLO_API_KEY": key}
    found = results(held(server.url, "update_time_grows", environment=own, clock=True))
    assert set(found.values()) == {Result.CONFORM}

"""What is special to the laws of neighbours: whose numbers moved is told, and names that look alike are kept apart."""

import pytest

from contracts.laws.law import Need
from contracts.laws.neighbours import LAWS
from contracts.model import Profile, Result
from specs.catalog import DIALECTS
from tests.contracts.faults.fault import Request
from tests.contracts.faults.ingesting import Change, Event, counting, each
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.halving import Halving
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

NAMES = tuple(law.name for law in LAWS)


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Whatever data is generated, no law of neighbours accuses the mock, or has nothing to say of it."""
    found = results(held(server.url, *NAMES, dialect=dialect, profile=Profile.STANDARD, seed=seed))
    assert {name for _, name, _ in found} == set(NAMES)
    assert set(found.values()) == {Result.CONFORM}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_judge_alone(server: Server, dialect: str) -> None:
    """The second half of a law needs no more than the trial and the case, and writes nothing."""
    halving = Halving(server.url, dialect, LAWS)
    halving.write()
    written = halving.written()
    assert {said.result for said in halving.judge().values()} == {Result.CONFORM}
    assert halving.written() == written


def test_second_halves_do_not_believe_in_what_was_not_written(server: Server) -> None:
    """Where nothing was ever written, no second half says that its law holds."""
    assert {said.result for said in Halving(server.url, "published", LAWS).judge().values()} == {Result.DIFFERS}


def test_customer_whose_usage_moved_is_told(server: Server) -> None:
    """When an event counts for another customer, the numbers of both are in the finding, and its two events."""
    found = finding(server, FAULTS["event_counts_for_the_customer_before"], "other_numbers_do_not_move")
    assert "the usage of customer 1 of meter 1, for which events of together 1 were sent, is 1" in found.expected
    assert found.examples[0].curl.count("/ingest") == 2


def test_names_that_begin_alike_are_kept_apart(server: Server) -> None:
    """A platform that cuts customers' names, so that two become one, is found."""

    def cut(one: Event) -> Event:
        return one | {"customerId": one["customerId"].removesuffix("2")} if "customerId" in one else one

    found = finding(server, platform(each(cut)), "other_numbers_do_not_move")
    assert "the usage of customer 1 of meter 1" in found.expected
    assert found.got == "it is 3"


def test_other_account_is_written_to_on_this_machine_alone() -> None:
    """The law that makes things in a second account stays on this machine, where nobody has to clean up."""
    needs = {law.name: law.needs for law in LAWS}["other_account_does_not_move"]
    assert {Need.LOOPBACK, Need.SECOND_KEY} <= needs


def test_account_whose_numbers_moved_is_told(server: Server) -> None:
    """Usage that leaks into the account before is told of that account."""
    found = finding(server, FAULTS["events_leak_into_the_account_before"], "other_account_does_not_move")
    assert "the usage of an account to which an event of 3 was sent, is 3" in found.expected
    assert found.got == "it is 8"


def test_events_of_another_account_are_no_repeats(server: Server) -> None:
    """A platform that takes an event for repeated since another account has sent it is found, at that other one."""

    def known_anywhere() -> Change:
        owner: dict[str, str] = {}

        def change(request: Request, events: list[Event]) -> list[Event]:
            return [one for one in events if owner.setdefault(str(one.get("uniqueId")), request.key) == request.key]

        return change

    found = finding(server, platform(counting(known_anywhere)), "other_account_does_not_move")
    assert "the usage of another account to which an event of 3 was sent and one of 5, is 8" in found.expected
    assert found.got == "it is 5"


def test_filter_that_does_nothing_is_no_moved_usage(server: Server) -> None:
    """Where a filter by customer is ignored, each customer's own group still tells whose usage is whose."""
    assert checked(server, FAULTS["customer_filter_is_ignored"], *NAMES).judgement.open == ()

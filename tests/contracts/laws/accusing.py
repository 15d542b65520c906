"""Holds platforms that are wrong in some way to single laws."""

from collections.abc import Callable

from contracts.conformance import Conformance
from contracts.model import Finding, Profile
from tests.contracts.faults.fault import Category, Fault, Wrong
from tests.contracts.faults.proxy import before
from tests.contracts.laws.holding import held
from tests.support.serving import Server


def platform(make: Callable[[], Wrong], dialect: str = "published") -> Fault:
    """A platform that is wrong in a way of its own."""
    return Fault(
        name="made_for_a_test",
        category=Category.COUNTING,
        says="It is wrong in the way that a test needs.",
        operations=frozenset(),
        found_by=frozenset(),
        make=make,
        probe=lambda _: True,
        dialect=dialect,
    )


def checked(server: Server, fault: Fault, *names: str, profile: Profile = Profile.SMOKE) -> Conformance:
    """The report of laws under a fault, in the fault's dialect."""
    with before(server.url, fault) as url:
        return held(url, *names, dialect=fault.dialect, profile=profile)


def finding(server: Server, fault: Fault, name: str, profile: Profile = Profile.SMOKE) -> Finding:
    """The one finding of a law under a fault."""
    (found,) = checked(server, fault, name, profile=profile).judgement.open
    assert found.identity.check == name
    return found

"""What coverage comes to."""

from typing import Any

from contracts.coverage import Covered, Keyword, OperationCoverage, Parameter
from contracts.coverage.summary import DIMENSIONS, Tally, by_evidence, by_family, whole


def covered(operation_id: str = "getMeter", **more: Any) -> OperationCoverage:
    """One operation that was tried in part."""
    values: dict[str, Any] = {
        "document": "amberflo",
        "dialect": "live",
        "operation_id": operation_id,
        "method": "GET",
        "path": "/meters",
        "family": "metering",
        "evidence": "published",
        "state": Covered.TESTED,
        "statuses": (("200", Covered.TESTED), ("404", Covered.UNTESTED)),
        "parameters": (Parameter("query", "id", Covered.TESTED),),
        "keywords": (Keyword("/type", met=True, broken=True), Keyword("/enum", met=True, broken=False)),
    }
    return OperationCoverage(**values | more)


def barred() -> OperationCoverage:
    """One operation that nothing may be sent to."""
    return covered(
        "deleteMeter",
        family="usage",
        evidence="",
        state=Covered.NOT_REACHABLE,
        statuses=(("200", Covered.NOT_REACHABLE),),
        parameters=(),
        keywords=(Keyword("/type", met=False, broken=False, reachable=False),),
    )


def test_each_dimension_is_counted_by_its_states() -> None:
    """A tally counts tested, untested and not reachable apart, over all operations."""
    assert whole([covered(), covered("other", state=Covered.UNTESTED), barred()]) == {
        "operations": Tally(1, 1, 1),
        "statuses": Tally(2, 2, 1),
        "parameters": Tally(2, 0, 0),
        "keywords": Tally(2, 2, 1),
    }


def test_nothing_has_every_dimension_and_no_share() -> None:
    """Without coverage every dimension is there, empty, and its share is unknown rather than 0 or 1."""
    empty = whole(())
    assert tuple(empty) == tuple(DIMENSIONS)
    assert all(tally.total == 0 and tally.share is None for tally in empty.values())


def test_a_share_is_of_what_is_not_reachable_too() -> None:
    """What nothing could be sent to is no excuse: it is part of the whole."""
    assert Tally(1, 1, 2).share == 0.25


def test_groups_add_up_to_the_whole() -> None:
    """Families and classes of evidence are sorted, none is lost, and what has no evidence is called so."""
    coverage = (barred(), covered())
    assert {name: group["operations"] for name, group in by_family(coverage).items()} == {
        "metering": Tally(1, 0, 0),
        "usage": Tally(0, 0, 1),
    }
    assert list(by_family(coverage)) == ["metering", "usage"]
    assert list(by_evidence(coverage)) == ["none", "published"]
    assert by_evidence(coverage)["none"] == whole([barred()])

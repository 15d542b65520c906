"""What makes two events the same, mode by mode."""

from dataclasses import replace

import pytest

from mockserver.domain.identity import Dedup, Event, event_identity

BASE = Event("calls", "acme", 1_700_000_000_000, 2.0, {"region": "eu", "tier": "free"}, "u1")
OTHERS = {
    "meter": replace(BASE, meter="bytes"),
    "customer": replace(BASE, customer="umbrella"),
    "absent customer": replace(BASE, customer=None),
    "time": replace(BASE, time_ms=BASE.time_ms + 1),
    "dimension": replace(BASE, dimensions={"region": "us", "tier": "free"}),
    "fewer dimensions": replace(BASE, dimensions={"region": "eu"}),
    "unique id": replace(BASE, unique_id="u2"),
    "absent unique id": replace(BASE, unique_id=None),
    "value": replace(BASE, value=3.0),
    "reserved dimension": replace(BASE, dimensions={**BASE.dimensions, "aflo.cancel": "true"}),
    "order of dimensions": replace(BASE, dimensions={"tier": "free", "region": "eu"}),
}
CONTENT = {
    "meter",
    "customer",
    "absent customer",
    "time",
    "dimension",
    "fewer dimensions",
    "unique id",
    "absent unique id",
}
TELLS_APART = {
    Dedup.EVENT: CONTENT,
    Dedup.LATEST: CONTENT,
    Dedup.RECORD: CONTENT | {"value"},
    Dedup.UNIQUE_ID: {"meter", "unique id", "absent unique id"},
}


@pytest.mark.parametrize("dedup", Dedup)
@pytest.mark.parametrize("difference", OTHERS)
def test_a_mode_tells_apart_exactly_its_parts(dedup: Dedup, difference: str) -> None:
    """An event that differs in one part is another event exactly when the mode counts that part."""
    different = event_identity(BASE, dedup) != event_identity(OTHERS[difference], dedup)
    assert different == (difference in TELLS_APART[dedup])


@pytest.mark.parametrize("dedup", Dedup)
@pytest.mark.parametrize("difference", ["customer", "time", "dimension", "value"])
def test_without_unique_id_content_and_value_decide(dedup: Dedup, difference: str) -> None:
    """Without a unique id every mode, unique-id included, compares the content and the value."""
    base, other = replace(BASE, unique_id=None), replace(OTHERS[difference], unique_id=None)
    assert event_identity(base, dedup) != event_identity(other, dedup)
    assert event_identity(base, dedup) == event_identity(replace(base), dedup)


def test_an_empty_word_is_not_an_absent_one() -> None:
    """An empty customer or unique id is a value of its own."""
    for dedup in Dedup:
        absent = event_identity(replace(BASE, unique_id=None, customer=None), dedup)
        assert event_identity(replace(BASE, unique_id="", customer=None), dedup) != absent
        assert event_identity(replace(BASE, unique_id=None, customer=""), dedup) != absent

"""The account's clock."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.clock import EARLIEST_MS, LATEST_MS, Clock, system_ms

INSTANTS = st.integers(EARLIEST_MS, LATEST_MS)


class RealTime:
    """Real time that a test moves."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """The instant."""
        return self.now_ms


@pytest.fixture
def real() -> RealTime:
    """Real time at a round instant."""
    return RealTime(1_000_000)


def test_a_new_clock_shows_real_time(real: RealTime) -> None:
    """Unless told otherwise a clock runs and agrees with the machine's."""
    clock = Clock(source=real)
    real.now_ms += 5
    assert (clock.now_ms(), clock.frozen) == (1_000_005, False)


def test_the_default_source_is_the_machine() -> None:
    """Without a source a clock lies between two readings of the machine's time."""
    before = system_ms()
    assert before <= Clock().now_ms() <= system_ms()


@pytest.mark.parametrize(("frozen", "elapsed"), [(False, 7), (True, 0)])
def test_a_clock_starts_at_the_given_instant(real: RealTime, elapsed: int, *, frozen: bool) -> None:
    """A start instant is shown first; only a running clock goes on from it."""
    clock = Clock(5_000, frozen=frozen, source=real)
    real.now_ms += 7
    assert (clock.now_ms(), clock.frozen) == (5_000 + elapsed, frozen)


def test_setting_keeps_a_running_clock_running(real: RealTime) -> None:
    """After `set` a running clock goes on from the new instant."""
    clock = Clock(source=real)
    clock.set(42)
    real.now_ms += 8
    assert clock.now_ms() == 50


def test_setting_keeps_a_frozen_clock_frozen(real: RealTime) -> None:
    """After `set` a frozen clock stands at the new instant."""
    clock = Clock(frozen=True, source=real)
    clock.set(42)
    real.now_ms += 8
    assert (clock.now_ms(), clock.frozen) == (42, True)


@pytest.mark.parametrize("frozen", [False, True])
def test_advancing_adds_to_what_is_shown(real: RealTime, *, frozen: bool) -> None:
    """`advance` moves the shown instant by exactly its step, and leaves freezing alone."""
    clock = Clock(100, frozen=frozen, source=real)
    clock.advance(23)
    assert (clock.now_ms(), clock.frozen) == (123, frozen)


def test_a_clock_does_not_advance_backwards(real: RealTime) -> None:
    """A negative step is refused and changes nothing."""
    clock = Clock(100, frozen=True, source=real)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    assert clock.now_ms() == 100


@pytest.mark.parametrize("instant", [EARLIEST_MS - 1, LATEST_MS + 1])
def test_instants_outside_the_calendar_are_refused(real: RealTime, instant: int) -> None:
    """The clock stays in the years 1 to 9999, by `set` and by `advance`."""
    clock = Clock(0, frozen=True, source=real)
    with pytest.raises(ValueError, match="year 1 to the year 9999"):
        clock.set(instant)
    assert clock.now_ms() == 0


def test_advancing_past_the_calendar_is_refused(real: RealTime) -> None:
    """A step that ends after the year 9999 is refused and changes nothing."""
    clock = Clock(LATEST_MS, frozen=True, source=real)
    with pytest.raises(ValueError, match="year 9999"):
        clock.advance(1)
    assert clock.now_ms() == LATEST_MS


def test_freezing_stops_the_clock_where_it_is(real: RealTime) -> None:
    """A frozen clock shows the instant of its freezing until it runs again from there."""
    clock = Clock(500, source=real)
    clock.freeze()
    real.now_ms += 10
    assert clock.now_ms() == 500
    clock.run()
    real.now_ms += 10
    assert (clock.now_ms(), clock.frozen) == (510, False)


def test_running_a_running_clock_changes_nothing(real: RealTime) -> None:
    """`run` is only for a frozen clock."""
    clock = Clock(500, source=real)
    clock.run()
    assert clock.now_ms() == 500


def test_a_frozen_clock_starts_exactly_at_its_instant() -> None:
    """Real time that passes while the clock is made is not shown."""
    ticks = itertools.count(1_000)
    assert Clock(5_000, frozen=True, source=lambda: next(ticks)).now_ms() == 5_000


@given(INSTANTS, st.lists(st.integers(0, 10**12), max_size=5))
def test_steps_add_up(start: int, steps: list[int]) -> None:
    """A frozen clock is at its start plus the sum of its steps, as long as that is inside the calendar."""
    clock = Clock(start, frozen=True)
    shown = start
    for step in steps:
        if shown + step <= LATEST_MS:
            clock.advance(step)
            shown += step
    assert clock.now_ms() == shown

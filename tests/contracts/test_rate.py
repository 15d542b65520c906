"""No second, wherever it begins, holds more requests than the rate."""

import random
import threading

import pytest

from contracts.clock import SystemClock
from contracts.faults import OutOfTime
from contracts.rate import Rate
from tests.contracts.fake_clock import FakeClock


def _arrivals(rate: Rate, clock: FakeClock, number: int, chance: random.Random) -> list[float]:
    """When a target sees each request, somewhere between its sending and its answer."""
    seen = []
    for _ in range(number):
        with rate.place():
            clock.sleep(chance.choice([0, 0, 0.001, 0.3, 2.0]) * chance.random())
            seen.append(clock.monotonic())
            clock.sleep(chance.choice([0, 0, 0.001, 0.3]) * chance.random())
    return seen


def _most_in_a_second(seen: list[float], window: float = 1.0) -> int:
    return max(sum(start <= each < start + window for each in seen) for start in seen)


@pytest.mark.parametrize("per_second", [1, 2, 5, 7.5, 50])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_target_sees_no_more_than_the_rate(per_second: float, seed: int) -> None:
    """However long requests are under way, the target counts no more than the rate in any second of its own."""
    clock = FakeClock()
    seen = _arrivals(Rate(per_second, clock), clock, 200, random.Random(seed))
    assert _most_in_a_second(seen) <= per_second


def test_slow_rate_is_one_in_so_many_seconds() -> None:
    """A rate below one leaves more than a second between two requests."""
    clock = FakeClock()
    seen = _arrivals(Rate(0.2, clock), clock, 5, random.Random(1))
    assert _most_in_a_second(seen, 5.0) == 1


def test_fast_target_is_asked_as_often_as_allowed() -> None:
    """A limit that nobody reaches costs nothing: 50 requests at 5 a second take 9 seconds."""
    clock = FakeClock()
    rate = Rate(5, clock)
    for _ in range(50):
        with rate.place():
            pass
    assert sum(clock.slept) == pytest.approx(9.0)


def test_no_rate_never_waits() -> None:
    """Without a limit nothing waits."""
    clock = FakeClock()
    rate = Rate(None, clock)
    for _ in range(1000):
        with rate.place():
            pass
    assert clock.slept == []


def test_hold_stops_everything_for_its_time() -> None:
    """After a pause that the target asked for is the next request, and none before."""
    clock = FakeClock()
    rate = Rate(5, clock)
    rate.hold(17)
    start = clock.monotonic()
    with rate.place():
        assert clock.monotonic() - start >= 17


@pytest.mark.parametrize("hold", [0.0, 100.0])
def test_no_place_after_the_end(hold: float) -> None:
    """Nobody waits for a place beyond the end of the run."""
    clock = FakeClock()
    rate = Rate(1, clock)
    with rate.place():
        pass
    rate.hold(hold)
    ends_at = clock.monotonic() + 0.5
    with pytest.raises(OutOfTime), rate.place(ends_at):
        pass
    assert clock.monotonic() <= ends_at


@pytest.mark.parametrize("per_second", [0, -1, float("nan")])
def test_impossible_rate_is_refused(per_second: float) -> None:
    """A rate at which nothing could ever be sent is a mistake."""
    with pytest.raises(ValueError, match="sends nothing"):
        Rate(per_second, FakeClock())


def test_threads_share_the_places() -> None:
    """Several senders together do not have more than the places, and all have their turn."""
    rate = Rate(1000, SystemClock())
    inside, most, done = [0], [0], [0]
    lock = threading.Lock()

    def send() -> None:
        for _ in range(50):
            with rate.place():
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                with lock:
                    inside[0] -= 1
                    done[0] += 1

    threads = [threading.Thread(target=send) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert done[0] == 200
    assert most[0] <= 4

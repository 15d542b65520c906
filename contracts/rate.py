"""How fast a target is asked: so many requests in every second, whichever second one looks at."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.clock import Clock
from contracts.faults import OutOfTime

POLL_SECONDS = 0.01
"""How often a thread looks again when all places are taken by requests that are still under way."""


class Rate:
    """Hands out places; a place is free again one window after its request was answered.

    The target sees a request after the place was taken and before it was given back. So it cannot see more than the
    limit in any window of its own clock, however long the way to it is.

    Args:
        per_second: The limit, or None for none. Less than one is one request in so many seconds; a fraction above one
            is rounded down.
        clock: What waits.
    """

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        if per_second is not None and not per_second > 0:
            raise ValueError(f"a rate of {per_second} requests a second sends nothing")
        self._places = int(max(1, per_second)) if per_second is not None else 0
        self._window = max(1.0, 1 / per_second) if per_second is not None else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._given_back: deque[float] = deque()
        self._under_way = 0
        self._held_until = float("-inf")

    @contextmanager
    def place(self, ends_at: float | None = None) -> Iterator[None]:
        """Waits for a place, and keeps it until the block ends.

        Raises:
            OutOfTime: There is none before `ends_at`, on the clock's monotonic time.
        """
        while (wait := self._try()) > 0:
            self._sleep(wait, ends_at)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._given_back.append(self._clock.monotonic())

    def hold(self, seconds: float) -> None:
        """Gives no place for this long; a target that asks one request to wait means all of them."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)

    def _try(self) -> float:
        """Takes a place and gives 0, or gives the seconds after which to try again."""
        with self._lock:
            now = self._clock.monotonic()
            while self._given_back and self._given_back[0] + self._window <= now:
                self._given_back.popleft()
            if self._held_until > now:
                return self._held_until - now
            if not self._places or self._under_way + len(self._given_back) < self._places:
                self._under_way += 1
                return 0.0
            return self._given_back[0] + self._window - now if self._given_back else POLL_SECONDS

    def _sleep(self, seconds: float, ends_at: float | None) -> None:
        if ends_at is not None and self._clock.monotonic() + seconds > ends_at:
            raise OutOfTime("the time of the run is over before it may be sent")
        self._clock.sleep(seconds)

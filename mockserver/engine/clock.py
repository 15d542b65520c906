"""An account's clock: real time plus an offset, or a frozen instant. Tests set, freeze and advance it."""

import time
from collections.abc import Callable

Milliseconds = int

EARLIEST_MS = -62_135_596_800_000
"""0001-01-01T00:00:00Z; the clock stays within the years that calendars can write."""
LATEST_MS = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""


def system_ms() -> Milliseconds:
    """Unix time in milliseconds, from the machine."""
    return time.time_ns() // 1_000_000


class Clock:
    """Tells an account's time in Unix milliseconds.

    Args:
        start_ms: the instant that the clock shows first; the machine's time when None.
        frozen: whether the clock stands still until it is set or advanced.
        source: where real time comes from.
    """

    def __init__(
        self, start_ms: Milliseconds | None = None, *, frozen: bool = False, source: Callable[[], int] = system_ms
    ) -> None:
        self._source = source
        self._offset = 0
        self._frozen_at: Milliseconds | None = None
        # Frozen first: a running clock would go on between being set and being frozen.
        if frozen:
            self.freeze()
        if start_ms is not None:
            self.set(start_ms)

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._frozen_at is not None

    def now_ms(self) -> Milliseconds:
        """The account's time."""
        return self._source() + self._offset if self._frozen_at is None else self._frozen_at

    def set(self, instant_ms: Milliseconds) -> None:
        """Shows `instant_ms` from now on; a frozen clock stays frozen there.

        Raises:
            ValueError: the instant lies outside the years 1 to 9999.
        """
        if not EARLIEST_MS <= instant_ms <= LATEST_MS:
            raise ValueError("the clock runs from the year 1 to the year 9999")
        if self._frozen_at is None:
            self._offset = instant_ms - self._source()
        else:
            self._frozen_at = instant_ms

    def advance(self, delta_ms: Milliseconds) -> None:
        """Moves the clock forward by `delta_ms`, which is not negative.

        Raises:
            ValueError: the step is negative or ends outside the years 1 to 9999.
        """
        if delta_ms < 0:
            raise ValueError("a clock advances forward; use `now` to set it back")
        self.set(self.now_ms() + delta_ms)

    def freeze(self) -> None:
        """Stops the clock at its present instant."""
        self._frozen_at = self.now_ms()

    def run(self) -> None:
        """Lets a frozen clock go on from the instant at which it stands."""
        if self._frozen_at is not None:
            instant, self._frozen_at = self._frozen_at, None
            self.set(instant)

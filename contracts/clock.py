"""The clocks of a run, so that a test can bring its own."""

import time
from typing import Protocol


class Clock(Protocol):
    """What waits and what tells the time."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Lets this much time pass."""
        ...


class SystemClock:
    """The machine's clocks."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Lets this much time pass."""
        time.sleep(seconds)

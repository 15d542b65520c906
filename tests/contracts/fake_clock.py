"""A clock that only moves when somebody sleeps on it."""


class FakeClock:
    """Time of a test.

    Args:
        now: Seconds since 1970 UTC at the start.
    """

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self._start = now
        self._passed = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds since the start, plus some."""
        return 1000.0 + self._passed

    def now(self) -> float:
        """Seconds since 1970 UTC."""
        return self._start + self._passed

    def sleep(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.slept.append(seconds)
        self._passed += seconds

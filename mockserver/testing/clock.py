"""An account's clock, as tests set it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mockserver.testing.control import Control
from mockserver.testing.instants import MILLISECOND, epoch_ms, instant_of

CLOCK = "/_mock/clock"


class MockClock:
    """Shows and changes the time of one account, to the millisecond. What falls due on the way is done on return.

    Args:
        control: the account's control operations.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def __repr__(self) -> str:
        shown = self._control("GET", CLOCK)
        return f"MockClock({shown['now']}{', frozen' * shown['frozen']})"

    @property
    def now(self) -> datetime:
        """The account's time, in UTC."""
        return instant_of(self._control("GET", CLOCK)["nowInMillis"])

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return bool(self._control("GET", CLOCK)["frozen"])

    def set(self, instant: datetime | str) -> datetime:
        """Shows this instant; a frozen clock stays frozen. The clock's time then.

        Args:
            instant: a datetime with a zone, or an ISO 8601 text (UTC where it names no zone).

        Raises:
            TypeError: it is neither.
            ValueError: it has no zone, is no instant, or lies outside the years 1 to 9999.
        """
        return self._change({"now": epoch_ms(instant)})

    def advance(
        self,
        delta: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Goes forward by a timedelta and the named units together. The clock's time then.

        Raises:
            TypeError: `delta` is no timedelta, or a unit no number.
            ValueError: the step is none, goes back, or ends after the year 9999.
        """
        if delta is not None and not isinstance(delta, timedelta):
            raise TypeError(f"advance by a timedelta, or by days=…, hours=…; not by {delta!r}")
        try:
            step = (delta or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            raise ValueError("the clock runs from the year 1 to the year 9999") from None
        if step <= timedelta():
            raise ValueError(f"advance goes forward, so not by {step}; set() goes back")
        return self._change({"advance": {"milliseconds": round(step / MILLISECOND)}})

    def freeze(self, instant: datetime | str | None = None) -> datetime:
        """Stands still, at once or at the given instant. The clock's time then.

        Raises:
            TypeError: the instant is neither a datetime nor a text.
            ValueError: the instant is none, as for `set`.
        """
        return self._change({"frozen": True} | ({} if instant is None else {"now": epoch_ms(instant)}))

    def thaw(self) -> datetime:
        """Goes on from where it stands. The clock's time then."""
        return self._change({"frozen": False})

    def _change(self, change: Mapping[str, Any]) -> datetime:
        return instant_of(self._control("PUT", CLOCK, change)["nowInMillis"])

"""Instants as tests write them, and the milliseconds that the mock counts in."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def epoch_ms(instant: object) -> int:
    """Unix milliseconds of a datetime with a zone, or of an ISO 8601 text (UTC where it names no zone).

    Raises:
        TypeError: it is neither.
        ValueError: the datetime has no zone, or the text is no instant.
    """
    if isinstance(instant, str):
        moment = _read(instant)
    elif isinstance(instant, datetime):
        moment = instant
    else:
        raise TypeError(f"an instant is a datetime or an ISO 8601 text, not {type(instant).__name__} {instant!r}")
    if moment.tzinfo is None:
        raise ValueError(f"{instant!r} has no zone, so it is no instant; add one: tzinfo=datetime.UTC")
    return (moment - EPOCH) // MILLISECOND


def _read(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant; write 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def instant_of(milliseconds: int) -> datetime:
    """The instant of Unix milliseconds, in UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)

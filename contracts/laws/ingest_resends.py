"""Laws of repeated events: what is sent again counts once, and what only looks alike counts as well."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, event, introduced, opened, used
from contracts.laws.law import EVERY_MODE, Dedup, Evidence, Family, Law, Need
from contracts.laws.metering import HOUR, Event, Metering, metering
from contracts.laws.talk import Talk
from contracts.laws.trial import Trial
from contracts.model import Severity

_SENDERS = 8
_MOST_EVENTS = 3
_DROPPED = "the metering document: uniqueId is for idempotency; the vendor's page on advanced metering topics: a full "
_SOURCE = f"{_DROPPED}duplicate is dropped"

Batch = tuple[int, ...]
"""The events of a batch, by their numbers from 0."""


def _resend_counts_once(trial: Trial, times: int) -> Iterator[None]:
    opened(trial)
    introduced(trial)
    trial.metering.send_each([event(trial, "", 3)] * times)
    yield
    counts(trial, lambda: used(trial), 3, f"the usage of one event of 3, sent {times} times,")


def _resend_in_one_batch_counts_once(trial: Trial, batch: Batch) -> Iterator[None]:
    yield from _repeated(trial, (batch,), f"sent in one batch of {len(batch)}")


def _resend_across_batches_counts_once(trial: Trial, batches: tuple[Batch, ...]) -> Iterator[None]:
    yield from _repeated(trial, batches, f"sent in {len(batches)} batches of which each repeats some,")


def _repeated(trial: Trial, batches: tuple[Batch, ...], how: str) -> Iterator[None]:
    opened(trial)
    introduced(trial)
    for batch in batches:
        trial.metering.send(*(_numbered(trial, number) for number in batch))
    yield
    distinct = {number for batch in batches for number in batch}
    wanted = sum(2**number for number in distinct)
    what = f"the usage of {len(distinct)} different events of together {wanted}, {how}"
    counts(trial, lambda: used(trial, 1 - _MOST_EVENTS, _MOST_EVENTS), wanted, what)


def _numbered(trial: Trial, number: int) -> Event:
    """One of a few events, each on a day of its own."""
    return event(trial, str(number), 2**number, number + 1 - _MOST_EVENTS)


def _resend_under_concurrency_counts_once(trial: Trial, count: int) -> Iterator[None]:
    opened(trial)
    introduced(trial)
    for number in range(count):
        trial.talk.together([partial(_send, _numbered(trial, number))] * _SENDERS)
    yield
    wanted = 2**count - 1
    what = f"the usage of {count} events of together {wanted}, each sent by {_SENDERS} clients at once,"
    counts(trial, lambda: used(trial, 1 - _MOST_EVENTS, _MOST_EVENTS), wanted, what)


def _send(one: Event, talk: Talk) -> None:
    Metering(talk).send_each([one])


def _resend_hours_later_counts_once(trial: Trial, hours: int) -> Iterator[None]:
    opened(trial)
    introduced(trial)
    trial.metering.send_each([event(trial, "", 3)])
    trial.advance(hours * HOUR)
    trial.metering.send_each([event(trial, "", 3)])
    yield
    counts(trial, lambda: used(trial), 3, f"the usage of one event of 3, sent again {hours} hours later,")


def _reused_unique_id_is_no_duplicate(trial: Trial, field: str) -> Iterator[None]:
    dimension = trial.key("d")
    opened(trial, "o", "c", dimensions=(dimension,))
    other = event(trial, "", 1, meter="n", customer="o")
    if field == "meter":
        trial.metering.define(other.meter, dimensions=(dimension,))
    first = replace(event(trial, "", 1), dimensions=((dimension, "one"),))
    changes: dict[str, dict[str, Any]] = {
        "time": {"seconds": first.seconds + HOUR},
        "dimension": {"dimensions": ((dimension, "other"),)},
        "customer": {"customer": other.customer},
        "meter": {"meter": other.meter},
    }
    reusing = replace(first, value=2, **changes[field])
    # The second request is about what the first one was about as well, so that one law tells of one mistake.
    plain = replace(event(trial, "p", 4, 1), dimensions=first.dimensions)
    trial.metering.send_each([first])
    trial.metering.send(reusing, plain)
    yield
    meters = ("m", "n") if field == "meter" else ("m",)
    what = f"the usage of three events of together 7, of which two differ by their {field} and share a uniqueId,"
    counts(trial, lambda: sum(used(trial, 0, 2, meter=meter) for meter in meters), 7, what)


def _batches() -> st.SearchStrategy[tuple[Batch, ...]]:
    numbers = st.integers(0, _MOST_EVENTS - 1)
    batch = st.lists(numbers, min_size=2, max_size=_MOST_EVENTS, unique=True).map(tuple)
    return st.lists(batch, min_size=2, max_size=3).map(tuple)


LAWS: tuple[Law, ...] = (
    Law(
        name="resend_counts_once",
        family=Family.INGEST,
        expects="that an event that is sent again, the same in every field, counts once",
        why="A client that had no answer sends its event again; it cannot know whether the first one arrived. Where "
        "the second one counts too, each time-out on the way becomes usage that nobody had, and is billed. The law "
        "sends one event several times, each in a request of its own, and asks for the usage of its day.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_resend_counts_once,
        cases=(2, 4),
        generated=lambda: st.integers(2, 6),
        examples=2,
    ),
    Law(
        name="resend_in_one_batch_counts_once",
        family=Family.INGEST,
        expects="that an event that stands in a batch several times counts once",
        why="A client's own queue may hold an event twice, and sends both in one batch. A platform that compares a "
        "batch with what is stored, and not with itself, counts both. The law sends a batch with repeated events.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_resend_in_one_batch_counts_once,
        cases=((0, 0), (0, 1, 0)),
        generated=lambda: st.lists(st.integers(0, _MOST_EVENTS - 1), min_size=2, max_size=6).map(tuple),
        examples=6,
    ),
    Law(
        name="resend_across_batches_counts_once",
        family=Family.INGEST,
        expects="that an event that stands in several batches counts once",
        why="After a restart a client takes its queue up again from some point before its end, so that a new batch "
        "holds events of an earlier one beside new ones. A platform that knows batches again, and not events, counts "
        "those twice. The law sends batches that overlap.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_resend_across_batches_counts_once,
        cases=(((0, 1), (1, 2)),),
        generated=_batches,
        examples=6,
    ),
    Law(
        name="resend_under_concurrency_counts_once",
        family=Family.INGEST,
        expects="that an event that several requests bring at the same moment counts once",
        why="A client that retries while its first request is still under way, or two workers of one queue, send the "
        "same event at once. A platform that looks for a duplicate first and stores afterwards, without a lock around "
        "both, finds none in either request and stores two. The law sends each event from eight clients at once.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_resend_under_concurrency_counts_once,
        needs=frozenset({Need.WRITES, Need.LOOPBACK}),
        cases=(1, _MOST_EVENTS),
    ),
    Law(
        name="resend_hours_later_counts_once",
        family=Family.INGEST,
        expects="that an event that is sent again hours later counts once",
        why="An outage lasts for hours, and then queues, dead letters and back-fills send everything again. A "
        "platform that remembers what it has seen for a short time only counts it all twice. The law sends an event, "
        "lets hours pass on the target's clock, and sends it again.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page on advanced metering topics: a full duplicate is dropped; no page names a time "
        "after which it would not be",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_resend_hours_later_counts_once,
        needs=frozenset({Need.WRITES, Need.CLOCK}),
        cases=(4, 30),
    ),
    Law(
        name="reused_unique_id_is_no_duplicate",
        family=Family.INGEST,
        expects="that two events with one uniqueId both count when they differ in time, customer, meter or dimensions",
        why="Clients make one uniqueId for a request of theirs and report it to several meters, or in several parts "
        "that differ by a dimension. A platform that goes by the uniqueId alone keeps the first part and drops the "
        "rest without a word. The law sends events that share a uniqueId and differ in one other field.",
        evidence=Evidence.READING,
        source="the vendor's page on advanced metering topics: any attribute that differs makes another event; its "
        "clients say otherwise",
        severity=Severity.HIGH,
        subjects=metering(),
        play=_reused_unique_id_is_no_duplicate,
        modes=EVERY_MODE - {Dedup.UNIQUE_ID},
        cases=("time", "dimension", "customer", "meter"),
    ),
)

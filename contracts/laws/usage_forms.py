"""Laws of the ways in which usage can be asked for: they answer the same, and what was written a moment ago."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from contracts.laws.law import Broken, Evidence, Family, Law, Unclear
from contracts.laws.metering import (
    DAY,
    HOUR,
    UNREADABLE,
    Question,
    Series,
    live_query,
    live_series,
    metering,
    published_query,
    published_series,
)
from contracts.laws.trial import Trial
from contracts.laws.usage_events import (
    CUSTOMER,
    REGION,
    TEN,
    TIER,
    Use,
    asked,
    compare,
    events,
    ground,
    judged,
    summed,
    told_time,
    used,
    write,
)
from contracts.model import Result, Severity

_SPARSE, _BATCH = "queryUsageSparse", "queryUsageBatch"
_ANSWERED = "it is not told in the documented form; response_schema_conformance looks at that"
_DAYS = 4
"""How many days before the trial's one are asked for too; on some of them nothing was used."""


@dataclass(frozen=True)
class Asked:
    """A question of a case, without the keys that a trial gives it.

    Args:
        aggregation: As in `Question`.
        interval: As in `Question`.
        by: Names of what is grouped.
        region: The one that is filtered; empty for all.
        customer: The word for the customer that is filtered; empty for all.
        start: When the range begins, in seconds after the trial's day began.
        end: When it ends.
        meter: The word for the meter.
    """

    aggregation: str = "SUM"
    interval: str = "DAY"
    by: tuple[str, ...] = ()
    region: str = ""
    customer: str = ""
    start: int = -_DAYS * DAY
    end: int = DAY
    meter: str = "m"

    def question(self, trial: Trial) -> Question:
        """The question with a trial's keys."""
        return replace(
            asked(trial, self.start, self.end, self.meter),
            aggregation=self.aggregation,
            interval=self.interval,
            group_by=self.by,
            customers=(trial.key(self.customer),) if self.customer else (),
            filters=((REGION, (self.region,)),) if self.region else (),
        )


_HOUR_ON = TEN + 25 * 60
"""A moment at which no range of a case begins or ends."""
_USES = (
    Use(0.5, _HOUR_ON - 3 * DAY, "us", "free", "d"),
    Use(2, _HOUR_ON - DAY, "eu", "paid", "c"),
    Use(1.25, _HOUR_ON, "eu", "free", "c"),
    Use(3, _HOUR_ON + HOUR, "us", "free", "c"),
)


def _published_and_live_form_agree(trial: Trial, questions: tuple[Asked, ...]) -> Iterator[None]:
    write(trial, _USES)
    yield

    def judge() -> None:
        for each in questions:
            question = each.question(trial)
            live, shown = _flat(trial.metering.usage(question)), trial.talk.last
            answer = trial.talk.want("queryUsage", published_query(question))
            try:
                published = _flat(published_series(answer.json(), question.meter))
            except UNREADABLE:
                raise Unclear(_ANSWERED) from None
            compare(
                published, live, f"the {each.aggregation} in the live form, as in the published one,", answer, shown
            )
        ground(trial, Asked().question(trial), summed(_USES))

    judged(trial, judge)


def _sparse_is_full_without_zeros(trial: Trial, question: Asked) -> Iterator[None]:
    write(trial, _USES)
    yield

    def judge() -> None:
        ground(trial, Asked().question(trial), summed(_USES))
        body = question.question(trial)
        full, shown = _flat(trial.metering.usage(body), whole=True), trial.talk.last
        answer = trial.talk.want(_SPARSE, live_query(body))
        try:
            series = tuple(live_series(answer.json()))
        except UNREADABLE:
            raise Unclear(_ANSWERED) from None
        compare(full, _flat(series, whole=True), "what the sparse answer tells, as the full one does,", shown, answer)
        unused = [label for each in series for label, value in each.buckets.items() if not value]
        if unused:
            raise Broken("that buckets without usage are left out", f"{told_time(unused[0])} is there", answer)

    judged(trial, judge)


def _batch_query_equals_singles(trial: Trial, questions: tuple[Asked, ...]) -> Iterator[None]:
    # The meter that is asked for first comes later by name.
    write(trial, _USES, "n")
    trial.metering.define(trial.key("m"), dimensions=(REGION, TIER))
    trial.metering.send(*events(trial, [replace(use, value=10 * use.value) for use in _USES]))
    yield

    def judge() -> None:
        ground(trial, Asked(meter="n").question(trial), summed(_USES))
        bodies = [each.question(trial) for each in questions]
        answer = trial.talk.want(_BATCH, [live_query(each) for each in bodies])
        try:
            reports = [tuple(live_series(report)) for report in answer.json()]
        except UNREADABLE:
            raise Unclear(_ANSWERED) from None
        if len(reports) != len(bodies):
            raise Broken(f"that {len(bodies)} queries have as many reports", f"there are {len(reports)}", answer)
        for number, (body, report) in enumerate(zip(bodies, reports, strict=True), 1):
            alone = _flat(trial.metering.usage(body), whole=True)
            what = f"what report {number} of {len(bodies)} tells, as the query alone does,"
            compare(alone, _flat(report, whole=True), what, answer, trial.talk.last)

    judged(trial, judge)


def _query_after_write_shows_it(trial: Trial, values: tuple[float, ...]) -> None:
    if trial.terms.settle == 0 and not trial.asker.gate.target.loopback:
        raise Unclear("what is counted settles late elsewhere: --settle waits", Result.UNTESTED)
    trial.metering.define(trial.key("m"))
    trial.metering.register(trial.key("c"))
    if trial.metering.total(asked(trial)):
        raise Unclear("there is usage before there is an event; the laws of ingestion look at that")
    for number, event in enumerate(events(trial, used(values)), 1):
        trial.metering.send(event)
        wanted = sum(values[:number])
        what = f"the usage, asked for again after {number} of {len(values)} events,"
        trial.equal(lambda: trial.metering.total(asked(trial)), wanted, what)


def _flat(series: Iterable[Series], *, whole: bool = False) -> Mapping[str, float]:
    """The used buckets of all groups, by words that say which; and what each is over the whole range, if wanted."""
    found: dict[str, float] = {}
    for each in series:
        group = " of " + ", ".join(f"{name} {each.group[name]}" for name in sorted(each.group)) if each.group else ""
        told = {f"{told_time(label)} ({label}){group}": value for label, value in each.buckets.items() if value}
        told |= {f"the whole{group}": each.whole} if whole and each.whole else {}
        found |= told
    return found


def _any_asked() -> st.SearchStrategy[Asked]:
    """Questions of both forms, in ranges that begin and end on the hour."""
    start, end = (st.integers(first, last).map(HOUR.__mul__) for first, last in ((-24 * _DAYS, -1), (12, 24)))
    by = st.sampled_from(((), (REGION,), (CUSTOMER,), (REGION, TIER)))
    return st.builds(
        Asked,
        st.sampled_from(("SUM", "COUNT", "MAX")),
        st.sampled_from(("DAY", "HOUR", "WEEK", "MONTH")),
        by,
        st.sampled_from(("", "eu", "us")),
        st.sampled_from(("", "c")),
        start,
        end,
    )


def _any_questions() -> st.SearchStrategy[tuple[Asked, ...]]:
    return st.lists(_any_asked(), min_size=1, max_size=3).map(tuple)


def _any_batch() -> st.SearchStrategy[tuple[Asked, ...]]:
    asked_of = st.builds(lambda each, meter: replace(each, meter=meter), _any_asked(), st.sampled_from(("m", "n")))
    return st.lists(asked_of, min_size=1, max_size=5).map(tuple)


_THREE = (
    Asked(meter="n", start=-DAY, end=0),
    Asked("COUNT", "HOUR", (REGION,), start=0),
    Asked("SUM", "DAY", (CUSTOMER,), meter="n"),
)
_TWELVE = tuple(Asked(start=hour * HOUR, end=(hour + 1) * HOUR) for hour in range(12))

AGREE = Law(
    name="published_and_live_form_agree",
    family=Family.USAGE,
    expects="that a query in the published form and in the live form is answered with the same usage",
    why="One path takes a query in two forms, an older client's and a newer one's. When they tell different numbers, "
    "the dashboard shows what the invoice does not say. The law sends events of fractional values on three days, and "
    "asks the same in both forms: sums by day, counts by hour and group, a maximum with filters.",
    evidence=Evidence.DOCUMENTED,
    source="the published metering document and the vendor's page on usage queries, which name one path",
    severity=Severity.CRITICAL,
    subjects=metering("queryUsage", "createMeter"),
    play=_published_and_live_form_agree,
    cases=((Asked(), Asked("COUNT", "HOUR", (CUSTOMER,)), Asked("MAX", "DAY", (REGION,), "eu", "c")),),
    generated=_any_questions,
    examples=6,
)

LAWS: tuple[Law, ...] = (
    Law(
        name="sparse_is_full_without_zeros",
        family=Family.USAGE,
        expects="that the sparse answer holds the buckets of the full one that are not zero, and only these",
        why="The sparse form saves the zeros between used days, and nothing else. The law sends events of values from "
        "a half up on three of five days, and asks for them in the full and in the sparse form.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's reference of sparse usage queries",
        severity=Severity.HIGH,
        subjects=metering(_SPARSE),
        play=_sparse_is_full_without_zeros,
        cases=(Asked(), Asked("COUNT", "HOUR", (REGION,))),
        generated=_any_asked,
        examples=6,
    ),
    Law(
        name="batch_query_equals_singles",
        family=Family.USAGE,
        expects="that a batch of queries is answered with the reports of the single queries, in their order",
        why="A batch saves requests; a client tells its reports apart by their order alone. The law asks a batch of "
        "queries that differ in meter, range, grouping and aggregation, and then each of them alone.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's reference of batch usage queries",
        severity=Severity.HIGH,
        subjects=metering(_BATCH),
        play=_batch_query_equals_singles,
        cases=(_THREE, _TWELVE),
        generated=_any_batch,
        examples=6,
    ),
    Law(
        name="query_after_write_shows_it",
        family=Family.USAGE,
        expects="that a query which is asked again after an event shows it",
        why="A test reports usage and looks at once whether it is there; an answer that is kept from the time before "
        "makes it fail, or worse, pass. The law asks the same question before and after each of a few events.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page on invoice calculation times: usage of the last hours is shown live; --settle says "
        "how long a target may take",
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_query_after_write_shows_it,
        cases=((1, 2),),
    ),
)

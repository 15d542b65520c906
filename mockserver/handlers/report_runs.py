"""The runs of usage report jobs: when they are due by the account's clock, what they report, whether a job can run.

Nothing runs by itself: whenever jobs are read, written or checked, every run that became due since is carried out
first, in order, as of the moment at which it was due. Of a job that missed many runs only the last ones are carried
out, as many as are kept. A run reads the events that there are when it is carried out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.cron import Cron, CronError, parse
from mockserver.domain.usage import UsageGroup, UsageQuery, bucket_count, gap_filled, rescaled
from mockserver.domain.windows import Interval
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.clock import EARLIEST_MS
from mockserver.engine.errors import InvalidInput
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import JsonObject
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.meters import kind_of
from mockserver.handlers.usage import (
    EARLIEST_LABEL,
    MOST_ROWS,
    coefficient_from_api,
    info_to_api,
    query_from_api,
    usage_of,
)
from mockserver.handlers.usage_events import is_heavy

COLLECTION = "usage-report-jobs"
"""The collection of jobs."""
ROWS = "usage-report-rows"
"""The collection of what the kept runs of each job reported, in the order of the runs."""
KEPT_RUNS, KEPT_ROWS = 10, 1_000
"""Runs that are kept of a job, and rows of a report (our reading)."""
CONTEXT, NEXT = "schedulerContext", "nextRunTimeInSeconds"
LOGGED_AS = "job"
"""What the event log calls a run, as the vendor does."""
METERS_OF_A_JOB = Reference("meterApiNames", METERS, "meter")

UNITS = {"d": 86_400, "h": 3_600, "m": 60}
"""Seconds of `ago(1d)` and the like; that m stands for minutes is our reading."""
AGO = re.compile(r"ago\((\d+)([dhm])\)")


def check_job(call: Call) -> Reply:
    """Answers the report that the job in the body would write now, and stores nothing.

    Raises:
        InvalidInput: the definition is not sound.
    """
    settle(call)
    require_sound(call, call.body)
    warn_of_strangers(call, call.body, [METERS_OF_A_JOB])
    answer = {
        "valid": True,
        "nextRunTimeInSeconds": first_run(call, call.body),
        "report": report_of(call, call.body, call.now_ms // 1000),
    }
    for job in call.store.collection(COLLECTION).documents():
        if job["jobName"] == call.body["jobName"]:
            answer["runs"] = with_rows(call, job)[CONTEXT]["runs"]
    return Reply(answer)


def settle(call: Call) -> None:
    """Carries out every run that is due, the earliest first."""
    jobs = call.store.collection(COLLECTION).documents()
    for moment, key in sorted((moment, job["id"]) for job in jobs for moment in due_moments(call, job)):
        run(call, key, moment)


def due_moments(call: Call, job: JsonObject) -> list[int]:
    """When a job should have run since it last did, in seconds; the last ones, as many as are kept."""
    following, now_s = job[CONTEXT][NEXT], call.now_ms // 1000
    if following is None or following > now_s:
        return []
    cron = schedule_of(job)
    return [following] if cron is None else cron.latest(following - 1, now_s, KEPT_RUNS)


def run(call: Call, key: str, moment: int) -> None:
    """Carries out one run of a job, keeps its report and writes it into the event log, as of that moment."""
    job = call.store.collection(COLLECTION).get(key)
    if job is None:
        return
    report = report_of(call, job, moment)
    kept = call.store.collection(ROWS).get(key) or {"runs": []}
    rows = [*kept["runs"], report.pop("rows")]
    call.store.collection(ROWS).put(key, {"jobId": key, "runs": rows[-KEPT_RUNS:]})
    cron = schedule_of(job)
    following = None if cron is None else cron.next_after(moment)
    runs = [*job[CONTEXT]["runs"], report]
    call.store.collection(COLLECTION).put(key, {**job, CONTEXT: {NEXT: following, "runs": runs[-KEPT_RUNS:]}})
    then = replace(call, now_ms=max(moment * 1000, EARLIEST_MS))
    record(then, LOGGED_AS, key, report["status"], {"id": key, "jobName": job["jobName"], **report})


def require_sound(call: Call, job: JsonObject) -> None:
    """Does nothing when a job can run.

    Raises:
        InvalidInput: it has two schedules or one that cannot be read, its range ends before it starts, or it would
            have too many rows however little was used.
    """
    schedule_of(job)
    start, end = window_of(job, call.now_ms // 1000)
    if end < start:
        message = f"Invalid request: the report would end {job['endTimeOffset']}, before it starts {job['range']}"
        raise InvalidInput(message, field="endTimeOffset", rule="reversed-range")
    if not job.get("sparse", True) and bucket_count(start, end, interval_of(job)) > MOST_ROWS:
        message = f"Invalid request: the report would have more than {MOST_ROWS} rows for each meter"
        raise InvalidInput(message, field="range", rule="too-many-rows")
    coefficient_of(job)


def schedule_of(job: JsonObject) -> Cron | None:
    """When a job runs again and again; None for a job that runs once.

    Raises:
        InvalidInput: it runs both ways, or its schedule cannot be read.
    """
    cron = job.get("cron")
    if cron is None:
        return None
    if job.get("scheduledTimeInSeconds") is not None:
        message = "Invalid request: a job has cron or scheduledTimeInSeconds, not both"
        raise InvalidInput(message, field="cron", rule="exclusive-schedule")
    try:
        return parse(cron)
    except CronError as fault:
        raise InvalidInput(f"Invalid request: cron: {fault}", field="cron", rule="invalid-cron") from None


def first_run(call: Call, job: JsonObject) -> int | None:
    """When a job that is written now runs first, in seconds; None when it never will."""
    now_s, cron, once = call.now_ms // 1000, schedule_of(job), job.get("scheduledTimeInSeconds")
    if not job.get("enabled", True):
        return None
    if cron is not None:
        following = cron.next_after(now_s)
        if following is None:
            call.warn("cron", "never-due", "no day of the calendar fits the schedule: the job will not run")
        return following
    if once is not None and once < now_s:
        call.warn("scheduledTimeInSeconds", "past-schedule", "the time has passed: the job runs at once, as of then")
    return now_s if once is None else int(once)


def window_of(job: JsonObject, moment_s: int) -> tuple[int, int]:
    """Start and end of what a run at a moment reports, in seconds."""
    offset = job.get("endTimeOffset")
    return moment_s - _seconds_ago(job["range"]), moment_s - (_seconds_ago(offset) if offset else 0)


def interval_of(job: JsonObject) -> Interval:
    """How long a bucket of the report is."""
    return Interval(job["aggregationBucket"].lower())


def coefficient_of(job: JsonObject) -> float:
    """What each value is multiplied by: 1 when the job does not say.

    Raises:
        InvalidInput: the number is too large for a double.
    """
    rescale = job.get("rescaleFunction") or {}
    return coefficient_from_api(rescale) if "coefficient" in rescale else 1.0


def report_of(call: Call, job: JsonObject, moment_s: int) -> JsonObject:
    """The run of a job at a moment, with its rows; one that would be too long fails."""
    start, end = window_of(job, moment_s)
    run: JsonObject = {
        "runTimeInSeconds": moment_s,
        "status": "succeeded",
        "timeRange": {
            "startTimeInSeconds": max(start, EARLIEST_LABEL),
            "endTimeInSeconds": max(end, EARLIEST_LABEL),
        },
        "rowCount": 0,
        "rows": [],
    }
    for meter in _meters_of(call, job):
        query = query_from_api(_question(job, meter), kind_of(call, meter) or MeterKind.SUM, start, end)
        groups = _groups(call, job, query)
        buckets = None if job.get("sparse", True) else bucket_count(start, end, query.interval)
        run["rowCount"] += sum(len(group.buckets) if buckets is None else buckets for group in groups)
        if run["rowCount"] > MOST_ROWS:
            message = f"the report would have more than {MOST_ROWS} rows"
            return {**run, "status": "failed", "message": message, "rowCount": 0, "rows": []}
        run["rows"] += islice(_rows(job, query, groups), KEPT_ROWS - len(run["rows"]))
    return run


def with_rows(call: Call, job: JsonObject) -> JsonObject:
    """A kept job whose runs have their rows."""
    kept = call.store.collection(ROWS).get(job["id"]) or {"runs": []}
    runs = [{**run, "rows": rows} for run, rows in zip(job[CONTEXT]["runs"], kept["runs"], strict=True)]
    return {**job, CONTEXT: {**job[CONTEXT], "runs": runs}}


def _seconds_ago(text: str) -> int:
    found = AGO.fullmatch(text)
    assert found is not None  # noqa: S101  # the document's pattern
    return int(found[1]) * UNITS[found[2]]


def _meters_of(call: Call, job: JsonObject) -> list[str]:
    """The meters that a job names; without any, all that are defined, then all others that have events."""
    named = job.get("meterApiNames")
    if named is not None:
        return list(dict.fromkeys(named))
    defined = [each["meterApiName"] for each in call.store.collection(METERS).documents()]
    return list(dict.fromkeys([*defined, *call.store.events.meters()]))


def _question(job: JsonObject, meter: str) -> JsonObject:
    """The usage query of a job on one meter."""
    return {
        "meterApiName": meter,
        "timeGroupingInterval": job["aggregationBucket"],
        "groupBy": job.get("groupBy"),
        "filter": job.get("filter"),
    }


def _groups(call: Call, job: JsonObject, query: UsageQuery) -> list[UsageGroup]:
    groups = rescaled(usage_of(call, query), coefficient_of(job)).groups
    if not groups and not query.group_by and not job.get("sparse", True):
        return [UsageGroup({}, 0.0, [])]
    return groups


def _rows(job: JsonObject, query: UsageQuery, groups: list[UsageGroup]) -> Iterator[JsonObject]:
    for group in groups:
        sparse = job.get("sparse", True)
        for start, value in group.buckets if sparse else gap_filled(group, query.start_s, query.end_s, query.interval):
            yield {
                "meterApiName": query.meter,
                "secondsSinceEpochUtc": max(start, EARLIEST_LABEL),
                "group": info_to_api(group),
                "value": value,
            }


BINDINGS: Mapping[str, Binding] = {"checkUsageReportJob": Binding(check_job, heavy=is_heavy)}

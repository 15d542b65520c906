"""Usage report jobs: kept definitions, runs on the account's clock, what they report."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import DAY_MS, HOUR_MS, MIDNIGHT_S, NOON_MS, Account, event, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

NOON_S = NOON_MS // 1000
HOUR_S, DAY_S = 3_600, 86_400


def job(**fields: Any) -> dict[str, Any]:
    """A job that reports the last two days, by day; a field given as None is left out."""
    whole = {
        "jobName": "Daily report",
        "s3Url": "bucket/reports",
        "format": "json",
        "range": "ago(2d)",
        "aggregationBucket": "day",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def row(start: int, value: float, meter: str = "calls", **group: str) -> dict[str, Any]:
    """One line of a report."""
    return {"meterApiName": meter, "secondsSinceEpochUtc": start, "group": group, "value": value}


def ran(moment: int, *rows: dict[str, Any]) -> dict[str, Any]:
    """A run of two days that could write its report."""
    return {
        "runTimeInSeconds": moment,
        "status": "succeeded",
        "timeRange": {"startTimeInSeconds": moment - 2 * DAY_S, "endTimeInSeconds": moment},
        "rowCount": len(rows),
        "rows": list(rows),
    }


FIRST = ran(NOON_S, row(MIDNIGHT_S, 1))
SECOND = ran(MIDNIGHT_S + DAY_S, row(MIDNIGHT_S, 2))

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "a job runs at once, then every night": [
        Step("listUsageReportJobs", clock={"frozen": True, "now": NOON_MS}, expect=[]),
        Step("ingestMeterEvents", body=event(meterTimeInMillis=NOON_MS - 1)),
        Step(
            "checkUsageReportJob",
            body=job(),
            expect={"valid": True, "nextRunTimeInSeconds": NOON_S, "report": FIRST, "runs": ABSENT},
        ),
        Step("listUsageReportJobs", expect=[]),
        Step(
            "createUsageReportJob",
            body=job(format="CSV", aggregationBucket="DAY", schedulerContext={"runs": 1}),
            expect={
                **job(format="csv"),
                "enabled": True,
                "sparse": True,
                "minimizeFresh": True,
                "createTime": NOON_MS,
                "updateTime": NOON_MS,
                "schedulerContext": {"nextRunTimeInSeconds": None, "runs": [FIRST]},
            },
            save={"id": "id"},
        ),
        Step("getUsageReportJob", path={"id": "$id"}, expect={"id": "$id", "schedulerContext": {"runs": [FIRST]}}),
        Step(
            "listUsageReportJobs",
            expect=[
                {
                    "id": "$id",
                    "schedulerContext": {"runs": [{"runTimeInSeconds": NOON_S, "rowCount": 1, "rows": ABSENT}]},
                }
            ],
        ),
        Step("checkUsageReportJob", body=job(), expect={"runs": [FIRST]}),
        Step(
            "listAccountEvents",
            query={"domain": "job"},
            expect=[
                {
                    "type": "succeeded",
                    "eventTime": NOON_MS,
                    "payload": {"id": "$id", "jobName": "Daily report", "rowCount": 1, "rows": ABSENT},
                }
            ],
        ),
        Step(
            "updateUsageReportJob",
            body=job(id="$id", jobName="Nightly", cron="0 0 * * *"),
            clock={"advance": {"hours": 1}},
            expect={
                "id": "$id",
                "jobName": "Nightly",
                "format": "json",
                "createTime": NOON_MS,
                "updateTime": NOON_MS + HOUR_MS,
                "schedulerContext": {"nextRunTimeInSeconds": MIDNIGHT_S + DAY_S, "runs": [FIRST]},
            },
        ),
        Step("ingestMeterEvents", body=event(meterTimeInMillis=NOON_MS)),
        Step(
            "getUsageReportJob",
            path={"id": "$id"},
            clock={"advance": {"hours": 11}},
            expect={"schedulerContext": {"nextRunTimeInSeconds": MIDNIGHT_S + 2 * DAY_S, "runs": [FIRST, SECOND]}},
        ),
        Step(
            "deleteUsageReportJob",
            path={"id": "$id"},
            expect={"id": "$id", "schedulerContext": {"runs": [FIRST, SECOND]}},
        ),
        Step("getUsageReportJob", path={"id": "$id"}, status=404),
        Step("deleteUsageReportJob", path={"id": "$id"}, status=404),
        Step("updateUsageReportJob", body=job(id="$id"), status=404),
        Step("listUsageReportJobs", expect=[]),
        Step("checkUsageReportJob", body=job(), expect={"runs": ABSENT}),
    ]
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A job is checked, made, run, read, changed, run again and deleted; every reader sees its runs."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def filled(account: Account) -> Account:
    """Events of `calls` and `bytes` on the day and the day before, by two customers."""
    account.define("bytes")
    account.ingest(
        event(meterValue=1, dimensions={"region": "eu"}),
        event(meterValue=2, customerId="bob", meterTimeInMillis=NOON_MS - HOUR_MS),
        event(meterValue=4, meterTimeInMillis=NOON_MS - DAY_MS, dimensions={"region": "us"}),
        event(meterValue=8, meterApiName="bytes", meterTimeInMillis=NOON_MS - 1),
        event(meterValue=16, meterApiName="stray", meterTimeInMillis=NOON_MS - 1),
    )
    account.mock.clock(advance={"hours": 1})
    return account


def checked(account: Account, **fields: Any) -> Any:
    """The answer to a check that must succeed."""
    return account.take(account.mock.post("/jobs/check", json=job(**fields)))


def created(account: Account, **fields: Any) -> Any:
    """A job that could be created."""
    return account.take(account.mock.post("/jobs", json=job(**fields)))


def reread(account: Account, made: Any) -> Any:
    """The job as it is now."""
    return account.take(account.mock.get(f"/jobs/{made['id']}"))


def run_times(document: Any) -> list[int]:
    """When the kept runs of a job were due."""
    return [each["runTimeInSeconds"] for each in document["schedulerContext"]["runs"]]


YESTERDAY_S = MIDNIGHT_S - DAY_S


@pytest.mark.parametrize(
    ("fields", "rows"),
    [
        (
            {},
            [
                row(YESTERDAY_S, 4),
                row(MIDNIGHT_S, 3),
                row(MIDNIGHT_S, 8, "bytes"),
                row(MIDNIGHT_S, 16, "stray"),
            ],
        ),
        ({"meterApiNames": ["bytes", "nothing", "bytes"]}, [row(MIDNIGHT_S, 8, "bytes")]),
        ({"meterApiNames": []}, []),
        ({"meterApiNames": ["calls"], "range": "ago(90m)"}, [row(MIDNIGHT_S, 1)]),
        ({"meterApiNames": ["calls"], "range": "ago(3h)"}, [row(MIDNIGHT_S, 3)]),
        ({"meterApiNames": ["calls"], "endTimeOffset": "ago(1d)"}, [row(YESTERDAY_S, 4)]),
        ({"meterApiNames": ["calls"], "range": "ago(1d)", "endTimeOffset": "ago(24h)"}, []),
        (
            {"meterApiNames": ["calls"], "aggregationBucket": "HOUR", "range": "ago(3h)"},
            [row(NOON_S - HOUR_S, 2), row(NOON_S, 1)],
        ),
        (
            {"meterApiNames": ["calls"], "aggregationBucket": "hour", "range": "ago(3h)", "sparse": False},
            [row(NOON_S - 2 * HOUR_S, 0), row(NOON_S - HOUR_S, 2), row(NOON_S, 1)],
        ),
        (
            {"meterApiNames": ["nothing"], "sparse": False},
            [row(start, 0, "nothing") for start in (YESTERDAY_S - DAY_S, YESTERDAY_S, MIDNIGHT_S)],
        ),
        ({"meterApiNames": ["nothing"], "sparse": False, "groupBy": ["region"]}, []),
        (
            {"meterApiNames": ["calls"], "groupBy": ["customerId"]},
            [
                row(YESTERDAY_S, 4, customerId="ann"),
                row(MIDNIGHT_S, 1, customerId="ann"),
                row(MIDNIGHT_S, 2, customerId="bob"),
            ],
        ),
        (
            {"meterApiNames": ["calls"], "filter": {"region": ["eu"], "customerId": ["ann"]}},
            [row(MIDNIGHT_S, 1)],
        ),
        (
            {"meterApiNames": ["calls"], "rescaleFunction": {"function": "MULTIPLY", "coefficient": 0.5}},
            [row(YESTERDAY_S, 2), row(MIDNIGHT_S, 1.5)],
        ),
        ({"meterApiNames": ["bytes"], "rescaleFunction": {"function": "multiply"}}, [row(MIDNIGHT_S, 8, "bytes")]),
        ({"meterApiNames": ["calls"], "range": "ago(999999999d)", "endTimeOffset": "ago(999999998d)"}, []),
    ],
)
def test_what_is_reported(filled: Account, fields: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Meters, range, offset, buckets, groups, filter and rescaling make the rows; a run reports what a check does."""
    report = checked(filled, **fields)["report"]
    assert (report["rows"], report["rowCount"], report["status"]) == (rows, len(rows), "succeeded")
    assert created(filled, **fields)["schedulerContext"]["runs"] == [report]


def test_nulls_are_as_good_as_nothing(filled: Account) -> None:
    """Fields that may be null mean then what they mean when they are left out."""
    names = ("description", "email", "cron", "endTimeOffset", "scheduledTimeInSeconds", "meterApiNames", "filter")
    body = {**job(), **dict.fromkeys([*names, "groupBy", "rescaleFunction"])}
    assert filled.take(filled.mock.post("/jobs/check", json=body)) == checked(filled)


def test_a_long_report_keeps_its_first_rows(account: Account) -> None:
    """All rows are counted, a thousand are kept; buckets without usage count where they are asked for."""
    report = checked(account, meterApiNames=["calls"], aggregationBucket="hour", range="ago(60d)", sparse=False)[
        "report"
    ]
    assert (report["rowCount"], len(report["rows"])) == (1_440, 1_000)


def test_a_report_that_is_too_long_fails(account: Account) -> None:
    """More groups than could be foreseen make a run fail, which says so; it is kept and logged like any other."""
    account.ingest(*(event(meterTimeInMillis=NOON_MS - 1, dimensions={"id": str(at)}) for at in range(80)))
    fields = {"aggregationBucket": "hour", "range": "ago(60d)", "sparse": False, "groupBy": ["id"]}
    (report,) = created(account, **fields)["schedulerContext"]["runs"]
    assert (report["status"], report["rows"], report["rowCount"]) == ("failed", [], 0)
    assert "100000" in report["message"]
    (logged,) = account.take(account.mock.get("/account-event", params={"domain": "job"}))
    assert logged["type"] == "failed"


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("30 13 * * *", [NOON_S + 5_400]),
        ("0 */6 * * *", [NOON_S + 6 * HOUR_S, MIDNIGHT_S + DAY_S, MIDNIGHT_S + DAY_S + 6 * HOUR_S]),
        ("0 0 13 JUN *", [MIDNIGHT_S + DAY_S]),
        ("0 0 1 1 *", []),
    ],
)
def test_runs_are_due_by_the_clock(filled: Account, cron: str, expected: list[int]) -> None:
    """Every moment of the schedule that the clock passed has its run, as of that moment, in order."""
    made = created(filled, cron=cron)
    assert run_times(made) == []
    filled.mock.clock(now=NOON_MS + 20 * HOUR_MS)
    document = reread(filled, made)
    assert run_times(document) == expected
    assert [each["timeRange"]["endTimeInSeconds"] for each in document["schedulerContext"]["runs"]] == expected
    logged = filled.take(filled.mock.get("/account-event", params={"domain": "job"}))
    assert [each["eventTime"] for each in reversed(logged)] == [moment * 1000 for moment in expected]


@pytest.mark.parametrize("reader", ["/jobs", "/jobs/check", "/jobs/{id}"])
def test_every_reader_finds_the_runs_done(filled: Account, reader: str) -> None:
    """Whatever reads jobs first after a run was due sees it done, and nobody does it again."""
    made = created(filled, cron="0 14 * * *")
    filled.mock.clock(advance={"hours": 2})
    path = reader.format(id=made["id"])
    answer = filled.take(filled.mock.post(path, json=job()) if "check" in path else filled.mock.get(path))
    runs = answer["runs"] if "check" in path else run_of(answer)["schedulerContext"]["runs"]
    assert [each["runTimeInSeconds"] for each in runs] == [NOON_S + 2 * HOUR_S]
    assert run_times(reread(filled, made)) == [NOON_S + 2 * HOUR_S]


def run_of(answer: Any) -> Any:
    """The only job of an answer."""
    if isinstance(answer, list):
        (answer,) = answer
    return answer


def test_the_last_ten_runs_are_kept(filled: Account) -> None:
    """After a century of minutes the last ten runs are there, with their rows, and the next one is ahead."""
    made = created(filled, cron="* * * * *")
    filled.mock.clock(now="2124-06-12T12:00:30Z")
    document = reread(filled, made)
    last = document["schedulerContext"]["nextRunTimeInSeconds"] - 60
    assert run_times(document) == [last - 60 * back for back in range(9, -1, -1)]
    assert all(each["rows"] == [] for each in document["schedulerContext"]["runs"])
    filled.mock.clock(advance={"minutes": 1})
    assert run_times(reread(filled, made))[-2:] == [last, last + 60]


def test_jobs_run_in_order_of_time(filled: Account) -> None:
    """Runs of several jobs that are due together are carried out the earliest first."""
    created(filled, jobName="late", cron="0 15 * * *")
    created(filled, jobName="early", cron="0 14,16 * * *")
    filled.mock.clock(advance={"hours": 4})
    filled.take(filled.mock.get("/jobs"))
    logged = filled.take(filled.mock.get("/account-event", params={"domain": "job"}))
    assert [each["payload"]["jobName"] for each in reversed(logged)] == ["early", "late", "early"]


def test_a_job_at_a_time_runs_once(filled: Account) -> None:
    """A job with a time runs then, and a change that keeps the time does not run it again; a new time does."""
    made = created(filled, scheduledTimeInSeconds=NOON_S + DAY_S)
    assert made["schedulerContext"] == {"nextRunTimeInSeconds": NOON_S + DAY_S, "runs": []}
    filled.mock.clock(advance={"days": 2})
    assert run_times(reread(filled, made)) == [NOON_S + DAY_S]
    same = filled.take(filled.mock.put("/jobs", json=job(id=made["id"], scheduledTimeInSeconds=NOON_S + DAY_S)))
    assert (run_times(same), same["schedulerContext"]["nextRunTimeInSeconds"]) == ([NOON_S + DAY_S], None)
    later = filled.take(filled.mock.put("/jobs", json=job(id=made["id"], scheduledTimeInSeconds=NOON_S + 9 * DAY_S)))
    assert later["schedulerContext"]["nextRunTimeInSeconds"] == NOON_S + 9 * DAY_S


@pytest.mark.parametrize("moment", [0, -(2**63)])
def test_a_time_that_has_passed_is_warned_of(filled: Account, moment: int) -> None:
    """A job whose time has passed runs at once, as of that time, however long ago it is."""
    assert run_times(created(filled, scheduledTimeInSeconds=moment)) == [moment]
    assert filled.mock.rules().count("past-schedule") == 1
    assert len(filled.take(filled.mock.get("/account-event", params={"domain": "job"}))) == 1


def test_a_job_that_is_switched_off_waits(filled: Account) -> None:
    """A disabled job never runs; enabled again, its schedule begins then, and missed runs are not made up for."""
    made = created(filled, cron="0 * * * *", enabled=False)
    filled.mock.clock(advance={"hours": 5})
    assert reread(filled, made)["schedulerContext"] == {"nextRunTimeInSeconds": None, "runs": []}
    answer = filled.take(filled.mock.put("/jobs", json=job(id=made["id"], cron="0 * * * *")))
    assert answer["schedulerContext"] == {"nextRunTimeInSeconds": NOON_S + 7 * HOUR_S, "runs": []}
    assert created(filled, jobName="never", enabled=False)["schedulerContext"]["runs"] == []


def test_a_change_does_not_touch_what_was_due_before_it(filled: Account) -> None:
    """A run that was due before a change is carried out by the old definition."""
    made = created(filled, cron="0 14 * * *", meterApiNames=["bytes"])
    filled.mock.clock(advance={"hours": 2})
    body = job(id=made["id"], cron="0 14 * * *", meterApiNames=["stray"])
    (report,) = filled.take(filled.mock.put("/jobs", json=body))["schedulerContext"]["runs"]
    assert report["rows"] == [row(MIDNIGHT_S, 8, "bytes")]


@pytest.mark.parametrize("path", ["/jobs", "/jobs/check"])
@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"cron": "0 0 * * *", "scheduledTimeInSeconds": 1}, "cron: exclusive-schedule"),
        ({"cron": "61 0 * * *"}, "cron: invalid-cron"),
        ({"cron": "0 0 5-1 * *"}, "cron: invalid-cron"),
        ({"range": "ago(1d)", "endTimeOffset": "ago(25h)"}, "endTimeOffset: reversed-range"),
        ({"aggregationBucket": "hour", "range": "ago(5000d)", "sparse": False}, "range: too-many-rows"),
        (
            {"rescaleFunction": {"function": "multiply", "coefficient": 10**400}},
            "rescaleFunction.coefficient: number-range",
        ),
    ],
)
def test_what_cannot_run_is_refused(account: Account, path: str, fields: dict[str, Any], details: str) -> None:
    """A check and a create refuse the same, by field and rule, and nothing is kept."""
    assert refused(account.mock.post(path, json=job(**fields))) == details
    assert account.take(account.mock.get("/jobs")) == []


@pytest.mark.parametrize("path", ["/jobs", "/jobs/check"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (job(jobName=None), "jobName"),
        (job(jobName=""), "jobName"),
        (job(jobName="no_underscores"), "jobName"),
        (job(s3Url=None), "s3Url"),
        (job(format="xml"), "format"),
        (job(format=None), "format"),
        (job(range="7d"), "range"),
        (job(range="ago(0d)"), "range"),
        (job(range="ago(7w)"), "range"),
        (job(range="ago(1234567890d)"), "range"),
        (job(endTimeOffset="yesterday"), "endTimeOffset"),
        (job(aggregationBucket="year"), "aggregationBucket"),
        (job(cron="* * * *"), "cron"),
        (job(scheduledTimeInSeconds=2**63), "scheduledTimeInSeconds"),
        (job(enabled="yes"), "enabled"),
    ],
)
def test_what_breaks_the_document_is_refused(mock: MockClient, path: str, body: dict[str, Any], field: str) -> None:
    """Each fault of the body is named."""
    assert field in refused(mock.post(path, json=body))


def test_a_name_is_taken_once(account: Account) -> None:
    """Neither a new job nor a changed one takes another job's name; a job keeps its own."""
    first, second = created(account, jobName="one"), created(account, jobName="two")
    assert refused(account.mock.post("/jobs", json=job(jobName="one"))) == "jobName: duplicate-key"
    assert refused(account.mock.put("/jobs", json=job(id=second["id"], jobName="one"))) == "jobName: duplicate-key"
    assert account.mock.put("/jobs", json=job(id=first["id"], jobName="one")).status_code == 200
    assert [each["jobName"] for each in account.take(account.mock.get("/jobs"))] == ["one", "two"]


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"meterApiNames": ["calls", "nothing"]}, "meterApiNames: unknown-meter"),
        ({"cron": "0 0 31 2 *"}, "cron: never-due"),
        ({"scheduledTimeInSeconds": 1}, "scheduledTimeInSeconds: past-schedule"),
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/jobs/check"])
def test_strict_accounts(account: Account, path: str, fields: dict[str, Any], details: str) -> None:
    """What is only warned of is refused by a strict account, by field and rule."""
    assert account.mock.post(path, json=job(**fields)).status_code == 200
    rules = account.mock.rules()
    account.mock.reset(strict=True)
    account.define("calls")
    assert refused(account.mock.post(path, json=job(**fields))) == details
    assert rules == [details.split(": ")[1]]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/job/check"), ("GET", "/job/{id}"), ("GET", "/job"), ("DELETE", "/job/{id}")]
)
def test_the_other_spelling_of_the_path(mock: MockClient, method: str, path: str) -> None:
    """The reference writes `/job` in one place; it is served as `/jobs` is."""
    stop_clock(mock, NOON_MS)
    account = Account(mock)
    made = account.unjudged("POST", "/job", json=job())
    assert made.status_code == 200
    answer = account.unjudged(method, path.format(id=made.json()["id"]), json=job() if method == "POST" else None)
    assert answer.status_code == 200
    assert len(account.take(mock.get("/jobs"))) == int(method != "DELETE")

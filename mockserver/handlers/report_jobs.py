"""Usage report jobs: definitions that are kept, and answered with their last runs."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import DuplicateKey
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.report_runs import (
    COLLECTION,
    CONTEXT,
    METERS_OF_A_JOB,
    NEXT,
    ROWS,
    first_run,
    require_sound,
    settle,
    with_rows,
)
from mockserver.handlers.usage_events import is_heavy


def job_from_api(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The job with its schedule; a change keeps the runs, and does not repeat a single one that took place.

    Raises:
        DuplicateKey: another job has the name.
        InvalidInput: the job is not sound.
    """
    name = document["jobName"]
    if any(each["jobName"] == name and each["id"] != document["id"] for each in JOBS.documents(call).documents()):
        message = f"Invalid request: usage report job already exists with 'jobName': {printable(name)}"
        raise DuplicateKey(message, field="jobName", rule="duplicate-key")
    require_sound(call, document)
    runs = previous[CONTEXT]["runs"] if previous else []
    once = document.get("scheduledTimeInSeconds")
    is_over = once is not None and any(run["runTimeInSeconds"] == once for run in runs)
    return {**document, CONTEXT: {NEXT: None if is_over else first_run(call, document), "runs": runs}}


def list_jobs(call: Call) -> Reply:
    """All jobs, oldest first, their runs without rows."""
    settle(call)
    return Reply(JOBS.documents(call).documents())


def get_job(call: Call) -> Reply:
    """The job that the path names, with what its runs reported."""
    settle(call)
    return Reply(with_rows(call, JOBS.find(call)))


def delete_job(call: Call) -> Reply:
    """Removes the job that the path names, and what its runs reported, and answers what it was."""
    settle(call)
    job = with_rows(call, JOBS.find(call))
    JOBS.remove(call, job["id"])
    call.store.collection(ROWS).delete(job["id"])
    return Reply(job)


def written(binding: Binding) -> Binding:
    """A binding that writes a job: what was due runs before, by the old definition; a job that is due now, after."""

    def behaviour(call: Call) -> Reply:
        settle(call)
        key: str = binding.behaviour(call).body["id"]
        settle(call)
        return Reply(with_rows(call, JOBS.documents(call).get(key) or {}))

    return Binding(behaviour, heavy=is_heavy)


JOBS = Resource(
    COLLECTION,
    noun="usage report job",
    prepare=job_from_api,
    mints="job-",
    references=(METERS_OF_A_JOB,),
    lower=("format", "aggregationBucket", "rescaleFunction.function"),
    owned=(CONTEXT,),
    defaults={"enabled": True, "sparse": True, "minimizeFresh": True},
    stamped=True,
)

BINDINGS: Mapping[str, Binding] = {
    "createUsageReportJob": written(JOBS.create()),
    "updateUsageReportJob": written(JOBS.replace()),
    "listUsageReportJobs": Binding(list_jobs, heavy=is_heavy),
    "getUsageReportJob": Binding(get_job, heavy=is_heavy),
    "deleteUsageReportJob": Binding(delete_job, heavy=is_heavy),
}

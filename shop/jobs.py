"""Jobs of the shop package: what keeps the queue itself healthy, and sheets."""

import logging

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from shop.queue import job_enqueue
from shop.retry import BackOff
from shop.sheets.running import sheet_run
from shop.sheets.services import sheet_fail, sheets_delete_old

logger = logging.getLogger(__name__)

# Long enough for somebody to look at what failed.
JOBS_KEPT_HOURS = 30 * 24
# A worker that is only held up for a while must find its row again.
WORKERS_KEPT_SECONDS = 24 * 3600
# A sheet that takes all of the memory must not end one worker after the other.
SHEET_TRIES = 5


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="jobs_rescue")
async def jobs_rescue(timestamp: int) -> None:
    """Queue again what a worker was doing when it was killed.

    A worker that has sent no heartbeat for 30 s is dead; every job may run twice.
    """
    for job in await app.job_manager.get_stalled_jobs():
        logger.warning("job %s (%s) lost its worker", job.id, job.task_name)
        await _queue_again(job)


@app.periodic(cron="40 20 * * *")
@app.task(queueing_lock="retention")
async def retention(timestamp: int) -> None:
    """Delete the jobs that ended long ago, and the rows of workers that were killed.

    Jobs that succeeded are gone already. One that failed is no record of the work: what
    is still due has its own row, such as a refund, whose sweep queues a new job.
    """
    await app.job_manager.delete_old_jobs(
        nb_hours=JOBS_KEPT_HOURS,
        include_failed=True,
        include_cancelled=True,
        include_aborted=True,
    )
    await app.job_manager.prune_stalled_workers(WORKERS_KEPT_SECONDS)


# Behind all else: a sheet of 20,000 rows takes minutes, and the worker does one job at
# a time. So it works for a while and then stands in line anew.
@app.task(name="shop.jobs.sheet_run", retry=BackOff(), priority=-10, pass_context=True)
def sheet_run_job(context: JobContext, task_id: int) -> None:
    """Work on a sheet; one that has failed or killed its workers a few times ends."""
    if context.job.attempts >= SHEET_TRIES:
        sheet_fail(task_id=task_id, error="多次尝试都没有完成,请联系技术人员")
    elif sheet_run(task_id=task_id):
        job_enqueue("shop.jobs.sheet_run", task_id=task_id)


@app.periodic(cron="50 20 * * *")
@app.task(queueing_lock="sheets_delete")
def sheets_delete(timestamp: int) -> None:
    """Delete the files of old imports and exports."""
    if count := sheets_delete_old():
        logger.info("old sheets deleted: %d", count)


async def _queue_again(job: Job) -> None:
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        # Its queueing lock is taken: the same work is queued already.
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
    except ConnectorException:
        # Its worker was but slow and has just ended it; the others have still to go on.
        logger.warning("job %s was not queued again", job.id, exc_info=True)

"""Jobs of the shop package: what keeps the queue itself healthy, and sheets."""

import logging

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from shop.queue import job_enqueue
from shop.retention import history_delete_old, jobs_delete_old, workers_delete_dead
from shop.retry import BackOff
from shop.sheets.running import sheet_run
from shop.sheets.services import sheet_fail, sheets_delete_old

logger = logging.getLogger(__name__)

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
def retention(timestamp: int) -> None:
    """Delete old jobs, the rows of workers that were killed, and what staff did."""
    if count := jobs_delete_old():
        logger.info("old jobs deleted: %d", count)
    workers_delete_dead()
    if count := history_delete_old():
        logger.info("old rows of the history deleted: %d", count)


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

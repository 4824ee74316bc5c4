"""What keeps the job queue itself healthy."""

import logging

from procrastinate.contrib.django import app

logger = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="jobs_rescue")
async def jobs_rescue(timestamp: int) -> None:
    """Queue again what a worker was doing when it was killed.

    A worker that has sent no heartbeat for 30 s is dead; every job may run twice.
    """
    for job in await app.job_manager.get_stalled_jobs():
        logger.warning(
            "job %s (%s) lost its worker; queued again", job.id, job.task_name
        )
        await app.job_manager.retry_job(job)

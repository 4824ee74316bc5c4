"""How long a job that failed waits before it is tried again."""

import logging
from dataclasses import dataclass

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

logger = logging.getLogger(__name__)

WAIT_MAX_SECONDS = 3600
# Ten failures from 10 s on are almost an hour and a half: more than a hiccup.
ALARM_FAILURES = 10


@dataclass(frozen=True)
class BackOff(BaseRetryStrategy):
    """Wait twice as long after each failure, an hour at most.

    Without `attempts_max` a job is tried until it succeeds, and is alarmed once on the
    way; with it the job is then failed, for staff to see. The queue keeps the count in
    the job's row; a try that a killed worker did not end counts too.
    """

    first_seconds: int = 10
    attempts_max: int | None = None

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> RetryDecision | None:
        """Tell when to try again; None: never."""
        failures = job.attempts + 1
        if self.attempts_max is not None and failures >= self.attempts_max:
            return None
        if failures == ALARM_FAILURES:
            logger.error(
                "job %s (%s) has failed %d times and goes on",
                job.id,
                job.task_name,
                failures,
            )
        seconds = min(self.first_seconds * 2**job.attempts, WAIT_MAX_SECONDS)
        return RetryDecision(retry_in={"seconds": seconds})

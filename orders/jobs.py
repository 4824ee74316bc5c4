"""What the worker does for orders by the clock; each run may be repeated or lost."""

import logging

from procrastinate.contrib.django import app

from orders.services.closing import orders_expire
from orders.services.fulfilment import orders_confirm_due

logger = logging.getLogger(__name__)


# The sixth field is the seconds. The queueing lock keeps sweeps from piling up behind
# a slow one; a lock on running would outlive a worker that was killed.
@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="orders_sweep")
def orders_sweep(timestamp: int) -> None:
    """End the unpaid orders whose time has passed."""
    sweep = orders_expire()
    if sweep.cancelled or sweep.paid or sweep.waiting:
        logger.info("orders expired: %s", sweep)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="orders_autoconfirm")
def orders_autoconfirm(timestamp: int) -> None:
    """Complete what was shipped long ago."""
    if count := orders_confirm_due():
        logger.info("orders confirmed by time: %d", count)

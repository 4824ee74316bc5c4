"""What the worker does for orders, by the clock or because it became due.

Each job may run twice, and is made again by a later run of the clock when it was lost.
"""

import logging
from datetime import date

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from orders.services.closing import orders_expire
from orders.services.figures import figures_due, figures_refresh
from orders.services.fulfilment import orders_confirm_due
from orders.services.messages import (
    message_send,
    messages_delete_old,
    messages_resume,
)
from orders.services.notices import notices_delete_old, notices_settle_due
from orders.services.payments import Answers, payment_close, payments_query_due
from orders.services.reconciling import bill_check, bill_check_later, bills_due
from orders.services.refunds import refund_send, refunds_follow, returns_expire
from orders.services.reviews import review_check, reviews_resume
from orders.services.shipping_uploads import (
    shipping_upload_send,
    shipping_uploads_resume,
)
from shop.retry import BackOff

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


@app.task(name="orders.jobs.payment_close", retry=BackOff())
def payment_close_job(out_trade_no: str) -> None:
    """Close at WeChat what nobody shall pay; what was paid by then goes back."""
    payment_close(out_trade_no=out_trade_no)


@app.task(name="orders.jobs.refund_send", retry=BackOff())
def refund_send_job(refund_id: int) -> None:
    """Ask WeChat for a refund until it has answered."""
    refund_send(refund_id=refund_id)


@app.periodic(cron="* * * * *")
@app.task(name="orders.jobs.refunds_follow", queueing_lock="refunds_follow")
def refunds_follow_job(timestamp: int) -> None:
    """Ask what became of the refunds that WeChat has taken."""
    follow = refunds_follow()
    if follow.ended or follow.waiting:
        logger.info("refunds followed: %s", follow)


@app.periodic(cron="4-59/10 * * * *")
@app.task(name="orders.jobs.returns_expire", queueing_lock="returns_expire")
def returns_expire_job(timestamp: int) -> None:
    """Withdraw the returns whose goods were not sent in time."""
    if count := returns_expire():
        logger.info("returns withdrawn by time: %d", count)


@app.periodic(cron="* * * * *")
@app.task(name="orders.jobs.payments_query", queueing_lock="payments_query")
def payments_query_job(timestamp: int) -> None:
    """Ask WeChat about the payments of which it has told us nothing."""
    answers = payments_query_due()
    if answers != Answers():
        logger.info("payments asked about: %s", answers)


@app.periodic(cron="*/2 * * * *")
@app.task(name="orders.jobs.notices_settle", queueing_lock="notices_settle")
def notices_settle_job(timestamp: int) -> None:
    """Settle the notifications that were stored and then not settled."""
    if outcomes := notices_settle_due():
        logger.info("notices settled again: %s", dict(outcomes))


@app.periodic(cron="50 20 * * *")
@app.task(name="orders.jobs.notices_delete", queueing_lock="notices_delete")
def notices_delete_job(timestamp: int) -> None:
    """Delete notifications that were settled, and messages that ended, long ago."""
    if count := notices_delete_old() + messages_delete_old():
        logger.info("old notices and messages deleted: %d", count)


@app.task(name="orders.jobs.shipping_upload_send", retry=BackOff())
def shipping_upload_send_job(order_id: int) -> None:
    """Tell WeChat of an order's parcels until it has answered."""
    shipping_upload_send(order_id=order_id)


@app.task(name="orders.jobs.message_send", retry=BackOff())
def message_send_job(message_id: int) -> None:
    """Send a message until its end is known."""
    message_send(message_id=message_id)


@app.periodic(cron="7,37 * * * *")
@app.task(queueing_lock="reports_resume")
def reports_resume(timestamp: int) -> None:
    """Queue again what WeChat was to hear of and whose job was lost."""
    count = shipping_uploads_resume() + messages_resume() + reviews_resume()
    if count:
        logger.warning("uploads, messages and reviews queued again: %d", count)


@app.task(name="orders.jobs.review_check", retry=BackOff())
def review_check_job(review_id: int, is_append: bool) -> None:
    """Have WeChat judge a review, or what was added to it, until it has."""
    review_check(review_id=review_id, is_append=is_append)


# A minute, two, four, … an hour: it gives up after seven hours, and the clock begins
# anew, for the day is still due.
@app.task(name="orders.jobs.bill_check", retry=BackOff(60, attempts_max=12))
def bill_check_job(day: str) -> None:
    """Check a day's bill; tried again while WeChat is away or has not made it yet."""
    bill_check(day=date.fromisoformat(day))


# From 10:30 to 23:30 in the shop: WeChat has made the bill by 10:00.
@app.periodic(cron="30 2-15 * * *")
@app.task(name="orders.jobs.bills_check", queueing_lock="bills_check")
def bills_check_job(timestamp: int) -> None:
    """Queue the days that are still to be checked, save what is queued already."""
    unfinished = ProcrastinateJob.objects.filter(
        task_name=bill_check_job.name, status__in=("todo", "doing")
    )
    queued = set(unfinished.values_list("args__day", flat=True))
    for day in bills_due():
        if day.isoformat() not in queued:
            bill_check_later(day=day)


# Five minutes after midnight in the shop it has a day more to add up; the other hours
# find what was left, as by a worker that was down.
@app.periodic(cron="5 * * * *")
@app.task(name="orders.jobs.figures_refresh", queueing_lock="figures_refresh")
def figures_refresh_job(timestamp: int) -> None:
    """Add up the finished days that are missing or may have got late money."""
    if days := figures_due():
        figures_refresh(days=days)
        logger.info("figures of %d days added up", len(days))

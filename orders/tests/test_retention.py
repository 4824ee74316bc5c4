"""What is old is deleted by the jobs of the night, in batches, by indexes."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session as AdminSession
from django.db.models import DateTimeField, Model
from django.utils import timezone
from procrastinate.contrib.django import app
from simple_history.models import registered_models
from simple_history.utils import get_history_model_for_model

from accounts.models import Session, User
from catalog.models import Footprint, Product, ProductAddition, SearchHistory
from orders.jobs import orders_autoconfirm
from orders.models import Order, PaymentNotice, SubscribeMessage
from orders.tests.conftest import line, placed
from shop import retention
from shop.models import SheetFile, SheetPart, SheetTask
from shop.tests.plans import plans_taken, sequential, statistics_grow

SNAPSHOTS = [*map(get_history_model_for_model, registered_models.values())]
JOBS = (
    *("accounts.jobs.sessions_flush", "catalog.jobs.additions_delete"),
    *("catalog.jobs.footprints_delete", "catalog.jobs.search_history_delete"),
    *("orders.jobs.notices_delete", "shop.jobs.retention", "shop.jobs.sheets_delete"),
)


def nights_work() -> None:
    for name in JOBS:
        app.tasks[name].func(0)


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def snapshot_make(model: type[Any]) -> Model:
    """Write a snapshot of a row that has nothing in it."""
    row: Model = model(history_type="~", history_date=timezone.now())
    nothing = {ArrayField: [], DateTimeField: timezone.now()}
    for field in model._meta.concrete_fields:
        is_needed = not (field.null or field.primary_key)
        if is_needed and getattr(row, field.attname) is None:
            setattr(row, field.attname, nothing.get(type(field), 0))
    row.save()
    return row


@pytest.fixture
def order(shopper_api: Any, tea: Product) -> Order:
    return Order.objects.get(order_no=placed(shopper_api, line(tea))["orderNo"])


def message_make(order: Order, kind: str, state: str) -> SubscribeMessage:
    return SubscribeMessage.objects.create(kind=kind, order=order, state=state)


def test_messages_go_and_those_that_wait_stay(order: Order, settings: Any) -> None:
    settings.MESSAGE_KEEP_DAYS = 90
    for kind, state, days in (
        ("paid", "sent", 91),
        ("shipped", "failed", 89),
        ("refunded", "pending", 91),
        ("agreed", "refused", 91),
    ):
        made = message_make(order, kind, state)
        old = SubscribeMessage.objects.filter(pk=made.pk)
        old.update(updated_at=days_ago(days))
    nights_work()
    left = SubscribeMessage.objects.order_by("pk").values_list("kind", flat=True)
    assert list(left) == ["shipped", "refunded"]


@pytest.mark.django_db
@pytest.mark.parametrize("model", SNAPSHOTS)
def test_snapshots_go_after_years(model: type[Any], settings: Any) -> None:
    settings.HISTORY_KEEP_DAYS = 400
    kept, old = snapshot_make(model), snapshot_make(model)
    rows = model.objects
    rows.filter(pk=old.pk).update(history_date=days_ago(401))
    rows.filter(pk=kept.pk).update(history_date=days_ago(399))
    nights_work()
    assert list(rows.values_list("pk", flat=True)) == [kept.pk]


def logged(staff: User, days: float) -> LogEntry:
    kind = ContentType.objects.get_for_model(User)
    return LogEntry.objects.create(
        user=staff, content_type=kind, action_flag=CHANGE, action_time=days_ago(days)
    )


def sheet_made(staff: User, days: float) -> SheetTask:
    task = SheetTask.objects.create(kind="stock", direction="export", made_by=staff)
    SheetTask.objects.filter(pk=task.pk).update(created_at=days_ago(days))
    SheetFile.objects.create(task=task, role="result", name="a.csv", content=b"")
    SheetPart.objects.create(task=task, number=1)
    return task


def test_what_staff_did_goes_after_years(staff: User, settings: Any) -> None:
    settings.HISTORY_KEEP_DAYS = 400
    for days in (399, 401):
        logged(staff, days)
        sheet_made(staff, days)
    nights_work()
    [entry] = LogEntry.objects.all()
    assert entry.action_time > days_ago(400)
    [task] = SheetTask.objects.all()
    assert task.created_at > days_ago(400)
    # Its files went long before.
    assert not SheetFile.objects.exists()
    assert not SheetPart.objects.exists()


def test_search_words_go_with_the_footprints(shopper: User, settings: Any) -> None:
    settings.FOOTPRINT_KEEP_DAYS = 20
    for days in (19, 21):
        moment = days_ago(days)
        SearchHistory.objects.create(
            user=shopper, keyword=f"{days}", searched_at=moment
        )
    nights_work()
    assert [row.keyword for row in SearchHistory.objects.all()] == ["19"]


@pytest.mark.django_db
def test_batches_follow_one_another(monkeypatch: Any) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(8):
        AccessFailureLog.objects.create(username=f"{number}", ip_address="10.0.0.1")
    AccessFailureLog.objects.filter(username__lt="7").update(attempt_time=days_ago(31))
    nights_work()
    assert [row.username for row in AccessFailureLog.objects.all()] == ["7"]


@pytest.fixture
def one_of_each(order: Order, tea: Product, shopper: User, staff: User) -> None:
    """Put something into every table that the jobs look into."""
    now = timezone.now()
    message_make(order, "paid", "sent")
    for model in SNAPSHOTS:
        snapshot_make(model)
    logged(staff, 0)
    sheet_made(staff, 0)
    Footprint.objects.create(user=shopper, product=tea, seen_at=now)
    SearchHistory.objects.create(user=shopper, keyword="茶", searched_at=now)
    ProductAddition.objects.create(key=uuid4(), product=tea)
    PaymentNotice.objects.create(notice_id="EV-1", facts={}, received_at=now)
    Session.objects.create(user=shopper, refresh_jti="x", expires_at=now)
    AdminSession.objects.create(session_key="x", session_data="", expire_date=now)
    AccessAttempt.objects.create(username="a", failures_since_start=1)
    AccessFailureLog.objects.create(username="a")
    orders_autoconfirm.defer(timestamp=0)


@pytest.mark.usefixtures("one_of_each")
def test_no_job_reads_a_table_of_a_million_rows() -> None:
    """Sheets apart, which staff run by hand, and the failures of the last hour."""
    tables = [
        *(model._meta.db_table for model in SNAPSHOTS),
        *("catalog_footprint", "catalog_searchhistory", "catalog_productaddition"),
        *("catalog_product", "orders_subscribemessage", "orders_paymentnotice"),
        *("accounts_session", "django_session", "axes_accessfailurelog"),
        *("django_admin_log", "procrastinate_jobs", "procrastinate_events"),
        *("shop_sheetfile", "shop_sheetpart"),
    ]
    statistics_grow(tables, times=1_000_000)
    with plans_taken() as plans:
        nights_work()
    assert len(plans) > len(JOBS)
    assert sequential(plans, tables) == []

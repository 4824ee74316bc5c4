"""What staff do with sheets, once each; and what stays of them after their days."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from catalog.models import Product, Sku
from shop.errors import Invalid
from shop.models import SheetFile, SheetFormat, SheetPart, SheetState, SheetTask
from shop.sheets.services import (
    SheetStateChanged,
    sheet_cancel,
    sheet_confirm,
    sheet_export,
    sheet_upload,
    sheets_delete_old,
)
from shop.tests.sheets import done, filled, uploaded

Make = Callable[..., Product]


@pytest.fixture
def counted(product_make: Make, staff: User) -> bytes:
    """Return a sheet of a count that finds 7 of 10."""
    sku = product_make("茶", stock=10).skus.get()
    return filled("stock", [sku.pk], staff, 实盘数量=7)


def jobs() -> int:
    return ProcrastinateJob.objects.filter(status="todo").count()


def test_a_second_confirmation_is_refused(counted: bytes, staff: User) -> None:
    task = uploaded("stock", counted, staff)
    before = jobs()
    sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    with pytest.raises(SheetStateChanged):
        sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    with pytest.raises(SheetStateChanged):
        sheet_cancel(task_id=task.pk)
    assert jobs() == before + 1
    task.refresh_from_db()
    assert task.confirmed_at is not None


def test_of_a_long_name_the_end_is_kept(staff: User) -> None:
    name = f"{'价' * 120}.csv"
    task = sheet_upload(kind="stock", name=name, content=b"a", made_by_id=staff.pk)
    assert task.files.get().name == name[-100:]


def test_what_is_cancelled_writes_nothing(counted: bytes, staff: User) -> None:
    waiting = sheet_upload(
        kind="stock", name="a.xlsx", content=counted, made_by_id=staff.pk
    )
    checked = uploaded("stock", counted, staff)
    for task in (waiting, checked):
        sheet_cancel(task_id=task.pk)
        assert done(task).state == "cancelled"
        with pytest.raises(SheetStateChanged):
            sheet_confirm(task_id=task.pk, confirmed_by_id=staff.pk)
    assert Sku.objects.get().stock == 10
    assert not SheetPart.objects.exists()


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "没有可以导出的内容"), (20_001, "一次最多导出20000条,请缩小筛选范围")],
)
def test_an_export_needs_some_rows_and_not_too_many(
    staff: User, count: int, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        sheet_export(
            kind="stock",
            sheet_format=SheetFormat.XLSX,
            ids=range(count),
            made_by_id=staff.pk,
        )
    assert not SheetTask.objects.exists()


def test_files_go_after_their_days_and_the_record_stays(
    counted: bytes, staff: User, settings: Any
) -> None:
    settings.SHEET_KEEP_DAYS = 7
    checked, applying, fresh = (uploaded("stock", counted, staff) for _ in range(3))
    sheet_confirm(task_id=applying.pk, confirmed_by_id=staff.pk)
    ended = SheetTask.objects.get(direction="export")
    old = timezone.now() - timedelta(days=7, minutes=1)
    SheetTask.objects.exclude(pk=fresh.pk).update(created_at=old)
    assert sheets_delete_old() == 2
    for task in (checked, applying, ended):
        task.refresh_from_db()
    assert (checked.state, ended.state) == ("expired", "done")
    assert (applying.state, applying.error) == ("failed", "超过保留期限")
    assert (checked.preview, ended.parameters) == ([], {})
    assert set(SheetFile.objects.values_list("task", flat=True)) == {fresh.pk}
    assert set(SheetPart.objects.values_list("task", flat=True)) == {fresh.pk}
    with pytest.raises(SheetStateChanged):
        sheet_confirm(task_id=checked.pk, confirmed_by_id=staff.pk)
    assert sheets_delete_old() == 0
    assert SheetTask.objects.get(pk=fresh.pk).state == SheetState.CHECKED

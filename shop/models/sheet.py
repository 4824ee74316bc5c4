"""A sheet on its way in or out: what is asked, how far it is, what came of it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class SheetDirection(models.TextChoices):
    """Whether the shop reads the sheet or writes it."""

    IMPORT = "import", "导入"
    EXPORT = "export", "导出"


class SheetFormat(models.TextChoices):
    """How the sheet is written."""

    XLSX = "xlsx", "Excel(xlsx)"
    CSV = "csv", "CSV"


class SheetState(models.TextChoices):
    """An import stops at `checked` until somebody confirms it; an export does not."""

    WAITING = "waiting", "等待"
    CHECKING = "checking", "检查中"
    CHECKED = "checked", "待确认"
    REFUSED = "refused", "有错误"
    APPLYING = "applying", "处理中"
    DONE = "done", "完成"
    FAILED = "failed", "失败"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "已过期"


# The worker has something to do.
RUNNING = (SheetState.WAITING, SheetState.CHECKING, SheetState.APPLYING)
# Nothing of it has been written yet.
CANCELLABLE = (SheetState.WAITING, SheetState.CHECKING, SheetState.CHECKED)


class SheetTask(models.Model):
    """An import or export that the worker does in parts, each a transaction."""

    # The name of a SheetKind.
    kind = models.CharField("内容", max_length=20)
    direction = models.CharField("方向", max_length=6, choices=SheetDirection.choices)
    format = models.CharField("格式", max_length=4, choices=SheetFormat.choices)
    state = models.CharField(
        "状态",
        max_length=10,
        choices=SheetState.choices,
        default=SheetState.WAITING,
    )
    total_rows = models.PositiveIntegerField("行数", default=0)
    # Of the stage that runs: a check counts to the end, then the import from 0.
    done_rows = models.PositiveIntegerField("已处理", default=0)
    done_parts = models.PositiveIntegerField(default=0, editable=False)
    new_count = models.PositiveIntegerField("新增", default=0)
    changed_count = models.PositiveIntegerField("修改", default=0)
    unchanged_count = models.PositiveIntegerField("不变", default=0)
    bad_count = models.PositiveIntegerField("错误行", default=0)
    # The first of them, [{row, column, value, message}]; the rest is in the parts.
    problems = models.JSONField("错误", default=list, blank=True)
    problem_count = models.PositiveIntegerField("错误数", default=0)
    # What the first rows would change, [{row, name, changes: [{column, old, new}]}].
    preview = models.JSONField("预览", default=list, blank=True)
    # Of an export: `ids`, the rows that the list showed, in its order.
    parameters = models.JSONField(default=dict, blank=True)
    # Whole names, phones and addresses, for those alone who may read them.
    shows_people = models.BooleanField(default=False, db_default=False, editable=False)
    error = models.CharField("失败原因", max_length=200, default="", blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="操作人",
    )
    created_at = models.DateTimeField("时间", auto_now_add=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="确认人",
        null=True,
    )
    confirmed_at = models.DateTimeField("确认时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = "导入导出"
        verbose_name_plural = "导入导出"
        permissions = (("view_every_sheet", "可以查看所有人的导入导出"),)
        constraints = (
            models.CheckConstraint(
                name="sheettask_state_known", condition=Q(state__in=SheetState.values)
            ),
        )
        indexes = (models.Index("made_by", F("id").desc(), name="sheettask_own"),)

    def __str__(self) -> str:
        return f"{self.get_direction_display()}{self.pk}"

    @property
    def acting(self) -> Any:
        """Return whose deed it is: what somebody confirms is theirs."""
        return self.confirmed_by or self.made_by

    @property
    def is_running(self) -> bool:
        """Tell whether the worker has something to do."""
        return self.state in RUNNING

    @property
    def percent(self) -> int:
        """Tell how far the stage is that runs."""
        return self.done_rows * 100 // self.total_rows if self.total_rows else 0


class SheetRole(models.TextChoices):
    """Whether a file came from staff or is for them."""

    SOURCE = "source", "上传的表格"
    RESULT = "result", "结果"


class SheetFile(models.Model):
    """A sheet's bytes: in the database, where all nodes and the backup have them."""

    # The unique constraint begins with it.
    task = models.ForeignKey(
        SheetTask, models.CASCADE, related_name="files", db_index=False
    )
    role = models.CharField(max_length=6, choices=SheetRole.choices)
    name = models.CharField("文件名", max_length=100)
    content = models.BinaryField()
    created_at = models.DateTimeField("时间", auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = "表格文件"
        verbose_name_plural = "表格文件"
        constraints = (
            models.UniqueConstraint("task", "role", name="sheetfile_role_once"),
        )

    def __str__(self) -> str:
        return self.name


class SheetPart(models.Model):
    """Some rows of a sheet, done in one transaction."""

    # The unique constraint begins with it.
    task = models.ForeignKey(
        SheetTask, models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    # Of an import: units, each of them a list of [row, {column: cell}]; of an export:
    # rows of cells.
    rows = models.JSONField(default=list)
    # What is wrong with them, as in the task.
    problems = models.JSONField(default=list)

    class Meta:
        verbose_name = "表格分段"
        verbose_name_plural = "表格分段"
        constraints = (
            models.UniqueConstraint("task", "number", name="sheetpart_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.task_id}/{self.number}"

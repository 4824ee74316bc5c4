"""What the pages of the sheets' desk show."""

import io
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget

from shop.back_office.figures import moment
from shop.back_office.tables import Table
from shop.models import SheetDirection, SheetFormat, SheetState, SheetTask
from shop.sheets.reading import BYTES_MAX, ROWS_MAX
from shop.sheets.writing import CONTENT_TYPES

STATE_COLOURS = {
    SheetState.WAITING.label: "info",
    SheetState.CHECKING.label: "info",
    SheetState.CHECKED.label: "warning",
    SheetState.REFUSED.label: "danger",
    SheetState.APPLYING.label: "info",
    SheetState.DONE.label: "success",
    SheetState.FAILED.label: "danger",
    SheetState.CANCELLED.label: "default",
    SheetState.EXPIRED.label: "default",
}
# What a state means for who has uploaded or asked.
_TOLD = {
    SheetState.WAITING: "正在排队,马上开始。",
    SheetState.CHECKING: "正在检查每一行,还没有写入任何内容。",
    SheetState.CHECKED: "检查通过。请核对下面的变化,确认后才会写入。",
    SheetState.REFUSED: "有需要修改的地方,没有写入任何内容。请改好表格后重新上传。",
    SheetState.APPLYING: "正在处理,可以离开这个页面。",
    SheetState.FAILED: "已处理的行保持有效,其余的行没有写入。",
    SheetState.CANCELLED: "没有写入任何内容。",
    SheetState.EXPIRED: "没有及时确认,没有写入任何内容。请重新上传。",
}


class UploadForm(forms.Form):
    """The sheet to import."""

    file = forms.FileField(
        label="表格",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.csv"}),
        help_text=f"xlsx 或 csv,不超过5MB,最多{ROWS_MAX}行;只读取第一个工作表",
        error_messages={"required": "请选择文件", "empty": "文件是空的"},
    )

    def clean_file(self) -> Any:
        """Refuse by the size before anything is read."""
        file = self.cleaned_data["file"]
        if file.size > BYTES_MAX:
            raise forms.ValidationError("文件不能超过5MB")
        return file


def sheet_told(task: SheetTask) -> str:
    """Say what a task's state means."""
    if task.direction == SheetDirection.EXPORT and not task.is_running:
        is_done = task.state == SheetState.DONE
        return "表格已生成,请下载。" if is_done else "没有生成表格,请重新导出。"
    if task.state == SheetState.FAILED and task.confirmed_at is None:
        return "没有写入任何内容。"
    if task.state != SheetState.DONE:
        return _TOLD[SheetState(task.state)]
    if not task.new_count + task.changed_count:
        return "表格和现有内容一致,没有需要写入的变化。"
    if task.bad_count:
        return "已导入;下面列出的行在检查之后有变化,没有写入。"
    return "已全部导入。"


def sheet_facts(task: SheetTask) -> Mapping[str, Any]:
    """Return what is told of a task beside its state."""
    facts: dict[str, Any] = {
        "操作人": str(task.made_by),
        "确认人": str(task.confirmed_by or "-"),
        "开始": moment(task.created_at),
        "结束": moment(task.ended_at),
        "失败原因": task.error or "-",
    }
    if task.direction == SheetDirection.IMPORT and not task.is_running:
        facts["行"] = (
            f"新增 {task.new_count} · 修改 {task.changed_count}"
            f" · 不变 {task.unchanged_count} · 错误 {task.bad_count}"
        )
    return {name: value for name, value in facts.items() if value != "-"}


def sheet_tables(task: SheetTask) -> list[Table]:
    """Return what is wrong with which cell, and what the first rows change."""
    tables = [
        Table(_problems_title(task), ["位置", "填写的内容", "问题"], _problems(task)),
        Table("变化(前20行)", ["位置", "名称", "变化"], _changes(task)),
    ]
    return [table for table in tables if table.rows]


def _problems_title(task: SheetTask) -> str:
    shown = len(task.problems)
    title = f"需要修改的地方:{task.problem_count}处"
    is_whole = shown == task.problem_count
    return title if is_whole else f"{title},这里列出前{shown}处,全部见错误清单"


def _problems(task: SheetTask) -> list[list[Any]]:
    return [
        [_place(one["row"], one["column"]), one["value"] or "-", one["message"]]
        for one in task.problems
    ]


def _place(row: int, column: str) -> str:
    if not row:
        return "文件"
    return f"行 {row}「{column}」" if column else f"行 {row}"


def _changes(task: SheetTask) -> list[list[Any]]:
    return [
        [
            _place(one["row"], change["column"]),
            one["name"],
            f"{change['old'] or '空'} → {change['new'] or '空'}",
        ]
        for one in task.preview
        for change in one["changes"]
    ]


def person_id(request: HttpRequest) -> int:
    """Return who asks: somebody logged in."""
    return int(request.user.pk or 0)


def file_answer(content: bytes, name: str, sheet_format: SheetFormat) -> FileResponse:
    """Send a file that was made here."""
    return FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=name,
        content_type=CONTENT_TYPES[sheet_format],
    )

"""The desk of imports and exports: upload, look, confirm, download."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import display

from shop.admin.sheet_page import (
    STATE_COLOURS,
    file_answer,
    person_id,
    sheet_facts,
    sheet_tables,
    sheet_told,
)
from shop.admin.sheet_rights import (
    SEE_ALL,
    has_kind,
    kinds_to_import,
    may_act,
    may_download,
    may_see_sheets,
)
from shop.admin.sheet_uploads import SheetUploads
from shop.back_office.desk import REFUSALS, refusal_text
from shop.models import SheetDirection, SheetFile, SheetFormat, SheetRole, SheetTask
from shop.models.sheet import CANCELLABLE, SheetState
from shop.sheets.kinds import sheet_kinds
from shop.sheets.services import sheet_cancel, sheet_confirm

# A module waits for the page.
_SCRIPT: Any = forms.Script("shop/sheet_progress.js", type="module")
_MEDIA = forms.Media(css={"all": ["shop/sheets.css"]}, js=[_SCRIPT])


@admin.register(SheetTask)
class SheetDesk(SheetUploads):
    """What staff have imported and exported; each sees their own."""

    list_display = ("title", "state_label", "rows", "made_by", "created_at")
    list_display_links = ("title",)
    list_filter = ("direction", "state")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False
    actions = None
    list_before_template = "admin/sheet_kinds.html"

    @display(description="内容")
    def title(self, task: SheetTask) -> str:
        kind = sheet_kinds().get(task.kind)
        if kind is None:
            return f"{task} {task.kind}"
        is_import = task.direction == SheetDirection.IMPORT
        told = kind.import_title if is_import else f"导出{kind.title}"
        return f"{told} #{task.pk}"

    @display(description="状态", label=STATE_COLOURS)
    def state_label(self, task: SheetTask) -> str:
        return task.get_state_display()

    @admin.display(description="行数")
    def rows(self, task: SheetTask) -> str:
        done = f"{task.done_rows}/" if task.is_running and task.total_rows else ""
        return f"{done}{task.total_rows}"

    # --- Who may see what ------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_sheets(request)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Show their own to all but those who see everybody's."""
        rows = super().get_queryset(request).select_related("made_by", "confirmed_by")
        rows = rows.defer("parameters", "problems", "preview")
        if request.user.has_perm(SEE_ALL):
            return rows
        return rows.filter(made_by=request.user.pk)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Add what may be imported."""
        kinds = kinds_to_import(request)
        return super().changelist_view(
            request, {**(extra_context or {}), "sheet_kinds": kinds}
        )

    # --- Pages -----------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Add the pages of a task before Django's own, which take any path."""
        pages = {
            "upload/": (self.upload_view, "upload"),
            "template/": (self.template_view, "template"),
            "<path:object_id>/progress/": (self.progress_view, "progress"),
            "<path:object_id>/confirm/": (self.confirm_view, "confirm"),
            "<path:object_id>/cancel/": (self.cancel_view, "cancel"),
            "<path:object_id>/download/": (self.download_view, "download"),
        }
        added = [
            path(route, self.admin_site.admin_view(view), name=f"shop_sheettask_{name}")
            for route, (view, name) in pages.items()
        ]
        return [*added, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far a task is, and what it found."""
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        task = self._shown(request, object_id)
        if task is None:
            return self._missing(request)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": self.title(task),
            "task": task,
            "colour": STATE_COLOURS[task.get_state_display()],
            "file": task.files.defer("content").filter(role=SheetRole.RESULT).first(),
            "told": sheet_told(task),
            "facts": sheet_facts(task),
            "tables": sheet_tables(task),
            "may_confirm": task.state == SheetState.CHECKED and may_act(request, task),
            "may_cancel": task.state in CANCELLABLE and may_act(request, task),
            "may_download": may_download(request, task),
            "upload_again": _upload_again(task),
            "opts": self.opts,
            "media": self.media + _MEDIA,
        }
        return TemplateResponse(request, "admin/sheet_task.html", context)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tell how far a task is, for the page's script."""
        task = self._own(request, object_id)
        if task is None:
            return self._missing(request)
        return JsonResponse(
            {
                "state": task.state,
                "isRunning": task.is_running,
                "percent": task.percent,
                "label": task.get_state_display(),
                "rows": f"{task.done_rows} / {task.total_rows}",
            }
        )

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the worker write what was checked."""
        confirm = partial(sheet_confirm, confirmed_by_id=person_id(request))
        return self._perform(request, object_id, confirm, "已确认,正在导入")

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a task that has written nothing."""
        return self._perform(
            request, object_id, sheet_cancel, "已取消,没有写入任何内容"
        )

    def download_view(
        self, request: HttpRequest, object_id: str
    ) -> FileResponse | HttpResponse:
        """Send what came of a task; to nobody who has lost the right to it."""
        task = self._own(request, object_id)
        if task is not None and not may_download(request, task):
            raise PermissionDenied
        rows = SheetFile.objects.filter(task=task, role=SheetRole.RESULT)
        file = rows.first() if task else None
        if file is None:
            return self._missing(request, "文件不存在,或已过保存期限")
        return file_answer(
            bytes(file.content),
            file.name,
            SheetFormat(file.name.rpartition(".")[2]),
        )

    # --- What they share -------------------------------------------------------------

    def _perform(
        self, request: HttpRequest, object_id: str, service: Any, told: str
    ) -> HttpResponse:
        task = self._own(request, object_id)
        if task is None:
            return self._missing(request)
        if request.method == "POST":
            try:
                service(task_id=task.pk)
            except REFUSALS as error:
                self.message_user(request, refusal_text(error), messages.ERROR)
            else:
                self.log_change(request, task, told)
                self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(self.object_url(task))

    def _own(self, request: HttpRequest, object_id: str) -> SheetTask | None:
        """Return a task that somebody sees and has the kind's permission for."""
        if not has_kind(request):
            raise PermissionDenied
        task = self._shown(request, object_id)
        if task is not None and not may_act(request, task):
            raise PermissionDenied
        return task

    def _shown(self, request: HttpRequest, object_id: str) -> SheetTask | None:
        task: SheetTask | None = self.get_object(request, object_id)
        return task

    def _missing(
        self, request: HttpRequest, told: str = "任务不存在"
    ) -> HttpResponseRedirect:
        self.message_user(request, told, messages.ERROR)
        name = f"{self.admin_site.name}:shop_sheettask_changelist"
        return HttpResponseRedirect(reverse(name))


def _upload_again(task: SheetTask) -> str:
    """Return where a sheet that was refused is sent anew."""
    is_refused = task.state in (SheetState.REFUSED, SheetState.EXPIRED)
    if not is_refused or task.direction == SheetDirection.EXPORT:
        return ""
    return f"{reverse('admin:shop_sheettask_upload')}?kind={task.kind}"

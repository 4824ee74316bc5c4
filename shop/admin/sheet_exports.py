"""What a list has whose rows can be exported, and imported, as sheets."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget

from shop.admin.sheet_page import person_id
from shop.back_office.desk import REFUSALS, Desk, refusal_text
from shop.models import SheetDirection, SheetFormat
from shop.sheets.kinds import SheetKind, sheet_kinds
from shop.sheets.services import EXPORT_MAX, sheet_export

_ODD_FILTERS = (IncorrectLookupParameters, ValueError, OverflowError, DataError)


class ExportForm(forms.Form):
    """What is written into the sheet, and how."""

    def __init__(self, *args: Any, kinds: list[type[SheetKind]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kinds = kinds
        if len(kinds) > 1:
            titles = [(kind.name, kind.title) for kind in kinds]
            self.fields["kind"] = _choice("内容", titles)
        self.fields["format"] = _choice("格式", SheetFormat.choices)

    def clean(self) -> dict[str, Any]:
        """Name the kind where there is but one."""
        return {"kind": self._kinds[0].name, **(super().clean() or {})}


def _choice(label: str, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        initial=choices[0][0],
        widget=UnfoldAdminRadioSelectWidget,
    )


class SheetExports(Desk):
    """Export the list as it is filtered, or the rows that are ticked."""

    export_kinds: ClassVar[tuple[str, ...]] = ()

    def has_export_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._kinds(request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Let the button lead to an export of what the list shows."""
        response = super().changelist_view(request, extra_context)
        query = request.GET.urlencode()
        offered = getattr(response, "context_data", None) or {}
        for one in offered.get("actions_list", ()) if query else ():
            if one.get("path") == self._url("export"):
                one["path"] += f"?{query}"
        return response

    @action(
        description="导出",
        url_path="export",
        icon="download",
        permissions=["view", "export"],
    )
    def export(self, request: HttpRequest) -> HttpResponse:
        """Ask what to export, and let the worker write it."""
        kinds = self._kinds(request)
        try:
            found = self.get_changelist_instance(request).queryset
        except _ODD_FILTERS:
            return self._told(request, "筛选的内容不正确")
        sent = request.POST if request.method == "POST" else None
        form = ExportForm(sent, kinds=kinds)
        if form.is_valid():
            return self._export(request, found, **form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": f"导出{self.opts.verbose_name}",
            "button": "开始导出",
            "form": form,
            "lines": {"范围": _range_told(request, found)},
            "opts": self.opts,
            "back": self._back_url(request),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/action_page.html", context)

    @action(description="导出所选", permissions=["export"])
    def export_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        """Export the ticked rows as a workbook."""
        kind = self._kinds(request)[0]
        return self._export(request, queryset, kind=kind.name, format=SheetFormat.XLSX)

    def upload_page(self, kind: str) -> HttpResponse:
        """Lead to the page that imports a kind of sheet."""
        url = reverse(f"{self.admin_site.name}:shop_sheettask_upload")
        return HttpResponseRedirect(f"{url}?kind={kind}")

    def _export(
        self, request: HttpRequest, queryset: Any, *, kind: str, format: str
    ) -> HttpResponse:
        sheet = sheet_kinds()[kind]
        rows = sheet(request.user).narrowed(queryset)
        try:
            task = sheet_export(
                kind=kind,
                sheet_format=SheetFormat(format),
                ids=list(rows.values_list("pk", flat=True)[: EXPORT_MAX + 1]),
                made_by_id=person_id(request),
            )
        except REFUSALS as error:
            return self._told(request, refusal_text(error))
        name = f"{self.admin_site.name}:shop_sheettask_change"
        return HttpResponseRedirect(reverse(name, args=[task.pk]))

    def _kinds(self, request: HttpRequest) -> list[type[SheetKind]]:
        """Return what the person may export from here."""
        kinds = [sheet_kinds()[name] for name in self.export_kinds]
        return [k for k in kinds if k.is_open_to(request.user, SheetDirection.EXPORT)]

    def _told(self, request: HttpRequest, refusal: str) -> HttpResponse:
        self.message_user(request, refusal, messages.ERROR)
        return HttpResponseRedirect(self._back_url(request))

    def _back_url(self, request: HttpRequest) -> str:
        query = request.GET.urlencode()
        url = self._url("changelist")
        return f"{url}?{query}" if query else url

    def _url(self, page: str) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(f"{self.admin_site.name}:{name}")


def _range_told(request: HttpRequest, queryset: Any) -> str:
    """Say how much would be exported, as far as it is worth counting."""
    count = queryset.values("pk")[: EXPORT_MAX + 1].count()
    told = f"超过{EXPORT_MAX}" if count > EXPORT_MAX else str(count)
    return f"列表当前筛选出的{told}条" if request.GET else f"列表中的{told}条"

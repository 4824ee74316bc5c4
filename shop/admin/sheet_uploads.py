"""The pages on which an import begins."""

from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse

from shop.admin.sheet_page import UploadForm, file_answer, person_id
from shop.admin.sheet_rights import kinds_to_import
from shop.back_office.desk import REFUSALS, UneditedDesk, refusal_text
from shop.models import SheetFormat
from shop.sheets.files import template_bytes
from shop.sheets.kinds import SheetKind
from shop.sheets.services import sheet_upload


class SheetUploads(UneditedDesk):
    """Send a sheet, and an empty one to be filled in."""

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, and let the worker check it."""
        kind = self._kind(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                task = sheet_upload(
                    kind=kind.name,
                    name=file.name,
                    content=file.read(),
                    made_by_id=person_id(request),
                )
            except REFUSALS as error:
                form.add_error("file", refusal_text(error))
            else:
                return HttpResponseRedirect(self.object_url(task))
        context = {
            **self.admin_site.each_context(request),
            "title": kind.import_title,
            "kind": kind,
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/sheet_upload.html", context)

    def template_view(self, request: HttpRequest) -> FileResponse:
        """Send an empty sheet of a kind, with what each column means."""
        kind = self._kind(request)
        content = template_bytes(kind(request.user))
        return file_answer(content, f"{kind.title}模板.xlsx", SheetFormat.XLSX)

    def _kind(self, request: HttpRequest) -> type[SheetKind]:
        """Return the kind that the address names, or the first that may be imported.

        Raises: PermissionDenied.
        """
        kinds = kinds_to_import(request)
        name = request.GET.get("kind", kinds[0].name if kinds else "")
        for kind in kinds:
            if kind.name == name:
                return kind
        raise PermissionDenied

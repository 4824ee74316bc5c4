"""The description in a product's form: an editor, its pictures, what it may hold."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from rest_framework import serializers
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.desk import CatalogDesk
from catalog.admin.fields import LongRuledField
from catalog.serializers.input import ProductCreateSerializer
from shop.api.images import image_store, image_url
from shop.back_office.desk import REFUSALS, refusal_text
from shop.errors import Invalid


class DescriptionWidget(UnfoldAdminTextareaWidget):
    """A text area that a script turns into an editor."""

    class Media:
        css: ClassVar = {
            "all": ("unfold/forms/css/trix/trix.css", "catalog/description.css")
        }
        js = (
            "unfold/forms/js/trix/trix.js",
            forms.Script("catalog/description.js", type="module"),
        )

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Draw it with the admin's templates, which form renderers do not see."""
        context = {
            "area": super().render(name, value, attrs, renderer),
            "upload_url": reverse("admin:catalog_product_picture"),
            "max_bytes": settings.UPLOAD_MAX_BYTES,
        }
        return render_to_string("admin/description.html", context)


class CleanText(str):
    """A description that the API's own field has cleaned."""

    __slots__ = ()


class DescriptionField(LongRuledField):
    """A ruled text that may have been cleaned already."""

    widget = DescriptionWidget

    def clean(self, value: Any) -> Any:
        return str(value) if isinstance(value, CleanText) else super().clean(value)


class DescribedDesk(CatalogDesk):
    """A desk whose form has a description with pictures in it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.picture_view)
        url = path("picture/", view, name="catalog_product_picture")
        return [url, *super().get_urls()]

    def picture_view(self, request: HttpRequest) -> HttpResponse:
        """Store a picture for a description; answer its URL, or why it is refused.

        What no description comes to show is a file that nobody can name.
        """
        may_add = self.has_add_permission(request)
        if not (may_add or self.has_change_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:catalog_product_changelist"))
        try:
            upload = request.FILES.get("file")
            if upload is None:
                raise Invalid.field("file", "请选择图片")
            return JsonResponse({"url": image_url(image_store(upload))})
        except REFUSALS as error:
            # A lock or a statement that took too long has no status of its own.
            status = getattr(error, "http_status", 503)
            return JsonResponse({"message": refusal_text(error)}, status=status)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Clean the description, then show or save.

        First, because its pictures are looked for in a storage that may be far away.
        """
        if request.method == "POST" and self._may_send(request, object_id):
            _description_clean(request)
        return super().changeform_view(request, object_id, form_url, extra_context)


def _description_clean(request: HttpRequest) -> None:
    """Clean what is sent; what is refused stays, for the form to refuse."""
    rule = ProductCreateSerializer().fields["description"]
    text = request.POST.get("description", "").replace("\r\n", "\n")
    try:
        cleaned = rule.run_validation(text)
    except serializers.ValidationError:
        return
    # The stubs know the frozen kind alone.
    posted: Any = request.POST.copy()
    posted["description"] = CleanText(cleaned)
    request.POST = posted

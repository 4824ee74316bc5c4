"""The home page as shoppers see it now, shown to staff."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action

from catalog.home import home_shown
from catalog.serializers import HomeSerializer
from shop.back_office.desk import Desk


class PreviewsHome(Desk):
    """A desk of what stands on the home page."""

    actions_list = ("preview",)

    @action(
        description="预览首页",
        url_path="preview",
        icon="visibility",
        permissions=["view"],
        attrs={"target": "_blank"},
    )
    def preview(self, request: HttpRequest) -> HttpResponse:
        """Show what the public route answers."""
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "预览:首页",
            "opts": self.opts,
            "home": HomeSerializer(home_shown()).data,
        }
        return TemplateResponse(request, "admin/home_preview.html", context)

"""What is done with a product beside its form: a copy, and a shopper's view."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from unfold.decorators import action

from catalog.models import Product, ProductStatus
from catalog.rich_text import rich_text
from catalog.services.copying import product_copy
from catalog.showcase import product_shown
from shop.back_office.desk import Desk


class CopyForm(forms.Form):
    """A mere button; the key makes it copy once, however often it is pressed."""

    page_key = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)


class ProductActions(Desk):
    """A desk of products, without the actions that need one which is not deleted."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer nothing of it for a deleted product."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        product = self.get_object(request, str(object_id))
        if product is not None and product.status != ProductStatus.DELETED:
            return offered
        hidden = {"preview", "copy", "adjust", "sale"}
        return [one for one in offered if one.path not in hidden]

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the person may make a product after one that they see."""
        may_view = self.has_view_permission(request)
        return bool(may_view and self.has_add_permission(request))

    @action(
        description="复制", url_path="copy", icon="content_copy", permissions=["copy"]
    )
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a product like it, and go there."""
        product = _present(object_id)
        copies: list[Product] = []

        def perform(sent: Mapping[str, Any]) -> str:
            copy = product_copy(
                product_id=product.pk,
                page_key=sent["page_key"],
                operator_id=request.user.pk,
            )
            copies.append(copy)
            return f"已复制为“{copy}”"

        page = self.action_page(
            request,
            product,
            title="复制商品",
            submit="复制",
            form_class=CopyForm,
            perform=perform,
            lines={
                "商品": product,
                "一起复制": "分类、运费模板、图片、描述、规格、价格、报警库存、重量",
                "不复制": "库存(为0)、编码、销量",
                "结果": "新商品是下架状态,改好后再上架",
            },
        )
        return HttpResponseRedirect(self.object_url(copies[0])) if copies else page

    @action(
        description="预览",
        url_path="preview",
        icon="visibility",
        permissions=["view"],
        attrs={"target": "_blank"},
    )
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the public route answers, or would answer were it on sale."""
        product = _present(object_id)
        shown = product_shown(product.pk, is_public=False)
        prices = [sku["price"] for sku in shown["skus"]]
        context = {
            **self.admin_site.each_context(request),
            "title": f"预览:{product}",
            "opts": self.opts,
            "object": product,
            "product": shown,
            "is_hidden": product.status != ProductStatus.ON_SALE,
            "least": shown["price"],
            "most": max(prices, key=Decimal, default=shown["price"]),
            # Cleaned again, and so the page's own: in a frame of its own it could not
            # grow to its length without a script.
            "description": mark_safe(rich_text(product.description)),  # nosec B308 # noqa: S308
        }
        return TemplateResponse(request, "admin/product_preview.html", context)


def _present(object_id: str) -> Product:
    """Read a product that is not deleted."""
    try:
        return Product.objects.present().get(pk=int(object_id))
    except (Product.DoesNotExist, ValueError):
        raise Http404 from None

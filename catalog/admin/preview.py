"""A product as a shopper would see it, on sale or not."""

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from unfold.decorators import action

from catalog.models import Product, ProductStatus
from catalog.rich_text import rich_text
from catalog.serializers import ProductDetailSerializer
from catalog.showcase import product_shown
from shop.back_office.desk import Desk
from shop.errors import NotFound


class PreviewedDesk(Desk):
    """A desk of products that shows one as the mini-program would."""

    @action(
        description="预览",
        url_path="preview",
        icon="visibility",
        permissions=["view"],
        attrs={"target": "_blank"},
    )
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the public route answers, or would answer were it on sale."""
        try:
            product: Any = product_shown(Product.objects.present(), int(object_id))
        except (NotFound, ValueError):
            raise Http404 from None
        shown = ProductDetailSerializer(product).data
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
            "description": mark_safe(rich_text(product.description)),  # noqa: S308
        }
        return TemplateResponse(request, "admin/product_preview.html", context)

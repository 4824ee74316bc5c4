"""The table of SKUs on the page of a product."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.admin import TabularInline
from unfold.decorators import display

from catalog.admin.fields import specs_text
from catalog.admin.pictures import thumbnail
from catalog.admin.product_form import SKU_FORM_SET
from catalog.admin.rows import RowsInline
from catalog.admin.skus import adjust_link, ledger_link
from catalog.models import Sku
from catalog.services.skus import SKUS_MAX
from shop.back_office.figures import money


def _links(request: HttpRequest) -> tuple[str, ...]:
    """Choose the column that leads to what the person may do with a stock."""
    may_adjust = request.user.has_perm("catalog.adjust_stock")
    may_read = request.user.has_perm("catalog.view_stockmovement")
    if may_adjust and may_read:
        return ("stock_links",)
    return ("adjust_link",) if may_adjust else ("ledger_link",) if may_read else ()


class SkuInline(RowsInline, TabularInline):
    """The table of SKUs."""

    model = Sku
    verbose_name_plural = "规格与库存"
    hide_title = True
    template_before = "admin/sku_matrix.html"
    max_num = SKUS_MAX
    readonly_fields = (
        "specs_shown",
        "price_shown",
        "image_shown",
        "adjust_link",
        "ledger_link",
        "stock_links",
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return our own: Django's would refuse to retire a SKU that has a ledger."""
        return SKU_FORM_SET

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the active ones, in the order that staff chose."""
        rows = super().get_queryset(request).filter(is_active=True)
        return rows.select_related("product").order_by("position", "pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        links = () if obj is None else _links(request)
        if not self.may_write(request, obj):
            names = ("specs_shown", "price_shown", "stock", "alarm_stock")
            return (*names, *links, "weight_grams", "code", "image_shown")
        names = ("specs", "price", "stock", "alarm_stock")
        return (*names, *links, "weight_grams", "code", "image")

    @display(description="规格")
    def specs_shown(self, sku: Sku) -> str:
        return specs_text(sku)

    @display(description="价格")
    def price_shown(self, sku: Sku) -> str:
        return money(sku.price)

    @display(description="图片")
    def image_shown(self, sku: Sku) -> str:
        return thumbnail(sku.image) or "无"

    @display(description="库存操作")
    def adjust_link(self, sku: Sku) -> str:
        return "" if sku.pk is None else adjust_link(sku)

    @display(description="库存操作")
    def ledger_link(self, sku: Sku) -> str:
        return "" if sku.pk is None else ledger_link(sku)

    @display(description="库存操作")
    def stock_links(self, sku: Sku) -> str:
        links = ((self.adjust_link(sku),), (self.ledger_link(sku),))
        return format_html_join(" ", "{}", links)

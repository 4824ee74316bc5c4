"""The stock of each SKU, changed by an adjustment with a reason."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from catalog.admin.adjustments import AdjustmentForm, StockRights
from catalog.admin.desk import products_holding
from catalog.admin.fields import specs_text
from catalog.admin.history import skus_chapter
from catalog.models import Product, Sku
from catalog.services.stock import stock_adjust
from shop.admin.sheet_exports import SheetExports
from shop.back_office.desk import UneditedDesk
from shop.back_office.figures import money
from shop.back_office.history import Chapter, KeepsHistory
from shop.back_office.paginator import CappedPaginator


def adjust_link(sku: Sku) -> str:
    """Link to the page that changes the stock."""
    url = reverse("admin:catalog_sku_adjust", args=[sku.pk])
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500 whitespace-nowrap">'
        "调整库存</a>",
        url,
    )


class StockFilter(DropdownFilter):
    """How much there is; what is low is told of while it is on sale alone."""

    title = "库存"
    parameter_name = "stock"
    all_option = ("", "全部")

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("low", "在售,需补货"), ("out", "缺货"), ("normal", "正常")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "low":
            return queryset.low()
        if self.value() == "out":
            return queryset.filter(stock=0)
        if self.value() == "normal":
            return queryset.filter(stock__gt=F("alarm_stock"))
        return queryset


def ledger_link(sku: Sku) -> str:
    """Link to what has moved the stock."""
    url = reverse("admin:catalog_stockmovement_changelist")
    return format_html(
        '<a href="{}?sku={}" class="text-primary-600 dark:text-primary-500'
        ' whitespace-nowrap">流水</a>',
        url,
        sku.pk,
    )


@admin.register(Sku)
class SkuAdmin(KeepsHistory, StockRights, SheetExports, UneditedDesk):
    """What is in stock; SKUs themselves are written on the product's page."""

    list_display = (
        "product",
        "specs_shown",
        "code",
        "price_shown",
        "stock_shown",
        "alarm_stock",
    )
    list_display_links = ("product",)
    list_filter = (StockFilter,)
    standing_filters = (("需补货", "stock=low"), ("缺货", "stock=out"))
    search_fields = ("code",)
    search_help_text = "按编码或商品名称搜索"
    ordering = ("-product", "position", "pk")
    sortable_by = ("code", "price_shown", "stock_shown", "alarm_stock")
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    fields = (
        "product_link",
        "specs_shown",
        "code",
        "price_shown",
        "stock",
        "alarm_stock",
    )
    readonly_fields = ("product_link", "specs_shown", "price_shown")
    actions = ("export_chosen",)
    actions_list = ("export", "import_sheet")
    export_kinds = ("stock",)
    actions_detail = ("adjust", "ledger")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Show what products offer; who retired is history."""
        rows = Sku.objects.active().filter(product__in=Product.objects.present())
        # Also where another desk lets its staff choose one.
        return rows.select_related("product").order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find by a part of the code, or by the product's name or description."""
        if term := search_term.strip():
            found = Q(product__in=products_holding(term))
            queryset = queryset.filter(found | Q(code__icontains=term))
        return queryset, False

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if self.has_adjust_stock_permission(request):
            return (*self.list_display, "adjust_link")
        return self.list_display

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the SKU; its stock has the ledger."""
        return (skus_chapter(obj.product, id=obj.pk),)

    @display(description="规格")
    def specs_shown(self, sku: Sku) -> str:
        return specs_text(sku)

    @display(description="价格", ordering="price")
    def price_shown(self, sku: Sku) -> str:
        return money(sku.price)

    @display(
        description="库存",
        ordering="stock",
        label={"缺货": "danger", "low": "warning", "": "default"},
    )
    def stock_shown(self, sku: Sku) -> Any:
        if not sku.stock:
            return "缺货"
        return ("low", f"{sku.stock} 需补货") if sku.is_low else ("", sku.stock)

    @display(description="操作")
    def adjust_link(self, sku: Sku) -> str:
        return adjust_link(sku)

    @display(description="商品")
    def product_link(self, sku: Sku) -> str:
        url = reverse("admin:catalog_product_change", args=[sku.product_id])
        return format_html('<a href="{}">{}</a>', url, sku.product)

    @action(description="调整库存", url_path="adjust", permissions=["adjust_stock"])
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change the stock, with a reason that the ledger keeps."""
        sku = self._sku(request, object_id)

        def perform(sent: Mapping[str, Any]) -> str:
            stock = stock_adjust(
                **asdict(sent["adjustment"]),
                note=sent["reason"],
                operator_id=request.user.pk,
            )
            return f"库存已调整为{stock}"

        return self.action_page(
            request,
            sku,
            title="调整库存",
            submit="确认调整",
            form_class=AdjustmentForm,
            perform=perform,
            lines={
                "商品": sku.product,
                "规格": specs_text(sku),
                "编码": sku.code or "无",
                "现有库存": sku.stock,
            },
            sku=sku,
        )

    @action(
        description="导入盘点",
        url_path="import",
        icon="upload",
        permissions=["adjust_stock"],
    )
    def import_sheet(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that asks for the counts."""
        return self.upload_page("stock")

    @action(description="库存流水", url_path="ledger", permissions=["view_ledger"])
    def ledger(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what moved this SKU's stock."""
        sku = self._sku(request, object_id)
        url = reverse("admin:catalog_stockmovement_changelist")
        return HttpResponseRedirect(f"{url}?sku={sku.pk}")

    def _sku(self, request: HttpRequest, object_id: str) -> Sku:
        sku: Sku | None = self.get_object(request, object_id)
        if sku is None:
            raise Http404
        return sku

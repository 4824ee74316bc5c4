"""Flash sales and group prices, with a calendar of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from catalog.admin.flash_sale_actions import RunningSaleActions
from catalog.admin.flash_sale_form import LINE_FORM_SET, FlashSaleForm
from catalog.admin.rows import RowsDesk, RowsInline
from catalog.models import FlashSale, FlashSaleKind, FlashSaleSku
from catalog.services.flash_sales import (
    LINES_MAX,
    flash_sale_create,
    flash_sale_delete,
    flash_sale_update,
)
from shop.back_office.calendar import CalendarDesk, Span
from shop.back_office.figures import money, short_moment

_PHASES = {"未开始": "info", "进行中": "success", "已结束": "default"}


def _is_open(sale: FlashSale | None) -> bool:
    """Say whether a sale may be written as a whole; none is no obstacle."""
    return sale is None or not sale.has_begun(timezone.now())


class PhaseFilter(DropdownFilter):
    """Before, in and after its time."""

    title = "状态"
    parameter_name = "phase"
    all_option = ("", "全部")

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("running", "进行中"), ("coming", "未开始"), ("over", "已结束")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        now = timezone.now()
        if self.value() == "running":
            return queryset.not_over(now).filter(starts_at__lte=now)
        if self.value() == "coming":
            return queryset.filter(starts_at__gt=now)
        if self.value() == "over":
            return queryset.filter(ends_at__lte=now)
        return queryset


class KindFilter(DropdownFilter):
    """Flash sale or group price."""

    title = "类型"
    parameter_name = "kind"
    all_option = ("", "全部")

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return FlashSaleKind.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in FlashSaleKind.values:
            return queryset.filter(kind=self.value())
        return queryset


class LineInline(RowsInline, TabularInline):
    """The table of SKUs."""

    model = FlashSaleSku
    verbose_name_plural = "活动商品"
    hide_title = True
    max_num = LINES_MAX
    readonly_fields = ("sku_shown", "price_shown", "sold", "limit_shown")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return our own, which the service saves."""
        return LINE_FORM_SET

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows with what they are named by."""
        rows = super().get_queryset(request)
        return rows.select_related("sku__product").order_by("pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if self.may_write(request, obj):
            return ("sku_id", "price", "stock", "user_limit", "min_quantity")
        return (
            *("sku_shown", "price_shown", "stock", "sold"),
            *("limit_shown", "min_quantity"),
        )

    @display(description="商品规格")
    def sku_shown(self, line: FlashSaleSku) -> str:
        return str(line.sku)

    @display(description="活动价")
    def price_shown(self, line: FlashSaleSku) -> str:
        return money(line.price)

    @display(description="每人限购")
    def limit_shown(self, line: FlashSaleSku) -> str:
        return "不限" if line.user_limit is None else str(line.user_limit)


@admin.register(FlashSale)
class FlashSaleAdmin(RunningSaleActions, CalendarDesk, RowsDesk):
    """Written by the services; what has begun is read, ended or restocked."""

    form = FlashSaleForm
    inlines = (LineInline,)
    rows_name = "活动商品"
    fields = ("name", "kind", "starts_at", "ends_at", "version")
    list_display = (
        "name",
        "kind_shown",
        "phase",
        "starts",
        "ends",
        "line_count",
        "sold_shown",
    )
    list_filter = (PhaseFilter, KindFilter)
    standing_filters = (("进行中", "phase=running"), ("未开始", "phase=coming"))
    search_fields = ("name",)
    search_help_text = "按名称搜索"
    ordering = ("-starts_at", "-pk")
    sortable_by = ("name", "starts", "ends")
    list_per_page = 50
    actions = None
    calendar_title = "活动日历"
    actions_detail = ("end", "restock")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlashSale]:
        """Add how much is in each sale, without reading those of other pages."""
        lines = FlashSaleSku.objects.filter(sale=OuterRef("pk")).order_by()
        sums = lines.values("sale")
        return FlashSale.objects.annotate(
            line_count=Subquery(sums.values(sum=Count("pk"))),
            pieces=Subquery(sums.values(sum=Sum("stock"))),
            pieces_sold=Subquery(sums.values(sum=Sum("sold"))),
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave what only a form needs out for who may read alone."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fields
        return self.fields[:-1]

    @display(description="类型", label={"秒杀": "danger", "团购": "warning"})
    def kind_shown(self, sale: FlashSale) -> str:
        return sale.get_kind_display()

    @display(description="状态", label=_PHASES)
    def phase(self, sale: FlashSale) -> Any:
        now = timezone.now()
        if sale.is_running(now):
            return "进行中"
        if not sale.has_begun(now):
            return "未开始"
        return ("已结束", "提前结束") if sale.is_ended_early else "已结束"

    @display(description="开始", ordering="starts_at")
    def starts(self, sale: FlashSale) -> str:
        return short_moment(sale.starts_at)

    @display(description="结束", ordering="ends_at")
    def ends(self, sale: FlashSale) -> str:
        return short_moment(sale.ends_at)

    @display(description="规格数")
    def line_count(self, sale: Any) -> int:
        return int(sale.line_count)

    @display(description="已售 / 活动库存")
    def sold_shown(self, sale: Any) -> str:
        return f"{sale.pieces_sold or 0} / {sale.pieces or 0}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_open(obj)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Write everything at once, by the service."""
        terms = {**form.cleaned_data, "lines": formsets[0].lines()}
        version = terms.pop("version")
        if change:
            flash_sale_update(
                sale_id=form.instance.pk, expected_version=version, **terms
            )
        else:
            form.instance.pk = flash_sale_create(**terms).pk

    def delete_model(self, request: HttpRequest, obj: FlashSale) -> None:
        """Delete it by the service."""
        flash_sale_delete(sale_id=obj.pk)

    def calendar_spans(self, begin: datetime, end: datetime) -> Iterator[Span]:
        for sale in FlashSale.objects.between(begin, end).order_by("starts_at", "pk"):
            label = f"{sale.get_kind_display()} {sale}"
            starts, ends = short_moment(sale.starts_at), short_moment(sale.ends_at)
            yield Span(
                begins_at=sale.starts_at,
                ends_at=sale.ends_at,
                label=label,
                hint=f"{label} {starts} 至 {ends}",
                url=self.object_url(sale),
            )

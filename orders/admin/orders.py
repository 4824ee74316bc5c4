"""Orders as staff see them: searched and read, never edited."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.decorators import action, display

from orders.admin.cells import link
from orders.admin.order_actions import OrderActions
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.stages import HAS_PARCELS, STAGES, StageFilter, stage_of
from orders.admin.tables import order_tables
from orders.models import Order, OrderItem
from shop.admin.sheet_exports import SheetExports
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.figures import money
from shop.back_office.masking import (
    address_masked,
    address_whole,
    name_masked,
    phone_masked,
    shows_people,
)
from shop.back_office.tables import TABLES_TEMPLATE

_RECEIVER = ("收货", {"fields": (("name", "phone"), "address", "remark")})
_MASKED_RECEIVER = (
    "收货",
    {"fields": (("masked_name", "masked_phone"), "masked_address", "remark")},
)
_LINES = (
    OrderItem.objects.filter(order=OuterRef("pk"))
    .order_by()
    .values("order")
    .annotate(count=Count("pk"))
    .values("count")
)


@admin.register(Order)
class OrderDesk(SheetExports, OrderActions, ReadOnlyDesk):
    """All orders, newest first."""

    list_display = (
        "order_no",
        "shopper",
        "stage",
        "total",
        "lines_count",
        "created_at",
        "paid_at",
    )
    list_filter = (StageFilter, ("created_at", DayRangeFilter))
    list_filter_submit = True
    ordering = ("-pk",)
    actions = ("export_chosen",)
    actions_list = ("export", "ship_sheet")
    export_kinds = ("orders", "parcels")
    search_fields = ("order_no",)
    search_help_text = "订单号、手机号或收货人的开头,或商品名称的一部分"
    change_form_outer_after_template = TABLES_TEMPLATE
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("order_no", "stage"),
                    ("shopper", "created_at"),
                    ("expires_at", "paid_at"),
                    "replacement",
                )
            },
        ),
        _RECEIVER,
        (
            "金额",
            {
                "fields": (
                    ("goods", "freight"),
                    ("discount", "total"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what a row shows, in one statement."""
        rows = super().get_queryset(request).select_related("user")
        return rows.annotate(
            lines=Coalesce(Subquery(_LINES), 0), has_parcels=HAS_PARCELS
        )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search for the words as one, in what the search's help names."""
        word = search_term.strip()
        if not word:
            return queryset, False
        is_masked = not shows_people(request)
        return queryset.having_word(word, is_masked=is_masked), False

    @display(
        description="状态",
        label={stage.word: stage.colour for stage in STAGES.values()},
    )
    def stage(self, order: Order) -> str:
        return STAGES[stage_of(order)].word

    @display(description="买家", ordering="user")
    def shopper(self, order: Order) -> str:
        return str(order.user)

    @display(description="应付金额", ordering="total_amount")
    def total(self, order: Order) -> str:
        return money(order.total_amount)

    @display(description="商品金额")
    def goods(self, order: Order) -> str:
        return money(order.goods_amount)

    @display(description="运费")
    def freight(self, order: Order) -> str:
        return money(order.freight_amount)

    @display(description="优惠")
    def discount(self, order: Order) -> str:
        return money(order.discount_amount)

    @display(description="商品数")
    def lines_count(self, order: Order) -> int:
        lines: int = order.lines  # type: ignore[attr-defined]
        return lines

    @display(description="地址")
    def address(self, order: Order) -> str:
        return address_whole(order)

    @display(description="收货人")
    def masked_name(self, order: Order) -> str:
        return name_masked(order.name)

    @display(description="手机号")
    def masked_phone(self, order: Order) -> str:
        return phone_masked(order.phone)

    @display(description="地址")
    def masked_address(self, order: Order) -> str:
        return address_masked(order)

    @display(description="替代订单")
    def replacement(self, order: Order) -> str:
        return format_html(
            "已由订单{}替代", link("orders_order_change", order.replaced_by)
        )

    @action(
        description="批量发货",
        url_path="ship-sheet",
        icon="local_shipping",
        permissions=["view", "ship"],
    )
    def ship_sheet(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that asks for the parcels."""
        return self.upload_page("parcels")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name the order that stands in for this one, if there is one.

        The receiver is masked for those who need not know them.
        """
        (title, main), receiver, *others = super().get_fieldsets(request, obj)
        if not shows_people(request):
            receiver = _MASKED_RECEIVER
        if obj is None or obj.replaced_by_id is None:
            main = {**main, "fields": main["fields"][:-1]}
        return [(title, main), receiver, *others]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Add the tables below the order's own fields."""
        context["tables"] = order_tables(request, context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

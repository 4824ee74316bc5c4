"""The ledger of the stock: read, never written."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.fields import specs_text
from catalog.models import MovementReason, Product, StockMovement
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.desk import UneditedDesk
from shop.back_office.figures import moment
from shop.back_office.paginator import CappedPaginator
from shop.back_office.tables import Table

REASON_COLOURS = {
    MovementReason.INITIAL.label: "info",
    MovementReason.ADJUSTMENT.label: "warning",
    MovementReason.ORDER.label: "success",
    MovementReason.ORDER_CANCELLED.label: "danger",
}


def movements_table(product: Product, count: int) -> Table:
    """Show the last changes of a product's stocks."""
    rows = StockMovement.objects.filter(sku__product=product)
    rows = rows.select_related("sku__product", "operator").order_by("-pk")
    return Table(
        title=f"最近{count}条库存流水",
        headers=["时间", "规格", "变动", "变动后", "原因", "单据", "操作人"],
        rows=[
            [
                moment(row.created_at),
                specs_text(row.sku),
                f"{row.delta:+d}",
                row.balance,
                row.get_reason_display(),
                row.reference or "-",
                row.operator or "-",
            ]
            for row in rows[:count]
        ],
    )


@admin.register(StockMovement)
class StockMovementAdmin(UneditedDesk):
    """Every change of every stock: what, why, who, when."""

    list_display = (
        "created_at",
        "product",
        "specs",
        "code",
        "change",
        "balance",
        "reason_shown",
        "reference",
        "operator",
    )
    list_select_related = ("sku__product", "operator")
    list_filter = (
        ("reason", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    list_filter_submit = True
    search_fields = ("reference__startswith", "sku__code__startswith")
    search_help_text = "按单据(订单号、原因)或SKU编码的开头搜索"
    ordering = ("-pk",)
    sortable_by = ()
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    fields = list_display
    readonly_fields = ("product", "specs", "code", "change", "reason_shown")
    actions = None

    @display(description="商品")
    def product(self, movement: StockMovement) -> str:
        return str(movement.sku.product)

    @display(description="规格")
    def specs(self, movement: StockMovement) -> str:
        return specs_text(movement.sku)

    @display(description="SKU编码")
    def code(self, movement: StockMovement) -> str:
        return movement.sku.code or "-"

    @display(description="变动")
    def change(self, movement: StockMovement) -> str:
        return f"{movement.delta:+d}"

    @display(description="原因", label=REASON_COLOURS)
    def reason_shown(self, movement: StockMovement) -> str:
        return movement.get_reason_display()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow one SKU's and one product's, to which their pages lead."""
        is_led_to = lookup in ("sku", "sku__product")
        return is_led_to or super().lookup_allowed(lookup, value, request)

"""Orders as staff see them: found, read and acted upon, never edited."""

from typing import Any

from django.contrib import admin
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from orders.admin.order_actions import OrderActions
from orders.admin.order_filters import (
    NeedsHandFilter,
    PhoneFilter,
    ProductFilter,
    ShopperFilter,
    StageFilter,
)
from orders.admin.order_page import PARCELS, order_page
from orders.admin.order_search import having_word
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.slips import SlipPages
from orders.admin.stages import HAS_PARCELS, STAGES, stage_of
from orders.models import Order
from shop.admin.sheet_exports import SheetExports
from shop.api.images import image_url
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.desk import asked_once
from shop.back_office.figures import money, short_moment
from shop.back_office.forms import id_typed
from shop.back_office.masking import name_shown, phone_shown, shows_people

_TO_SHIP = ("to_ship", "partly")
_URGED = ",买家催"


@admin.register(Order)
class OrderDesk(SlipPages, SheetExports, OrderActions, ReadOnlyDesk):
    """All orders, newest first."""

    list_filter = (
        NeedsHandFilter,
        StageFilter,
        ("created_at", DayRangeFilter),
        ("total_amount", RangeNumericFilter),
        ProductFilter,
        PhoneFilter,
        ShopperFilter,
    )
    list_filter_submit = True
    standing_filters = (
        ("待付款", "stage=pending"),
        ("待发货", "stage=to_ship"),
        ("部分发货", "stage=partly"),
        ("买家催发货", "needs=reminded"),
        ("退款中", "stage=refunding"),
    )
    actions = (*SlipPages.actions, "export_chosen")
    actions_list = ("export", "ship_sheet")
    export_kinds = ("orders", "parcels")
    list_per_page = 50
    # By time, not by number: so the index of a range of days gives their order, too.
    ordering = ("-created_at", "-pk")
    search_fields = ("order_no",)
    search_help_text = "订单号、手机号或收货人的开头,或商品名称的一部分"

    class Media:
        css = {"all": ("orders/order_desk.css",)}
        js = (Script("orders/copy.js", type="module"),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring along what a row shows."""
        rows = super().get_queryset(request).annotate(has_parcels=HAS_PARCELS)
        return rows.prefetch_related("items")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Order | None:
        """Load an order once, for its buttons and its page."""
        found: Order | None = asked_once(
            request,
            (self.opts.label, object_id),
            lambda: self._found(request, object_id),
        )
        return found

    def _found(self, request: HttpRequest, object_id: str) -> Order | None:
        if id_typed(object_id) is None:
            return None
        rows = self.get_queryset(request).prefetch_related(PARCELS)
        related = (
            *("user", "closing_by", "replaced_by", "shipping_upload"),
            "coupon_claim__coupon",
        )
        found: Order | None = rows.select_related(*related).filter(pk=object_id).first()
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search for the words as one, in what the search's help names."""
        word = search_term.strip()
        if not word:
            return queryset, False
        return having_word(queryset, word, sees_people=shows_people(request)), False

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show the receivers as far as who asks may see them."""

        @display(description="收货人")
        def receiver(order: Order) -> str:
            name, phone = name_shown(request, order.name), order.phone
            return f"{name} {phone_shown(request, phone)}"

        return (
            *("order_no", "stage", receiver),
            *("goods", "total", "created", "paid"),
        )

    @display(
        description="状态",
        label={
            **{stage.word: stage.colour for stage in STAGES.values()},
            **{STAGES[name].word + _URGED: "danger" for name in _TO_SHIP},
        },
    )
    def stage(self, order: Order) -> str:
        """Say where it is, and whether its shopper has asked for it to be sent."""
        stage = stage_of(order)
        is_urged = order.reminded_at and stage in _TO_SHIP
        return STAGES[stage].word + (_URGED if is_urged else "")

    @display(description="商品")
    def goods(self, order: Order) -> str:
        """Show the first line, and say how much more there is."""
        items = order.items.all()
        if not items:
            # Made by no code of ours, but it must not hide the others.
            return "-"
        first, pieces = items[0], sum(item.quantity for item in items)
        more = f"等{len(items)}种,共{pieces}件" if len(items) > 1 else f"× {pieces}"
        picture = image_url(first.image)
        return format_html(
            '<span class="order-goods">{}<span>{} {}</span></span>',
            format_html('<img src="{}" alt="" loading="lazy">', picture)
            if picture
            else "",
            first.name,
            more,
        )

    @display(description="应付金额", ordering="total_amount")
    def total(self, order: Order) -> str:
        return money(order.total_amount)

    @display(description="下单时间", ordering="created_at")
    def created(self, order: Order) -> str:
        return short_moment(order.created_at)

    @display(description="付款时间")
    def paid(self, order: Order) -> str:
        return short_moment(order.paid_at)

    @action(
        description="批量发货",
        url_path="ship-sheet",
        icon="local_shipping",
        permissions=["view", "ship"],
    )
    def ship_sheet(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that asks for the parcels."""
        return self.upload_page("parcels")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the order in a page of its own make, the actions in its head."""
        actions = context.pop("actions_detail")
        context |= order_page(request, context["original"], actions)
        return super().render_change_form(request, context, *args, **kwargs)

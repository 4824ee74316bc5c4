"""Slips to print: what to pick for many orders, what to pack for each."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import mark_safe
from unfold.decorators import action

from orders.admin.cells import item_name
from orders.models import Order, OrderItem, OrderStatus
from orders.services.fulfilment import lines_to_pack
from shop.api.images import image_url
from shop.back_office.desk import Desk
from shop.back_office.masking import address_shown, name_shown, phone_shown

ORDERS_MAX = 100
# The first is what a page opens with; each has a style sheet of its own.
PAPERS = {"a4": "A4", "76mm": "76 mm 热敏纸"}
# Of an order that has left, the slip may be printed again.
_PACKED = (OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED)
# Pieces of each line.
Lines = Mapping[OrderItem, int]
_NOTHING = "订单未付款、已取消、正在关闭,或商品都在退款中"
_IDS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")


def packing_url(order: Order) -> str:
    """Return the address of an order's slip; nothing for one that is not packed."""
    if order.status not in _PACKED or order.is_closing:
        return ""
    return f"{reverse('admin:orders_order_packing')}?ids={order.pk}"


class SlipPages(Desk):
    """The list's actions that print, and the pages that they lead to."""

    # Of a desk whose others are none.
    actions: Any = ("pick", "pack")

    def get_urls(self) -> list[Any]:
        """Add the two pages; their addresses name the orders."""
        let_in = self.admin_site.admin_view
        pages = [("picking", self.picking), ("packing", self.packing)]
        own = [
            path(f"{name}/", let_in(page), name=f"orders_order_{name}")
            for name, page in pages
        ]
        return [*own, *super().get_urls()]

    @action(description="打印拣货单", permissions=["view"])
    def pick(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Lead to the list of what to fetch for the chosen orders."""
        return self._chosen(request, queryset, "picking")

    @action(description="打印装箱单", permissions=["view"])
    def pack(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Lead to a slip for each of the chosen orders."""
        return self._chosen(request, queryset, "packing")

    def _chosen(
        self, request: HttpRequest, queryset: Any, name: str
    ) -> HttpResponse | None:
        ids = list(
            queryset.order_by("pk").values_list("pk", flat=True)[: ORDERS_MAX + 1]
        )
        if len(ids) > ORDERS_MAX:
            told = f"一次最多打印{ORDERS_MAX}个订单,请减少选择"
            self.message_user(request, told, messages.ERROR)
            return None
        url = reverse(f"admin:orders_order_{name}")
        return HttpResponseRedirect(f"{url}?ids={','.join(map(str, ids))}")

    def picking(self, request: HttpRequest) -> HttpResponse:
        """Show what to fetch for orders that wait, each SKU once."""

        def shown(orders: Mapping[Order, Lines]) -> dict[str, Any]:
            rows = _by_sku(orders)
            pieces = sum(row["pieces"] for row in rows)
            return {"rows": rows, "pieces": pieces, "orders": orders}

        return self._slips(request, "拣货单", (OrderStatus.PAID,), shown)

    def packing(self, request: HttpRequest) -> HttpResponse:
        """Show what is in the box of each order."""

        def shown(orders: Mapping[Order, Lines]) -> dict[str, Any]:
            return {"slips": [_slip(request, *one) for one in orders.items()]}

        return self._slips(request, "装箱单", _PACKED, shown)

    def _slips(
        self,
        request: HttpRequest,
        title: str,
        statuses: tuple[OrderStatus, ...],
        shown: Callable[[Mapping[Order, Lines]], dict[str, Any]],
    ) -> HttpResponse:
        """Show a page of slips for those of the named orders that have such a slip."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = request.GET.get("ids", "")
        ids = [*map(int, text.split(","))] if _IDS.fullmatch(text) else []
        found = Order.objects.filter(
            pk__in=ids[:ORDERS_MAX], status__in=statuses, closing_at=None
        )
        lines = lines_to_pack(found)
        orders = {
            order: lines[order.pk]
            for order in found.order_by("pk")
            if order.pk in lines
        }
        if not orders:
            told = f"所选订单没有可打印的{title}:{_NOTHING}"
            self.message_user(request, told, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:orders_order_changelist"))
        asked = request.GET.get("paper", "")
        paper = asked if asked in PAPERS else next(iter(PAPERS))
        context = {
            "title": title,
            "paper": paper,
            "style": f"orders/slips-{paper}.css",
            "papers": PAPERS,
            "ids": text,
            "left_out": len(ids) - len(orders),
            **shown(orders),
        }
        name = "admin/orders/order/slips.html"
        return TemplateResponse(request, name, context)


def _by_sku(orders: Mapping[Order, Lines]) -> list[dict[str, Any]]:
    """Add the pieces of all orders up by SKU, in the order of their codes."""
    rows: dict[int, dict[str, Any]] = {}
    for lines in orders.values():
        for item, pieces in lines.items():
            row = rows.setdefault(
                item.sku_id,
                {**_line(item), "image": image_url(item.image), "pieces": 0},
            )
            row["pieces"] += pieces
    return sorted(rows.values(), key=lambda row: (row["code"], row["name"]))


def _line(item: OrderItem) -> dict[str, Any]:
    return {"name": item_name(item), "code": item.sku.code or ""}


def _slip(request: HttpRequest, order: Order, lines: Lines) -> dict[str, Any]:
    return {
        "order_no": order.order_no,
        "qr": _qr(order.order_no),
        "name": name_shown(request, order.name),
        "phone": phone_shown(request, order.phone),
        "address": address_shown(request, order),
        "remark": order.remark,
        "lines": [{**_line(item), "pieces": count} for item, count in lines.items()],
        "pieces": sum(lines.values()),
    }


def _qr(text: str) -> str:
    """Draw a number that a scanner reads into the search box."""
    code = segno.make_qr(text, error="m")
    # Of our own number alone: nothing in it is anybody's words.
    return mark_safe(code.svg_inline(border=0, omitsize=True, svgclass="slip-qr"))  # nosec B308 # noqa: S308 - drawn by segno

"""What desks of the orders write into fields and cells."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from catalog.admin.pictures import thumbnail
from catalog.models import Product
from orders.models import Order, OrderItem, Payment, Refund, Shipment
from shop.api.images import image_url


def item_name(item: OrderItem) -> str:
    """Return a line's product with its specs."""
    specs = " ".join(item.specs.values())
    return f"{item.name}({specs})" if specs else item.name


def parcel_content(parcel: Shipment, order: Order) -> str:
    """Name the pieces in a parcel of an order whose lines are loaded."""
    items = {item.pk: item for item in order.items.all()}
    return "、".join(
        f"{item_name(items[line.order_item_id])} × {line.quantity}"
        for line in parcel.items.all()
    )


def link(page: str, target: Order | Payment | Refund | Product | None) -> str:
    """Return a link to the page of what is named by its text."""
    if target is None:
        return "-"
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
        reverse(f"admin:{page}", args=[target.pk]),
        target,
    )


def pictures_drawn(names: Sequence[str]) -> str:
    """Draw stored pictures small; each leads to the whole."""
    shown = [(image_url(name), thumbnail(name)) for name in names]
    whole = '<a href="{}" target="_blank" rel="noopener" class="inline-block">{}</a>'
    return format_html_join(" ", whole, shown) or "-"

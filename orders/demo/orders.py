"""A month of the demo shop's orders, as the services would have left them.

WeChat's simulator is told of their payments, so that its bills agree with our books.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import requests
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from catalog.locks import skus_lock
from catalog.models import Sku
from catalog.offers import skus_offered
from catalog.services.stock import sales_add, stock_take
from orders.demo.wishes import demo_wishes_load
from orders.models import (
    Order,
    OrderEvent,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentState,
    Shipment,
    ShipmentItem,
)
from orders.numbers import order_no_clock, out_trade_no_make
from orders.services.quoting import Line
from orders.services.shipping_uploads import shipping_upload_enqueue
from shop.days import day_begin
from shop.wechat.pay import fen

_DAYS = 30
_PER_DAY = (1, 2, 2, 3)
# When today's were placed: parts of the last hours, or of what the day has had so far.
_TODAY_HOURS = 6
_TODAY = (0.9, 0.4, 0.1)
_SHOPPERS = 12
_TO_SHIP_DAYS = 2
# Not so long ago that the clock would have confirmed the receipt.
_SHIPPED_DAYS = 9
_ADDRESS = {
    "name": "演示买家",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路1号",
}
_PATH = (
    OrderStatus.PENDING,
    OrderStatus.PAID,
    OrderStatus.SHIPPED,
    OrderStatus.COMPLETED,
)

# What the models stamp with the moment of writing happened when the order says so.
_TIMES = """
UPDATE orders_orderevent AS event SET created_at = CASE event.to_status
    WHEN 'pending' THEN o.created_at WHEN 'paid' THEN o.paid_at
    WHEN 'shipped' THEN o.shipped_at ELSE o.completed_at END
FROM orders_order o WHERE o.id = event.order_id;
UPDATE orders_payment AS payment SET created_at = o.created_at
FROM orders_order o WHERE o.id = payment.order_id;
UPDATE catalog_stockmovement AS movement SET created_at = o.created_at
FROM orders_order o WHERE o.order_no = movement.reference;
UPDATE catalog_stockmovement SET created_at = %(opened_at)s WHERE reason = 'initial';
UPDATE accounts_user AS shopper SET created_at = first.at - interval '5 minutes'
FROM (SELECT user_id, min(created_at) AS at FROM orders_order GROUP BY user_id) AS first
WHERE first.user_id = shopper.id
"""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order with its payment, neither written yet, and what it is of."""

    order: Order
    payment: Payment
    lines: Sequence[Line]


def demo_orders_load() -> int:
    """Write a month of orders, today's with it, if there are none; return how many.

    The simulator comes first. Should this die in between, the next try makes the same
    numbers, which it knows already. Then some of the shoppers want something.

    Raises: requests.RequestException, when the simulator is not there.
    """
    if Order.objects.exists():
        return 0
    sales = list(_sales())
    told = requests.post(
        f"{settings.WECHAT_PAY_BASE}/_sim/history",
        json={"payments": [_told(sale.payment) for sale in sales]},
        timeout=10,
    )
    told.raise_for_status()
    _write(sales)
    demo_wishes_load([sale.order for sale in sales])
    return len(sales)


def _sales() -> Iterator[Sale]:
    ids = Sku.objects.active().values_list("pk", flat=True)
    skus = list(skus_offered(sku_ids=ids).values())
    shoppers = [
        User.objects.get_or_create(
            openid=f"demo-{number}",
            defaults={"nickname": f"演示买家{number}", "password": "!"},
        )[0]
        for number in range(1, _SHOPPERS + 1)
    ]
    # The same moment for a second try.
    now = shoppers[0].created_at
    for placed_at, ago, chance in _moments(now):
        chosen = chance.sample(skus, chance.choice((1, 1, 2)))
        lines = [Line(sku, chance.choice((1, 1, 2)), sku.price) for sku in chosen]
        paid_at = placed_at + min(timedelta(minutes=2), (now - placed_at) / 2)
        order = _order(placed_at, paid_at, chance, chance.choice(shoppers), lines)
        _move_on(order, ago)
        yield Sale(order, _payment(order), lines)


def _moments(now: datetime) -> Iterator[tuple[datetime, int, Random]]:
    """Yield when orders are placed, how many days ago, and the dice of their day."""
    today = timezone.localdate(now)
    for ago in range(_DAYS, 0, -1):
        day = today - timedelta(days=ago)
        chance = Random(day.toordinal())  # nosec B311 # noqa: S311 - a demo that is made alike again
        for _ in range(chance.choice(_PER_DAY)):
            seconds = chance.randrange(9 * 3600, 79_000)
            yield day_begin(day) + timedelta(seconds=seconds), ago, chance
    passed = min(now - day_begin(today), timedelta(hours=_TODAY_HOURS))
    chance = Random(today.toordinal())  # nosec B311 # noqa: S311 - likewise
    for part in _TODAY:
        yield now - passed * part, 0, chance


def _order(
    placed_at: datetime,
    paid_at: datetime,
    chance: Random,
    shopper: User,
    lines: Sequence[Line],
) -> Order:
    expires_at = placed_at + timedelta(minutes=settings.ORDER_PAY_MINUTES)
    amount = sum(line.amount for line in lines)
    tail = f"{chance.randrange(100_000):05d}{shopper.pk % 10_000:04d}"
    return Order(
        order_no=order_no_clock(placed_at) + tail,
        user=shopper,
        goods_amount=amount,
        total_amount=amount,
        created_at=placed_at,
        expires_at=expires_at,
        due_at=expires_at,
        status=OrderStatus.PAID,
        paid_at=paid_at,
        **_ADDRESS,
    )


def _move_on(order: Order, ago: int) -> None:
    """Let happen to an order what has happened in so many days."""
    if ago > _TO_SHIP_DAYS:
        order.status = OrderStatus.SHIPPED
        order.shipped_at = order.created_at + timedelta(days=1)
    if ago > _SHIPPED_DAYS:
        order.status = OrderStatus.COMPLETED
        order.completed_at = order.created_at + timedelta(days=5)


def _payment(order: Order) -> Payment:
    payment = Payment(
        order=order,
        out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=1),
        amount=order.total_amount,
        state=PaymentState.SUCCEEDED,
        expires_at=order.expires_at,
        transaction_id=f"4200{order.order_no}",
        paid_at=order.paid_at,
    )
    payment.facts = _facts(payment)
    return payment


def _facts(payment: Payment) -> dict[str, Any]:
    """Return what the simulator answers when it is asked about the payment."""
    total = fen(payment.amount)
    return {
        "appid": settings.WECHAT_APPID,
        "mchid": settings.WECHAT_MCHID,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "trade_state": "SUCCESS",
        "success_time": timezone.localtime(payment.paid_at).isoformat(),
        "payer": {"openid": payment.order.user.openid},
        "amount": {"total": total, "payer_total": total, "currency": "CNY"},
    }


def _told(payment: Payment) -> dict[str, Any]:
    facts: dict[str, Any] = payment.facts or {}
    return {
        "outTradeNo": facts["out_trade_no"],
        "transactionId": facts["transaction_id"],
        "openid": facts["payer"]["openid"],
        "total": facts["amount"]["total"],
        "paidAt": facts["success_time"],
    }


@transaction.atomic
def _write(sales: Sequence[Sale]) -> None:
    """Write all rows of the sales, those of stock and sold pieces included.

    Locks: the SKUs, then the products; nobody else sells yet.
    """
    skus_lock(sku_ids={line.sku.pk for sale in sales for line in sale.lines})
    Order.objects.bulk_create([sale.order for sale in sales])
    Payment.objects.bulk_create([sale.payment for sale in sales])
    items = [item for sale in sales for item in _items(sale)]
    OrderItem.objects.bulk_create(items)
    OrderEvent.objects.bulk_create(event for sale in sales for event in _events(sale))
    sold: Counter[int] = Counter()
    for sale in sales:
        quantities = {line.sku.pk: line.quantity for line in sale.lines}
        stock_take(quantities=quantities, order_no=sale.order.order_no)
        for line in sale.lines:
            sold[line.sku.product_id] += line.quantity
    sales_add(quantities=sold)
    _ship(items)
    with connection.cursor() as cursor:
        opened_at = min(sale.order.created_at for sale in sales) - timedelta(days=1)
        cursor.execute(_TIMES, {"opened_at": opened_at})


def _items(sale: Sale) -> Iterator[OrderItem]:
    for line in sale.lines:
        yield OrderItem(
            order=sale.order,
            sku=line.sku,
            product=line.sku.product,
            name=line.sku.product.name,
            specs=line.sku.specs,
            price=line.sku.price,
            quantity=line.quantity,
            image=line.image,
        )


def _events(sale: Sale) -> Iterator[OrderEvent]:
    statuses = _PATH[: _PATH.index(OrderStatus(sale.order.status)) + 1]
    shopper = sale.order.user
    facts: Mapping[str, tuple[User | None, str]] = {
        OrderStatus.PENDING: (shopper, ""),
        OrderStatus.PAID: (None, f"微信支付 {sale.payment.transaction_id}"),
        OrderStatus.SHIPPED: (None, ""),
        OrderStatus.COMPLETED: (shopper, "买家确认收货"),
    }
    for old, new in zip(("", *statuses), statuses, strict=False):
        event = OrderEvent(order=sale.order, from_status=old, to_status=new)
        event.operator, event.reason = facts[new]
        yield event


def _ship(items: Sequence[OrderItem]) -> None:
    """Send what has been shipped, one parcel an order, and let WeChat hear of it."""
    parcels = {
        order: Shipment(
            order=order,
            carrier="SF",
            tracking_no=f"SF{order.order_no[:12]}",
            shipped_at=order.shipped_at,
        )
        for order in dict.fromkeys(item.order for item in items)
        if order.shipped_at
    }
    Shipment.objects.bulk_create(parcels.values())
    ShipmentItem.objects.bulk_create(
        ShipmentItem(
            shipment=parcels[item.order], order_item=item, quantity=item.quantity
        )
        for item in items
        if item.order in parcels
    )
    for order in parcels:
        shipping_upload_enqueue(order=order)

"""What shoppers of the demo want of the shop, so that staff find something to do."""

from collections.abc import Sequence

from accounts.models import User
from orders.models import Order, OrderStatus, Refund
from orders.services.refunds import (
    refund_agree_return,
    refund_request,
    refund_return_parcel,
)
from orders.services.reminding import order_remind

_RETURN_ADDRESS = "演示商店售后 0571-88880000 浙江省杭州市西湖区龙井路2号"


def demo_wishes_load(orders: Sequence[Order]) -> None:
    """Let a shopper ask for money, another send goods back, a third wait for a parcel.

    `orders` are those of a month, oldest first.
    """
    _ask(orders[-2], "拍错了款式")
    if shipped := [one for one in orders if one.status == OrderStatus.SHIPPED]:
        _send_back(shipped[-1])
    waiting = next(one for one in orders if one.status == OrderStatus.PAID)
    order_remind(order_no=waiting.order_no, user_id=waiting.user_id)


def _ask(order: Order, reason: str, *, is_return: bool = False) -> Refund:
    return refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason=reason,
        is_return=is_return,
    )


def _send_back(order: Order) -> None:
    """Let staff, if there are any, want the goods back, and the shopper send them."""
    refund = _ask(order, "颜色与图片不符", is_return=True)
    staff = User.objects.filter(is_staff=True).first()
    refund_agree_return(
        refund_id=refund.pk,
        operator_id=staff.pk if staff else None,
        address=_RETURN_ADDRESS,
        answer="请保持商品完好,并附上发货单",
    )
    refund_return_parcel(
        refund_no=refund.refund_no,
        user_id=order.user_id,
        carrier="ZTO",
        tracking_no="75431208864021",
    )

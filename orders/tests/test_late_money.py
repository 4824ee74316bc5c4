"""Money that comes late, twice or for an old price: nothing of it is lost or kept."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product, Sku
from conftest import wait_until
from orders.models import Order, OrderEvent, Payment, PaymentAnomaly, Refund
from orders.services.accounts import account_delete
from orders.services.closing import order_cancel
from orders.services.payments import payment_close, payment_start
from orders.services.repricing import Price, order_reprice
from orders.tests.books import BothBooks
from orders.tests.closing.ending import cancel, started
from orders.tests.conftest import line, placed, stock_of, work
from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat import pay

pytestmark = pytest.mark.usefixtures("audited", "queue", "shop_server")

PRICE = Price(Decimal("0.00"), Decimal("0.00"))
DEARER = Price(Decimal("6.00"), Decimal("0.00"))


def reprice(order_no: str, staff: User, *prices: Price) -> None:
    """Change the price from each to the next."""
    for seen, new in zip(prices, prices[1:], strict=False):
        order_reprice(
            order_id=Order.objects.get(order_no=order_no).pk,
            seen=seen,
            new=new,
            operator_id=staff.pk,
            reason="偏远地区",
        )


def again(order_no: str) -> str:
    """Begin to pay once more; return the new attempt's number."""
    order = Order.objects.get(order_no=order_no)
    payment_start(order_no=order_no, user=order.user)
    return Payment.objects.latest("pk").out_trade_no


def told_of(simulator: SimulatorProcess) -> set[str]:
    """Name the refunds whose notification is over, sent or not."""
    notifications = simulator.state()["notifications"]
    return {one["outRefundNo"] for one in notifications if not one["pending"]}


def anomaly_of(out_trade_no: str) -> PaymentAnomaly:
    return PaymentAnomaly.objects.get(payment__out_trade_no=out_trade_no)


def gives_back(simulator: SimulatorProcess, out_trade_no: str) -> Refund:
    """Let the worker send the refund of an undue payment, and wait for its end."""
    payment = Payment.objects.get(out_trade_no=out_trade_no)
    assert payment.state == "undue"
    refund = payment.refunds.get()
    assert (refund.kind, refund.state, refund.amount) == (
        "automatic",
        "approved",
        payment.amount,
    )
    work()
    wait_until(lambda: Refund.objects.get(pk=refund.pk).state == "succeeded")
    said = simulator.refund(refund.out_refund_no)
    assert (said["status"], said["refund"]) == ("SUCCESS", int(payment.amount * 100))
    return refund


def test_late_money_places_the_order_again(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
) -> None:
    order_no, out_trade_no = started(wechat_api, tea, 3)
    cancel(wechat_api, order_no)
    assert stock_of(tea) == 10
    transaction_id = simulator.pay(out_trade_no, force=True)

    old = Order.objects.get(order_no=order_no)
    new = old.replaced_by
    assert new is not None
    assert (old.status, new.status) == ("cancelled", "paid")
    same = ("user_id", "total_amount", "name", "phone", "detail", "remark")
    assert [getattr(new, name) for name in same] == [
        getattr(old, name) for name in same
    ]
    columns = ("sku_id", "name", "price", "quantity", "image", "specs")
    assert list(new.items.values(*columns)) == list(old.items.values(*columns))
    payment = Payment.objects.get()
    assert (payment.order, payment.state) == (new, "succeeded")
    assert payment.transaction_id == transaction_id
    assert (stock_of(tea), Product.objects.get().sales) == (7, 3)
    events = OrderEvent.objects.filter(order=new).values_list("to_status", "reason")
    assert list(events) == [
        ("pending", f"订单{order_no}取消后收到付款"),
        ("paid", f"微信支付 {transaction_id}"),
    ]
    anomaly = anomaly_of(out_trade_no)
    assert (anomaly.kind, anomaly.order, anomaly.handled_at) == ("late", old, None)
    assert anomaly.happened == f"订单{order_no}已取消时收到付款297.00元,应付297.00元"
    assert anomaly.done == f"库存充足,已为买家重新生成订单{new.order_no}并标记为已付款"

    for _ in range(2):
        assert simulator.notify(out_trade_no) == 204
    assert Order.objects.count() == 2
    assert (stock_of(tea), Product.objects.get().sales) == (7, 3)
    assert anomaly_of(out_trade_no).times == 1
    assert Refund.objects.count() == 0
    assert both_books.differences() == []


def sold_out(api: APIClient, other: APIClient, tea: Product, staff: User) -> str:
    order_no, out_trade_no = started(api, tea)
    cancel(api, order_no)
    placed(other, line(tea, 10))
    return out_trade_no


def off_sale(api: APIClient, other: APIClient, tea: Product, staff: User) -> str:
    order_no, out_trade_no = started(api, tea)
    cancel(api, order_no)
    Product.objects.update(status="off_sale")
    return out_trade_no


def size_off_sale(api: APIClient, other: APIClient, tea: Product, staff: User) -> str:
    order_no, out_trade_no = started(api, tea)
    cancel(api, order_no)
    Sku.objects.update(is_active=False)
    return out_trade_no


def shopper_gone(api: APIClient, other: APIClient, tea: Product, staff: User) -> str:
    order_no, out_trade_no = started(api, tea)
    cancel(api, order_no)
    account_delete(user_id=Order.objects.get().user_id)
    return out_trade_no


def other_price(api: APIClient, other: APIClient, tea: Product, staff: User) -> str:
    """Cancelled at another price than the one that is paid."""
    order_no, out_trade_no = started(api, tea)
    reprice(order_no, staff, PRICE, DEARER)
    cancel(api, order_no)
    return out_trade_no


def test_late_money_of_a_deleted_account_keeps_no_payer(
    wechat_api: APIClient,
    other_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    tea: Product,
) -> None:
    out_trade_no = shopper_gone(wechat_api, other_api, tea, staff)
    simulator.pay(out_trade_no, force=True)
    facts = Payment.objects.get(out_trade_no=out_trade_no).facts
    assert (facts["trade_state"], "payer" in facts) == ("SUCCESS", False)


@pytest.mark.parametrize(
    "end", [sold_out, off_sale, size_off_sale, shopper_gone, other_price]
)
def test_late_money_goes_back_when_the_order_cannot_be_placed_again(
    wechat_api: APIClient,
    other_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    tea: Product,
    end: Callable[..., str],
) -> None:
    out_trade_no = end(wechat_api, other_api, tea, staff)
    before = stock_of(tea), Product.objects.get().sales
    books = BothBooks(simulator)
    simulator.pay(out_trade_no, force=True)
    order = Payment.objects.get(out_trade_no=out_trade_no).order
    assert (order.status, order.replaced_by) == ("cancelled", None)
    refund = gives_back(simulator, out_trade_no)
    anomaly = anomaly_of(out_trade_no)
    assert (anomaly.kind, anomaly.done) == (
        "late",
        f"已自动退款,退款单{refund.refund_no}",
    )
    for _ in range(2):
        assert simulator.notify(out_trade_no) == 204
    assert (stock_of(tea), Product.objects.get().sales) == before
    assert anomaly_of(out_trade_no).times == 1
    assert Refund.objects.count() == 1
    assert books.differences() == []


def test_second_success_goes_back(
    wechat_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
) -> None:
    order_no, first = started(wechat_api, tea)
    reprice(order_no, staff, PRICE, DEARER, PRICE)
    second = again(order_no)
    simulator.pay(second)
    simulator.pay(first, force=True)
    order = Order.objects.get()
    assert (order.status, order.total_amount) == ("paid", Decimal("99.00"))
    assert anomaly_of(first).kind == "second"
    gives_back(simulator, first)
    simulator.notify(first)
    simulator.notify(second)
    assert (stock_of(tea), Product.objects.get().sales) == (9, 1)
    assert PaymentAnomaly.objects.count() == 1
    assert both_books.differences() == []


def test_second_late_success_places_nothing_again(
    wechat_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
) -> None:
    order_no, first = started(wechat_api, tea)
    reprice(order_no, staff, PRICE, DEARER, PRICE)
    second = again(order_no)
    cancel(wechat_api, order_no)
    simulator.pay(second, force=True)
    simulator.pay(first, force=True)
    assert Order.objects.count() == 2
    assert anomaly_of(second).kind == "late"
    assert anomaly_of(first).kind == "second"
    gives_back(simulator, first)
    assert (stock_of(tea), Product.objects.get().sales) == (9, 1)
    assert both_books.differences() == []


def test_old_price_goes_back_and_the_order_waits_for_the_new_one(
    wechat_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
) -> None:
    order_no, old = started(wechat_api, tea)
    reprice(order_no, staff, PRICE, DEARER)
    simulator.pay(old, force=True)
    order = Order.objects.get()
    assert (order.status, order.total_amount) == ("pending", Decimal("105.00"))
    assert Product.objects.get().sales == 0
    anomaly = anomaly_of(old)
    assert anomaly.kind == "old_price"
    assert anomaly.happened == f"订单{order_no}待付款时收到付款99.00元,应付105.00元"
    gives_back(simulator, old)
    simulator.notify(old)

    new = again(order_no)
    simulator.pay(new)
    assert Order.objects.get().status == "paid"
    assert Payment.objects.get(out_trade_no=new).amount == Decimal("105.00")
    assert PaymentAnomaly.objects.count() == 1
    assert both_books.differences() == []


@pytest.mark.parametrize("is_paid_before_the_worker_comes", [False, True])
def test_success_of_a_closed_attempt_closes_the_open_one(
    wechat_api: APIClient,
    staff: User,
    simulator: SimulatorProcess,
    both_books: BothBooks,
    tea: Product,
    is_paid_before_the_worker_comes: bool,
) -> None:
    """The price is right, so it pays; nobody shall pay by the other one as well."""
    order_no, first = started(wechat_api, tea)
    reprice(order_no, staff, PRICE, DEARER, PRICE)
    second = again(order_no)
    simulator.pay(first, force=True)
    assert Order.objects.get().status == "paid"
    assert Payment.objects.get(out_trade_no=second).state == "closed"
    if is_paid_before_the_worker_comes:
        simulator.fault("notify", "never")
        simulator.pay(second)
    work()
    if is_paid_before_the_worker_comes:
        assert anomaly_of(second).kind == "second"
        gives_back(simulator, second)
        # Back already: the job that is run again finds nothing to close.
        work()
    else:
        assert simulator.payment(second)["tradeState"] == "CLOSED"
    assert not Payment.objects.open().exists()
    assert both_books.differences() == []


def test_order_whose_money_went_back_by_hand_can_end(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    """Paid without a word of it, and refunded at the merchant platform."""
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.fault("notify", "never", 100)
    transaction_id = simulator.pay(out_trade_no)
    pay.refund(
        out_refund_no="BYHAND0001",
        transaction_id=transaction_id,
        reason="退款",
        amount=Decimal("99.00"),
        total=Decimal("99.00"),
    )
    # Its notification, which is none of ours, shall not reach the next test.
    wait_until(lambda: "BYHAND0001" in told_of(simulator))
    order_cancel(order_no=order_no, user_id=Order.objects.get().user_id)
    assert (Order.objects.get().status, stock_of(tea)) == ("cancelled", 10)
    anomaly = anomaly_of(out_trade_no)
    assert (anomaly.kind, anomaly.happened, anomaly.done) == (
        "unclosable",
        f"支付{out_trade_no}未入账,也无法关闭,微信状态为REFUND",
        "已在微信商户平台退款,这一笔不会再有付款;请核对是否全额退款",
    )


def test_money_that_is_back_is_not_unclosable(
    wechat_api: APIClient, simulator: SimulatorProcess, tea: Product
) -> None:
    """A close that is late finds a payment that was booked and refunded meanwhile."""
    order_no, out_trade_no = started(wechat_api, tea)
    simulator.pay(out_trade_no)
    order_cancel(order_no=order_no, user_id=Order.objects.get().user_id)
    work()
    wait_until(lambda: Refund.objects.get().state == "succeeded")
    assert payment_close(out_trade_no=out_trade_no) is False
    assert PaymentAnomaly.objects.count() == 0

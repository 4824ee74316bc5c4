"""DELETE /api/auth/user and GET /api/auth/user/export: the account with its orders."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import Address, Upload, User
from catalog.models import Product, SearchHistory
from conftest import alone, lock_waiters, wait_until
from orders.models import Order, Payment, PaymentNotice, Refund
from orders.services.accounts import account_delete
from orders.services.fulfilment import order_ship
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest, order_place
from orders.services.refunds import refund_request, refund_withdraw
from orders.services.repricing import Price, order_reprice
from orders.tests.conftest import (
    ADDRESS,
    body,
    line,
    paid_order,
    placed,
    stock_of,
)
from shop.api.tests.pictures import uploaded
from shop.devstack.simulator.process import SimulatorProcess

pytestmark = pytest.mark.usefixtures("audited")


def delete(api: APIClient, code: str = "sim-buyer") -> Any:
    return api.delete("/api/auth/user", {"code": code}, format="json")


@pytest.fixture
def buyer(wechat_api: APIClient) -> User:
    wechat_api.put(
        "/api/auth/user", {"nickname": "买家", "phone": "13800138000"}, format="json"
    )
    user = User.objects.get()
    Address.objects.create(user=user, **ADDRESS)
    return user


def test_deletion_erases_the_person_and_keeps_the_order(
    wechat_api: APIClient, buyer: User, tea: Product
) -> None:
    sent = {"HTTP_IDEMPOTENCY_KEY": "13800138000"}
    order = body(line(tea), remark="给张三")
    answer = wechat_api.post("/api/orders", order, format="json", **sent)
    order_no = answer.json()["data"]["orderNo"]
    wechat_api.post(
        f"/api/orders/{order_no}/cancel", {"reason": "我是张三"}, format="json"
    )
    wechat_api.post("/api/search/history", {"keyword": "龙井"}, format="json")
    response = delete(wechat_api)
    assert response.status_code == 200
    assert response.json() == {"code": 0, "message": "账号已注销", "data": None}

    user = User.objects.get(pk=buyer.pk)
    assert (user.openid, user.nickname, user.phone, user.avatar) == (None, "", "", "")
    assert user.session_key_encrypted == ""
    assert user.deleted_at is not None
    assert Address.objects.count() == SearchHistory.objects.count() == 0
    order = Order.objects.get()
    assert (order.user_id, order.items.count()) == (buyer.pk, 1)
    personal = (*ADDRESS, "remark", "close_reason")
    assert {getattr(order, field) for field in personal} == {""}
    assert (order.idempotency_key, order.request_hash) == (None, "")
    assert set(order.events.values_list("reason", flat=True)) == {""}

    after = wechat_api.get("/api/auth/user")
    assert after.status_code == 401
    assert after.json()["message"] == "用户不存在"


def test_deletion_takes_the_openid_out_of_payments(
    wechat_api: APIClient, simulator: SimulatorProcess, shop_server: Any, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/pay")
    payment = Payment.objects.get()
    simulator.pay(payment.out_trade_no)
    call = {"carrier": "SF", "tracking_no": "SF1", "operator_id": None}
    order_ship(order_id=payment.order_id, **call)
    wechat_api.post(f"/api/orders/{order_no}/confirm")
    payment.refresh_from_db()
    notice = PaymentNotice.objects.get()
    for row in (payment, notice):
        assert row.facts["payer"]["openid"]
    assert delete(wechat_api).status_code == 200
    for row in (payment, notice):
        row.refresh_from_db()
        assert "payer" not in row.facts
        assert row.facts["amount"]["total"] == 9900


def test_person_is_exported_and_erased_from_every_notice(
    wechat_api: APIClient, buyer: User, tea: Product
) -> None:
    """Of a refund, of a number that is none of ours; and of nobody else."""
    card = {"user_received_account": "招商银行信用卡0403"}
    order = paid_order(wechat_api, line(tea))
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF1", operator_id=None)
    wechat_api.post(f"/api/orders/{order.order_no}/confirm")
    who = {"user_id": buyer.pk}
    refund = refund_request(order_no=order.order_no, reason="坏了", **who)
    refund_withdraw(refund_no=refund.refund_no, **who)
    Refund.objects.update(facts={**card, "amount": 1})
    theirs: dict[str, Any] = {
        "refund": card,
        "unknown": {"payer": {"openid": buyer.openid}},
    }
    others = {"other": {"payer": {"openid": "openid-shopper"}}}
    for name, facts in {**theirs, **others}.items():
        PaymentNotice.objects.create(
            notice_id=name,
            event_type="TRANSACTION.SUCCESS",
            number=name,
            facts={**facts, "amount": 1},
            received_at="2026-11-26T08:00+08:00",
        )
    number = f"{refund.refund_no}T02"
    PaymentNotice.objects.filter(notice_id="refund").update(number=number)
    told = wechat_api.get("/api/auth/user/export").json()["data"]["paymentNotices"]
    assert told == [
        {
            "eventType": "TRANSACTION.SUCCESS",
            "number": name,
            "receivedAt": "2026-11-26T08:00:00+08:00",
            "facts": {**facts, "amount": 1},
        }
        for name, facts in (("unknown", theirs["unknown"]), (number, theirs["refund"]))
    ]
    assert delete(wechat_api).status_code == 200
    left = dict(PaymentNotice.objects.values_list("notice_id", "facts"))
    assert left == {
        "refund": {"amount": 1},
        "unknown": {"amount": 1},
        "other": {**others["other"], "amount": 1},
    }
    refund.refresh_from_db()
    assert refund.facts == {"amount": 1}


def test_picture_that_goods_show_outlives_its_sender(
    transactional_db: None,
    wechat_api: APIClient,
    staff_api: APIClient,
    settings: Any,
    tea: Product,
) -> None:
    urls = [uploaded(wechat_api) for _ in range(2)]
    used, unused = (url.removeprefix(f"{settings.PUBLIC_URL}/media/") for url in urls)
    changed = staff_api.put(
        f"/api/products/{tea.pk}", {"images": urls[:1]}, format="json"
    )
    assert changed.status_code == 200
    assert delete(wechat_api).status_code == 200
    assert default_storage.exists(used)
    assert not default_storage.exists(unused)
    assert Upload.objects.count() == 0


def test_the_same_person_may_come_again_as_somebody_new(
    wechat_api: APIClient, buyer: User, api: APIClient
) -> None:
    delete(wechat_api)
    answer = api.post("/api/auth/login", {"code": "sim-buyer"}, format="json").json()
    assert answer["data"]["isNew"] is True
    assert answer["data"]["userId"] != buyer.pk


@pytest.mark.parametrize("status", ["pending", "paid", "shipped"])
def test_unfinished_orders_forbid_it(
    wechat_api: APIClient, buyer: User, tea: Product, status: str
) -> None:
    placed(wechat_api, line(tea))
    Order.objects.update(status=status)
    response = delete(wechat_api)
    assert response.status_code == 409
    assert response.json()["data"] == {"error": "orders_open"}
    assert User.objects.get().nickname == "买家"
    assert Address.objects.count() == 1
    Order.objects.update(status="pending")


def test_hidden_orders_are_erased_too(
    wechat_api: APIClient, buyer: User, tea: Product
) -> None:
    order_no = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{order_no}/cancel")
    wechat_api.delete(f"/api/orders/{order_no}")
    delete(wechat_api)
    assert Order.objects.get().phone == ""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "code不能为空"),
        ("sim-somebody-else", None),
        ("nonsense", None),
    ],
)
def test_deletion_wants_a_fresh_code_of_the_same_shopper(
    wechat_api: APIClient, buyer: User, code: str, message: str | None
) -> None:
    response = delete(wechat_api, code)
    assert response.status_code == 400
    if message:
        assert response.json()["message"] == message
    else:
        assert response.json()["data"]["error"] == "wechat_code_invalid"
    assert User.objects.get(pk=buyer.pk).deleted_at is None


def test_deletion_waits_for_wechat(
    wechat_api: APIClient, buyer: User, simulator: SimulatorProcess
) -> None:
    simulator.fault("login", "500", 1)
    assert delete(wechat_api).status_code == 503
    assert User.objects.get(pk=buyer.pk).deleted_at is None


def test_order_that_is_placed_during_the_deletion_finds_nobody(
    transactional_db: None, patient_database: None, shopper: User, tea: Product
) -> None:
    """The order waits for the deletion's lock, then sees the shopper gone."""
    request = OrderRequest([Wish(tea.pk, None, 1)], Destination(**ADDRESS))

    place = alone(lambda: order_place(user_id=shopper.pk, request=request))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            account_delete.__wrapped__(user_id=shopper.pk)
            placed_late = pool.submit(place)
            wait_until(lambda: lock_waiters() or placed_late.done())
            assert not placed_late.done()
        with pytest.raises(UserNotFound):
            placed_late.result()
    assert Order.objects.count() == 0
    assert stock_of(tea) == 10


def test_export_tells_of_a_changed_price(
    wechat_api: APIClient, buyer: User, staff: User, tea: Product
) -> None:
    placed(wechat_api, line(tea))
    order_reprice(
        order_id=Order.objects.get().pk,
        seen=Price(Decimal("0.00"), Decimal("0.00")),
        new=Price(Decimal("0.00"), Decimal("9.00")),
        operator_id=staff.pk,
        reason="老顾客",
    )
    (order,) = wechat_api.get("/api/auth/user/export").json()["data"]["orders"]
    (change,) = order["priceChanges"]
    assert change.pop("createdAt").endswith("+08:00")
    assert change == {"from": "99.00", "to": "90.00", "reason": "老顾客"}


def test_export_holds_account_addresses_and_all_orders(
    wechat_api: APIClient, buyer: User, tea: Product
) -> None:
    hidden = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post(f"/api/orders/{hidden}/cancel")
    wechat_api.delete(f"/api/orders/{hidden}")
    shown = placed(wechat_api, line(tea))["orderNo"]
    wechat_api.post("/api/search/history", {"keyword": "龙井"}, format="json")
    response = wechat_api.get("/api/auth/user/export")
    assert response.status_code == 200
    data = response.json()["data"]
    assert data["account"]["nickname"] == "买家"
    assert [address["detail"] for address in data["addresses"]] == ["科技园1号"]
    assert [order["orderNo"] for order in data["orders"]] == [shown, hidden]
    assert data["orders"][0]["payments"] == []
    assert [event["to"] for event in data["orders"][1]["events"]] == [
        "pending",
        "cancelled",
    ]
    assert [word["keyword"] for word in data["searchHistory"]] == ["龙井"]
    assert "session_key" not in response.content.decode()

"""Deletion and export of an account whose orders have refunds."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.models import Product
from conftest import alone, lock_waiters, wait_until
from orders.errors import OrdersOpen
from orders.models import (
    Payment,
    PaymentAnomaly,
    PaymentNotice,
    PaymentState,
    Refund,
    RefundEvent,
)
from orders.numbers import out_trade_no_make
from orders.services.accounts import account_delete
from orders.services.closing import order_cancel
from orders.services.notices import notice_take
from orders.services.refunds import (
    refund_agree_return,
    refund_approve,
    refund_reject,
    refund_request,
    refund_return_parcel,
    refund_settle,
)
from orders.tests.conftest import line, paid_order, payment_facts
from orders.tests.refunding import asked, completed_order, refund_facts
from shop.api.tests.pictures import uploaded

pytestmark = pytest.mark.usefixtures("audited")


@pytest.mark.parametrize(
    "state",
    ["requested", "to_return", "returning", "approved", "processing", "failed"],
)
def test_an_unfinished_refund_forbids_deletion(
    shopper: User, shopper_api: APIClient, staff: User, tea: Product, state: str
) -> None:
    order = completed_order(shopper_api, line(tea))
    refund = asked(shopper_api, order, type="return")
    answer = {"refund_id": refund.pk, "operator_id": staff.pk}
    if state in ("to_return", "returning"):
        refund_agree_return(**answer, address="二号仓")
    elif state != "requested":
        refund_approve(**answer, is_restocked=False)
    if state == "returning":
        whose = {"refund_no": refund.refund_no, "user_id": shopper.pk}
        refund_return_parcel(**whose, carrier="ZTO", tracking_no="ZT1234")
    if state in ("processing", "failed"):
        said = {"processing": "PROCESSING", "failed": "ABNORMAL"}[state]
        refund_settle(facts=refund_facts(refund, said))
    assert Refund.objects.get().state == state
    with pytest.raises(OrdersOpen):
        account_delete(user_id=shopper.pk)
    assert User.objects.get(pk=shopper.pk).deleted_at is None
    assert Refund.objects.get().reason == "不想要了"


def test_deletion_erases_what_people_wrote_of_ended_refunds(
    transactional_db: None,
    shopper: User,
    shopper_api: APIClient,
    staff: User,
    tea: Product,
) -> None:
    order = completed_order(shopper_api, line(tea))
    url = uploaded(shopper_api)
    refused = asked(shopper_api, order, reason="我是张三", images=[url])
    call = {"operator_id": staff.pk, "answer": "张三先生,请先联系客服"}
    refund_reject(refund_id=refused.pk, **call)
    agreed = asked(shopper_api, order, reason="还是张三")
    refund_approve(refund_id=agreed.pk, is_restocked=False, **call)
    for said in ("ABNORMAL", "SUCCESS"):
        refund_settle(facts=refund_facts(agreed, said))
    (name,) = Refund.objects.get(pk=refused.pk).images
    assert default_storage.exists(name)
    account_delete(user_id=shopper.pk)

    for refund in Refund.objects.all():
        assert (refund.reason, refund.answer, refund.images) == ("", "", [])
    assert not default_storage.exists(name)
    assert set(RefundEvent.objects.values_list("reason", flat=True)) == {
        *("", "微信:ABNORMAL", "微信:SUCCESS")
    }
    facts = Refund.objects.get(pk=agreed.pk).facts
    assert "user_received_account" not in facts
    assert facts["amount"]["refund"] == 9900
    anomaly = PaymentAnomaly.objects.get()
    assert "user_received_account" not in anomaly.facts
    assert anomaly.facts["refund_status"] == "ABNORMAL"


def test_what_wechat_tells_after_the_deletion_names_nobody(
    transactional_db: None, shopper: User, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    order_cancel(order_no=order.order_no, user_id=shopper.pk)
    refund, first = Refund.objects.get(), Payment.objects.get()
    refund_settle(facts=refund_facts(refund))
    second = Payment.objects.create(
        order=order,
        out_trade_no=out_trade_no_make(order_no=order.order_no, attempt=2),
        amount=first.amount,
        expires_at=first.expires_at,
        state=PaymentState.CLOSED,
    )
    account_delete(user_id=shopper.pk)

    told("TRANSACTION.SUCCESS", payment_facts(first))
    told("TRANSACTION.SUCCESS", payment_facts(second))
    told("REFUND.SUCCESS", refund_facts(refund))
    told("REFUND.SUCCESS", refund_facts(Refund.objects.get(payment=second)))
    assert PaymentNotice.objects.filter(settled_at=None).count() == 0
    for model in (PaymentNotice, Payment, Refund):
        for facts in model.objects.values_list("facts", flat=True):
            assert not {"payer", "user_received_account"} & facts.keys()
            assert facts["amount"]["total"] == 9900


def told(event: str, facts: dict[str, Any]) -> None:
    """Take a verified notification."""
    number = f"EV-{PaymentNotice.objects.count()}"
    notice_take(notification={"id": number, "event_type": event, "resource": facts})


def test_export_tells_of_refunds(
    shopper: User, shopper_api: APIClient, staff: User, tea: Product
) -> None:
    order = completed_order(shopper_api, line(tea, 2))
    url = uploaded(shopper_api)
    refund = asked(shopper_api, order, images=[url])
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="已超出范围")
    shopper_api.delete(f"/api/orders/{order.order_no}")
    data = shopper_api.get("/api/auth/user/export").json()["data"]
    shown = shopper_api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
    assert shown["images"] == [url]
    assert data["refunds"] == [
        {**shown, "outRefundNo": f"{refund.refund_no}T01", "facts": None}
    ]


def test_a_refund_that_is_asked_for_during_the_deletion_finds_nobody(
    transactional_db: None, shopper: User, shopper_api: APIClient, tea: Product
) -> None:
    order = completed_order(shopper_api, line(tea))
    call = {"order_no": order.order_no, "user_id": shopper.pk, "reason": "不想要了"}
    request = alone(lambda: refund_request(**call))
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        account_delete.__wrapped__(user_id=shopper.pk)
        late = pool.submit(request)
        with pytest.raises(UserNotFound):
            late.result()
    assert not Refund.objects.exists()


def test_a_deletion_waits_for_the_refund_that_is_being_asked_for(
    transactional_db: None,
    patient_database: None,
    shopper: User,
    shopper_api: APIClient,
    tea: Product,
) -> None:
    order = completed_order(shopper_api, line(tea))
    call: dict[str, Any] = {"order_no": order.order_no, "user_id": shopper.pk}
    delete = alone(lambda: account_delete(user_id=shopper.pk))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            refund_request.__wrapped__(**call, reason="不想要了")
            deletion = pool.submit(delete)
            wait_until(lambda: lock_waiters() or deletion.done())
            assert not deletion.done()
        with pytest.raises(OrdersOpen):
            deletion.result()
    assert Refund.objects.get().reason == "不想要了"
    assert User.objects.get(pk=shopper.pk).deleted_at is None

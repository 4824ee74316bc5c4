"""Above the limit a second person grants what the first has decided."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.errors import UserNotFound
from accounts.models import User
from catalog.models import Product
from orders.errors import (
    IllegalTransition,
    RefundChanged,
    RefundNotFound,
    RefundPending,
    SecondPersonNeeded,
)
from orders.models import Order, Payment, Refund
from orders.services.closing import order_cancel
from orders.services.refunds import (
    Amounts,
    refund_approve,
    refund_confirm,
    refund_send_back,
    refund_withdraw,
)
from orders.tests.conftest import line, paid_order
from orders.tests.refund_grants.granting import (
    approve,
    confirm,
    everything,
    give,
    lines_of,
    refused,
)
from orders.tests.refunding import asked, pieces, ship
from shop.errors import Forbidden, Invalid

pytestmark = pytest.mark.usefixtures("audited")


def test_above_the_limit_a_second_person_grants_what_the_first_has_decided(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    jobs = everything()[-1]
    refund_approve(
        refund_id=refund.pk,
        operator_id=staff.pk,
        is_restocked=True,
        answer="同意一部分",
        amounts=Amounts({tea: Decimal("150.00")}),
    )
    refund.refresh_from_db()
    assert (refund.state, refund.agreed_by, refund.granted_at) == (
        *("requested", staff, None),
    )
    assert (refund.is_restocked, refund.answer) == (True, "同意一部分")
    assert everything()[-1] == jobs
    # The shopper is told of no half decision.
    data = shopper_api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
    assert (data["status"], data["amount"], data["answer"]) == (
        *("requested", "198.00", ""),
    )
    assert [item["amount"] for item in data["items"]] == ["198.00"]
    assert [step["status"] for step in data["timeline"]] == ["requested"]

    assert refused(SecondPersonNeeded, lambda: confirm(refund, staff)) == (
        "您已同意过,需要另一位员工审批"
    )
    assert refused(IllegalTransition, lambda: approve(refund, second)) == (
        "已有一人同意,等第二人审批"
    )
    confirm(refund, second)
    refund.refresh_from_db()
    assert (refund.state, str(refund.amount)) == ("approved", "150.00")
    assert refund.granted_at is not None
    events = refund.events.values_list("to_state", "deed", "operator", "amount")
    assert list(events) == [
        ("requested", "", order.user_id, Decimal("198.00")),
        ("requested", "agreed", staff.pk, Decimal("150.00")),
        ("approved", "", second.pk, Decimal("150.00")),
    ]
    data = shopper_api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
    assert (data["amount"], data["answer"]) == ("150.00", "同意一部分")
    assert [step["text"] for step in data["timeline"]] == [
        *("退款申请已提交", "商家已同意退款"),
    ]


def test_at_the_limit_one_is_enough_and_splitting_is_no_way_round(
    shopper_api: APIClient, order: Order, staff: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    assert give(order, staff, 1, 0).state == "approved"
    more = give(order, staff, 1, 0, lines={tea: Decimal("1.00")})
    assert more.state == "approved"
    waiting = give(order, staff, 1, 0, lines={tea: Decimal("0.01")})
    assert (waiting.state, waiting.agreed_by) == ("requested", staff)


def test_the_limit_is_of_what_is_granted_and_not_of_what_was_asked_for(
    shopper_api: APIClient, order: Order, staff: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff, Amounts({tea: Decimal("100.00")}))
    refund.refresh_from_db()
    assert (refund.state, str(refund.amount)) == ("approved", "100.00")


def test_the_limit_is_of_each_order(
    shopper_api: APIClient, order: Order, staff: User, tea: Product, two_people: None
) -> None:
    other = paid_order(shopper_api, line(tea))
    give(order, staff, 1, 0)
    assert approve(asked(shopper_api, other), staff).state == "approved"


def test_what_the_first_agreed_to_is_sent_back_and_answered_anew(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff, Amounts({tea: Decimal("110.00")}))
    refund.refresh_from_db()
    agreed_at = refund.agreed_at
    refund_send_back(refund_id=refund.pk, operator_id=second.pk, note="请再核对")
    refund.refresh_from_db()
    assert (refund.agreed_by, str(refund.amount), str(refund.kept_amount)) == (
        *(None, "198.00", "0.00"),
    )
    assert (refund.answer, refund.events.latest("pk").deed) == ("", "returned")
    assert str(Payment.objects.get().refund_amount) == "198.00"
    approve(refund, second, Amounts({tea: Decimal("120.00")}))

    def stale() -> Refund:
        call = {"refund_id": refund.pk, "operator_id": staff.pk}
        assert agreed_at
        return refund_confirm(**call, agreed_at=agreed_at)

    refused(RefundChanged, stale)
    assert str(confirm(refund, staff).amount) == "120.00"


def test_who_lost_the_permission_is_no_second_but_stays_the_first(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    refund = asked(shopper_api, order)
    approve(refund, second)
    second.user_permissions.clear()
    User.objects.filter(pk=second.pk).update(is_active=False)
    third = User.objects.create_user("third", "a-long-password-9")
    refused(Forbidden, lambda: confirm(refund, third))
    assert confirm(refund, staff).state == "approved"


def test_who_is_shut_out_is_no_second(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    refund = asked(shopper_api, order)
    approve(refund, staff)
    User.objects.filter(pk=second.pk).update(is_active=False)
    refused(UserNotFound, lambda: confirm(refund, second))


def test_second_of_what_staff_began_needs_the_permission_to_refund(
    order: Order, staff: User, second: User, two_people: None
) -> None:
    refund = give(order, staff, 3, 0)
    name = Permission.objects.get(codename="refund_order")
    second.user_permissions.remove(name)
    refused(Forbidden, lambda: confirm(refund, User.objects.get(pk=second.pk)))
    second.user_permissions.add(name)
    assert confirm(refund, User.objects.get(pk=second.pk)).state == "approved"


def test_shopper_sees_what_staff_began_when_it_is_granted(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    refund = give(order, staff, 3, 1)
    path = f"/api/refunds/{refund.refund_no}"
    assert shopper_api.get(path).status_code == 404
    assert shopper_api.post(f"{path}/withdraw").status_code == 404
    refused(
        RefundNotFound,
        lambda: refund_withdraw(refund_no=refund.refund_no, user_id=order.user_id),
    )
    assert shopper_api.get("/api/refunds").json()["data"]["list"] == []
    of_order = f"/api/orders/{order.order_no}/refunds"
    assert shopper_api.get(of_order).json()["data"]["list"] == []
    counts = shopper_api.get("/api/orders/counts").json()["data"]
    assert counts["refunding"] == 0
    # Its pieces are set aside: nothing is left to ask for, or to ship.
    actions = shopper_api.get(f"/api/orders/{order.order_no}").json()["data"]["actions"]
    assert actions == ["cancel"]
    refused(Invalid, lambda: ship(order))
    refused(RefundPending, lambda: give(order, staff, 0, 0, lines={1: Decimal(1)}))

    confirm(refund, second)
    data = shopper_api.get(path).json()["data"]
    assert (data["status"], data["amount"]) == ("approved", "334.50")
    assert [(step["text"], step["note"]) for step in data["timeline"]] == [
        ("退款已发起", "破损")
    ]


def test_cancel_of_an_unshipped_order_needs_nobody(
    shopper_api: APIClient, order: Order, staff: User, settings: Any, two_people: None
) -> None:
    settings.REFUND_DAY_CAP = Decimal("0.01")
    waiting = give(order, staff, 3, 1)
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    waiting.refresh_from_db()
    refund = Refund.objects.latest("pk")
    assert (waiting.state, refund.kind, refund.state) == (
        *("withdrawn", "cancel", "approved"),
    )
    assert refund.granted_at is None


def test_what_staff_began_waits_behind_no_request(
    shopper_api: APIClient, order: Order, staff: User, two_people: None
) -> None:
    asked(shopper_api, order, items=pieces(order, 1, 0))
    refused(RefundPending, lambda: give(order, staff, 2, 0))


def test_what_staff_began_is_not_sent_back(
    order: Order, staff: User, second: User, two_people: None
) -> None:
    refund = give(order, staff, 3, 0)
    call = {"refund_id": refund.pk, "operator_id": second.pk, "note": "不行"}
    refused(IllegalTransition, lambda: refund_send_back(**call))
    assert refund.staff_actions == ["confirm", "reject"]


def test_what_one_of_two_wrote_is_not_told_after_a_withdrawal(
    shopper_api: APIClient, order: Order, staff: User, two_people: None
) -> None:
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    url = f"/api/refunds/{refund.refund_no}"
    assert shopper_api.post(f"{url}/withdraw").status_code == 200
    shown = shopper_api.get(url).json()["data"]
    assert (shown["status"], shown["answer"]) == ("withdrawn", "")

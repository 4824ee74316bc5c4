"""What staff grant: less than was asked for, by two people, and within a day's cap."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.errors import (
    DayCapReached,
    IllegalTransition,
    OrderChanged,
    RefundChanged,
    RefundNotFound,
    RefundPending,
    SecondPersonNeeded,
)
from orders.models import Order, Payment, Refund, RefundEvent, RefundItem
from orders.services.closing import order_cancel
from orders.services.refunds import (
    Amounts,
    refund_approve,
    refund_by_staff,
    refund_confirm,
    refund_reject,
    refund_retry,
    refund_send_back,
    refund_withdraw,
)
from orders.services.refunds.asking import seen_now
from orders.services.refunds.settling import refund_refuse
from orders.tests.conftest import line, paid_order
from orders.tests.refunding import asked, pieces, priced_order, settled, ship
from shop.errors import Forbidden, Invalid, ShopError

pytestmark = pytest.mark.usefixtures("audited")


@pytest.fixture
def order(shopper_api: APIClient, tea: Product, cup: Product) -> Order:
    """Three teas at 99.00, a cup at 25.50 and 12.00 of freight: 334.50."""
    lines = (line(tea, 3), line(cup))
    return priced_order(shopper_api, *lines, freight="12.00", discount="0.00")


@pytest.fixture
def second(db: None) -> User:
    """Staff who may answer refunds, and give money back."""
    user = User.objects.create_user("second", "a-long-password-9")
    codenames = ["answer_refund", "refund_order"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def two_people(settings: Any) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("100.00")


def lines_of(order: Order) -> tuple[int, int]:
    tea, cup = order.items.order_by("pk").values_list("pk", flat=True)
    return tea, cup


def yuan(**amounts: str) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in amounts.items()}


def approve(refund: Refund, staff: User, amounts: Amounts | None = None) -> Refund:
    return refund_approve(
        refund_id=refund.pk,
        operator_id=staff.pk,
        is_restocked=False,
        answer="同意",
        amounts=amounts,
    )


def confirm(refund: Refund, operator: User) -> Refund:
    refund.refresh_from_db()
    assert refund.agreed_at
    return refund_confirm(
        refund_id=refund.pk, operator_id=operator.pk, agreed_at=refund.agreed_at
    )


def give(order: Order, staff: User, *counts: int, **amounts: Any) -> Refund:
    """Give so many pieces of each line back, at the amounts."""
    wanted = dict(zip(lines_of(order), counts, strict=True))
    return refund_by_staff(
        order_id=order.pk,
        operator_id=staff.pk,
        reason="破损",
        quantities={pk: count for pk, count in wanted.items() if count},
        amounts=Amounts(**amounts),
    )


def everything() -> list[Any]:
    models = (Refund, RefundItem, RefundEvent, Payment, Order)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return [*rows, cursor.fetchone()]


def refused(error: type[ShopError], act: Any) -> str:
    """Do what must be refused and write nothing; return what is told."""
    before = everything()
    with pytest.raises(error) as caught:
        act()
    assert everything() == before
    return caught.value.message


# --- amounts by line


def test_less_is_granted_and_the_rest_is_kept_for_good(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    ship(order)
    tea, cup = lines_of(order)
    refund = asked(shopper_api, order, items=pieces(order, 2, 1))
    assert (str(refund.amount), str(refund.requested_amount)) == ("223.50", "223.50")
    approve(refund, staff, Amounts({tea: Decimal("150.00"), cup: Decimal("0.00")}))
    refund.refresh_from_db()
    assert (str(refund.amount), str(refund.kept_amount)) == ("150.00", "73.50")
    assert list(refund.items.values_list("amount", "kept_amount")) == [
        (Decimal("150.00"), Decimal("48.00")),
        (Decimal("0.00"), Decimal("25.50")),
    ]
    assert str(Payment.objects.get().refund_amount) == "150.00"
    settled(refund)
    data = shopper_api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
    assert (data["amount"], data["requestedAmount"]) == ("150.00", "223.50")
    assert [item["amount"] for item in data["items"]] == ["150.00", "0.00"]

    # The last piece brings its own price and the freight, and nothing that was kept.
    last = give(order, staff, 1, 0)
    assert str(last.amount) == "111.00"
    settled(last)
    order.refresh_from_db()
    assert (order.status, str(order.refunded_amount)) == ("shipped", "261.00")


def test_freight_is_given_in_part_with_the_last_pieces(
    order: Order, staff: User
) -> None:
    ship(order)
    message = refused(
        Invalid, lambda: give(order, staff, 3, 0, freight=Decimal("1.00"))
    )
    assert message == "运费最多可退¥0.00"
    refund = give(order, staff, 3, 1, freight=Decimal("2.00"))
    assert (str(refund.amount), str(refund.kept_amount)) == ("324.50", "10.00")


@pytest.mark.parametrize(
    ("tea_amount", "cup_amount", "message"),
    [
        ("198.01", "25.50", "商品龙井茶最多可退¥198.00"),
        ("198.00", "25.51", "商品茶杯最多可退¥25.50"),
        ("-0.01", "25.50", "商品龙井茶最多可退¥198.00"),
        ("0.00", "0.00", "退款金额不能少于0.01元"),
    ],
)
def test_never_more_than_the_pieces_are_worth_and_never_nothing(
    shopper_api: APIClient,
    order: Order,
    staff: User,
    tea_amount: str,
    cup_amount: str,
    message: str,
) -> None:
    ship(order)
    tea, cup = lines_of(order)
    amounts = {tea: Decimal(tea_amount), cup: Decimal(cup_amount)}
    refund = asked(shopper_api, order, items=pieces(order, 2, 1))
    assert refused(Invalid, lambda: approve(refund, staff, Amounts(amounts))) == message


def test_what_has_not_left_is_paid_back_whole(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    """Else an order of which nothing left would be cancelled for a fen."""
    tea, cup = lines_of(order)
    ship(order, {tea: 1})
    refund = asked(shopper_api, order, items=pieces(order, 3, 1))

    def given(**lines: str) -> Amounts:
        named = {"tea": tea, "cup": cup}
        return Amounts({named[name]: Decimal(one) for name, one in lines.items()})

    told = refused(Invalid, lambda: approve(refund, staff, given(tea="197.99")))
    assert told == "商品龙井茶有2件未发货,最少退¥198.00"
    told = refused(Invalid, lambda: approve(refund, staff, given(cup="25.49")))
    assert told == "商品茶杯有1件未发货,最少退¥25.50"
    approve(refund, staff, given(tea="198.00"))
    refund.refresh_from_db()
    assert (str(refund.amount), str(refund.kept_amount)) == ("235.50", "99.00")


def test_freight_is_paid_back_whole_while_no_parcel_has_left(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    refund = asked(shopper_api, order)
    less = Amounts(freight=Decimal("11.99"))
    told = refused(Invalid, lambda: approve(refund, staff, less))
    assert told == "还没有发出包裹,运费¥12.00须全额退还"
    refund_reject(refund_id=refund.pk, operator_id=staff.pk, answer="不退")
    refused(Invalid, lambda: give(order, staff, 3, 1, freight=Decimal("0.00")))


def test_what_is_dropped_keeps_nothing(
    shopper_api: APIClient, order: Order, staff: User, second: User, two_people: None
) -> None:
    ship(order)
    tea, _ = lines_of(order)
    given = give(order, staff, 3, 0, lines={tea: Decimal("120.00")})
    assert str(given.kept_amount) == "177.00"
    refund_reject(refund_id=given.pk, operator_id=second.pk, answer="不必")
    assert str(asked(shopper_api, order).amount) == "334.50"


# --- money without pieces


def test_money_alone_leaves_the_goods_and_makes_them_cheaper(
    shopper_api: APIClient, order: Order, staff: User, tea: Product
) -> None:
    tea_line, _ = lines_of(order)
    ship(order)
    refund = give(order, staff, 0, 0, lines={tea_line: Decimal("30.00")})
    assert (str(refund.amount), str(refund.kept_amount)) == ("30.00", "0.00")
    settled(refund)
    order.refresh_from_db()
    assert (order.status, str(order.refunded_amount)) == ("shipped", "30.00")
    assert list(order.items.values_list("refund_quantity", flat=True)) == [0, 0]
    tea.refresh_from_db()
    assert tea.sales == 3

    # (297.00 - 30.00) / 3, and in the end all that was paid.
    assert str(asked(shopper_api, order, items=pieces(order, 1, 0)).amount) == "89.00"
    rest = give(order, staff, 2, 1)
    assert str(rest.amount) == "215.50"
    assert str(Payment.objects.get().refund_amount) == "334.50"


def test_money_alone_stays_under_what_is_left(order: Order, staff: User) -> None:
    tea, cup = lines_of(order)

    def compensate(amount: str, of: int) -> Refund:
        return give(order, staff, 0, 0, lines={of: Decimal(amount)})

    told = refused(Invalid, lambda: compensate("297.01", tea))
    assert told == "商品龙井茶最多可退¥297.00"
    told = refused(Invalid, lambda: give(order, staff, 0, 0))
    assert told == "请选择要退款的商品和数量"
    give(order, staff, 0, 1)
    # All pieces of the cup are gone.
    told = refused(Invalid, lambda: compensate("0.01", cup))
    assert told == "这些商品没有可退的金额"
    compensate("297.00", tea)
    assert str(give(order, staff, 3, 0).amount) == "12.00"


def test_not_all_money_goes_while_goods_stay(
    shopper_api: APIClient, staff: User, tea: Product
) -> None:
    """An order without money could not be cancelled: WeChat gives no 0.00 back."""
    order = paid_order(shopper_api, line(tea))
    item = order.items.get().pk
    call = {"order_id": order.pk, "operator_id": staff.pk, "reason": "破损"}

    def compensate(amount: str) -> Refund:
        amounts = Amounts({item: Decimal(amount)})
        return refund_by_staff(**call, quantities={}, amounts=amounts)

    told = refused(Invalid, lambda: compensate("99.00"))
    assert told == "商品没有全部退回,不能退完全部金额"
    compensate("98.99")
    order_cancel(order_no=order.order_no, user_id=order.user_id)
    assert str(Refund.objects.latest("pk").amount) == "0.01"


def test_a_page_older_than_what_was_kept_gives_nothing(
    shopper_api: APIClient, order: Order, staff: User
) -> None:
    ship(order)
    seen = seen_now(order)
    tea, _ = lines_of(order)
    give(order, staff, 1, 0, lines={tea: Decimal("0.01")})

    def again() -> Refund:
        call = {"order_id": order.pk, "operator_id": staff.pk, "reason": "破损"}
        return refund_by_staff(**call, quantities={tea: 1}, seen=seen)

    refused(OrderChanged, again)
    assert seen_now(order).amount == Decimal("99.00")


# --- two people


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


# --- the cap of a day


def test_a_day_grants_no_more_than_its_cap(
    shopper_api: APIClient, order: Order, staff: User, settings: Any
) -> None:
    ship(order)
    settings.REFUND_DAY_CAP = Decimal("200.00")
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    other = asked(shopper_api, order, items=pieces(order, 0, 1))
    told = refused(DayCapReached, lambda: approve(other, staff))
    assert told == "超过每日退款上限¥200.00,今天还可退¥2.00"
    tea, cup = lines_of(order)
    refused(DayCapReached, lambda: give(order, staff, 1, 0))
    approve(other, staff, Amounts({cup: Decimal("2.00")}))
    told = refused(
        DayCapReached, lambda: give(order, staff, 1, 0, lines={tea: Decimal("0.01")})
    )
    assert told == "超过每日退款上限¥200.00,今天还可退¥0.00"

    # Another try of the same is no new grant, and a new day has its own.
    refund_refuse(refund=refund, wechat_code="INVALID_REQUEST")
    refund_retry(refund_id=refund.pk, operator_id=staff.pk)
    yesterday = timezone.now() - timedelta(days=1)
    Refund.objects.update(granted_at=yesterday)
    assert give(order, staff, 1, 0).state == "approved"


def test_the_second_one_grants_within_the_cap(
    shopper_api: APIClient, order: Order, staff: User, second: User, settings: Any
) -> None:
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("10.00")
    settings.REFUND_DAY_CAP = Decimal("100.00")
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    refused(DayCapReached, lambda: confirm(refund, second))
    settings.REFUND_DAY_CAP = Decimal("198.00")
    assert confirm(refund, second).state == "approved"


def test_the_day_begins_at_midnight_of_the_shop(
    order: Order, staff: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REFUND_DAY_CAP = Decimal("99.00")
    give(order, staff, 1, 0)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Refund.objects.update(granted_at=midnight)
    refused(DayCapReached, lambda: give(order, staff, 1, 0))
    Refund.objects.update(granted_at=midnight - timedelta(microseconds=1))
    assert give(order, staff, 1, 0).state == "approved"


def test_a_grant_that_waits_over_midnight_counts_for_the_new_day(
    order: Order, staff: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REFUND_DAY_CAP = Decimal("99.00")
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    clock = {}
    monkeypatch.setattr(timezone, "now", lambda: clock["now"])

    def wait(execute: Any, sql: str, *args: Any) -> Any:
        if "pg_advisory_xact_lock" in sql:
            clock["now"] = midnight
        return execute(sql, *args)

    def give_late(pieces_of_tea: int) -> Refund:
        clock["now"] = midnight - timedelta(seconds=1)
        with connection.execute_wrapper(wait):
            return give(order, staff, pieces_of_tea, 0)

    refused(DayCapReached, lambda: give_late(2))
    assert give_late(1).granted_at == midnight


def test_what_one_of_two_wrote_is_not_told_after_a_withdrawal(
    shopper_api: APIClient, order: Order, staff: User, two_people: None
) -> None:
    refund = asked(shopper_api, order, items=pieces(order, 2, 0))
    approve(refund, staff)
    url = f"/api/refunds/{refund.refund_no}"
    assert shopper_api.post(f"{url}/withdraw").status_code == 200
    shown = shopper_api.get(url).json()["data"]
    assert (shown["status"], shown["answer"]) == ("withdrawn", "")


def test_the_sum_of_a_day_has_an_index(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    granted = Refund.objects.filter(granted_at__gte=timezone.now())
    assert "refund_granted" in granted.values("amount").explain()

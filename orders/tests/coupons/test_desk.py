"""The desk of coupons: made, published, extended, ended, copied and given."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Category, Product
from orders.errors import CouponChanged
from orders.models import Coupon, CouponClaim, Order
from orders.services.coupons import (
    coupon_copy,
    coupon_end,
    coupon_figures,
    coupon_update,
)
from orders.tests.conftest import line, page, paid, placed
from orders.tests.coupons.making import claimed, coupon_made, fields_of
from shop.errors import Invalid

DESK = "/admin/orders/coupon/"


def typed(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def form(**fields: Any) -> dict[str, Any]:
    """Return what a browser sends: twenty off a hundred, for a fortnight."""
    return {
        "title": "满百减二十",
        "kind": "reduction",
        "minimum_amount": "100.00",
        "amount": "20.00",
        "percent_off": "",
        "scope": "all",
        "total_limit": "",
        "user_limit": "1",
        "claim_from": "2026-03-01T10:00",
        "claim_until": "",
        "valid_days": "14",
        "valid_from": "",
        "valid_until": "",
        **fields,
    }


def refusal(response: Any) -> list[str]:
    assert response.status_code == 200
    form = response.context["adminform"].form
    return [text for texts in form.errors.values() for text in texts]


def told(response: Any) -> str:
    assert response.status_code == 302
    *_, message = get_messages(response.wsgi_request)
    return str(message)


def test_draft_is_made_changed_published_and_fixed(
    desk: Client, shopper: User, product_make: Callable[..., Product]
) -> None:
    tea = Category.objects.create(name="茶")
    made = desk.post(f"{DESK}add/", form(scope="categories", categories=[tea.pk]))
    assert made.status_code == 302
    coupon = Coupon.objects.get()
    assert (coupon.status, coupon.scope, coupon.target_ids) == (
        "draft",
        "categories",
        [tea.pk],
    )
    begin = datetime.fromisoformat("2026-03-01T10:00+08:00")
    assert (coupon.claim_from, coupon.valid_days) == (begin, 14)
    assert coupon.terms == "满100元减20元"

    product = product_make("龙井茶")
    url = f"{DESK}{coupon.pk}/change/"
    assert "满百减二十" in page(desk, url)
    changed = form(scope="products", products=[product.pk], version=coupon.version)
    assert desk.post(url, changed).status_code == 302
    assert "龙井茶" in page(desk, url)
    # An older page is not written over what somebody else has changed.
    assert refusal(desk.post(url, changed)) == ["优惠券已变化,请重新打开页面后再改"]

    assert told(desk.post(f"{DESK}{coupon.pk}/publish/")) == "优惠券已发布"
    claimed(shopper, coupon)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.target_ids) == ("published", [product.pk])
    later = {"total_limit": "50", "claim_until": "2030-01-01T00:00"}
    sent = form(title="别的", amount="99", version=coupon.version, **later)
    assert desk.post(url, sent).status_code == 302
    coupon.refresh_from_db()
    # What shoppers hold is as they took it, whatever a browser sends.
    assert (coupon.title, str(coupon.amount)) == ("满百减二十", "20.00")
    assert (coupon.total_limit, coupon.claimed_count) == (50, 1)
    assert coupon.claim_until == datetime.fromisoformat("2030-01-01T00:00+08:00")

    assert told(desk.post(f"{DESK}{coupon.pk}/end/")) == "优惠券已结束"
    shown = page(desk, url)
    assert "指定商品:龙井茶" in shown
    assert 'name="title"' not in shown
    assert CouponClaim.objects.get().valid_until > timezone.now()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": " <b></b> "}, "名称不能为空"),
        ({"amount": "0"}, "确保该值大于或等于0.01。"),
        ({"kind": "percentage"}, "折扣券要填减百分之几,满减券不填"),
        ({"percent_off": "15"}, "折扣券要填减百分之几,满减券不填"),
        ({"valid_days": ""}, "请填写使用时间,或者领取后几天有效"),
        ({"valid_from": "2026-03-01T10:00"}, "使用时间和领取后几天有效只能填一种"),
        (
            {"valid_days": "", "valid_from": "2026-03-01T10:00"},
            "使用开始和使用结束要一起填",
        ),
        ({"claim_until": "2026-03-01T10:00"}, "结束时间要晚于开始时间"),
        ({"scope": "categories"}, "请选择适用的分类或商品"),
        ({"scope": "products", "products": ["987654"]}, "有的分类或商品不存在"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    desk: Client, fields: dict[str, Any], message: str
) -> None:
    assert refusal(desk.post(f"{DESK}add/", form(**fields))) == [message]
    assert not Coupon.objects.exists()


@pytest.mark.parametrize("product", ["茶", "²", "-1", "9" * 30, "9" * 5000])
def test_what_is_no_id_of_a_product_is_refused(desk: Client, product: str) -> None:
    sent = form(scope="products", products=[product])
    [told] = refusal(desk.post(f"{DESK}add/", sent))
    assert told.startswith("选择一个有效的选项")
    assert not Coupon.objects.exists()


def test_published_one_gets_no_fewer_than_were_claimed(
    shopper: User, other_shopper: User
) -> None:
    coupon = coupon_made()
    claimed(shopper, coupon)
    claimed(other_shopper, coupon)
    coupon.refresh_from_db()
    same = {"claim_from": coupon.claim_from}

    def change(**fields: Any) -> None:
        written = fields_of(**{**same, **fields})
        coupon_update(
            coupon_id=coupon.pk, expected_version=coupon.version, written=written
        )

    with pytest.raises(Invalid, match="已领取2张,发放总量不能更少"):
        change(total_limit=1)
    with pytest.raises(Invalid, match="优惠券已发布,优惠金额"):
        change(amount="6.00")
    coupon_end(coupon_id=coupon.pk)
    with pytest.raises(CouponChanged):
        change(total_limit=2)
    coupon.refresh_from_db()
    assert (coupon.total_limit, str(coupon.amount)) == (None, "5.00")


def test_one_is_not_published_twice_or_too_late(desk: Client) -> None:
    coupon = coupon_made()
    again = desk.post(f"{DESK}{coupon.pk}/publish/")
    assert told(again) == "优惠券已发布,不能这样做"
    late = coupon_copy(coupon_id=coupon.pk)
    assert (late.title, late.status, late.claimed_count) == ("新人券 副本", "draft", 0)
    Coupon.objects.filter(pk=late.pk).update(claim_until=timezone.now())
    answer = desk.post(f"{DESK}{late.pk}/publish/")
    assert answer.context["form"].non_field_errors() == ["领取结束已过,不能发布"]
    late.refresh_from_db()
    assert late.status == "draft"


def test_copy_leads_to_the_new_draft(desk: Client) -> None:
    coupon = coupon_made()
    answer = desk.post(f"{DESK}{coupon.pk}/copy/")
    draft = Coupon.objects.exclude(pk=coupon.pk).get()
    assert answer["Location"] == f"{DESK}{draft.pk}/change/"


def test_one_shopper_is_given_one(desk: Client, shopper: User, staff: User) -> None:
    coupon = coupon_made()
    url = f"{DESK}{coupon.pk}/give/"
    unknown = desk.post(url, {"user_id": staff.pk})
    assert unknown.context["form"].non_field_errors() == ["没有这个编号的用户"]
    assert told(desk.post(url, {"user_id": shopper.pk})) == f"已发给用户{shopper.pk}"
    again = desk.post(url, {"user_id": shopper.pk})
    assert again.context["form"].non_field_errors() == ["每人限领1张,不能再领"]
    claim = CouponClaim.objects.get()
    assert (claim.user, claim.given_by) == (shopper, staff)


def test_a_page_sent_twice_gives_one(desk: Client, shopper: User) -> None:
    coupon = coupon_made(user_limit=3)
    url = f"{DESK}{coupon.pk}/give/"
    for given in (1, 2):
        form = desk.get(url).context["form"]
        sent = {"user_id": shopper.pk, "page_key": form["page_key"].value()}
        for _ in range(2):
            assert told(desk.post(url, sent)) == f"已发给用户{shopper.pk}"
        assert coupon.claims.count() == given


def test_figures_and_the_order_tell_what_a_coupon_has_brought(
    desk: Client, shopper_api: APIClient, shopper: User, tea: Product, cup: Product
) -> None:
    """Of three claims one is paid for, one waits to be paid, one was given back."""
    coupon = coupon_made(title="立减五元", user_limit=3)
    for _ in range(3):
        claimed(shopper, coupon)
    wanted = {"couponId": coupon.pk}
    first, _, last = [
        Order.objects.get(order_no=placed(shopper_api, line(cup), **wanted)["orderNo"])
        for _ in range(3)
    ]
    paid(first)
    shopper_api.post(f"/api/orders/{last.order_no}/cancel")
    with CaptureQueriesContext(connection) as captured:
        shown = page(desk, f"{DESK}{coupon.pk}/change/")
    assert "已领取3,不限量 · 已使用2 · 优惠¥5.00 · 订单金额¥20.50" in shown
    sums = [one for one in captured.captured_queries if "discount_amount" in one["sql"]]
    assert len(sums) == 1
    assert coupon_figures(coupon_id=coupon.pk, most=2) is not None
    assert coupon_figures(coupon_id=coupon.pk, most=1) is None
    assert "立减五元" in page(desk, f"/admin/orders/order/{first.pk}/change/")


def test_list_says_how_each_stands(desk: Client, shopper: User) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    coupon_made(title="在领", total_limit=5)
    claimed(shopper, title="领完", total_limit=1)
    coupon_made(title="未到", claim_from=now + hour)
    over = coupon_made(title="过了", claim_until=now + hour)
    Coupon.objects.filter(pk=over.pk).update(claim_until=now)
    coupon_end(coupon_id=coupon_made(title="停了").pk)
    Coupon.objects.create(**fields_of(title="草稿券").columns())
    listed = desk.get(DESK).context["cl"]
    show = listed.model_admin.state_label
    assert [(row.title, show(row)) for row in listed.result_list] == [
        ("草稿券", "草稿"),
        ("停了", "已结束"),
        ("过了", "领取结束"),
        ("未到", "未开始"),
        ("领完", "已领完"),
        ("在领", "领取中"),
    ]
    running = desk.get(DESK, {"state": "running"}).context["cl"].result_list
    assert [row.title for row in running] == ["在领"]


def test_calendar_shows_what_runs_on_each_day_of_a_month(
    desk: Client,
) -> None:
    def noon(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}T12:00+08:00")

    begin, end = noon("2047-02-27"), noon("2047-03-02")
    short = coupon_made(title="三天", claim_from=begin, claim_until=end)
    coupon_made(title="一直", claim_from=noon("2047-03-02"))
    over = coupon_made(title="停了", claim_from=begin)
    coupon_end(coupon_id=over.pk)
    # To the moment: neither on the day before nor on the day that begins with its end.
    half = timedelta(hours=12)
    edge = {
        "claim_from": noon("2047-03-05") - half,
        "claim_until": noon("2047-03-05") + half,
    }
    Coupon.objects.create(**fields_of(title="一天", **edge).columns())
    shown = desk.get(f"{DESK}calendar/", {"month": "2047-03"})
    days = {
        f"{day.date:%m-%d}": [span.label for span in day.spans]
        for week in shown.context["weeks"]
        for day in week
    }
    assert list(days)[0] == "02-25"
    assert list(days)[-1] == "03-31"
    found = {day: days[day] for day in ("02-26", "02-27", "03-01", "03-02", "03-03")}
    assert found == {
        "02-26": [],
        "02-27": ["三天"],
        "03-01": ["三天"],
        "03-02": ["三天", "一直"],
        "03-03": ["一直"],
    }
    assert [days[f"03-0{day}"] for day in (4, 5, 6)] == [
        ["一直"],
        ["一直", "草稿 一天"],
        ["一直"],
    ]
    assert f"{DESK}{short.pk}/change/" in shown.content.decode()
    assert "2047年2月" in page(desk, f"{DESK}calendar/?month=2047-02")
    this_month = timezone.localdate().replace(day=1)
    odd = desk.get(f"{DESK}calendar/", {"month": "2047-13"})
    assert odd.context["month"] == this_month

"""What staff do with a coupon beside its form: publish, give, copy and end it."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action

from orders.admin.coupon_form import GiveForm
from orders.admin.staff_actions import StaffActions, operator_id
from orders.models import Coupon
from orders.services.coupons import (
    coupon_copy,
    coupon_end,
    coupon_give,
    coupon_publish,
)
from shop.back_office.figures import moment


class CouponActions(StaffActions):
    """A desk of coupons with what is done with one."""

    # In the order of their buttons.
    actions_detail = ("publish", "give", "copy", "end")

    def has_publish_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.publish_coupon")

    def has_give_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.give_coupon")

    def state_told(self, row: Any | None) -> str:
        return f"优惠券{row.get_status_display()}" if row else "优惠券不存在"

    @action(
        description="发布",
        url_path="publish",
        icon="campaign",
        permissions=["view", "publish"],
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let shoppers claim it."""
        coupon: Coupon | None = self.row_for(request, object_id, "publish")
        if coupon is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            coupon_publish(coupon_id=coupon.pk)
            return "优惠券已发布"

        return self.action_page(
            request,
            coupon,
            title=f"发布 {coupon}",
            submit="确认发布",
            form_class=Form,
            perform=perform,
            lines={
                "优惠": coupon.terms,
                "领取": claim_period(coupon),
                "使用": validity(coupon),
                "注意": "发布后只能再改发放总量、每人限领和领取结束",
            },
        )

    @action(
        description="发给用户",
        url_path="give",
        icon="redeem",
        permissions=["view", "give"],
    )
    def give(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give one to a shopper."""
        coupon: Coupon | None = self.row_for(request, object_id, "give")
        if coupon is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            user_id, key = data["user_id"], data["page_key"]
            coupon_give(
                coupon_id=coupon.pk,
                user_id=user_id,
                operator_id=operator_id(request),
                idempotency_key=key and str(key),
            )
            return f"已发给用户{user_id}"

        return self.action_page(
            request,
            coupon,
            title=f"发给用户 {coupon}",
            submit="确认发放",
            form_class=GiveForm,
            perform=perform,
            lines={
                "优惠": coupon.terms,
                "使用": validity(coupon),
                "数量": f"{claimed(coupon)},每人限领{coupon.user_limit}张",
            },
        )

    def has_copy_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether the person may make a coupon after one that they see."""
        return bool(
            self.has_view_permission(request) and self.has_add_permission(request)
        )

    @action(
        description="复制", url_path="copy", icon="content_copy", permissions=["copy"]
    )
    def copy(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft like it, and go there."""
        coupon: Coupon | None = self.row_for(request, object_id, "copy")
        if coupon is None:
            return self.back(object_id)
        copies: list[Coupon] = []

        def perform(data: Mapping[str, Any]) -> str:
            copies.append(coupon_copy(coupon_id=coupon.pk))
            return f"已复制为“{copies[0]}”"

        page = self.action_page(
            request,
            coupon,
            title=f"复制 {coupon}",
            submit="复制",
            form_class=Form,
            perform=perform,
            lines={"结果": "新优惠券是草稿,改好后再发布"},
        )
        return HttpResponseRedirect(self.object_url(copies[0])) if copies else page

    @action(
        description="结束",
        url_path="end",
        icon="event_busy",
        permissions=["view", "publish"],
    )
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nobody claim it any more."""
        coupon: Coupon | None = self.row_for(request, object_id, "end")
        if coupon is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            coupon_end(coupon_id=coupon.pk)
            return "优惠券已结束"

        return self.action_page(
            request,
            coupon,
            title=f"结束 {coupon}",
            submit="确认结束",
            form_class=Form,
            perform=perform,
            lines={"结果": "不能再领取和发放,也不能再发布;买家已领取的仍然有效"},
        )


def claimed(coupon: Coupon) -> str:
    most = coupon.total_limit
    return f"已领取{coupon.claimed_count}" + (f"/{most}" if most else ",不限量")


def claim_period(coupon: Coupon) -> str:
    return _period(coupon.claim_from, coupon.claim_until)


def validity(coupon: Coupon) -> str:
    if coupon.valid_days:
        return f"领取后{coupon.valid_days}天有效"
    return _period(coupon.valid_from, coupon.valid_until)


def _period(begin: Any, end: Any) -> str:
    return f"{moment(begin)[:-3]} 至 {moment(end)[:-3] if end else '不限'}"

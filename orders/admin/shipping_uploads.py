"""The shipping uploads: what WeChat knows, and what it would not take."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from unfold.decorators import action, display

from orders.admin.cells import link
from orders.admin.read_only import ReadOnlyDesk
from orders.admin.staff_actions import StaffActions
from orders.carriers import CARRIERS
from orders.models import ShippingUpload, UploadState
from orders.services.shipping_uploads import (
    shipping_upload_drop,
    shipping_upload_resend,
)
from shop.back_office.day_range import DayRangeFilter
from shop.back_office.forms import ReasonForm


@admin.register(ShippingUpload)
class ShippingUploadDesk(StaffActions, ReadOnlyDesk):
    """All uploads, newest first; the sidebar counts those that failed."""

    list_display = (
        "order_no",
        "state_label",
        "error",
        "errcode",
        "tries",
        "succeeded_at",
        "updated_at",
    )
    list_filter = ("state", ("created_at", DayRangeFilter))
    list_filter_submit = True
    list_select_related = ("order",)
    ordering = ("-pk",)
    search_fields = ("order__order_no__startswith",)
    search_help_text = "订单号"
    fields = (
        ("order_link", "state_label"),
        ("error", "errcode"),
        ("tries", "requested_at"),
        ("created_at", "succeeded_at"),
        "parcels_text",
    )
    actions_detail = ("resend", "drop")

    def has_resend_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.resend_shippingupload")

    def state_told(self, row: Any | None) -> str:
        return f"发货信息{row.get_state_display()}" if row else "发货上报不存在"

    @action(
        description="重新上报",
        url_path="resend",
        icon="refresh",
        permissions=["view", "resend"],
    )
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Upload once more; WeChat's answer is here a moment later."""
        upload: ShippingUpload | None = self.row_for(request, object_id, "resend")
        if upload is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            shipping_upload_resend(order_id=upload.order_id)
            return "已重新排队上报,请稍后刷新查看结果"

        return self.action_page(
            request,
            upload,
            title=f"重新上报 {upload}",
            submit="重新上报",
            form_class=Form,
            perform=perform,
            lines={"订单": upload.order, "上次结果": upload.error or "-"},
        )

    @action(
        description="不再上报",
        url_path="drop",
        icon="done",
        permissions=["view", "resend"],
    )
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take what staff have seen to out of those that failed."""
        upload: ShippingUpload | None = self.row_for(request, object_id, "drop")
        if upload is None:
            return self.back(object_id)

        def perform(data: Mapping[str, Any]) -> str:
            shipping_upload_drop(order_id=upload.order_id, reason=data["reason"])
            return f"不再上报,原因:{data['reason']}"

        return self.action_page(
            request,
            upload,
            title=f"不再上报 {upload}",
            submit="不再上报",
            form_class=ReasonForm,
            perform=perform,
            lines={"订单": upload.order, "上次结果": upload.error or "-"},
        )

    @display(description="订单号", ordering="order")
    def order_no(self, upload: ShippingUpload) -> str:
        return upload.order.order_no

    @display(
        description="状态",
        label={
            UploadState.PENDING.label: "warning",
            UploadState.SUCCEEDED.label: "success",
            UploadState.FAILED.label: "danger",
            UploadState.DROPPED.label: "default",
        },
    )
    def state_label(self, upload: ShippingUpload) -> str:
        return upload.get_state_display()

    @display(description="订单")
    def order_link(self, upload: ShippingUpload) -> str:
        return link("orders_order_change", upload.order)

    @display(description="微信已有的包裹")
    def parcels_text(self, upload: ShippingUpload) -> str:
        return (
            format_html_join(
                "", "<div>{}</div>", ([_words(entry)] for entry in upload.parcels or [])
            )
            or "-"
        )


def _words(entry: Mapping[str, str]) -> str:
    code = entry["express_company"]
    carrier = CARRIERS.get(code, code) or "商家自行配送"
    return " ".join(filter(None, [carrier, entry["tracking_no"], entry["item_desc"]]))

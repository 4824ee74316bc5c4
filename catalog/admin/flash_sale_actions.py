"""What is done with a sale that runs: end it, or give it more pieces."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from unfold.decorators import action

from catalog.admin.fields import PiecesField
from catalog.models import FlashSale, FlashSaleSku
from catalog.services.flash_sales import flash_sale_end, flash_sale_restock
from shop.back_office.desk import Desk
from shop.back_office.figures import moment


class RestockForm(forms.Form):
    """A new total of pieces for each SKU of a sale."""

    def __init__(self, *args: Any, rows: list[FlashSaleSku], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in rows:
            self.fields[_field_of(line)] = PiecesField(
                label=str(line.sku),
                initial=line.stock,
                help_text=f"活动库存,已售{line.sold}件;现有库存{line.sku.stock}件",
            )


def _field_of(line: FlashSaleSku) -> str:
    return f"stock_{line.pk}"


class RunningSaleActions(Desk):
    """A desk of sales whose actions are offered while one runs."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer nothing of it before and after."""
        sale = self.get_object(request, str(object_id))
        if sale is None or not sale.is_running(timezone.now()):
            return []
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered

    # Not by `has_change_permission`, which refuses the form of what has begun.
    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the person may act on a running sale."""
        return self.has_view_permission(request) and request.user.has_perm(
            "catalog.change_flashsale"
        )

    @action(
        description="提前结束", url_path="end", icon="stop_circle", permissions=["run"]
    )
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a running sale now."""
        sale = self._running(request, object_id)
        if sale is None:
            return HttpResponseRedirect(self.list_url())

        def perform(sent: Mapping[str, Any]) -> str:
            flash_sale_end(sale_id=sale.pk)
            return "活动已提前结束"

        return self.action_page(
            request,
            sale,
            title="提前结束活动",
            submit="立即结束",
            form_class=forms.Form,
            perform=perform,
            lines={
                "活动": sale,
                "计划结束": moment(sale.ends_at),
                "结果": "马上恢复原价,不能再开始;已下的订单不变",
            },
        )

    @action(
        description="追加库存",
        url_path="restock",
        icon="add_circle",
        permissions=["run"],
    )
    def restock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a running sale more pieces."""
        sale = self._running(request, object_id)
        if sale is None:
            return HttpResponseRedirect(self.list_url())
        lines = list(sale.lines.select_related("sku__product").order_by("pk"))

        def perform(sent: Mapping[str, Any]) -> str:
            stocks = {line.pk: sent[_field_of(line)] for line in lines}
            flash_sale_restock(sale_id=sale.pk, stocks=stocks)
            return "活动库存已追加"

        return self.action_page(
            request,
            sale,
            title="追加活动库存",
            submit="保存",
            form_class=RestockForm,
            perform=perform,
            lines={"活动": sale},
            rows=lines,
        )

    def _running(self, request: HttpRequest, object_id: str) -> FlashSale | None:
        """Return a sale that runs; None, and say so, when it is over or not there."""
        sale: FlashSale | None = self.get_object(request, object_id)
        if sale is not None and sale.is_running(timezone.now()):
            return sale
        self.message_user(request, "活动没有在进行", messages.ERROR)
        return None

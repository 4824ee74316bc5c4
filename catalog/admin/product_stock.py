"""What a product's page leads to: its stock, its ledger, and whether it is on sale."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from catalog.admin.adjustments import AdjustmentsForm, StockRights
from catalog.admin.fields import specs_text
from catalog.admin.movements import movements_table
from catalog.models import Product, ProductStatus, Sku
from catalog.services.products import products_set_status
from catalog.services.stock import stocks_adjust
from shop.errors import Invalid

_SHOWN_MOVEMENTS = 20


class StatusForm(forms.Form):
    """What the button said: an older page does not do the opposite."""

    status = forms.ChoiceField(
        choices=[(ProductStatus.ON_SALE, ""), (ProductStatus.OFF_SALE, "")],
        widget=forms.HiddenInput,
    )


class StockedDesk(StockRights):
    """A desk of products with what changes their stock and their state."""

    @action(
        description="批量调整库存",
        url_path="adjust",
        icon="inventory",
        permissions=["adjust_stock"],
    )
    def adjust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change the stocks of a product's SKUs, all of them or none."""
        product = self._present(request, object_id)
        rows = Sku.objects.active().filter(product=product).select_related("product")
        skus = list(rows.order_by("position", "pk"))

        def perform(sent: Mapping[str, Any]) -> str:
            return _adjusted(skus, sent, operator_id=request.user.pk)

        sees_ledger = self.has_view_ledger_permission(request)
        table = movements_table(product, _SHOWN_MOVEMENTS) if sees_ledger else None
        return self.action_page(
            request,
            product,
            title="批量调整库存",
            submit="确认调整",
            form_class=AdjustmentsForm,
            perform=perform,
            template="admin/stocks.html",
            context={"tables": [table] if table else []},
            skus=skus,
        )

    @action(
        description="库存流水",
        url_path="ledger",
        icon="receipt_long",
        permissions=["view_ledger"],
    )
    def ledger(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what moved the stocks of this product."""
        product = self.get_object(request, object_id)
        if product is None:
            raise Http404
        url = reverse("admin:catalog_stockmovement_changelist")
        return HttpResponseRedirect(f"{url}?sku__product={product.pk}")

    @action(
        description="上架/下架",
        url_path="sale",
        icon="storefront",
        permissions=["change"],
    )
    def sale(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Offer a product, or hide it from the public."""
        product = self._present(request, object_id)
        is_on_sale = product.status == ProductStatus.ON_SALE
        target = ProductStatus.OFF_SALE if is_on_sale else ProductStatus.ON_SALE
        verb = "下架" if is_on_sale else "上架"

        def perform(sent: Mapping[str, Any]) -> str:
            status = ProductStatus(sent["status"])
            products_set_status(
                product_ids=[product.pk], status=status, operator_id=request.user.pk
            )
            return f"商品现在是“{status.label}”"

        return self.action_page(
            request,
            product,
            title=f"{verb}商品",
            submit=f"确认{verb}",
            form_class=StatusForm,
            perform=perform,
            lines={"商品": product, "现在": product.get_status_display()},
            initial={"status": target},
        )

    def _present(self, request: HttpRequest, object_id: str) -> Product:
        product: Product | None = self.get_object(request, object_id)
        if product is None or product.status == ProductStatus.DELETED:
            raise Http404
        return product


def _adjusted(
    skus: Sequence[Sku], sent: Mapping[str, Any], *, operator_id: int | None
) -> str:
    """Adjust the stocks as the form says.

    Raises: Invalid, which names the lines that are refused.
    """
    lines = sent["adjustments"]
    try:
        stocks_adjust(adjustments=lines, note=sent["reason"], operator_id=operator_id)
    except Invalid as error:
        refused = error.facts["fields"]
        told = [
            f"{specs_text(sku)} {refused[str(sku.pk)][0]}"
            for sku in skus
            if str(sku.pk) in refused
        ]
        head = f"{len(told)}个规格不能调整,全部没有保存:"
        raise Invalid(head + ";".join(told)) from None
    return f"已调整{len(lines)}个规格的库存"

"""What a product's page leads to: its stock, its ledger, and whether it is on sale."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.admin.fields import PiecesField
from catalog.admin.movements import movements_table
from catalog.admin.skus import KINDS, specs_text
from catalog.models import Product, ProductStatus, Sku
from catalog.services.products import products_set_status
from catalog.services.stock import Adjustment, last_adjustment_ids, stocks_adjust
from shop.back_office.desk import Desk
from shop.back_office.forms import ReasonForm
from shop.errors import Invalid

_SHOWN_MOVEMENTS = 20


class StocksForm(ReasonForm):
    """A figure for each SKU, empty to leave it; the hidden ones are what was shown."""

    kind = forms.ChoiceField(
        label="方式", choices=KINDS, initial="set", widget=UnfoldAdminSelectWidget
    )

    class Media:
        css: ClassVar = {"all": ("catalog/matrix.css",)}
        js = (forms.Script("catalog/stocks.js", type="module"),)

    def __init__(self, *args: Any, skus: list[Sku], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skus = skus
        lasts = last_adjustment_ids(sku_ids=[sku.pk for sku in skus])
        for sku in skus:
            quantity = PiecesField(label="数量", required=False)
            quantity.widget.attrs["aria-label"] = f"{specs_text(sku)}的数量"
            self.fields[f"quantity_{sku.pk}"] = quantity
            self._expect(f"stock_{sku.pk}", sku.stock)
            self._expect(f"adjustment_{sku.pk}", lasts.get(sku.pk, 0))
        self.order_fields(("kind", "reason"))

    def clean(self) -> dict[str, Any]:
        """Refuse a figure for a SKU that is no longer there, and none at all."""
        values: dict[str, Any] = self.cleaned_data
        typed = {name for name in self.data if name.startswith("quantity_")}
        if any(self.data[name] for name in typed - self.fields.keys()):
            raise forms.ValidationError("有规格已删除,请重新打开页面后再调整")
        if not self.errors and not self.adjustments():
            raise forms.ValidationError("没有要调整的库存:请填写数量")
        return values

    def adjustments(self) -> list[Adjustment]:
        """Return the lines that change something."""
        values = self.cleaned_data
        is_count = values["kind"] == "set"
        lines = []
        for sku in self.skus:
            quantity, shown = values[f"quantity_{sku.pk}"], values[f"stock_{sku.pk}"]
            if quantity is None or quantity == (shown if is_count else 0):
                continue
            deltas = {"in": quantity, "out": -quantity, "set": quantity - shown}
            line = Adjustment(
                sku_id=sku.pk,
                delta=deltas[values["kind"]],
                expected_stock=shown if is_count else None,
                expected_adjustment=values[f"adjustment_{sku.pk}"],
            )
            lines.append(line)
        return lines

    def rows(self) -> list[Mapping[str, Any]]:
        """Return what the page's table shows."""
        return [
            {
                "specs": specs_text(sku),
                "code": sku.code or "-",
                "stock": sku.stock,
                "quantity": self[f"quantity_{sku.pk}"],
                "hidden": (self[f"stock_{sku.pk}"], self[f"adjustment_{sku.pk}"]),
            }
            for sku in self.skus
        ]

    def _expect(self, name: str, value: int) -> None:
        field = forms.IntegerField(initial=value, widget=forms.HiddenInput)
        self.fields[name] = field


class StatusForm(forms.Form):
    """What the button said: an older page does not do the opposite."""

    status = forms.ChoiceField(
        choices=[(ProductStatus.ON_SALE, ""), (ProductStatus.OFF_SALE, "")],
        widget=forms.HiddenInput,
    )


class StockedDesk(Desk):
    """A desk of products with what changes their stock and their state."""

    # Methods, for the check of unfold asks the database for permissions given by name.
    def has_adjust_stock_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        """Say whether the person may see the product and change its stock."""
        return self.has_view_permission(request) and request.user.has_perm(
            "catalog.adjust_stock"
        )

    def has_view_ledger_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        """Say whether the person may see the ledger."""
        return request.user.has_perm("catalog.view_stockmovement")

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
        form = StocksForm(request.POST or None, skus=skus)

        def perform(sent: Mapping[str, Any]) -> str:
            return _adjusted(form, request.user.pk)

        sees_ledger = self.has_view_ledger_permission(request)
        table = movements_table(product, _SHOWN_MOVEMENTS) if sees_ledger else None
        return self.action_page(
            request,
            product,
            title="批量调整库存",
            submit="确认调整",
            form_class=lambda *_: form,
            perform=perform,
            template="admin/stocks.html",
            context={"tables": [table] if table else []},
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


def _adjusted(form: StocksForm, operator_id: int | None) -> str:
    """Adjust the stocks as the form says.

    Raises: Invalid, which names the lines that are refused.
    """
    lines = form.adjustments()
    try:
        stocks_adjust(
            adjustments=lines,
            note=form.cleaned_data["reason"],
            operator_id=operator_id,
        )
    except Invalid as error:
        refused = error.facts["fields"]
        told = [
            f"{specs_text(sku)} {refused[str(sku.pk)][0]}"
            for sku in form.skus
            if str(sku.pk) in refused
        ]
        head = f"{len(told)}个规格不能调整,全部没有保存:"
        raise Invalid(head + ";".join(told)) from None
    return f"已调整{len(lines)}个规格的库存"

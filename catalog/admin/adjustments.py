"""What adjusting stocks by hand takes: the rights, and the forms of its pages."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.admin.fields import PiecesField, specs_text
from catalog.models import Sku
from catalog.services.stock import Adjustment, last_adjustment_ids
from shop.back_office.desk import Desk
from shop.back_office.forms import ReasonForm

_KINDS = [
    ("in", "增加(入库、退货)"),
    ("out", "减少(损耗、领用)"),
    ("set", "改为(可售的件数)"),
]


class StockRights(Desk):
    """A desk that leads to stocks and to the ledger."""

    # Methods, for the check of unfold asks the database for permissions given by name.
    def has_adjust_stock_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        """Say whether the person may see the desk's rows and change a stock."""
        return self.has_view_permission(request) and request.user.has_perm(
            "catalog.adjust_stock"
        )

    def has_view_ledger_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        """Say whether the person may see the ledger."""
        return request.user.has_perm("catalog.view_stockmovement")


class _KindForm(ReasonForm):
    """In which way stocks change, and why."""

    kind = forms.ChoiceField(
        label="方式", choices=_KINDS, widget=UnfoldAdminSelectWidget
    )

    field_order: tuple[str, ...] = ("kind",)

    def _adjustment(
        self, sku: Sku, quantity: int, *, shown: int, last: int
    ) -> Adjustment:
        """Return the change; a counted figure must replace what the page showed."""
        kind = self.cleaned_data["kind"]
        deltas = {"in": quantity, "out": -quantity, "set": quantity - shown}
        return Adjustment(
            sku_id=sku.pk,
            delta=deltas[kind],
            expected_stock=shown if kind == "set" else None,
            expected_adjustment=last,
        )


class AdjustmentForm(_KindForm):
    """How many pieces of a SKU; the hidden fields are what the page showed."""

    quantity = PiecesField(label="数量")
    expected_stock = forms.IntegerField(widget=forms.HiddenInput)
    expected_adjustment = forms.IntegerField(widget=forms.HiddenInput)

    field_order = ("kind", "quantity", "reason")

    def __init__(self, *args: Any, sku: Sku, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sku = sku
        lasts = last_adjustment_ids(sku_ids=[sku.pk])
        self.initial["expected_stock"] = sku.stock
        self.initial["expected_adjustment"] = lasts.get(sku.pk, 0)
        reason = self.fields["reason"]
        reason.help_text = "写入库存流水,例如:盘点、供应商到货、破损"

    def clean(self) -> dict[str, Any]:
        """Add the `adjustment`."""
        values: dict[str, Any] = self.cleaned_data
        if not self.errors:
            values["adjustment"] = self._adjustment(
                self._sku,
                values["quantity"],
                shown=values["expected_stock"],
                last=values["expected_adjustment"],
            )
        return values


class AdjustmentsForm(_KindForm):
    """A figure for each SKU, empty to leave it; the hidden ones are what was shown."""

    class Media:
        css: ClassVar = {"all": ("catalog/matrix.css",)}
        js = (forms.Script("catalog/stocks.js", type="module"),)

    def __init__(self, *args: Any, skus: list[Sku], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._skus = skus
        self.initial["kind"] = "set"
        lasts = last_adjustment_ids(sku_ids=[sku.pk for sku in skus])
        for sku in skus:
            quantity = PiecesField(label="数量", required=False)
            quantity.widget.attrs["aria-label"] = f"{specs_text(sku)}的数量"
            self.fields[f"quantity_{sku.pk}"] = quantity
            self._expect(f"stock_{sku.pk}", sku.stock)
            self._expect(f"adjustment_{sku.pk}", lasts.get(sku.pk, 0))

    def clean(self) -> dict[str, Any]:
        """Add the `adjustments`.

        Refuse a figure for a SKU that is no longer there, and none at all.
        """
        values: dict[str, Any] = self.cleaned_data
        typed = {name for name in self.data if name.startswith("quantity_")}
        if any(self.data[name] for name in typed - self.fields.keys()):
            raise forms.ValidationError("有规格已删除,请重新打开页面后再调整")
        if not self.errors:
            values["adjustments"] = self._adjustments()
            if not values["adjustments"]:
                raise forms.ValidationError("没有要调整的库存:请填写数量")
        return values

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
            for sku in self._skus
        ]

    def _adjustments(self) -> list[Adjustment]:
        """Return the lines that change something."""
        values = self.cleaned_data
        lines = [
            self._adjustment(
                sku,
                quantity,
                shown=values[f"stock_{sku.pk}"],
                last=values[f"adjustment_{sku.pk}"],
            )
            for sku in self._skus
            if (quantity := values[f"quantity_{sku.pk}"]) is not None
        ]
        return [line for line in lines if line.delta]

    def _expect(self, name: str, value: int) -> None:
        field = forms.IntegerField(initial=value, widget=forms.HiddenInput)
        self.fields[name] = field

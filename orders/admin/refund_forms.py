"""What staff fill in to give money back, and to answer who asks for it."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldBooleanWidget

from orders.admin.cells import item_name
from orders.admin.forms import pieces_field
from orders.models import OrderItem, Refund
from orders.services.refunds import Amounts, Offer, Portion, Seen, freight_worth
from shop.back_office.figures import money
from shop.back_office.forms import PlainTextField, ReasonForm

_FREIGHT = "freight"


class GivenField(forms.DecimalField):
    """Money for a line, or for the freight; empty is all of it."""

    def __init__(self, *, label: str, most: Decimal, hint: str) -> None:
        super().__init__(
            label=label,
            help_text=hint,
            required=False,
            min_value=Decimal("0.00"),
            max_value=most,
            max_digits=12,
            decimal_places=2,
            error_messages={"max_value": f"最多可退{money(most)}"},
            widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
        )


class GivingForm(forms.Form):
    """Adds `amounts`, what is given by line and of the freight."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        lines = {
            int(name.removeprefix("amount_")): amount
            for name, amount in data.items()
            if name.startswith("amount_") and amount is not None
        }
        data["amounts"] = Amounts(lines, data.get(_FREIGHT))
        return data


def _restock() -> forms.BooleanField:
    return forms.BooleanField(
        label="已发商品退回库存",
        help_text="已发出的商品收到退货、可以再卖时勾选;未发出的商品总会退回库存",
        required=False,
        widget=UnfoldBooleanWidget,
    )


class RefundForm(GivingForm, ReasonForm):
    """What goes back: all pieces that are left, at all that they are worth."""

    seen_amount = forms.DecimalField(widget=forms.HiddenInput)
    seen_parcels = forms.IntegerField(widget=forms.HiddenInput)

    class Media:
        css: ClassVar = {"all": ["orders/refund.css"]}

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left, freight = offer.parts, offer.freight
        self._quantities = {f"quantity_{part.item.pk}": part.item.pk for part in left}
        order = []
        for part in left:
            pieces, given = f"quantity_{part.item.pk}", f"amount_{part.item.pk}"
            self.fields[pieces] = pieces_field(part.item, part.quantity, _worth(part))
            self.fields[given] = GivenField(
                label="退多少钱(元)", most=part.amount, hint="留空为这些件数的全额"
            )
            order += [pieces, given]
        if freight:
            hint = f"最多{money(freight)},随最后一件退;留空为全额"
            self.fields[_FREIGHT] = GivenField(
                label="退多少运费(元)", most=freight, hint=hint
            )
        if any(part.quantity > part.unshipped for part in left):
            self.fields["is_restocked"] = _restock()
        self.order_fields([*order, _FREIGHT, "reason", "is_restocked"])

    def clean(self) -> dict[str, Any]:
        """Add `quantities`, pieces by the id of the order's line, and `seen`."""
        data = super().clean()
        if not self.errors:
            data["seen"] = Seen(data["seen_amount"], data["seen_parcels"])
        data["quantities"] = {
            pk: data[name] for name, pk in self._quantities.items() if data.get(name)
        }
        return data


def _worth(part: Portion) -> str:
    unshipped = f",其中{part.unshipped}件未发" if part.unshipped else ""
    whole = ",未发的全额退" if part.unshipped else ""
    return f"可退{part.quantity}件,共{money(part.amount)}{unshipped}{whole};不退的填0"


class ApproveForm(GivingForm):
    """What is given of what was asked for, and what the shopper is told, if anything.

    And what becomes of what had left.
    """

    answer = PlainTextField(label="答复", required=False)

    def __init__(self, *args: Any, refund: Refund, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(refund.items.select_related("order_item"))
        given = {f"amount_{row.order_item_id}": row for row in rows}
        for name, row in given.items():
            label = _piece_name(row.order_item, row.quantity)
            is_whole = row.unshipped_quantity == row.quantity
            self.fields[name] = _given(label, row.worth, is_whole=is_whole)
        freight = freight_worth(refund, rows)
        if freight:
            is_whole = not refund.order.shipments.exists()
            self.fields[_FREIGHT] = _given("运费", freight, is_whole=is_whole)
        if any(row.quantity > row.unshipped_quantity for row in rows):
            self.fields["is_restocked"] = _restock()
        self.order_fields([*given, _FREIGHT, "answer", "is_restocked"])


def _given(label: str, most: Decimal, *, is_whole: bool) -> GivenField:
    """Return the field of an amount; what never left is paid back whole."""
    hint = f"最多{money(most)};少退的部分留在店里,以后不再退"
    hint = "未发货,全额退" if is_whole else hint
    field = GivenField(label=f"{label}(元)", most=most, hint=hint)
    field.initial, field.disabled = most, is_whole
    return field


def _piece_name(item: OrderItem, quantity: int) -> str:
    return f"{item_name(item)} × {quantity}"


class AgreeReturnForm(forms.Form):
    """Where the goods are sent to, and what the shopper is told, if anything."""

    address = PlainTextField(label="退货地址")
    answer = PlainTextField(label="答复", required=False)


class ConfirmForm(forms.Form):
    """When the first of two people agreed, as the second has seen it."""

    agreed_at = forms.DateTimeField(widget=forms.HiddenInput)


class RejectForm(forms.Form):
    """What the shopper is told."""

    answer = PlainTextField(label="答复")

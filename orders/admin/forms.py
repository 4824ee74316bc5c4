"""What staff fill in to ship, reprice, and note what came of something."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from orders.admin.cells import item_name
from orders.carriers import CARRIERS, TRACKING_NO, TRACKING_NO_TOLD
from orders.models import Order, OrderItem, Shipment
from orders.services.placing import Destination
from orders.services.repricing import Price
from shop.api.serializers import AddressFieldsMixin, ShopSerializer
from shop.back_office.forms import PlainTextField, ReasonForm


def money_field(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=Decimal("0.00"),
        max_digits=12,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
    )


class RepriceForm(ReasonForm):
    """The new freight and discount, and the ones that the page showed."""

    freight_amount = money_field("运费(元)")
    discount_amount = money_field("优惠(元)")
    seen_freight_amount = forms.DecimalField(widget=forms.HiddenInput)
    seen_discount_amount = forms.DecimalField(widget=forms.HiddenInput)
    field_order = ("freight_amount", "discount_amount", "reason")

    def clean(self) -> dict[str, Any]:
        """Add the two prices, once all figures are there."""
        data = super().clean() or {}
        if not self.errors:
            data["new"] = Price(data["freight_amount"], data["discount_amount"])
            data["seen"] = Price(
                data["seen_freight_amount"], data["seen_discount_amount"]
            )
        return data


class _AddressSerializer(AddressFieldsMixin, ShopSerializer):
    """The address as the API takes it: its rules are the form's."""


class ReaddressForm(ReasonForm):
    """The new address, and the seal of the one that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput)
    field_order = (*Destination.__dataclass_fields__, "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in _AddressSerializer().fields.items():
            self.fields[name] = forms.CharField(
                label=field.label,
                required=False,
                widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
            )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Add `new`, the destination, when it is what the API would take."""
        data = super().clean() or {}
        serializer = _AddressSerializer(data=data)
        if serializer.is_valid():
            data["new"] = Destination(**serializer.validated_data)
        for name, errors in serializer.errors.items():
            self.add_error(name, [str(error) for error in errors])
        return data


class OrderNoteForm(forms.Form):
    """What is noted down."""

    text = PlainTextField(label="备注")


class ParcelForm(forms.Form):
    """A carrier and its number."""

    carrier = forms.ChoiceField(
        label="快递公司", choices=[*CARRIERS.items()], widget=UnfoldAdminSelectWidget
    )
    tracking_no = forms.RegexField(
        TRACKING_NO,
        label="快递单号",
        strip=True,
        error_messages={"invalid": TRACKING_NO_TOLD},
        widget=UnfoldAdminTextInputWidget,
    )

    def clean_tracking_no(self) -> str:
        """Return it in capitals: one parcel has one number."""
        return str(self.cleaned_data["tracking_no"]).upper()


class ShipForm(ParcelForm):
    """A parcel, and how many pieces of each line go into it: all that are left.

    And the seal of the address that the page showed.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, left: Mapping[OrderItem, int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._quantities = {
            f"quantity_{item.pk}": item.pk for item, count in left.items() if count
        }
        for item, count in left.items():
            if count:
                hint = f"还有{count}件未发,不在这个包裹里的填0"
                self.fields[f"quantity_{item.pk}"] = pieces_field(item, count, hint)

    def clean(self) -> dict[str, Any]:
        """Add `quantities`, pieces by the id of the order's line."""
        data = super().clean() or {}
        data["quantities"] = {
            pk: data.get(name) or 0 for name, pk in self._quantities.items()
        }
        return data


def pieces_field(item: OrderItem, left: int, hint: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=item_name(item),
        help_text=hint,
        min_value=0,
        max_value=left,
        initial=left,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class CorrectForm(ParcelForm):
    """Which parcel of the order, and its right carrier and number."""

    field_order = ("shipment", "carrier", "tracking_no")

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shipment"] = forms.ModelChoiceField(
            label="包裹",
            queryset=Shipment.objects.filter(order=order),
            empty_label=None,
            widget=UnfoldAdminSelectWidget,
        )
        self.order_fields(self.field_order)


class NoteForm(forms.Form):
    """What came of looking at it."""

    note = PlainTextField(label="处理说明")

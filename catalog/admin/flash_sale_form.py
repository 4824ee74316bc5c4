"""The page of a flash sale: its form and the table of its SKUs."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.forms import inlineformset_factory

from catalog.admin.fields import PiecesField, RuledField, SeenForm
from catalog.admin.rows import RowsFormSet
from catalog.errors import FlashSaleChanged
from catalog.models import FlashSale, FlashSaleSku, Sku
from catalog.serializers.input import SkuInputSerializer
from catalog.services.flash_sales import LINES_MAX, SaleLine
from shop.back_office.forms import PlainTextField, id_typed


class FlashSaleForm(SeenForm):
    """A sale but its SKUs; the service says which times are possible."""

    changed = FlashSaleChanged

    name = PlainTextField(label="名称", max_length=50)

    class Meta:
        model = FlashSale
        fields = ("name", "kind", "starts_at", "ends_at")
        help_texts = {
            "kind": "团购:一单买够起购件数才享受活动价",
            "ends_at": "到这一刻为止,到时自动恢复原价",
        }
        error_messages = {
            "starts_at": {"required": "开始时间不能为空"},
            "ends_at": {"required": "结束时间不能为空"},
        }


class SkuSelect(AutocompleteSelect):
    """A SKU, found by its code or its product; the formset names what is chosen."""

    def __init__(self) -> None:
        super().__init__(FlashSaleSku._meta.get_field("sku"), admin.site)

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Offer what is chosen, without asking the database for each row."""
        return forms.Select.optgroups(self, name, value, attrs)


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row of the table."""

    sku_id = forms.IntegerField(
        label="商品规格",
        widget=SkuSelect,
        error_messages={"required": "商品规格不能为空", "invalid": "商品规格不存在"},
    )
    price = RuledField(SkuInputSerializer, "price")
    stock = PiecesField(label="活动库存", help_text="从现有库存里卖多少件")
    user_limit = PiecesField(
        label="每人限购", required=False, help_text="整个活动里每人最多几件;不填不限"
    )
    min_quantity = PiecesField(
        label="起购件数", required=False, help_text="团购填写:一单至少几件"
    )

    class Meta:
        model = FlashSaleSku
        fields = ("price", "stock", "user_limit", "min_quantity")

    def __init__(self, *args: Any, names: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["sku_id"] = self.instance.sku_id
        self.fields["price"].label = "活动价"
        if self.instance.min_quantity == 1:
            self.initial["min_quantity"] = None
        self.fields["sku_id"].widget.choices = [("", ""), *names.items()]

    def line(self) -> SaleLine:
        """Return the row for the service."""
        values = self.cleaned_data
        return SaleLine(
            sku_id=values["sku_id"],
            price=values["price"],
            stock=values["stock"],
            user_limit=values["user_limit"],
            min_quantity=values["min_quantity"] or 1,
        )


class LineFormSet(RowsFormSet):
    """The SKUs of a sale."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        **RowsFormSet.default_error_messages,
        "too_many_forms": f"活动最多{LINES_MAX}个规格",
        "too_few_forms": "活动至少要有一个商品",
    }

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Give each row the names of all that are chosen."""
        return {**super().get_form_kwargs(index), "names": self._names()}

    def _names(self) -> dict[int, str]:
        if not hasattr(self, "_known"):
            rows = Sku.objects.filter(pk__in=self._sent_ids()) if self.is_bound else ()
            sent = rows.select_related("product") if rows else ()
            stored = (line.sku for line in self.get_queryset())
            self._known = {sku.pk: str(sku) for sku in (*stored, *sent)}
        return self._known

    def _sent_ids(self) -> list[int]:
        names = (name for name in self.data if name.startswith(f"{self.prefix}-"))
        texts = [self.data[name] for name in names if name.endswith("-sku_id")]
        return [pk for pk in map(id_typed, texts) if pk is not None]

    def lines(self) -> list[SaleLine]:
        """Return the new set for the service."""
        return [form.line() for form in self.kept()]


LINE_FORM_SET = inlineformset_factory(
    FlashSale,
    FlashSaleSku,
    form=LineForm,
    formset=LineFormSet,
    extra=0,
    min_num=1,
    validate_min=True,
    max_num=LINES_MAX,
    absolute_max=LINES_MAX + 1,
    validate_max=True,
    can_delete=True,
)

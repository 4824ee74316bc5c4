"""The page of a product: its form and the table of its SKUs."""

import json
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.forms import inlineformset_factory
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.admin.description import DescriptionField
from catalog.admin.fields import (
    CategoryField,
    PiecesField,
    RuledField,
    SeenForm,
    SpecsField,
    WholeField,
)
from catalog.admin.pictures import PictureField, PicturesField
from catalog.admin.rows import RowsFormSet
from catalog.errors import ProductChanged
from catalog.models import FreightTemplate, Product, ProductStatus, Sku
from catalog.serializers.input import (
    IMAGES_MAX,
    ProductCreateSerializer,
    SkuInputSerializer,
)
from catalog.services.products import product_create, product_update
from catalog.services.skus import SKUS_MAX, WEIGHT_MAX, SkuChange

_STATUSES = [
    (status.value, status.label)
    for status in (ProductStatus.ON_SALE, ProductStatus.OFF_SALE)
]


PRODUCT_FIELDS = (
    *("name", "category", "status", "original_price", "freight_template"),
    "description",
)


class ProductForm(SeenForm):
    """A product but its SKUs."""

    changed = ProductChanged

    name = RuledField(ProductCreateSerializer, "name")
    category = CategoryField(label="分类", empty_label="未分类")
    status = forms.ChoiceField(
        label="状态", choices=_STATUSES, widget=UnfoldAdminSelectWidget
    )
    original_price = RuledField(
        ProductCreateSerializer,
        "originalPrice",
        required=False,
        help_text="划线价,可不填",
    )
    freight_template = forms.ModelChoiceField(
        FreightTemplate.objects.order_by("name"),
        label="运费模板",
        required=False,
        empty_label="默认模板",
        widget=UnfoldAdminSelectWidget,
        help_text="没有默认模板时,不选就不收运费",
    )
    description = DescriptionField(
        ProductCreateSerializer,
        "description",
        required=False,
        help_text="简单的格式和图片会保留,其他 HTML 标签会被去掉",
    )
    pictures = PicturesField(
        label="商品图片",
        most=IMAGES_MAX,
        help_text=f"可一次选择多张,最多{IMAGES_MAX}张,每张最大5MB;第一张是主图",
    )
    page_key = forms.UUIDField(
        label="", required=False, initial=uuid4, widget=forms.HiddenInput
    )

    class Meta:
        model = Product
        fields = PRODUCT_FIELDS

    class Media:
        css: ClassVar = {"all": ("catalog/product.css",)}
        js = (forms.Script("catalog/send_once.js", type="module"),)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            rows = self.instance.images.order_by("position", "pk")
            self.initial["pictures"] = [row.file for row in rows]
            self.fields["page_key"].disabled = True

    def clean_page_key(self) -> UUID | None:
        """Refuse a new product's page that could be sent twice."""
        key: UUID | None = self.cleaned_data["page_key"]
        if key is None and not self.instance.pk:
            self.add_error(None, "页面已失效,请重新打开")
        return key


class SkuForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row of the table; the stock is typed for a new SKU alone."""

    specs = SpecsField(
        label="规格", help_text="例如“颜色:红 尺码:M”;只有一种规格时不用填"
    )
    price = RuledField(SkuInputSerializer, "price")
    stock = RuledField(
        SkuInputSerializer, "stock", help_text="新SKU的初始库存;以后用“调整库存”修改"
    )
    alarm_stock = PiecesField(
        label="报警库存",
        required=False,
        help_text="库存不多于这个数时提醒补货;0表示卖完才提醒",
    )
    weight_grams = WholeField(
        label="重量(克)",
        least=0,
        most=WEIGHT_MAX,
        required=False,
        help_text="按重量计算运费时需要",
    )
    code = RuledField(SkuInputSerializer, "code", required=False)
    image = PictureField(label="图片")

    class Meta:
        model = Sku
        fields = (
            *("specs", "price", "stock", "alarm_stock", "weight_grams"),
            *("code", "image"),
        )

    class Media:
        css: ClassVar = {"all": ("catalog/matrix.css",)}
        js = (forms.Script("catalog/matrix.js", type="module"),)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["specs"] = specs = self.instance.ordered_specs()
        shown = json.dumps(specs, ensure_ascii=False)
        self.fields["specs"].widget.attrs["data-specs"] = shown
        if self.instance.pk:
            self.fields["stock"].disabled = True
        else:
            self.initial["stock"] = self.initial["alarm_stock"] = ""
            self.initial["weight_grams"] = ""

    def clean(self) -> dict[str, Any]:
        """Leave what must be unique to the service, which sees the whole set."""
        return self.cleaned_data

    def change(self) -> SkuChange:
        """Return the row for the service."""
        values = self.cleaned_data
        return SkuChange(
            id=self.instance.pk,
            specs=values["specs"],
            price=values["price"],
            stock=None if self.instance.pk else values["stock"],
            alarm_stock=values["alarm_stock"] or 0,
            weight_grams=values["weight_grams"] or 0,
            code=values["code"],
            image=values["image"],
        )


class SkuFormSet(RowsFormSet):
    """The active SKUs; one that is taken out retires."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        **RowsFormSet.default_error_messages,
        "too_many_forms": f"最多{SKUS_MAX}个SKU",
    }

    def clean(self) -> None:
        """Ask for one row at least, and for changes rather than a removed row anew.

        The new row would be another SKU, with a stock that nobody has counted.
        """
        if not self.kept():
            raise forms.ValidationError("至少要有一个SKU")
        removed = [form.instance.specs for form in self.deleted_forms]
        if any(form.cleaned_data.get("specs") in removed for form in self.added()):
            raise forms.ValidationError("删除的规格不能重新添加:请直接修改原来的一行")

    def added(self) -> list[Any]:
        """Return the rows that no SKU stands behind yet."""
        return [form for form in self.kept() if form.instance.pk is None]

    def changes(self) -> list[SkuChange]:
        """Return the new set for the service."""
        return [form.change() for form in self.kept()]


SKU_FORM_SET = inlineformset_factory(
    Product,
    Sku,
    form=SkuForm,
    formset=SkuFormSet,
    extra=0,
    min_num=1,
    max_num=SKUS_MAX,
    absolute_max=SKUS_MAX,
    can_delete=True,
)


def product_save(
    *, form: ProductForm, skus: SkuFormSet, operator_id: int | None
) -> None:
    """Write a checked page through the services; a new product's id goes to the form.

    Raises: what the services raise.
    """
    fields = {name: form.cleaned_data[name] for name in PRODUCT_FIELDS}
    page = {
        "fields": fields,
        "images": form.cleaned_data["pictures"],
        "skus": skus.changes(),
        "operator_id": operator_id,
    }
    if form.instance.pk:
        version = form.cleaned_data["version"]
        product_update(product_id=form.instance.pk, expected_version=version, **page)
    else:
        key = form.cleaned_data["page_key"]
        form.instance.pk = product_create(page_key=key, **page).pk

"""What staff fill in to make a coupon."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.urls import reverse_lazy
from django.utils.text import format_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminMultipleAutocompleteWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
)

from catalog.admin.fields import category_label
from catalog.models import Product
from catalog.tree import category_walk
from orders.models import Coupon, CouponKind, CouponScope, CouponStatus
from orders.models.coupon import PERCENT_MAX, TITLE_MAX
from orders.services.coupons import OPEN_FIELDS, TARGETS_MAX, CouponFields
from shop.api.serializers import ID_MAX, PRICE_MIN
from shop.back_office.forms import MomentField, PlainTextField, id_typed

_DAYS_MAX = 3650
_USER_LIMIT_MAX = 100
_TOTAL_MAX = 100_000_000


# Django asks for a foreign key, and finds by it whose desk to search: any that leads to
# a product will do.
_PRODUCT_SEARCH = format_lazy(
    "{}?app_label=orders&model_name=orderitem&field_name=product",
    reverse_lazy("admin:autocomplete"),
)


class AmountField(forms.DecimalField):
    """Yuan with two places."""

    def __init__(self, *, label: str, least: Decimal, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            min_value=least,
            max_digits=12,
            decimal_places=2,
            widget=UnfoldAdminDecimalFieldWidget({"step": "0.01"}),
            error_messages={"required": f"{label}不能为空"},
            **kwargs,
        )


class CountField(forms.IntegerField):
    """A whole number from 1."""

    def __init__(self, *, label: str, most: int, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            min_value=1,
            max_value=most,
            widget=UnfoldAdminIntegerFieldWidget,
            error_messages={"required": f"{label}不能为空"},
            **kwargs,
        )


class CategoriesField(forms.TypedMultipleChoiceField):
    """Categories, chosen from the tree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=_categories,
            coerce=int,
            required=False,
            widget=UnfoldAdminSelect2MultipleWidget,
            error_messages={"invalid_choice": "分类不存在"},
            **kwargs,
        )


def _categories() -> list[tuple[int, str]]:
    return [(one.pk, category_label(one, level)) for one, level in category_walk()]


class ProductsWidget(UnfoldAdminMultipleAutocompleteWidget):
    """Products, looked for by the desk of products; those chosen are listed alone."""

    def __init__(self) -> None:
        super().__init__({"data-ajax--url": _PRODUCT_SEARCH})

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Offer what is chosen; the search brings the rest."""
        ids = [pk for pk in map(id_typed, value) if pk is not None]
        chosen = Product.objects.filter(pk__in=ids[:TARGETS_MAX]).order_by("pk")
        self.choices = [*chosen.values_list("pk", "name")]
        return super().optgroups(name, value, attrs)


class ProductsField(forms.TypedMultipleChoiceField):
    """Ids of products; the service looks whether they are there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, required=False, widget=ProductsWidget, **kwargs)

    def valid_value(self, value: Any) -> bool:
        """Leave it to the service; a number that no row can have is none."""
        return id_typed(value) is not None


class CouponForm(forms.ModelForm):  # type: ignore[type-arg]
    """A coupon; once it is published, what shoppers hold stays as it is.

    The fields of what it is for are called as its scopes are.
    """

    title = PlainTextField(label="名称", max_length=TITLE_MAX)
    kind = forms.ChoiceField(
        label="类型", choices=CouponKind.choices, widget=UnfoldAdminSelectWidget
    )
    minimum_amount = AmountField(
        label="使用门槛(元)",
        least=Decimal(0),
        initial="0.00",
        help_text="适用商品满多少元可用;0表示无门槛",
    )
    amount = AmountField(
        label="优惠金额(元)",
        least=PRICE_MIN,
        help_text="满减券:减多少;折扣券:最多减多少",
    )
    percent_off = CountField(
        label="减百分之几",
        most=PERCENT_MAX,
        required=False,
        help_text="只有折扣券填:15表示减15%,即8.5折",
    )
    scope = forms.ChoiceField(
        label="适用范围", choices=CouponScope.choices, widget=UnfoldAdminSelectWidget
    )
    categories = CategoriesField(
        label="适用分类", help_text="适用范围是指定分类时选择;下级分类也适用"
    )
    products = ProductsField(label="适用商品", help_text="适用范围是指定商品时选择")
    total_limit = CountField(
        label="发放总量", most=_TOTAL_MAX, required=False, help_text="留空表示不限量"
    )
    user_limit = CountField(label="每人限领", most=_USER_LIMIT_MAX, initial=1)
    claim_from = MomentField(label="领取开始")
    claim_until = MomentField(
        label="领取结束", required=False, help_text="留空表示一直可以领取"
    )
    valid_days = CountField(
        label="领取后几天有效",
        most=_DAYS_MAX,
        required=False,
        help_text="到最后一天结束为止;与下面的使用时间二选一",
    )
    valid_from = MomentField(label="使用开始", required=False)
    valid_until = MomentField(label="使用结束", required=False)
    version = forms.CharField(label="", required=False, widget=forms.HiddenInput)

    class Meta:
        model = Coupon
        fields: ClassVar = ["title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        coupon: Coupon = self.instance
        if coupon.pk is None:
            return
        for name in CouponFields.__dataclass_fields__:
            self.initial[name] = getattr(coupon, name)
        if coupon.scope != CouponScope.ALL:
            self.initial[coupon.scope] = coupon.target_ids
        self.initial["version"] = coupon.version
        if coupon.status == CouponStatus.PUBLISHED:
            for name in self.fields.keys() - {*OPEN_FIELDS, "version"}:
                self.fields[name].disabled = True

    def _post_clean(self) -> None:
        """Leave the rules to the service, whose refusals are in words."""

    def written(self) -> CouponFields:
        """Return what was filled in."""
        data = self.cleaned_data
        scope = CouponScope(data["scope"])
        names = CouponFields.__dataclass_fields__.keys() - {"scope", "target_ids"}
        values = {name: data[name] for name in names}
        values["kind"] = CouponKind(data["kind"])
        target_ids = () if scope == CouponScope.ALL else data[scope]
        return CouponFields(**values, scope=scope, target_ids=target_ids)


class GiveForm(forms.Form):
    """Who gets the coupon; `page_key` tells a page sent twice."""

    user_id = forms.IntegerField(
        label="用户编号",
        min_value=1,
        max_value=ID_MAX,
        help_text="用户列表中的编号",
        widget=UnfoldAdminIntegerFieldWidget,
        error_messages={"required": "用户编号不能为空"},
    )
    page_key = forms.UUIDField(
        label="", required=False, initial=uuid4, widget=forms.HiddenInput
    )

"""The page of a freight template: its form and the rules of regions."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.forms import inlineformset_factory
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.admin.fields import SeenForm, WholeField
from catalog.admin.rows import RowsFormSet
from catalog.errors import FreightTemplateChanged
from catalog.models import FreightRegion, FreightRule, FreightTemplate, FreightUnit
from catalog.services.freight import (
    FEE_MAX,
    RULES_MAX,
    UNITS_MAX,
    FreightTerms,
    RegionRule,
    TemplateChange,
    freight_template_create,
    freight_template_update,
)
from shop.api.serializers import MONEY_MAX, PRICE_MIN
from shop.back_office.forms import PlainTextField

_NAME_MAX = 50
# Some hundred names.
_REGIONS_TEXT_MAX = 4000
_BETWEEN = re.compile(r"[\s,;/\uff0c\uff1b\u3001]+")
_TERMS = (
    *("is_served", "first_units", "first_fee"),
    *("further_units", "further_fee", "free_from"),
)


class RegionsField(forms.CharField):
    """Names of provinces or cities, with whatever stands between them."""

    def __init__(self, *, label: str, help_text: str) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=_REGIONS_TEXT_MAX,
            widget=UnfoldAdminTextareaWidget({"rows": 2}),
            help_text=help_text,
        )

    def clean(self, value: Any) -> list[str]:
        names = [name for name in _BETWEEN.split(super().clean(value)) if name]
        if any(len(name) > _NAME_MAX for name in names):
            raise forms.ValidationError("请用顿号、逗号或空格隔开每个地区")
        return names


class _UnitsField(WholeField):
    """A number of pieces, or of grams."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, least=1, most=UNITS_MAX, initial=1)


class _YuanField(forms.DecimalField):
    """Money."""

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            decimal_places=2,
            widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
            error_messages={"required": f"{label}不能为空"},
            **kwargs,
        )


class TermsForm(forms.Form):
    """What sending costs."""

    is_served = forms.BooleanField(
        label="配送", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    first_units = _UnitsField(label="首件(件)/首重(克)")
    first_fee = _YuanField(label="首费(元)", initial=0, min_value=0, max_value=FEE_MAX)
    further_units = _UnitsField(label="续件(件)/续重(克)")
    further_fee = _YuanField(
        label="续费(元)", initial=0, min_value=0, max_value=FEE_MAX
    )
    free_from = _YuanField(
        label="满额包邮(元)",
        required=False,
        min_value=PRICE_MIN,
        max_value=MONEY_MAX,
        help_text="一单中使用这个模板的商品满这个金额时免运费;留空则不包邮",
    )

    def terms(self) -> FreightTerms:
        """Return what was sent for the service."""
        return FreightTerms(**{name: self.cleaned_data[name] for name in _TERMS})


class FreightTemplateForm(TermsForm, SeenForm):
    """A template and its terms for all other regions."""

    changed = FreightTemplateChanged

    name = PlainTextField(label="名称", max_length=_NAME_MAX)
    unit = forms.ChoiceField(
        label="计费方式",
        choices=FreightUnit.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="按重量时,以克为单位;没有填写重量的SKU按0克计算",
    )
    # Not the column itself, which would be checked before the service makes room.
    as_default = forms.BooleanField(
        label="默认模板",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="没有选择模板的商品都用它;原来的默认模板会被取代",
    )

    class Meta:
        model = FreightTemplate
        fields = ("name", "unit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["as_default"] = self.instance.is_default
            fallback = self.instance.rules.get(is_fallback=True)
            self.initial.update({name: getattr(fallback, name) for name in _TERMS})


class RuleForm(TermsForm, forms.ModelForm):  # type: ignore[type-arg]
    """The terms of some regions."""

    provinces = RegionsField(
        label="省份", help_text="例如:广东、海南、新疆;也可以写全称"
    )
    cities = RegionsField(
        label="城市", help_text="例如:深圳、苏州;城市的规则优先于它所在省份的规则"
    )

    class Meta:
        model = FreightRule
        fields = _TERMS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            places = self.instance.places.all()
            self.initial["provinces"] = _joined(p for p in places if not p.is_city)
            self.initial["cities"] = _joined(p for p in places if p.is_city)

    def rule(self) -> RegionRule:
        """Return the row for the service."""
        return RegionRule(
            provinces=self.cleaned_data["provinces"],
            cities=self.cleaned_data["cities"],
            terms=self.terms(),
        )


def _joined(places: Iterable[FreightRegion]) -> str:
    return "、".join(place.name for place in places)


class RuleFormSet(RowsFormSet):
    """The rules for regions, in the order in which staff wrote them."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        **RowsFormSet.default_error_messages,
        "too_many_forms": f"最多{RULES_MAX}条地区规则",
    }

    def rules(self) -> list[RegionRule]:
        """Return the new rules for the service."""
        return [form.rule() for form in self.kept()]


RULE_FORM_SET = inlineformset_factory(
    FreightTemplate,
    FreightRule,
    form=RuleForm,
    formset=RuleFormSet,
    extra=0,
    max_num=RULES_MAX,
    absolute_max=RULES_MAX,
    can_delete=True,
)


def template_save(*, form: FreightTemplateForm, rules: RuleFormSet) -> None:
    """Write a checked page by the service; a new template's id goes to the form.

    Raises: what the services raise.
    """
    change = TemplateChange(
        name=form.cleaned_data["name"],
        unit=form.cleaned_data["unit"],
        is_default=form.cleaned_data["as_default"],
        rules=rules.rules(),
        fallback=form.terms(),
    )
    if form.instance.pk:
        freight_template_update(
            template_id=form.instance.pk,
            change=change,
            expected_version=form.cleaned_data["version"],
        )
    else:
        form.instance.pk = freight_template_create(change=change).pk

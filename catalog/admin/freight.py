"""Freight templates, each on one page with all its rules."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.admin import StackedInline
from unfold.decorators import display

from catalog.admin.freight_form import (
    RULE_FORM_SET,
    FreightTemplateForm,
    template_save,
)
from catalog.admin.rows import RowsDesk, RowsInline
from catalog.models import (
    FreightRule,
    FreightTemplate,
    FreightUnit,
    Product,
)
from catalog.services.freight import RULES_MAX, freight_template_delete
from shop.back_office.figures import moment, money


def rule_text(rule: FreightRule, unit: str) -> str:
    """Say what a rule costs."""
    if not rule.is_served:
        return "不配送"
    name = "克" if unit == FreightUnit.WEIGHT else "件"
    told = (
        f"首{rule.first_units}{name}{money(rule.first_fee)},"
        f"续{rule.further_units}{name}{money(rule.further_fee)}"
    )
    if rule.first_fee == rule.further_fee == 0:
        told = "包邮"
    free = f",满{money(rule.free_from)}包邮" if rule.free_from else ""
    return told + free


class RuleInline(RowsInline, StackedInline):
    """The rules of regions."""

    model = FreightRule
    verbose_name = "地区规则"
    verbose_name_plural = "地区规则"
    max_num = RULES_MAX
    fields = (
        ("provinces", "cities"),
        "is_served",
        ("first_units", "first_fee"),
        ("further_units", "further_fee"),
        "free_from",
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return our own, whose rows the service writes."""
        return RULE_FORM_SET

    def get_queryset(self, request: HttpRequest) -> Any:
        """Leave out the fallback, which the form has."""
        rows = super().get_queryset(request).filter(is_fallback=False)
        return rows.prefetch_related("places")


@admin.register(FreightTemplate)
class FreightTemplateAdmin(RowsDesk):
    """Written by the services alone; an order keeps what it was placed with."""

    form = FreightTemplateForm
    inlines = (RuleInline,)
    rows_name = "地区规则"
    fieldsets = (
        (
            "基本信息",
            {"fields": ("name", ("unit", "as_default"), "version")},
        ),
        (
            "其他地区",
            {
                "description": "下面的规则没有写到的省份和城市",
                "fields": (
                    "is_served",
                    ("first_units", "first_fee"),
                    ("further_units", "further_fee"),
                    "free_from",
                ),
            },
        ),
    )
    list_display = (
        "name",
        "unit",
        "default_shown",
        "fallback_shown",
        "rule_count",
        "product_count",
        "updated_shown",
    )
    search_fields = ("name",)
    search_help_text = "按名称搜索"
    ordering = ("-is_default", "name")
    sortable_by = ()
    actions = None
    readonly_fields = ("rules_shown",)

    def get_queryset(self, request: HttpRequest) -> Any:
        products = (
            Product.objects.present()
            .filter(freight_template=OuterRef("pk"))
            .order_by()
            .values("freight_template")
            .annotate(count=Count("pk"))
        )
        rows = FreightTemplate.objects.prefetch_related("rules__places")
        return rows.annotate(products=Coalesce(Subquery(products.values("count")), 0))

    @display(description="默认", label={"默认": "success"})
    def default_shown(self, template: FreightTemplate) -> str | None:
        return "默认" if template.is_default else None

    @display(description="其他地区")
    def fallback_shown(self, template: FreightTemplate) -> str:
        (rule,) = [rule for rule in template.rules.all() if rule.is_fallback]
        return rule_text(rule, template.unit)

    @display(description="地区规则")
    def rule_count(self, template: FreightTemplate) -> int:
        return len([rule for rule in template.rules.all() if not rule.is_fallback])

    @display(description="商品数")
    def product_count(self, template: Any) -> int:
        return int(template.products)

    @display(description="更新时间")
    def updated_shown(self, template: FreightTemplate) -> str:
        return moment(template.updated_at)

    @display(description="规则")
    def rules_shown(self, template: FreightTemplate) -> str:
        """Tell the rules to who may not change them."""
        lines = [
            (rule, rule_text(rule, template.unit)) for rule in template.rules.all()
        ]
        return format_html_join("", "<div>{}:{}</div>", lines)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show texts instead of a form to who may read alone."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return ((None, {"fields": ("name", "unit", "is_default", "rules_shown")}),)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        is_written = obj is None or self.has_change_permission(request, obj)
        return self.inlines if is_written else ()

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Write everything at once, by the service."""
        template_save(form=form, rules=formsets[0])

    def delete_model(self, request: HttpRequest, obj: FreightTemplate) -> None:
        """Delete it by the service."""
        freight_template_delete(template_id=obj.pk, operator_id=request.user.pk)

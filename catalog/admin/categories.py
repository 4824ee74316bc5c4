"""The category tree."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    Func,
    OuterRef,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.decorators import display

from catalog.admin.desk import CatalogDesk
from catalog.admin.fields import CategoryField, category_label
from catalog.admin.history import category_chapter
from catalog.admin.pictures import PictureField, thumbnail
from catalog.models import Category, Product
from catalog.services.categories import (
    DEPTH_MAX,
    category_create,
    category_delete,
    category_update,
)
from catalog.tree import category_walk
from shop.api.text import plain_text
from shop.back_office.history import Chapter, KeepsHistory


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """A node of the tree; the service says where it may hang."""

    parent = CategoryField(label="上级分类", empty_label="无(一级分类)")
    icon = PictureField(label="图标", help_text="建议正方形图片,最大5MB")

    class Meta:
        model = Category
        fields = ("name", "parent", "icon", "position")
        help_texts = {"position": "数字小的排在前面"}
        error_messages = {"name": {"required": "名称不能为空"}}

    def clean_name(self) -> str:
        """Keep no HTML, and something beside it."""
        if name := plain_text(self.cleaned_data["name"]).strip():
            return name
        raise forms.ValidationError("名称不能为空")


@admin.register(Category)
class CategoryAdmin(KeepsHistory, CatalogDesk):
    """Written by the services of the tree alone."""

    form = CategoryForm
    fields = ("name", "parent", "icon", "position")
    list_display = ("indented_name", "icon_shown", "product_count", "position")
    list_display_links = ("indented_name",)
    search_fields = ("name",)
    search_help_text = "按名称搜索"
    sortable_by = ()
    list_per_page = 500
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Sort as the tree is read; say how deep each lies and what hangs on it."""
        walk = category_walk()
        ids = [category.pk for category, _ in walk]
        order = Value(ids, ArrayField(BigIntegerField()))
        levels = [
            When(pk__in=[c.pk for c, level in walk if level == wanted], then=wanted)
            for wanted in range(DEPTH_MAX)
        ]
        products = Product.objects.present().filter(category=OuterRef("pk"))
        counts = products.order_by().values("category").annotate(count=Count("pk"))
        return Category.objects.annotate(
            place=Func(
                order,
                F("pk"),
                function="array_position",
                output_field=BigIntegerField(),
            ),
            level=Case(*levels, default=0),
            products=Coalesce(Subquery(counts.values("count")), 0),
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("place",)

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the category."""
        return (category_chapter(obj.pk),)

    @display(description="名称")
    def indented_name(self, category: Any) -> str:
        return category_label(category, category.level)

    @display(description="图标")
    def icon_shown(self, category: Category) -> str:
        return thumbnail(category.icon)

    @display(description="商品数")
    def product_count(self, category: Any) -> int:
        return int(category.products)

    def save_model(
        self, request: HttpRequest, obj: Category, form: CategoryForm, change: bool
    ) -> None:
        """Add or change it by the service."""
        written = {**form.cleaned_data, "operator_id": request.user.pk}
        if change:
            category_update(category_id=obj.pk, **written)
        else:
            obj.pk = category_create(**written).pk

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        """Delete it by the service."""
        category_delete(category_id=obj.pk, operator_id=request.user.pk)

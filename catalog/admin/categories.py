"""The category tree."""

import json
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db import transaction
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
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import display

from catalog.admin.desk import CatalogDesk
from catalog.admin.fields import CategoryField, category_label
from catalog.admin.history import category_chapter
from catalog.admin.pictures import PictureField, thumbnail
from catalog.models import Category, Product
from catalog.services.categories import (
    DEPTH_MAX,
    ORDER_IS_ODD,
    categories_arrange,
    category_create,
    category_delete,
    category_update,
)
from catalog.tree import category_walk, tree_version
from shop.api.text import plain_text
from shop.back_office.desk import REFUSALS, refusal_text
from shop.back_office.history import Chapter, KeepsHistory
from shop.errors import Invalid

# What moves a row without dragging it: the script's word, ours, an icon.
_MOVES = (
    ("up", "上移", "arrow_upward"),
    ("down", "下移", "arrow_downward"),
    ("out", "移到上一级", "format_indent_decrease"),
    ("in", "移到前一个分类下", "format_indent_increase"),
)


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
    change_list_template = "admin/categories.html"
    actions = None

    class Media:
        js = (forms.Script("catalog/category_tree.js", type="module"),)
        css = {"all": ("catalog/category_tree.css",)}

    def get_urls(self) -> list[Any]:
        """Add where the tree's order is sent to."""
        view = self.admin_site.admin_view(self.arrange)
        arrange = path("arrange/", view, name="catalog_category_arrange")
        return [arrange, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Let the whole tree be arranged, in the state that the page shows."""
        page = super().changelist_view(request, extra_context)
        if isinstance(page, TemplateResponse):
            context: Any = page.context_data
            shown = context["cl"]
            is_whole = not shown.query and not shown.multi_page
            rows = shown.result_list if is_whole else []
            context |= {
                "tree": [(row, thumbnail(row.icon)) for row in rows],
                "version": tree_version(rows),
                "levels": DEPTH_MAX,
                "moves": _MOVES,
                "may_arrange": self.has_change_permission(request),
            }
        return page

    def arrange(self, request: HttpRequest) -> HttpResponse:
        """Save the order that the list sends; a refusal is told above the list."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                self._arrange(request)
            except REFUSALS as error:
                self.message_user(request, refusal_text(error), messages.ERROR)
            else:
                self.message_user(request, "分类顺序已保存", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:catalog_category_changelist"))

    @transaction.atomic
    def _arrange(self, request: HttpRequest) -> None:
        user_id = cast("int", request.user.pk)
        moved = categories_arrange(
            places=_places(request.POST.get("order", "")),
            expected_version=request.POST.get("version", ""),
            operator_id=user_id,
        )
        rows = Category.objects.filter(pk__in=moved)
        LogEntry.objects.log_actions(user_id, rows, CHANGE, "调整顺序")

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


def _places(text: str) -> list[tuple[int, int | None]]:
    """Read the order that the list sends: `[[id, id of the parent or null], …]`.

    Raises: Invalid.
    """
    try:
        places = [(pk, parent_id) for pk, parent_id in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        raise Invalid(ORDER_IS_ODD) from None
    kinds = {type(pk) for pk, _ in places}, {type(parent) for _, parent in places}
    if not kinds[0] <= {int} or not kinds[1] <= {int, type(None)}:
        raise Invalid(ORDER_IS_ODD)
    return places

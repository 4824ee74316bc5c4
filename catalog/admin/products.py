"""Products with their SKUs and pictures."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from catalog.admin.description import DescribedDesk
from catalog.admin.desk import products_holding
from catalog.admin.fields import category_label
from catalog.admin.history import product_chapter, skus_chapter
from catalog.admin.pictures import thumbnail
from catalog.admin.product_actions import ProductActions
from catalog.admin.product_form import PRODUCT_FIELDS, ProductForm, product_save
from catalog.admin.product_stock import StockedDesk
from catalog.admin.rows import RowsDesk
from catalog.admin.sku_inline import SkuInline
from catalog.models import Product, ProductStatus
from catalog.rating import rating_average
from catalog.services.products import product_delete, products_set_status
from catalog.showcase import showcase
from catalog.tree import category_subtree, category_walk
from shop.admin.sheet_exports import SheetExports
from shop.back_office.figures import money
from shop.back_office.history import Chapter, KeepsHistory
from shop.back_office.paginator import CappedPaginator
from shop.errors import Forbidden

# Payments wait for the locks of the products that they count as sold.
_BATCH = 500
STATUS_COLOURS = {
    ProductStatus.ON_SALE.label: "success",
    ProductStatus.OFF_SALE.label: "warning",
    ProductStatus.DELETED.label: "danger",
}


class StatusFilter(DropdownFilter):
    """Deleted products are shown when they are asked for alone."""

    title = "状态"
    parameter_name = "status"
    all_option = ["", "在售和下架"]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return ProductStatus.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in ProductStatus.values:
            return queryset.filter(status=self.value())
        return queryset.present()


class CategoryFilter(DropdownFilter):
    """A category with all below it."""

    title = "分类"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            (str(category.pk), category_label(category, level))
            for category, level in category_walk()
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value not in {number for number, _ in self.lookup_choices}:
            return queryset
        return queryset.filter(category__in=category_subtree(int(value)))


def _is_present(product: Any) -> bool:
    """Say whether a product may still be written; no product is no obstacle."""
    return getattr(product, "status", None) != ProductStatus.DELETED


@admin.register(Product)
class ProductAdmin(
    KeepsHistory, ProductActions, StockedDesk, SheetExports, RowsDesk, DescribedDesk
):
    """One page for a product with all that belongs to it, written by the services."""

    form = ProductForm
    inlines = (SkuInline,)
    rows_name = "SKU"
    fieldsets = (
        ("基本信息", {"fields": (*PRODUCT_FIELDS[:-1], "favorites_shown")}),
        ("图片", {"fields": ("pictures",)}),
        # Below the table of SKUs: see the template.
        ("描述", {"fields": ("description", "version", "page_key")}),
    )
    readonly_fields = ("favorites_shown",)
    list_display = (
        "picture",
        "name",
        "price_shown",
        "stock",
        "sales",
        "rating",
        "status_shown",
        "category_name",
        "updated_at",
    )
    list_display_links = ("picture", "name")
    list_filter = (StatusFilter, CategoryFilter)
    standing_filters = (("在售", "status=on_sale"), ("下架", "status=off_sale"))
    search_fields = ("name",)
    search_help_text = "按名称或描述搜索"
    ordering = ("-pk",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    actions = ("put_on_sale", "take_off_sale", "export_chosen", "delete_selected")
    actions_list = ("export", "import_sheet")
    actions_detail = ("sale", "adjust", "ledger", "preview", "copy")
    export_kinds = ("products",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return showcase(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find what the keyword index holds."""
        if search_term := search_term.strip():
            queryset = queryset.filter(pk__in=products_holding(search_term))
        return queryset, False

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the product and of its SKUs."""
        return product_chapter(obj.pk), skus_chapter(obj)

    @display(description="图片")
    def picture(self, product: Any) -> str:
        return thumbnail(next(iter(product.image_files), "")) or "无"

    @display(description="价格", ordering="price")
    def price_shown(self, product: Product) -> str:
        return money(product.price)

    @display(description="库存")
    def stock(self, product: Any) -> int:
        return int(product.stock)

    @display(description="评分")
    def rating(self, product: Product) -> str:
        """Lead to the reviews."""
        average = rating_average(product.rating_count, product.rating_sum)
        if average is None:
            return "-"
        return format_html(
            '<a href="{}?state=all&amp;product={}"'
            ' class="text-primary-600 dark:text-primary-500">{}({})</a>',
            reverse("admin:orders_review_changelist"),
            product.pk,
            average,
            product.rating_count,
        )

    @display(description="状态", label=STATUS_COLOURS, ordering="status")
    def status_shown(self, product: Product) -> str:
        return product.get_status_display()

    @display(description="分类")
    def category_name(self, product: Any) -> str:
        return product.category_name or "未分类"

    @display(description="收藏人数")
    def favorites_shown(self, product: Product) -> int:
        return product.favorite_count if product.pk else 0

    @display(description="商品图片")
    def pictures(self, product: Any) -> str:
        """Show them to who may not change them."""
        shown = [thumbnail(name) for name in product.image_files]
        return format_html("{}" * len(shown), *shown) if shown else "无"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave what only a form needs out for who may read alone."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        return (*self.fieldsets[:-1], ("描述", {"fields": ("description",)}))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_present(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_present(obj)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Write everything at once, by the service.

        Raises: Forbidden, when a product gets pieces from somebody who may not adjust
            a stock; and what the service raises.
        """
        gets_pieces = any(row.cleaned_data["stock"] for row in formsets[0].added())
        may_adjust = request.user.has_perm("catalog.adjust_stock")
        if change and gets_pieces and not may_adjust:
            raise Forbidden("没有调整库存的权限,新SKU的库存请填0")
        product_save(form=form, skus=formsets[0], operator_id=request.user.pk)

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        """Mark it as deleted."""
        product_delete(product_id=obj.pk, operator_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Mark them as deleted."""
        for ids in _batches(queryset):
            products_set_status(
                product_ids=ids,
                status=ProductStatus.DELETED,
                operator_id=request.user.pk,
            )

    # Instead of the site's action of that name, which the page that asks sends too.
    @action(description="删除所选商品", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask, then mark as deleted what is not yet."""
        return actions.delete_selected(self, request, queryset.present())

    @action(description="上架所选商品", permissions=["change"])
    def put_on_sale(self, request: HttpRequest, queryset: Any) -> None:
        """Offer them."""
        self._set_status(request, queryset, ProductStatus.ON_SALE, "上架")

    @action(description="下架所选商品", permissions=["change"])
    def take_off_sale(self, request: HttpRequest, queryset: Any) -> None:
        """Hide them from the public."""
        self._set_status(request, queryset, ProductStatus.OFF_SALE, "下架")

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.import_product")

    @action(
        description="导入",
        url_path="import",
        icon="upload",
        permissions=["view", "import"],
    )
    def import_sheet(self, request: HttpRequest) -> HttpResponse:
        """Lead to the page that asks for the sheet."""
        return self.upload_page("products")

    def _set_status(
        self, request: HttpRequest, queryset: Any, status: ProductStatus, verb: str
    ) -> None:
        asked = changed = 0
        for ids in _batches(queryset):
            asked += len(ids)
            changed += self._set_and_log(request, ids, status, verb)
        told = f"已{verb}{changed}个商品"
        if others := asked - changed:
            told += f",另有{others}个不需要{verb}或已删除"
        self.message_user(request, told, messages.SUCCESS)

    @transaction.atomic
    def _set_and_log(
        self, request: HttpRequest, ids: list[int], status: ProductStatus, verb: str
    ) -> int:
        """Change a batch and its history at once; return how many it changed."""
        user_id = cast("int", request.user.pk)
        changed = products_set_status(
            product_ids=ids, status=status, operator_id=user_id
        )
        rows = Product.objects.filter(pk__in=changed)
        LogEntry.objects.log_actions(user_id, rows, CHANGE, verb)
        return len(changed)


def _batches(queryset: QuerySet[Product]) -> Iterator[list[int]]:
    """Cut what is chosen into what is locked, changed and committed at once."""
    ids = sorted(queryset.values_list("pk", flat=True))
    return (ids[n : n + _BATCH] for n in range(0, len(ids), _BATCH))

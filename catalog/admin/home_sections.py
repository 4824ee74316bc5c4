"""The sections of the home page, with the products that staff choose."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from catalog.admin.fields import CategoryField, ContentForm
from catalog.admin.history import section_chapter
from catalog.admin.home_preview import PreviewsHome
from catalog.admin.product_select import ChoosesProduct
from catalog.admin.rows import RowsDesk, RowsFormSet, RowsInline
from catalog.home import SECTIONS_MAX
from catalog.models import (
    SECTION_PRODUCTS_MAX,
    HomeSection,
    HomeSectionProduct,
)
from catalog.services.history import SECTIONS
from catalog.services.home_sections import (
    CHOSEN_MAX,
    home_section_create,
    home_section_delete,
    home_section_update,
)
from shop.back_office.forms import PlainTextField
from shop.back_office.history import Chapter, KeepsHistory

_FIELDS = ("title", "kind", "category", "shown_count", "position", "is_active")
# Behind every row that has a place of its own.
_LAST = 10_000


class SectionForm(ContentForm):
    """A section but its products."""

    book = SECTIONS

    title = PlainTextField(label="标题", max_length=20)
    category = CategoryField(label="分类", empty_label="请选择")
    shown_count = forms.IntegerField(
        label="显示数量",
        min_value=1,
        max_value=SECTION_PRODUCTS_MAX,
        initial=6,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"1到{SECTION_PRODUCTS_MAX}个;只显示在售的商品",
        error_messages={
            "required": "显示数量不能为空",
            "min_value": "显示数量不能小于1",
            "max_value": f"显示数量不能大于{SECTION_PRODUCTS_MAX}",
        },
    )

    class Meta:
        model = HomeSection
        fields = _FIELDS
        help_texts = {
            "position": f"数字小的排在前面,首页最多显示前{SECTIONS_MAX}个板块",
            "category": "显示这个分类(含下级)最新的商品",
        }


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """A chosen product; one that nobody has put anywhere comes last."""

    position = forms.IntegerField(
        label="排序",
        required=False,
        min_value=0,
        max_value=_LAST - 1,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = HomeSectionProduct
        fields = ("product", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Around the box Django draws links to the product, too wide for a phone.
        wrapper = self.fields["product"].widget
        wrapper.can_add_related = wrapper.can_change_related = False
        wrapper.can_view_related = wrapper.can_delete_related = False
        if self.instance.pk is None:
            self.initial["position"] = None
        else:
            wrapper.widget.known = self.instance.product


class LineFormSet(RowsFormSet):
    """The chosen products in the order that they are sent in."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        **RowsFormSet.default_error_messages,
        "too_many_forms": f"最多选择{CHOSEN_MAX}个商品",
    }

    def product_ids(self) -> list[int]:
        """Return the products of the rows that stay."""
        rows = [form.cleaned_data for form in self.kept()]
        places = [row["position"] for row in rows]
        ordered = sorted(
            zip(places, rows, strict=True),
            key=lambda pair: _LAST if pair[0] is None else pair[0],
        )
        return [row["product"].pk for _, row in ordered]


class LineInline(ChoosesProduct, RowsInline, TabularInline):
    """Chosen products, dragged into order."""

    model = HomeSectionProduct
    form = LineForm
    formset = LineFormSet
    fields = ("product", "position")
    ordering_field = "position"
    verbose_name_plural = "指定的商品(只用于“指定商品”)"
    extra = 0
    max_num = CHOSEN_MAX

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product")


@admin.register(HomeSection)
class HomeSectionAdmin(KeepsHistory, PreviewsHome, RowsDesk):
    """One page for a section with its products, written by the services."""

    form = SectionForm
    fields = (*_FIELDS, "version")
    inlines = (LineInline,)
    rows_name = "商品"
    conditional_fields = {"category": "kind == 'category'"}
    list_display = ("title", "kind_shown", "shown_count", "is_active", "position")
    list_select_related = ("category",)
    sortable_by = ()
    actions = None

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the section and its products."""
        return (section_chapter(obj.pk),)

    @display(description="内容")
    def kind_shown(self, section: HomeSection) -> str:
        kind = section.get_kind_display()
        return f"{kind}:{section.category}" if section.category else kind

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Write everything at once, by the service."""
        written: dict[str, Any] = {
            "fields": {name: form.cleaned_data[name] for name in _FIELDS},
            "product_ids": formsets[0].product_ids(),
            "operator_id": request.user.pk,
        }
        if change:
            written["expected_version"] = form.cleaned_data["version"]
            home_section_update(section_id=form.instance.pk, **written)
        else:
            form.instance.pk = home_section_create(**written).pk

    def delete_model(self, request: HttpRequest, obj: HomeSection) -> None:
        """Delete it by the service."""
        home_section_delete(section_id=obj.pk, operator_id=request.user.pk)

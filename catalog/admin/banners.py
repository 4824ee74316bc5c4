"""The banners of the home page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from catalog.admin.desk import CatalogDesk
from catalog.admin.fields import CategoryField, ContentForm
from catalog.admin.history import banner_chapter
from catalog.admin.home_preview import PreviewsHome
from catalog.admin.pictures import PictureField, thumbnail
from catalog.admin.product_select import ChoosesProduct
from catalog.home import BANNERS_MAX
from catalog.models import Banner, BannerState
from catalog.services.banners import banner_create, banner_delete, banner_update
from catalog.services.history import BANNERS
from shop.back_office.figures import short_moment
from shop.back_office.forms import MomentField, PlainTextField
from shop.back_office.history import Chapter, KeepsHistory

_STATE_COLOURS = {
    BannerState.RUNNING.label: "success",
    BannerState.COMING.label: "info",
    BannerState.OVER.label: "default",
    BannerState.OFF.label: "danger",
}
_FIELDS = (
    *("title", "image", "target_kind", "product", "category", "target"),
    *("starts_at", "ends_at", "position", "is_active"),
)


class BannerForm(ContentForm):
    """A banner; the service says where it may lead to."""

    book = BANNERS

    title = PlainTextField(label="标题", max_length=50)
    image = PictureField(label="图片", help_text="建议宽750、高350,最大5MB")
    category = CategoryField(label="分类", empty_label="请选择")
    starts_at = MomentField(label="开始时间", required=False, help_text="不填:立即")
    ends_at = MomentField(label="结束时间", required=False, help_text="不填:一直展示")

    class Meta:
        model = Banner
        fields = _FIELDS
        help_texts = {
            "product": "商品下架后,轮播图也不再展示",
            "target": "搜索词;或以 / 开头的小程序页面路径;"
            "或以 https:// 开头的网址(须是小程序的业务域名)",
            "position": f"数字小的排在前面,首页最多展示前{BANNERS_MAX}张",
        }


@admin.register(Banner)
class BannerAdmin(KeepsHistory, PreviewsHome, ChoosesProduct, CatalogDesk):
    """Written by the services of the banners alone."""

    form = BannerForm
    fieldsets = (
        ("内容", {"fields": ("title", "image", "version")}),
        ("跳转", {"fields": ("target_kind", "product", "category", "target")}),
        ("展示", {"fields": (("starts_at", "ends_at"), "position", "is_active")}),
    )
    # By the select's value; without a script all are shown, and one is kept.
    conditional_fields = {
        "product": "target_kind == 'product'",
        "category": "target_kind == 'category'",
        "target": "['search', 'page', 'web'].includes(target_kind)",
    }
    list_display = (
        "image_shown",
        "title",
        "target_shown",
        "period",
        "state_shown",
        "position",
    )
    list_display_links = ("image_shown", "title")
    list_select_related = ("product", "category")
    sortable_by = ()
    actions = None

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the banner."""
        return (banner_chapter(obj.pk),)

    @display(description="图片")
    def image_shown(self, banner: Banner) -> str:
        return thumbnail(banner.image)

    @display(description="跳转到")
    def target_shown(self, banner: Banner) -> str:
        target = banner.product or banner.category or banner.target
        kind = banner.get_target_kind_display()
        return f"{kind}:{target}" if target else kind

    @display(description="展示时间")
    def period(self, banner: Banner) -> str:
        if not (banner.starts_at or banner.ends_at):
            return "一直"
        begin = short_moment(banner.starts_at) if banner.starts_at else "现在"
        end = short_moment(banner.ends_at) if banner.ends_at else "一直"
        return f"{begin} 至 {end}"

    @display(description="状态", label=_STATE_COLOURS)
    def state_shown(self, banner: Banner) -> str:
        return str(banner.state(timezone.now()).label)

    def save_model(
        self, request: HttpRequest, obj: Banner, form: BannerForm, change: bool
    ) -> None:
        """Add or change it by the service."""
        written: dict[str, Any] = {
            "fields": {name: form.cleaned_data[name] for name in _FIELDS},
            "operator_id": request.user.pk,
        }
        if change:
            written["expected_version"] = form.cleaned_data["version"]
            banner_update(banner_id=obj.pk, **written)
        else:
            obj.pk = banner_create(**written).pk

    def delete_model(self, request: HttpRequest, obj: Banner) -> None:
        """Delete it by the service."""
        banner_delete(banner_id=obj.pk, operator_id=request.user.pk)

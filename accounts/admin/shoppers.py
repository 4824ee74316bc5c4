"""The desk of shoppers: looked at, deactivated, let in again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action

from accounts import services
from accounts.admin.forms import ConfirmForm
from accounts.models import Address, Shopper
from shop.api.images import image_url
from shop.back_office.desk import UneditedDesk
from shop.back_office.forms import ReasonForm
from shop.back_office.masking import (
    detail_masked,
    name_masked,
    phone_masked,
    shows_people,
)
from shop.back_office.paginator import CappedPaginator

_NOTHING = "—"


class AddressInline(TabularInline):
    """The address book, as the shopper left it."""

    model = Address
    fields = ("name", "phone", "province", "city", "district", "detail", "is_default")
    masked_fields = (
        "masked_name",
        "masked_phone",
        "province",
        "city",
        "district",
        "masked_detail",
        "is_default",
    )
    readonly_fields = (*fields, *masked_fields)
    ordering = ("-is_default", "-pk")
    extra = 0
    can_delete = False
    # It would say what the row says, and the detail to everybody.
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Mask who lives where from those who need not know."""
        return self.fields if shows_people(request) else self.masked_fields

    @admin.display(description="收货人")
    def masked_name(self, obj: Address) -> str:
        return name_masked(obj.name)

    @admin.display(description="手机号")
    def masked_phone(self, obj: Address) -> str:
        return phone_masked(obj.phone)

    @admin.display(description="详细地址")
    def masked_detail(self, obj: Address) -> str:
        return detail_masked(obj.detail)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to whoever may see the shopper."""
        return request.user.has_perm("accounts.view_shopper")


@admin.register(Shopper)
class ShopperDesk(UneditedDesk):
    """Nothing of a shopper is edited here; whether they are let in is an action."""

    list_display = (
        "id",
        "thumbnail",
        "shown_name",
        "masked_phone",
        "created_at",
        "is_active",
    )
    list_display_links = ("id", "shown_name")
    list_filter = ("is_active", "created_at")
    search_fields = ("=id", "nickname", "phone")
    masked_search_fields = ("=id", "nickname")
    search_help_text = "编号、昵称;能看完整手机号的,也可以输入手机号"
    ordering = ("-id",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    inlines = (AddressInline,)
    fields = (
        "id",
        "thumbnail",
        "nickname",
        "phone",
        "openid_tail",
        "is_active",
        "inactive_reason",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    readonly_fields = (*fields, "masked_phone")
    actions_detail = ("deactivate", "activate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out staff."""
        shoppers: QuerySet[Any] = super().get_queryset(request)
        return shoppers.filter(is_staff=False)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the whole phone to those alone who may read it."""
        if shows_people(request):
            return self.fields
        return ["masked_phone" if name == "phone" else name for name in self.fields]

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Look for a phone only for who may read it: by questions it would be told."""
        return (
            self.search_fields if shows_people(request) else self.masked_search_fields
        )

    @admin.display(description="头像")
    def thumbnail(self, obj: Shopper) -> SafeString | str:
        """Show an uploaded avatar; pictures of other hosts are not loaded."""
        if not obj.avatar or obj.avatar.startswith(("http://", "https://")):
            return _NOTHING
        return format_html(
            '<img src="{}" alt="" width="40" height="40" loading="lazy"'
            ' class="rounded-default object-cover" style="width:40px;height:40px">',
            image_url(obj.avatar),
        )

    @admin.display(description="昵称", ordering="nickname")
    def shown_name(self, obj: Shopper) -> str:
        return obj.nickname or ("已注销" if obj.deleted_at else _NOTHING)

    @admin.display(description="手机号")
    def masked_phone(self, obj: Shopper) -> str:
        """Show 138****8000: a list is read over many shoulders.

        Not sorted: between which two a number stands would tell of it.
        """
        return phone_masked(obj.phone)

    @admin.display(description="微信 openid 尾号")
    def openid_tail(self, obj: Shopper) -> str:
        """Show enough to tell two accounts apart in WeChat's own back office."""
        return f"…{obj.openid[-6:]}" if obj.openid else _NOTHING

    def has_deactivate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.deactivate_shopper")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the account's state allows."""
        account = self.get_object(request, object_id)
        return [
            offered
            for offered in super().get_actions_detail(request, object_id)
            if account
            and account.deleted_at is None
            and (offered.path == "deactivate") == account.is_active
        ]

    @action(
        description="停用",
        url_path="deactivate",
        icon="block",
        permissions=["view", "deactivate"],
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shut a shopper out."""
        account = self._shopper(request, object_id)

        def perform(data: Any) -> str:
            services.user_deactivate(user_id=account.pk, reason=data["reason"])
            return f"已停用,原因:{data['reason']}"

        return self.action_page(
            request,
            account,
            title="停用用户",
            submit="停用",
            form_class=ReasonForm,
            perform=perform,
            lines={
                "用户": account,
                "后果": "立即退出登录,不能再登录;未完成的订单照常处理",
            },
        )

    @action(
        description="启用",
        url_path="activate",
        icon="check_circle",
        permissions=["view", "deactivate"],
    )
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a shopper in again."""
        account = self._shopper(request, object_id)

        def perform(data: Any) -> str:
            services.user_activate(user_id=account.pk)
            return "已启用"

        return self.action_page(
            request,
            account,
            title="启用用户",
            submit="启用",
            form_class=ConfirmForm,
            perform=perform,
            lines={"用户": account, "停用原因": account.inactive_reason or _NOTHING},
        )

    def _shopper(self, request: HttpRequest, object_id: str) -> Shopper:
        account: Shopper | None = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return account

"""The desk of failed logins, for reading."""

from typing import Any

from django.contrib import admin
from django.utils.text import Truncator

from accounts.models import LoginFailure
from shop.back_office.desk import UneditedDesk


@admin.register(LoginFailure)
class LoginFailureDesk(UneditedDesk):
    """What was typed as a name may be anything; passwords are never kept."""

    list_display = ("time", "account", "address", "door", "locked", "browser")
    list_filter = ("locked_out", "attempt_time")
    search_fields = ("username", "ip_address")
    search_help_text = "用户名或地址"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fields = (*list_display[:-1], "full_browser")
    readonly_fields = fields

    @admin.display(description="时间", ordering="attempt_time")
    def time(self, obj: LoginFailure) -> Any:
        return obj.attempt_time

    @admin.display(description="用户名", ordering="username")
    def account(self, obj: LoginFailure) -> Any:
        return obj.username

    @admin.display(description="地址", ordering="ip_address")
    def address(self, obj: LoginFailure) -> Any:
        return obj.ip_address

    @admin.display(description="入口")
    def door(self, obj: LoginFailure) -> str:
        return "接口" if obj.path_info.startswith("/api/") else "后台"

    @admin.display(description="触发锁定", boolean=True)
    def locked(self, obj: LoginFailure) -> bool:
        return bool(obj.locked_out)

    @admin.display(description="浏览器")
    def browser(self, obj: LoginFailure) -> str:
        return Truncator(obj.user_agent).chars(40)

    @admin.display(description="浏览器")
    def full_browser(self, obj: LoginFailure) -> str:
        return str(obj.user_agent)

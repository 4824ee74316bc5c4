"""What is done with a staff account: each a page of its own that calls a service."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action

from accounts import services
from accounts.admin.forms import ConfirmForm, PasswordForm, RolesForm
from accounts.models import Staff
from accounts.views.person import user_of
from shop.back_office.desk import Desk, asked_once
from shop.back_office.forms import ReasonForm


class StaffAccountActions(Desk):
    """Roles, password, second factor, and whether the account is let in."""

    actions_detail = (
        "roles",
        "password",
        "reset_second_factor",
        "deactivate",
        "activate",
    )

    @admin.display(description="角色")
    def roles_held(self, obj: Staff) -> str:
        return "、".join(group.name for group in obj.groups.all()) or "—"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse accounts with rights that who asks lacks."""
        is_let: bool = super().has_change_permission(request, obj)
        if obj is None or not is_let:
            return is_let
        actor = user_of(request)
        key = ("staff_is_within", obj.pk)
        is_within: bool = asked_once(
            request, key, lambda: services.staff_is_within(actor=actor, account=obj)
        )
        return is_within

    def has_act_permission(self, request: HttpRequest, object_id: Any) -> bool:
        """Say whether who asks may act on this account; on their own nobody may.

        One's own password is changed where the old one is asked for.
        """
        account = self.get_object(request, object_id)
        if account is None or account.pk == request.user.pk:
            return False
        return self.has_change_permission(request, account)

    def has_assign_permission(self, request: HttpRequest, object_id: Any) -> bool:
        return request.user.has_perm("accounts.assign_staff")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the account's state allows.

        One's own password is changed elsewhere, and nobody shuts themselves out.
        """
        account = self.get_object(request, object_id)
        if account is None or account.pk == request.user.pk:
            return []
        hidden = {"activate" if account.is_active else "deactivate"}
        if not services.second_factor_is_on(user=account):
            hidden.add("reset_second_factor")
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.path not in hidden]

    @action(
        description="分配角色",
        url_path="roles",
        icon="badge",
        permissions=["act", "assign"],
    )
    def roles(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give and take roles; what they let do holds from the next click on."""
        account = self._account(request, object_id)
        actor = user_of(request)

        def perform(data: Any) -> str:
            held = services.staff_roles_set(
                actor_id=actor.pk,
                user_id=account.pk,
                roles=[role.pk for role in data["roles"]],
                seen=data["seen"],
            )
            return f"角色已改为:{'、'.join(role.name for role in held) or '无'}"

        return self.action_page(
            request,
            account,
            title="分配角色",
            submit="保存",
            form_class=RolesForm,
            perform=perform,
            lines={"员工": account, "现有角色": self.roles_held(account)},
            offered=services.roles_on_offer(actor=actor),
            held=[role.pk for role in account.groups.all()],
        )

    @method_decorator(sensitive_post_parameters())
    @action(
        description="重设密码", url_path="password", icon="key", permissions=["act"]
    )
    def password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Set a password; the account's sessions end."""
        account = self._account(request, object_id)

        def perform(data: Any) -> str:
            services.staff_password_set(
                actor_id=user_of(request).pk,
                user_id=account.pk,
                password=data["password1"],
            )
            return "已重设密码"

        return self.action_page(
            request,
            account,
            title="重设密码",
            submit="保存",
            form_class=PasswordForm,
            perform=perform,
            lines={"员工": account},
            account=account,
        )

    @action(
        description="重置两步验证",
        url_path="reset_second_factor",
        icon="phonelink_erase",
        permissions=["act", "assign"],
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Turn it off for somebody who has lost the phone."""
        account = self._account(request, object_id)

        def perform(data: Any) -> str:
            services.second_factor_reset(
                actor_id=user_of(request).pk, user_id=account.pk
            )
            return "已重置两步验证"

        return self.action_page(
            request,
            account,
            title="重置两步验证",
            submit="重置",
            form_class=ConfirmForm,
            perform=perform,
            lines={
                "员工": account,
                "后果": "登录只需密码,并立即退出后台和接口;请先当面或电话确认是本人",
            },
        )

    @action(
        description="停用", url_path="deactivate", icon="block", permissions=["act"]
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shut staff out."""
        account = self._account(request, object_id)

        def perform(data: Any) -> str:
            services.staff_deactivate(
                actor_id=user_of(request).pk, user_id=account.pk, reason=data["reason"]
            )
            return f"已停用,原因:{data['reason']}"

        return self.action_page(
            request,
            account,
            title="停用员工",
            submit="停用",
            form_class=ReasonForm,
            perform=perform,
            lines={"员工": account, "后果": "立即退出后台和接口,不能再登录"},
        )

    @action(
        description="启用",
        url_path="activate",
        icon="check_circle",
        permissions=["act"],
    )
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let staff in again."""
        account = self._account(request, object_id)

        def perform(data: Any) -> str:
            services.staff_activate(actor_id=user_of(request).pk, user_id=account.pk)
            return "已启用"

        return self.action_page(
            request,
            account,
            title="启用员工",
            submit="启用",
            form_class=ConfirmForm,
            perform=perform,
            lines={"员工": account, "停用原因": account.inactive_reason},
        )

    def _account(self, request: HttpRequest, object_id: str) -> Staff:
        account: Staff | None = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return account

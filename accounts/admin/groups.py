"""The desk of groups: sets of permissions, which only superusers change."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin.forms import (
    PermissionsField,
    permission_named,
    permissions_on_offer,
)
from shop.back_office.desk import Desk

# Registered with Django's own face, by the import above.
admin.site.unregister(Group)


@admin.register(Group)
class GroupDesk(GroupAdmin, Desk):
    """A group's permissions are the rights of its members."""

    filter_horizontal = ()
    readonly_fields = ("rights",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Bring along the permissions with what they are of, for their names."""
        groups: QuerySet[Group] = super().get_queryset(request)
        permissions = Permission.objects.select_related("content_type")
        return groups.prefetch_related(Prefetch("permissions", permissions))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show who may only look the permissions by their Chinese names."""
        may = self.has_change_permission(request, obj)
        return ("name", "permissions") if may else ("name", "rights")

    @admin.display(description="权限")
    def rights(self, group: Group) -> str:
        named = map(permission_named, group.permissions.all())
        return "、".join(named) or "无"

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say which rights came and went: whoever has the role has them from now on."""
        told: list[Any] = super().construct_change_message(request, form, formsets, add)
        if "permissions" in form.changed_data:
            old = set(form.initial.get("permissions", ()))
            new = set(form.cleaned_data["permissions"])
            for verb, moved in (("增加", new - old), ("去掉", old - new)):
                if moved:
                    names = sorted(map(permission_named, moved))
                    fields = [f"{verb}{name}" for name in names]
                    told.append({"changed": {"fields": fields}})
        return told

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """Offer the permissions as boxes to tick."""
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        if db_field.name == "permissions":
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = permissions_on_offer()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)


def is_superuser(request: HttpRequest) -> bool:
    """Say whether who asks may grant rights."""
    return bool(request.user.is_active and request.user.is_superuser)

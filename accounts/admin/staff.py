"""The desk of staff accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts import services
from accounts.admin.forms import (
    PermissionsField,
    StaffAddForm,
    StaffForm,
    permissions_on_offer,
)
from accounts.admin.groups import is_superuser
from accounts.admin.history import staff_chapter
from accounts.admin.staff_actions import StaffAccountActions
from accounts.models import Staff
from accounts.views.person import user_of
from shop.back_office.history import Chapter, KeepsHistory

_RIGHTS = ("is_superuser", "user_permissions")
_FACTS = ("is_active", "inactive_reason", "last_login", "created_at")
_ROLES = ("roles_held",)


@admin.register(Staff)
class StaffDesk(KeepsHistory, StaffAccountActions):
    """Whoever may change staff still changes no account that has rights they lack."""

    list_display = (
        "username",
        "roles_held",
        "is_superuser",
        "is_active",
        "last_login",
    )
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("username",)
    ordering = ("username",)
    show_full_result_count = False
    form = StaffForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out shoppers."""
        staff: QuerySet[Any] = super().get_queryset(request)
        return staff.filter(is_staff=True).prefetch_related("groups")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Ask for a password only of a new account."""
        if obj is None:
            kwargs["form"] = StaffAddForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show rights and state of an account that there is."""
        if obj is None:
            return ((None, {"fields": ("username", "password1", "password2")}),)
        return (
            (None, {"fields": ("username", *_FACTS)}),
            ("权限", {"fields": (*_ROLES, *_RIGHTS)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Let only superusers grant single rights; roles have a page of their own."""
        facts = (*_FACTS, *_ROLES)
        return facts if is_superuser(request) else (*facts, *_RIGHTS)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer permissions as boxes to tick."""
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        if db_field.name == "user_permissions":
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = permissions_on_offer()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the account; of its passwords the log has who set them."""
        return (staff_chapter(obj.pk),)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Leave the rules to the services."""
        if change:
            services.staff_change(
                actor_id=user_of(request).pk,
                account=obj,
                changed=form.changed_data,
                values=form.cleaned_data,
            )
        else:
            services.staff_add(account=obj, actor_id=user_of(request).pk)

    def response_add(self, request: HttpRequest, obj: Any, *args: Any) -> HttpResponse:
        """Lead to the new account, which is still to get its role."""
        answer: HttpResponse = super().response_add(request, obj, *args)
        is_last = "_addanother" not in request.POST
        if is_last and self.has_view_permission(request, obj):
            return HttpResponseRedirect(self.object_url(obj))
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what staff did names them."""
        return False

    @method_decorator(sensitive_post_parameters())
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        """Keep a new account's password out of crash reports."""
        return super().changeform_view(*args, **kwargs)

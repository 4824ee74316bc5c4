"""The forms of the desks of accounts."""

from typing import Any, cast

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.forms import BaseUserCreationForm, SetPasswordMixin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
)

from accounts.models import Staff, User
from shop.back_office.forms import id_typed

_VERBS = {"add": "新增", "change": "修改", "delete": "删除", "view": "查看"}
_NEW_PASSWORD = {"autocomplete": "new-password"}


class ConfirmForm(forms.Form):
    """Nothing but the button."""


class PasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]
    """A new password for a staff account, typed twice."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, *args: Any, account: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        _password_widgets(self)

    def clean(self) -> Any:
        """Ask Django's validators."""
        self.validate_passwords()
        self.validate_password_for_user(self.account)
        return super().clean()


class StaffAddForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """A name and a password; a superuser grants rights on the account's page."""

    class Meta(BaseUserCreationForm.Meta):
        model = Staff
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The table's constraints are checked on what is typed.
        self.instance.is_staff = True
        _name_require(self)
        _password_widgets(self)


class StaffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A staff account; its fields depend on who looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who may only look has no field.
        if "username" in self.fields:
            _name_require(self)


class RolesForm(forms.Form):
    """Boxes to tick, and which of them were ticked when the page was made."""

    roles = forms.ModelMultipleChoiceField(
        label="角色",
        queryset=Group.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"invalid_choice": "不能分配您自己没有的权限"},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, offered: QuerySet[Group], held: list[int], **kwargs: Any
    ) -> None:
        kwargs["initial"] = {"roles": held, "seen": ",".join(map(str, held))}
        super().__init__(*args, **kwargs)
        roles = cast("forms.ModelMultipleChoiceField[Group]", self.fields["roles"])
        roles.queryset = offered.order_by("pk")

    def clean_seen(self) -> set[int]:
        """Return ids; what the page did not write names no group."""
        words = self.cleaned_data["seen"].split(",")
        return {pk for pk in map(id_typed, words) if pk is not None}


class PermissionsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """What staff may do, in Chinese: 商品:修改."""

    def label_from_instance(self, obj: Any) -> str:
        """Name the model and the deed."""
        return permission_named(obj)


def permission_named(permission: Permission) -> str:
    """Say what a permission lets do, in Chinese where Django has an English name."""
    verb = _VERBS.get(permission.codename.partition("_")[0])
    is_djangos = verb and permission.name.startswith("Can ")
    return f"{permission.content_type.name}:{verb if is_djangos else permission.name}"


def permissions_on_offer() -> QuerySet[Permission]:
    """Return the permissions that some desk of the admin asks for, or the home page."""
    beside = map(apps.get_model, settings.SHOWN_WITHOUT_DESK)
    asked_for = ContentType.objects.get_for_models(
        *admin.site._registry, *beside, for_concrete_models=False
    )
    return (
        Permission.objects.filter(content_type__in=asked_for.values())
        .select_related("content_type")
        .order_by("content_type__app_label", "content_type__model", "codename")
    )


def _name_require(form: forms.BaseForm) -> None:
    """Ask for the name, which the column lets shoppers go without."""
    field = cast("forms.CharField", form.fields["username"])
    field.required = True
    # Django's own field would measure a None.
    field.empty_value = ""


def _password_widgets(form: forms.BaseForm) -> None:
    for name in ("password1", "password2"):
        form.fields[name].widget = UnfoldAdminPasswordWidget(attrs=_NEW_PASSWORD)

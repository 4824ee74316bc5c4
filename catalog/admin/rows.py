"""Pages with a table of rows, which a service writes at once with what they are of."""

from typing import Any

from django.contrib.admin.options import InlineModelAdmin
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from catalog.admin.desk import ServedDesk


class RowsFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows that replace those that are there."""

    def kept(self) -> list[Any]:
        """Return the forms of the rows that make the new set."""
        return [
            form
            for form in self.forms
            if (form.instance.pk or form.has_changed())
            and form not in self.deleted_forms
        ]


class RowsInline(InlineModelAdmin):  # type: ignore[type-arg]
    """A table of rows; who may write the page may write it."""

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Ask the desk of the page; `obj` is None on the page of a new one."""
        desk = self.admin_site.get_model_admin(self.parent_model)
        if obj is None:
            return desk.has_add_permission(request)
        return desk.has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request, obj)


class RowsDesk(ServedDesk):
    """A desk of such pages; each has one table."""

    # What the log calls them.
    rows_name: str

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """Leave it to `save_related`, which has the rows too."""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Write everything at once, by the service."""
        raise NotImplementedError

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Name what changed; the rows are no saved forms to Django."""
        told = super().construct_change_message(request, form, None, add)
        if not add and formsets[0].has_changed():
            told.append({"changed": {"fields": [self.rows_name]}})
        return told

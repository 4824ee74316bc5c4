"""Actions that a row offers while its state allows them."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from shop.back_office.desk import Desk


class StaffActions(Desk):
    """A desk of rows whose `staff_actions` name what may be done now.

    A button is there, and its page opens, only while the state allows it and for staff
    who have the action's own permission.
    """

    def state_told(self, row: Any | None) -> str:
        """Say how the row stands, for those who ask for what it doesn't allow."""
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the state allows and the staff's permissions too."""
        row = self.get_object(request, str(object_id))
        allowed = row.staff_actions if row else []
        return [
            offered
            for offered in super().get_actions_detail(request, object_id)
            if offered.method.original_function_name in allowed
        ]

    def row_for(self, request: HttpRequest, object_id: str, name: str) -> Any:
        """Return a row whose state allows the action; otherwise say so."""
        row = self.get_object(request, object_id)
        if row and name in row.staff_actions:
            return row
        told = f"{self.state_told(row)},不能这样做"
        self.message_user(request, told, messages.ERROR)
        return None

    def back(self, object_id: str) -> HttpResponse:
        """Lead to the row's page; where there is none, Django says so."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return HttpResponseRedirect(reverse(f"{name}_change", args=[object_id]))


def operator_id(request: HttpRequest) -> int:
    return cast(User, request.user).pk

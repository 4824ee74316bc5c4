"""Cells of the orders' sheets."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from import_export.widgets import Widget

from orders.admin.forms import ParcelForm
from orders.carriers import CARRIERS
from shop.back_office.figures import moment
from shop.back_office.masking import (
    REVEAL,
    address_masked,
    address_whole,
    name_masked,
    phone_masked,
)

# Of a column that an import passes over.
NOT_READ = "供核对,不会导入"
# By name and by code, in capitals.
_CARRIERS = {
    word.upper(): code for code, name in CARRIERS.items() for word in (code, name)
}


class Carrier(Widget):
    """A carrier by its name or its code."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        """Return the code.

        Raises: ValueError.
        """
        code = _CARRIERS.get(value.upper())
        if code is None:
            raise ValueError(f"快递公司只能是{'、'.join(CARRIERS.values())}")
        return code


class TrackingNo(Widget):
    """A parcel's number, by the rule of the page that ships one order."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        """Return it in capitals.

        Raises: ValueError.
        """
        try:
            return str(ParcelForm.base_fields["tracking_no"].clean(value)).upper()
        except ValidationError as error:
            raise ValueError(error.messages[0]) from None


class Receiver:
    """Where orders go, as far as the person who exports them may read it."""

    def __init__(self, user: Any) -> None:
        self.is_shown: bool = user.has_perm(REVEAL)

    def name(self, order: Any) -> str:
        return str(order.name) if self.is_shown else name_masked(order.name)

    def phone(self, order: Any) -> str:
        return str(order.phone) if self.is_shown else phone_masked(order.phone)

    def address(self, order: Any) -> str:
        return address_whole(order) if self.is_shown else address_masked(order)


def moment_written(value: datetime | None) -> str:
    return moment(value) if value else ""

"""The desks of accounts."""

from accounts.admin.failures import LoginFailureDesk
from accounts.admin.groups import GroupDesk
from accounts.admin.shoppers import ShopperDesk
from accounts.admin.staff import StaffDesk

__all__ = ["GroupDesk", "LoginFailureDesk", "ShopperDesk", "StaffDesk"]

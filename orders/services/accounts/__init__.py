"""What spans account and orders: deletion and export."""

from orders.services.accounts.deleting import account_delete
from orders.services.accounts.exporting import account_export

__all__ = ["account_delete", "account_export"]

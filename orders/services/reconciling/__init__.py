"""The daily bill against our books: compared, written down, mended where it is safe."""

from orders.services.reconciling.checking import (
    bill_check,
    bill_check_later,
    bills_due,
)
from orders.services.reconciling.recording import difference_resolve

__all__ = ["bill_check", "bill_check_later", "bills_due", "difference_resolve"]

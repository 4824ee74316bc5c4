"""Placing an order: what is asked for, what it becomes, and those who ask together."""

from orders.services.placing.placing import order_place
from orders.services.placing.requests import (
    Destination,
    OrderRequest,
    destination_of,
)

__all__ = ["Destination", "OrderRequest", "destination_of", "order_place"]

"""The simulator's books: one SQLite file that survives kill -9."""

from .accounts import AccountBooks
from .deliveries import DeliveryBooks
from .notifications import NotificationBooks
from .payments import PaymentBooks
from .refunds import RefundBooks
from .store import BooksError

__all__ = ["Books", "BooksError"]


class Books(AccountBooks, PaymentBooks, RefundBooks, NotificationBooks, DeliveryBooks):
    """All that is kept, each subject in a module of its own."""

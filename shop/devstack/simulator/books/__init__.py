"""The simulator's books: one SQLite file that survives kill -9."""

from .accounts import AccountBooks
from .notifications import NotificationBooks
from .payments import PaymentBooks
from .refunds import RefundBooks
from .store import BooksError

__all__ = ["Books", "BooksError"]


class Books(AccountBooks, PaymentBooks, RefundBooks, NotificationBooks):
    """All that is kept, each subject in a module of its own."""

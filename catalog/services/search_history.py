"""The words that a shopper has searched for, which are the shopper's own."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import SearchHistory
from shop.errors import NotFound
from shop.retention import rows_delete
from shop.statements import rows_fetch

WORDS_MAX = 50

# The shopper's row first: an account that is being deleted gets no word. By the table's
# name: the catalogue knows no accounts.
_ADD = """
INSERT INTO catalog_searchhistory (user_id, keyword, searched_at)
SELECT shopper.id, %(keyword)s, %(now)s FROM accounts_user AS shopper
WHERE shopper.id = %(user)s AND shopper.is_active FOR KEY SHARE
ON CONFLICT (user_id, catalog_search_fold(keyword)) DO UPDATE
SET keyword = EXCLUDED.keyword, searched_at = EXCLUDED.searched_at
RETURNING id, keyword, searched_at
"""
# A statement of its own, and after that: so the last of several words at once sees what
# all have added. By the moment, which is asked again of a row that has waited: a word
# that is searched for again meanwhile stays.
_CUT = """
DELETE FROM catalog_searchhistory WHERE user_id = %(user)s AND (searched_at, id) <= (
    SELECT searched_at, id FROM catalog_searchhistory WHERE user_id = %(user)s
    ORDER BY searched_at DESC, id DESC OFFSET %(most)s LIMIT 1
)
RETURNING id
"""


class SearchedWord(NamedTuple):
    """A word of a shopper's history."""

    id: int
    keyword: str
    searched_at: datetime


def search_history_list(*, user_id: int) -> QuerySet[SearchHistory]:
    """Return a shopper's words, the newest first."""
    rows = SearchHistory.objects.filter(user_id=user_id)
    return rows.order_by("-searched_at", "-pk")


def search_history_add(*, user_id: int, keyword: str) -> SearchedWord:
    """Put a word first in a shopper's history; the oldest beyond WORDS_MAX go.

    The same word in another case takes the place of the old one.
    Locks: the shopper, against being deleted.
    Raises: NotFound, when the account is gone.
    """
    values = {"user": user_id, "keyword": keyword, "now": timezone.now()}
    rows = rows_fetch(_ADD, values)
    if not rows:
        raise NotFound
    rows_fetch(_CUT, {"user": user_id, "most": WORDS_MAX})
    return SearchedWord(*rows[0])


def search_history_delete(*, user_id: int, history_id: int) -> None:
    """Delete one word of a shopper's own.

    Raises: NotFound, for somebody else's as for none.
    """
    rows = SearchHistory.objects.filter(user_id=user_id, pk=history_id)
    if not rows.delete()[0]:
        raise NotFound


def search_history_clear(*, user_id: int) -> None:
    """Delete all words of a shopper."""
    SearchHistory.objects.filter(user_id=user_id).delete()


def search_history_delete_old() -> int:
    """Delete what was searched for long ago; return how many words."""
    until = timezone.now() - timedelta(days=settings.FOOTPRINT_KEEP_DAYS)
    old = SearchHistory.objects.filter(searched_at__lt=until).order_by("searched_at")
    return rows_delete(old)

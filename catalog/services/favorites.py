"""The products that a shopper has marked."""

from django.db.models import QuerySet
from django.utils import timezone

from catalog.cards import with_cards
from catalog.models import Favorite
from catalog.showcase import NOT_FOUND
from shop.errors import NotFound
from shop.statements import rows_fetch

# The shopper's row first: an account that is being deleted gets no mark. By the table's
# name: the catalogue knows no accounts.
_ADD = """
WITH shopper AS MATERIALIZED (
    SELECT id FROM accounts_user WHERE id = %(user)s AND is_active FOR KEY SHARE
)
INSERT INTO catalog_favorite (user_id, product_id, created_at)
SELECT shopper.id, product.id, %(now)s FROM shopper, catalog_product AS product
WHERE product.id = %(product)s AND product.status = 'on_sale'
ON CONFLICT (user_id, product_id) DO UPDATE SET created_at = catalog_favorite.created_at
RETURNING id
"""


def favorite_list(*, user_id: int) -> QuerySet[Favorite]:
    """Return a shopper's marks, the newest first, as `with_cards` reads them."""
    return with_cards(Favorite.objects.filter(user_id=user_id)).order_by("-pk")


def favorite_add(*, user_id: int, product_id: int) -> None:
    """Mark a product that is on sale; again, it stays as it was.

    Locks: the shopper, against being deleted.
    Raises: NotFound.
    """
    values = {"user": user_id, "product": product_id, "now": timezone.now()}
    if not rows_fetch(_ADD, values):
        raise NotFound(NOT_FOUND)


def favorite_remove(*, user_id: int, product_id: int) -> None:
    """Take the mark away, if there is one."""
    Favorite.objects.filter(user_id=user_id, product_id=product_id).delete()


def favorites_clear(*, user_id: int) -> None:
    """Take all marks of a shopper away."""
    Favorite.objects.filter(user_id=user_id).delete()


def favorite_is_set(*, user_id: int, product_id: int) -> bool:
    """Tell whether a shopper has marked a product."""
    return Favorite.objects.filter(user_id=user_id, product_id=product_id).exists()

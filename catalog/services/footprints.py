"""The products that a shopper has looked at, the newest first."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from catalog.cards import with_cards
from catalog.models import Footprint
from catalog.showcase import NOT_FOUND
from shop.errors import NotFound
from shop.retention import rows_delete
from shop.statements import rows_fetch

FOOTPRINTS_MAX = 200

# The shopper's row first: an account that is being deleted leaves no footprint. By the
# table's name: the catalogue knows no accounts.
_ADD = """
WITH shopper AS MATERIALIZED (
    SELECT id FROM accounts_user WHERE id = %(user)s AND is_active FOR KEY SHARE
)
INSERT INTO catalog_footprint (user_id, product_id, seen_at)
SELECT shopper.id, product.id, %(now)s FROM shopper, catalog_product AS product
WHERE product.id = %(product)s AND product.status = 'on_sale'
ON CONFLICT (user_id, product_id) DO UPDATE SET seen_at = EXCLUDED.seen_at
RETURNING id
"""
# A statement of its own, and after that: so the last of several views at once sees what
# all have added. By the moment, which is asked again of a row that has waited: one that
# is seen again meanwhile stays.
_CUT = """
DELETE FROM catalog_footprint WHERE user_id = %(user)s AND (seen_at, id) <= (
    SELECT seen_at, id FROM catalog_footprint WHERE user_id = %(user)s
    ORDER BY seen_at DESC, id DESC OFFSET %(most)s LIMIT 1
)
RETURNING id
"""


def footprint_list(*, user_id: int) -> QuerySet[Footprint]:
    """Return what a shopper has seen, the newest first, as `with_cards` reads it."""
    own = Footprint.objects.filter(user_id=user_id)
    return with_cards(own).order_by("-seen_at", "-pk")


def footprint_add(*, user_id: int, product_id: int) -> None:
    """Put a product that is on sale first; the oldest beyond FOOTPRINTS_MAX go.

    Locks: the shopper, against being deleted.
    Raises: NotFound.
    """
    values = {"user": user_id, "product": product_id, "now": timezone.now()}
    if not rows_fetch(_ADD, values):
        raise NotFound(NOT_FOUND)
    rows_fetch(_CUT, {"user": user_id, "most": FOOTPRINTS_MAX})


def footprint_remove(*, user_id: int, product_id: int) -> None:
    """Forget that a shopper has seen a product, if they have."""
    Footprint.objects.filter(user_id=user_id, product_id=product_id).delete()


def footprints_clear(*, user_id: int) -> None:
    """Forget all that a shopper has seen."""
    Footprint.objects.filter(user_id=user_id).delete()


def footprints_delete_old() -> int:
    """Delete what was looked at long ago; return how many footprints."""
    until = timezone.now() - timedelta(days=settings.FOOTPRINT_KEEP_DAYS)
    return rows_delete(Footprint.objects.filter(seen_at__lt=until).order_by("seen_at"))

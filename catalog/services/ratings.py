"""How a product is rated by the reviews that the public sees."""

from django.db.models import F

from catalog.models import Product


def rating_add(*, product_id: int, count: int, stars: int) -> None:
    """Count reviews of a product with their stars; negative ones leave it.

    Locks: the product, until the transaction ends.
    """
    Product.objects.filter(pk=product_id).update(
        rating_count=F("rating_count") + count, rating_sum=F("rating_sum") + stars
    )

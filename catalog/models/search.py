"""The keyword index."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Value

from catalog.models.product import Product


class ProductSearchQuerySet(models.QuerySet["ProductSearch"]):
    """Find products by what they say."""

    def holding(self, keyword: str) -> "ProductSearchQuerySet":
        """Keep those whose name or description holds the keyword, in any case.

        The function is inlined by the planner, so the index finds the rows; it takes
        every character as it is (`%` and `_` too).
        """
        matches = Func(
            F("name"),
            F("description"),
            Value(keyword),
            function="catalog_search_matches",
            output_field=models.BooleanField(),
        )
        return self.filter(matches)


class ProductSearch(models.Model):
    """A product's name and description as a reader sees them, in folded case.

    A trigger on the product keeps it (see the migration), so that no way of writing a
    product can forget it. It is a table of its own because a sale rewrites the
    product's row, and that must not rewrite hundreds of index entries.

    The index holds every piece of one and two characters, and of three ASCII ones:
    two Chinese characters say much, two Latin letters next to nothing.
    """

    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="search"
    )
    # Collated by bytes: quick to compare, and alike whatever the system's libc is.
    name = models.TextField(db_collation="C")
    description = models.TextField(db_collation="C")
    # The product's own, so that a plain search counts and sorts without its row.
    on_sale = models.BooleanField(editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = ProductSearchQuerySet.as_manager()

    class Meta:
        indexes = (
            # A reader looks through the pending list too: keep it short (kB).
            GinIndex(
                Func(F("name"), F("description"), function="catalog_search_terms"),
                name="productsearch_terms",
                gin_pending_list_limit=512,
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

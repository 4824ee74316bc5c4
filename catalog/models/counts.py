"""How many products are on sale, category by category."""

from django.db import models


class ProductCount(models.Model):
    """A change of how many products of a category are on sale; the sum is how many.

    Triggers on the product append the changes (see the migration): nobody waits for a
    row that others write too. A job adds them up. A product whose place in the lists
    changed without leaving its category leaves a change of 0.
    """

    # No foreign key: each change would lock the category's row.
    category_id = models.BigIntegerField(null=True)
    delta = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.category_id} {self.delta:+d}"

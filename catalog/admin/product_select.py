"""The box in which the product of a form is looked for."""

from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest

from catalog.models import Product
from shop.back_office.forms import id_typed


class ProductSelect(AutocompleteSelect):
    """The admin's own, which asks for each row's product once more.

    A form that is shown again shows no product when what was sent is no id: Django
    asks for the row all the same, and that is a ValueError.
    """

    known: Product | None = None

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Name the product that the row has brought along."""
        if self.known is None or value != [str(self.known.pk)]:
            ids = [sent for sent in value if id_typed(sent) is not None]
            return super().optgroups(name, ids, attr)
        option = self.create_option(name, self.known.pk, str(self.known), True, 0)
        return [(None, [option], 0)]


class ChoosesProduct(BaseModelAdmin):  # type: ignore[type-arg]
    """A form with a `product`."""

    autocomplete_fields = ("product",)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Let it be looked for."""
        if db_field.name == "product":
            kwargs["widget"] = ProductSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

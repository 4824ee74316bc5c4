"""What the catalogue's desks have in common."""

from typing import Any

from django.http import HttpRequest

from catalog.admin.pictures import StoredPicture
from catalog.filters import KEYWORD_MAX
from catalog.models import ProductSearch
from shop.api.images import image_store
from shop.back_office.desk import REFUSALS, Desk, refusal_text


def products_holding(term: str) -> Any:
    """Return the ids of the products that the keyword index finds."""
    found = ProductSearch.objects.holding(term[:KEYWORD_MAX])
    return found.values("product")


class ServedDesk(Desk):
    """A desk of what a service deletes."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """Name the rows alone: the service knows what hangs on them."""
        names = [str(obj) for obj in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), []


class CatalogDesk(ServedDesk):
    """A desk with pictures in its form."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Store the pictures, then show or save.

        First, because a storage may be far away, and Django holds a transaction open
        around the form. What no product comes to show is a file that nobody can name.
        """
        if request.method == "POST" and self._may_send(request, object_id):
            for name, uploads in request.FILES.lists():
                stored: list[Any] = [_stored(upload) for upload in uploads]
                request.FILES.setlist(name, stored)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _may_send(self, request: HttpRequest, object_id: str | None) -> bool:
        is_new = object_id is None
        may = self.has_add_permission if is_new else self.has_change_permission
        return bool(may(request))


def _stored(upload: Any) -> StoredPicture:
    try:
        return StoredPicture(name=image_store(upload))
    except REFUSALS as error:
        return StoredPicture(refusal=f"{upload.name}:{refusal_text(error)}")

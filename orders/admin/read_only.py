"""Desks of what is never edited by hand."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.http import HttpRequest

from shop.back_office.desk import Desk
from shop.back_office.paginator import CappedPaginator


class ReadOnlyDesk(Desk):
    """Rows that staff may see, and that services alone write."""

    actions: Any = None
    paginator = CappedPaginator
    show_full_result_count = False
    # Each filter's counts would read the table.
    show_facets = ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

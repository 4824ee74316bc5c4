"""Desks of what is never edited by hand."""

from typing import Any

from django.contrib.admin import ShowFacets

from shop.back_office.desk import UneditedDesk
from shop.back_office.paginator import CappedPaginator


class ReadOnlyDesk(UneditedDesk):
    """Rows that staff may see, and that services alone write."""

    actions: Any = None
    paginator = CappedPaginator
    show_full_result_count = False
    # Each filter's counts would read the table.
    show_facets = ShowFacets.NEVER

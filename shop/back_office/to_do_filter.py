"""A filter of lists that open with what waits for staff."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpRequest

ALL = "all"


class ToDoFilter(SimpleListFilter):
    """Show what waits until something else is chosen; a search looks through all."""

    title = "状态"
    to_do_word = "待办"
    other_choices: Iterable[tuple[str, str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*self.other_choices, (ALL, "全部")]

    def value(self) -> str | None:
        """Return what was chosen; None is what waits."""
        chosen = super().value()
        is_search = bool(self.request.GET.get(SEARCH_VAR))
        return ALL if chosen is None and is_search else chosen

    def choices(self, changelist: Any) -> Any:
        """Yield the choices; what waits ends a search, which would hide it."""
        first, *others = super().choices(changelist)
        query = changelist.get_query_string(remove=[self.parameter_name, SEARCH_VAR])
        yield {**first, "display": self.to_do_word, "query_string": query}
        yield from others

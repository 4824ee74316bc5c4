"""Filters above each list: the desk's own, and those that the person has kept."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from unfold.admin import ModelAdmin

from shop.back_office.forms import id_typed
from shop.errors import ShopError
from shop.models import SavedFilter
from shop.services import (
    saved_filter_add,
    saved_filter_delete,
    saved_filter_rename,
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter as it is shown; only a kept one can be renamed and deleted."""

    name: str
    query: str
    is_active: bool
    filter_id: int | None = None


class SavedFilters(ModelAdmin):
    """What a desk's list has above it; the rest of the desk is Desk."""

    # Names and queries of filters that everybody has.
    standing_filters: tuple[tuple[str, str], ...] = ()

    def get_urls(self) -> list[Any]:
        """Add the address to which the forms above the list are sent."""
        view = self.admin_site.admin_view(self.saved_filters)
        name = f"{self.opts.app_label}_{self.opts.model_name}_saved_filters"
        return [path("saved-filters/", view, name=name), *super().get_urls()]

    def saved_filters(self, request: HttpRequest) -> HttpResponse:
        """Add, rename or delete one's own filter; lead to this list whatever comes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = self.known_query(QueryDict(request.POST.get("query", "")), request)
        if request.method == "POST":
            try:
                told = self._kept(request, query)
            except ShopError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(f"{self.list_url()}?{query}")

    def _kept(self, request: HttpRequest, query: str) -> str:
        """Do what the form says; return what staff are told."""
        own = {"user_id": cast("int", request.user.pk), "desk": self.opts.label_lower}
        name = request.POST.get("name", "")
        if "add" in request.POST:
            added = saved_filter_add(**own, name=name, query=query)
            return f"已保存筛选“{added}”"
        filter_id = id_typed(request.POST.get("filter", "")) or 0
        if "delete" in request.POST:
            saved_filter_delete(**own, filter_id=filter_id)
            return "已删除筛选"
        saved_filter_rename(**own, filter_id=filter_id, name=name)
        return "已改名"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Add what is shown above the list."""
        query = self.known_query(request.GET, request)
        tabs = self._tabs(request, query)
        context = {
            "filter_tabs": tabs,
            "filter_query": query,
            "active_filter": next((tab for tab in tabs if tab.is_active), None),
            "filters_url": f"{self.list_url()}saved-filters/",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def known_query(self, sent: QueryDict, request: HttpRequest) -> str:
        """Return the filters, the search and the order among what was sent.

        In one sequence, so that the same filter is the same text.
        """
        known = QueryDict(mutable=True)
        for name, values in sorted(sent.lists()):
            kept = [value for value in values if value and "\0" not in value]
            if kept and self._is_known(name, kept[0], request):
                known.setlist(name, kept)
        return known.urlencode()

    def _is_known(self, name: str, value: str, request: HttpRequest) -> bool:
        if name in {SEARCH_VAR, ORDER_VAR}:
            return True
        return bool(self.lookup_allowed(name, value, request))

    def _tabs(self, request: HttpRequest, query: str) -> list[Tab]:
        """Return the standing filters, then one's own; the whole list comes first."""
        own = SavedFilter.objects.filter(
            user_id=cast("int", request.user.pk), desk=self.opts.label_lower
        )
        named: list[tuple[str, str, int | None]] = [
            *((name, query, None) for name, query in self.standing_filters),
            *own.values_list("name", "query", "pk"),
        ]
        if not named:
            return []
        return [
            Tab(name, its, its == query, number)
            for name, its, number in [(self._whole_word(request), "", None), *named]
        ]

    def _whole_word(self, request: HttpRequest) -> str:
        """Name the list without a filter: some open with what waits."""
        filters = self.get_list_filter(request)
        words = (getattr(one, "to_do_word", None) for one in filters)
        return next(filter(None, words), "全部")

    def list_url(self) -> str:
        """Return the address of the whole list."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(f"{self.admin_site.name}:{name}")

"""Filters that are typed."""

from typing import Any

from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter


class WordFilter(TextFilter):
    """A filter that is typed; `found` narrows the list to a word."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        word = (self.value() or "").strip()
        return self.found(request, queryset, word) if word else queryset

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        raise NotImplementedError

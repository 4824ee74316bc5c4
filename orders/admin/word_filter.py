"""Filters that are typed."""

from typing import Any

from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

# More digits than an id has are no id.
_ID_DIGITS = 18


class WordFilter(TextFilter):
    """A filter that is typed; `found` narrows the list to a word."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        word = (self.value() or "").strip()
        return self.found(request, queryset, word) if word else queryset

    def found(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        raise NotImplementedError


def id_typed(word: str) -> int | None:
    """Return the id that a word is, if it is one."""
    is_id = word.isascii() and word.isdigit() and len(word) <= _ID_DIGITS
    return int(word) if is_id else None

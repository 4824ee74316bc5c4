"""The one search box: the desks and what may be begun there, then rows of the apps."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from unfold.dataclasses import SearchResult

WORD_MAX = 64
# Of one kind: who needs more goes to the list, which pages.
FOUND_MAX = 5
# What an app finds for a word, asked for with the person's own rights.
Search = Callable[[HttpRequest, str], list[SearchResult]]


def word_read(text: str) -> str:
    """Return what is looked for: one line of a sensible length, without NUL."""
    return text.replace("\0", "").strip()[:WORD_MAX]


def everything_found(site: Any, request: HttpRequest, word: str) -> list[SearchResult]:
    """Return what the person may see that has the word."""
    if not word:
        return []
    found = _places_found(site, request, word)
    for path in settings.BACK_OFFICE_SEARCHES:
        search: Search = import_string(path)
        found.extend(search(request, word))
    return found


def _places_found(site: Any, request: HttpRequest, word: str) -> list[SearchResult]:
    folded = word.casefold()
    places = [*_desks(site, request), *_beginnings(site, request)]
    return [one for one in places if folded in one.title.casefold()][:FOUND_MAX]


def _desks(site: Any, request: HttpRequest) -> Iterator[SearchResult]:
    """Yield what the sidebar shows."""
    for group in site.get_sidebar_list(request):
        for item in group["items"]:
            if item["has_permission"]:
                yield SearchResult(
                    title=str(item["title"]),
                    description=str(group.get("title") or "功能"),
                    link=str(item["link"]),
                    icon=item.get("icon"),
                )


def _beginnings(site: Any, request: HttpRequest) -> Iterator[SearchResult]:
    """Yield what is begun without a row: to add one, or a desk's own actions."""
    for desk in site._registry.values():
        opts = desk.opts
        name = f"{site.name}:{opts.app_label}_{opts.model_name}_add"
        if desk.has_add_permission(request):
            title = f"新增{opts.verbose_name}"
            yield SearchResult(title, "操作", reverse(name), "add")
        for one in desk.get_actions_list(request):
            link = reverse(f"{site.name}:{one.action_name}")
            yield SearchResult(str(one.description), "操作", link, one.icon or "bolt")

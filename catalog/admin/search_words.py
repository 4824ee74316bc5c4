"""Search words: those of staff, and what many shoppers search for."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import transaction
from django.db.models import Exists, F, Func, OuterRef
from django.db.models.fields import BooleanField
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from catalog.admin.desk import ServedDesk
from catalog.admin.fields import ContentForm
from catalog.admin.history import word_chapter
from catalog.errors import SearchWordExists
from catalog.hot_words import HOT_WORDS_MAX
from catalog.models import PopularWord, ProductSearch, SearchWord, WordKind
from catalog.services.history import WORDS
from catalog.services.search_words import (
    search_word_create,
    search_word_delete,
    search_word_update,
)
from shop.back_office.desk import UneditedDesk
from shop.back_office.forms import PlainTextField
from shop.back_office.history import Chapter, KeepsHistory

_FIELDS = ("word", "kind", "is_pinned", "position", "is_active")
_KIND_COLOURS = {WordKind.HOT.label: "success", WordKind.BLOCKED.label: "danger"}
# Of a word that finds nothing, which is not shown.
_FINDS_COLOURS = {"有": "success", "没有": "warning"}


class WordForm(ContentForm):
    """A word, and what it is for."""

    book = WORDS

    word = PlainTextField(label="词", max_length=50)

    class Meta:
        model = SearchWord
        fields = _FIELDS
        help_texts = {
            "kind": "热词:推荐给买家搜索;屏蔽词:含有它的词都不会被推荐",
            "is_pinned": "置顶的热词排在最前面,其余与买家的热门搜索交替排列",
            "position": f"数字小的排在前面,最多推荐{HOT_WORDS_MAX}个词",
        }


@admin.register(SearchWord)
class SearchWordAdmin(KeepsHistory, ServedDesk):
    """Written by the services of the words alone."""

    form = WordForm
    fields = (*_FIELDS, "version")
    conditional_fields = {
        "is_pinned": "kind == 'hot'",
        "position": "kind == 'hot'",
    }
    list_display = (
        "word",
        "kind_shown",
        "finds",
        "is_pinned",
        "is_active",
        "position",
    )
    list_filter = (("kind", ChoicesDropdownFilter),)
    standing_filters = (
        ("热词", "kind__exact=hot"),
        ("屏蔽词", "kind__exact=blocked"),
    )
    search_fields = ("word",)
    search_help_text = "按词搜索"
    sortable_by = ()
    list_per_page = 50
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        """Say of each word whether somebody who searches for it finds something."""
        matches = Func(
            *(F("name"), F("description"), OuterRef("word")),
            function="catalog_search_matches",
            output_field=BooleanField(),
        )
        found = ProductSearch.objects.filter(matches, on_sale=True)
        return super().get_queryset(request).annotate(finds_something=Exists(found))

    def history_chapters(self, obj: Any) -> tuple[Chapter, ...]:
        """Tell of the word."""
        return (word_chapter(obj.pk),)

    @display(description="类型", label=_KIND_COLOURS)
    def kind_shown(self, word: SearchWord) -> str:
        return word.get_kind_display()

    @display(description="搜索结果", label=_FINDS_COLOURS)
    def finds(self, word: Any) -> str:
        return "有" if word.finds_something else "没有"

    def save_model(
        self, request: HttpRequest, obj: SearchWord, form: WordForm, change: bool
    ) -> None:
        """Add or change it by the service."""
        written: dict[str, Any] = {
            "fields": {name: form.cleaned_data[name] for name in _FIELDS},
            "operator_id": request.user.pk,
        }
        if change:
            written["expected_version"] = form.cleaned_data["version"]
            search_word_update(word_id=obj.pk, **written)
        else:
            obj.pk = search_word_create(**written).pk

    def delete_model(self, request: HttpRequest, obj: SearchWord) -> None:
        """Delete it by the service."""
        search_word_delete(word_id=obj.pk, operator_id=request.user.pk)


@admin.register(PopularWord)
class PopularWordAdmin(UneditedDesk):
    """What the job has counted; staff make words of their own of it."""

    list_display = ("word", "shoppers")
    fields = list_display
    sortable_by = ()
    search_fields = ("word",)
    search_help_text = "按词搜索"
    actions = ("offer", "block")

    def has_word_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_searchword")

    @action(description="设为热词", permissions=["word"])
    def offer(self, request: HttpRequest, queryset: Any) -> None:
        """Offer them for longer than many search for them."""
        self._add(request, queryset, WordKind.HOT)

    @action(description="屏蔽", permissions=["word"])
    def block(self, request: HttpRequest, queryset: Any) -> None:
        """Never show them again."""
        self._add(request, queryset, WordKind.BLOCKED)

    def _add(
        self, request: HttpRequest, popular: Iterable[PopularWord], kind: WordKind
    ) -> None:
        user_id = cast("int", request.user.pk)
        added = [self._added(user_id, row.word, kind) for row in popular]
        told = f"已添加{sum(added)}个{kind.label}"
        if others := len(added) - sum(added):
            told += f",另有{others}个已经在搜索词中"
        self.message_user(request, told, messages.SUCCESS)

    @transaction.atomic
    def _added(self, user_id: int, text: str, kind: WordKind) -> bool:
        """Add a word with its entry in the log; say whether it was new."""
        fields = {"word": text, "kind": kind}
        try:
            word = search_word_create(fields=fields, operator_id=user_id)
        except SearchWordExists:
            return False
        LogEntry.objects.log_actions(user_id, [word], ADDITION, "来自热门搜索")
        return True

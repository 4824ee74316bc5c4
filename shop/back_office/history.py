"""The page of an object's past: its snapshots and Django's log, told as one."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html_join

from shop.back_office.desk import Desk
from shop.history import HistoryBook

# What is older stays in the tables; nobody turns so many pages.
_SNAPSHOTS_MAX = _ENTRIES_MAX = 1000
_PER_PAGE = 30
# Django logs a deed in the request that does it, as a rule right after.
_REQUEST_MAX = timedelta(seconds=30)
_NO_CHANGE = "[]"
_NOBODY = "系统"
_KINDS = {"+": "新增", "~": "修改", "-": "删除"}
_TEXT_MAX = 60
_BEFORE_DIFFERENCE = 15


@dataclass(frozen=True)
class Change:
    """A field's value before and after."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Part:
    """What happened to one row; the object itself has no name."""

    name: str
    kind: str
    changes: Sequence[Change]


@dataclass
class Deed:
    """What one person did at one moment."""

    at: datetime
    who: str
    texts: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Chapter:
    """How a page tells one book's snapshots: whose they are, and in which words.

    `new` names the columns that tell of a new row, `sets` those whose order means
    nothing, `shown` how values are written.
    """

    book: HistoryBook
    key: Mapping[str, int]
    name: Callable[[Any], str] = lambda snapshot: ""
    new: Sequence[str] = ()
    sets: Sequence[str] = ()
    shown: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)

    def told(self) -> Iterator[tuple[Any, Part]]:
        """Yield each snapshot that tells something, with what it tells."""
        rows = self.book.snapshots.objects.filter(**self.key)
        newest = rows.select_related("history_user").order_by("-history_id")
        before: dict[int, Any] = {}
        for row in reversed(newest[:_SNAPSHOTS_MAX]):
            changes = [*self._changes(before.get(row.id), row)]
            before[row.id] = row
            if changes or row.history_type != "~":
                kind = _KINDS[row.history_type]
                yield row, Part(self.name(row), kind, changes)

    def _changes(self, old: Any, new: Any) -> Iterator[Change]:
        """Compare with the snapshot before it; without one there is nothing to tell."""
        if new.history_type == "+":
            for column in self.new:
                if value := getattr(new, column):
                    yield Change(self._label(column), "", self._shown(column, value))
        elif new.history_type == "~" and old is not None:
            for column in self.book.columns:
                pair = getattr(old, column), getattr(new, column)
                if pair[0] != pair[1]:
                    yield self._change(column, *pair)

    def _change(self, column: str, old: Any, new: Any) -> Change:
        if column in self.sets:
            old, new = (
                [one for one in old if one not in new],
                [one for one in new if one not in old],
            )
        elif isinstance(old, str) and isinstance(new, str):
            old, new = _shortened(old, new)
        texts = [self._shown(column, value) for value in (old, new)]
        return Change(self._label(column), *texts)

    def _label(self, column: str) -> str:
        return str(self.book.snapshots._meta.get_field(column).verbose_name)

    def _shown(self, column: str, value: Any) -> str:
        """Write a value; nothing, where there is none."""
        choices = dict(self.book.snapshots._meta.get_field(column).flatchoices)
        if choices:
            return str(choices.get(value, value))
        if isinstance(value, bool):
            return "是" if value else "否"
        if value in (None, "", [], {}):
            return ""
        return self.shown.get(column, _plain)(value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(map(str, value.values()))
    return "、".join(value) if isinstance(value, list) else str(value)


def _shortened(old: str, new: str) -> tuple[str, str]:
    """Cut two long texts to where they begin to differ."""
    if max(len(old), len(new)) <= _TEXT_MAX:
        return old, new
    first = len(os.path.commonprefix([old, new])) - _BEFORE_DIFFERENCE
    return _cut(old, max(first, 0)), _cut(new, max(first, 0))


def _cut(text: str, first: int) -> str:
    last = first + _TEXT_MAX
    return f"{'…' * bool(first)}{text[first:last]}{'…' * (last < len(text))}"


def joined(values: Sequence[str], draw: Callable[[str], str]) -> str:
    """Draw each of several values, such as pictures."""
    return format_html_join(" ", "{}", ((draw(value),) for value in values))


class KeepsHistory(Desk):
    """A desk whose history page tells who changed what, field by field.

    Not the library's own desk: its page of an old version saves what is sent to it, for
    whoever may look, and around the services.
    """

    object_history_template = "admin/history.html"

    def history_chapters(self, obj: Any) -> Sequence[Chapter]:
        """Return what is kept of the object."""
        raise NotImplementedError

    def history_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Add the deeds to Django's page, which has asked for permission."""
        page: Any = super().history_view(request, object_id, *args, **kwargs)
        if isinstance(page, TemplateResponse):
            context: Any = page.context_data
            entries = context["action_list"].paginator.object_list
            deeds = _deeds(self.history_chapters(context["object"]), entries)
            pages = Paginator(deeds, _PER_PAGE)
            shown = pages.get_page(request.GET.get(context["page_var"]))
            numbers = pages.get_elided_page_range(shown.number)
            context |= {"deeds": shown, "page_range": numbers}
        return page


def _deeds(chapters: Sequence[Chapter], entries: Any) -> list[Deed]:
    """Return what was done, the newest first."""
    found: dict[Any, Deed] = {}
    for chapter in chapters:
        for row, part in chapter.told():
            who = str(row.history_user or _NOBODY)
            deed = found.setdefault(
                (row.history_date, who), Deed(row.history_date, who)
            )
            deed.parts.append(part)
            if row.history_change_reason and not deed.texts:
                deed.texts.append(row.history_change_reason)
    deeds = sorted(found.values(), key=lambda deed: deed.at)
    logged = entries.exclude(change_message=_NO_CHANGE).order_by("-action_time")
    for entry in reversed(logged[:_ENTRIES_MAX]):
        _log_add(deeds, entry)
    return sorted(deeds, key=lambda deed: deed.at, reverse=True)


def _log_add(deeds: list[Deed], entry: LogEntry) -> None:
    """Add what Django logged: to what the same request kept, or by itself.

    Where the fields are told, Django's own list of their names is not.
    """
    who, at = str(entry.user), entry.action_time
    same = [
        deed
        for deed in deeds
        if deed.who == who and deed.parts and abs(at - deed.at) <= _REQUEST_MAX
    ]
    if not same:
        told = entry.get_change_message() or _KINDS["-"]
        deeds.append(Deed(at, who, [told]))
    elif entry.change_message and not entry.change_message.startswith("["):
        # What was kept before it, however close the next deed of a quick hand follows.
        before = [deed for deed in same if deed.at <= at]
        nearest = min(before or same, key=lambda deed: abs(at - deed.at))
        nearest.texts.append(entry.change_message)

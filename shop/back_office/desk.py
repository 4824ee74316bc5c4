"""What every desk of the admin has: refusals as messages, and forms for actions."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import DataError, OperationalError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from shop.api.exceptions import as_shop_error
from shop.back_office.saved_filters import SavedFilters
from shop.errors import ShopError

logger = logging.getLogger(__name__)

# A lock that others hold for too long is a refusal too.
REFUSALS = (ShopError, OperationalError)


# What no list can be asked for, such as a date of the year 99999 or an id of letters.
_ODD = (ValueError, OverflowError, DataError)
# How a filter of a column asks, after the column's name and one underscore.
_LOOKUPS = {"_exact", "_isnull", "_gte", "_lt", "_id__exact", "from", "to"}


def _list_refusal(error: Exception) -> str:
    if isinstance(error, _ODD):
        logger.warning("list refused", exc_info=error)
        return "筛选或选择的内容不正确"
    return refusal_text(error)


def refusal_text(error: Exception) -> str:
    """Return what staff are told of a refusal; raise what is none."""
    known = as_shop_error(error)
    if known is None:
        raise error
    return known.message


def asked_once(request: HttpRequest, key: Any, ask: Callable[[], Any]) -> Any:
    """Return what `ask` tells, once for a page that only shows.

    Each action that such a page offers asks for the row and the rights again.
    """
    if request.method != "GET":
        return ask()
    answers = request.__dict__.setdefault("_asked_once", {})
    if key not in answers:
        answers[key] = ask()
    return answers[key]


def _refused(form_class: Any, message: str) -> Any:
    class RefusedForm(form_class):
        def clean(self) -> Any:
            self.add_error(None, message)
            return super().clean()

    return RefusedForm


class Desk(SavedFilters):
    """A ModelAdmin that tells staff of a ShopError instead of crashing.

    What changes status, stock or money is an action with a page of its own
    (`action_page`), outside of the transaction that Django opens around a change form:
    such services own their transactions, and some ask WeChat in between.
    """

    compressed_fields = True
    warn_unsaved_form = True

    @property
    def nothing_here(self) -> str:
        """Say what will come to a list that has nothing in it."""
        texts: dict[str, str] = settings.NOTHING_HERE
        name = self.opts.verbose_name_plural
        return texts.get(self.opts.label_lower, f"还没有{name}")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save; what a service refuses is rolled back, and the form says so."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except REFUSALS as error:
            # Once more, for the form to show the refusal and what was typed.
            request.refusal = refusal_text(error)  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """List, search or act in bulk; what is refused is told above the list.

        A search that takes too long leads to the plain list; one that fails too has
        nowhere left to lead to.
        """
        context = {
            "title": self.opts.verbose_name_plural,
            **(extra_context or {}),
        }
        try:
            return super().changelist_view(request, context)
        except (*REFUSALS, *_ODD) as error:
            is_sent = request.method == "POST"
            if not is_sent and not request.GET:
                raise
            self.message_user(request, _list_refusal(error), messages.ERROR)
            back = request.get_full_path() if is_sent else request.path
            return HttpResponseRedirect(back)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Narrow a list by the desk's own filters alone.

        Django allows every column of the row: a password's hash, whose letters a list
        would tell one by one.
        """
        return lookup in self.filter_parameters(request)

    def filter_parameters(self, request: HttpRequest) -> set[str]:
        """Return the names under which the list's address holds its filters."""
        filters = [
            one if isinstance(one, (str, type)) else one[0]
            for one in self.get_list_filter(request)
        ]
        names = {str(getattr(one, "parameter_name", one)) for one in filters}
        return names | {f"{name}_{end}" for name in names for end in _LOOKUPS}

    def get_object(
        self, request: HttpRequest, object_id: Any, from_field: str | None = None
    ) -> Any:
        """Return the row, read once for a page that only shows it."""
        return asked_once(
            request,
            (self.opts.label, str(object_id), from_field),
            lambda: super(Desk, self).get_object(request, object_id, from_field),
        )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form's class; one that was refused once is refused again."""
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else _refused(form, refusal)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Ask, or delete; what a service refuses is rolled back and told."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except REFUSALS as error:
            self.message_user(request, refusal_text(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def action_page(
        self,
        request: HttpRequest,
        obj: Any,
        *,
        title: str,
        submit: str,
        form_class: Callable[..., Form],
        perform: Callable[[Mapping[str, Any]], str],
        lines: Mapping[str, Any] | None = None,
        template: str = "admin/action_page.html",
        context: Mapping[str, Any] | None = None,
        **form_arguments: Any,
    ) -> HttpResponse:
        """Show a form; when it is sent, perform the action and go back to the object.

        `perform` gets the form's cleaned data, calls a service and returns what staff
        are told. A ShopError becomes an error of the form, so what was typed stays.
        `lines` are facts shown above the form, name to value; `context` is for a
        template of the action's own.
        """
        # Some forms are a mere button: a POST without fields is one all the same.
        sent = request.POST if request.method == "POST" else None
        form = form_class(sent, **form_arguments)
        if form.is_valid():
            try:
                told = perform(form.cleaned_data)
            except REFUSALS as error:
                form.add_error(None, refusal_text(error))
            else:
                self.log_change(request, obj, told)
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(self.object_url(obj))
        shown = {
            **self.admin_site.each_context(request),
            "title": title,
            # Not "submit": the template's button has an argument of that name.
            "button": submit,
            "form": form,
            "lines": lines or {},
            "object": obj,
            "opts": self.opts,
            "back": self.object_url(obj),
            "media": self.media + form.media,
            **(context or {}),
        }
        return TemplateResponse(request, template, shown)

    def object_url(self, obj: Any) -> str:
        """Return the address of an object's page."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=[obj.pk])


class UneditedDesk(Desk):
    """Rows that no form adds, changes or deletes: services write them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

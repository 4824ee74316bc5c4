"""No value of a form or an address of the back office is a fault of the shop."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib import admin
from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views import main as lists
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from catalog.models import Product
from orders.admin.order_page import TRACED
from shop.tests.admin_routes import routes_of
from shop.tests.admin_world import World
from shop.tests.clerks import browser
from shop.tests.desks import MODELS
from shop.tests.long.matrices.walking import undone
from shop.tests.long.test_admin_forms import forms
from torture.findings import findings_record

# No number, no id, one that no column holds, or that Python does not even read; no
# moment, no choice.
VALUES = ("x\r\ny: z", "9" * 30, "9" * 5000, "-1", "\0", "NaN", "²")
SHARES = 4
# What pages that are no list read from their address.
OF_PAGES = (
    *("_changelist_filters", IS_POPUP_VAR, lists.PAGE_VAR),
    *("ids", "kind", "month", "paper", TRACED),
)
# What every list reads, beside its filters.
OF_LISTS = {
    *(lists.ALL_VAR, lists.ORDER_VAR, lists.PAGE_VAR, lists.SEARCH_VAR),
    *(lists.ERROR_FLAG, IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR),
}
BOX = {"app_label": "catalog", "model_name": "banner", "field_name": "product"}


@pytest.fixture
def world(product_make: Callable[..., Product]) -> World:
    User.objects.create_user("clerk", "a-long-password-9")
    return World(1, 1, product_make)


@pytest.fixture
def boss(staff: User) -> Client:
    client = browser(staff)
    client.raise_request_exception = False
    return client


def queries(user: User, world: World) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each page with a value in all its parameters, each list with it in one.

    A page that opens for a query has it beside the value, too.
    """
    request = RequestFactory().get("/")
    request.user = user
    search = reverse("admin:autocomplete")
    for value in VALUES:
        yield search, BOX | {"term": value, "page": value}
        for name in BOX:
            yield search, BOX | {name: value}
    for model in MODELS:
        desk: Any = admin.site._registry[model]
        asked = sorted(OF_LISTS | desk.filter_parameters(request))
        for route, value in product([*routes_of(model)], VALUES):
            url, _, query = world.url(route, model).partition("?")
            odd = dict.fromkeys(OF_PAGES, value)
            yield url, odd
            if query:
                yield url, odd | dict(parse_qsl(query))
            if route.name.endswith("_changelist"):
                yield from ((url, {name: value}) for name in asked)


@pytest.mark.timeout(900)
# A value that PostgreSQL refuses ends a transaction, which servers do not open.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_address_is_a_fault(
    staff: User, world: World, boss: Client, share: int
) -> None:
    answers = Counter[int]()
    faults, paths = [], set()
    for url, query in [*queries(staff, world)][share::SHARES]:
        status = boss.get(url, query).status_code
        paths.add(url)
        answers[status] += 1
        if status >= 500:
            faults.append((url, query))
    row = {
        "share": f"{share + 1} of {SHARES}",
        "pages": len(paths),
        "requests": answers.total(),
        "shown": answers[200],
        "led elsewhere": answers[302],
        "refused": sum(answers[status] for status in (400, 403, 404, 405)),
        "5xx": len(faults),
    }
    findings_record("values_of_addresses", rows=[row], part=str(share))
    assert faults == []
    assert min(answers[200], answers[302]) > 100


@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_value_is_a_fault(world: World, boss: Client, share: int) -> None:
    deeds = [*forms(boss, world)][share::SHARES]
    answers = Counter[int]()
    faults = []
    for deed in deeds:
        for field, value in product(deed.body, VALUES):
            body = deed.body | {field: value}

            def act(url: str = deed.url, body: dict[str, Any] = body) -> int:
                return boss.post(url, body).status_code

            status = undone(act)
            answers[status] += 1
            if status >= 500:
                faults.append((deed.name, field, value))
    row = {
        "share": f"{share + 1} of {SHARES}",
        "forms": sum(bool(deed.body) for deed in deeds),
        "requests": answers.total(),
        "shown again": answers[200],
        "taken": answers[302],
        "5xx": len(faults),
    }
    findings_record("values_of_forms", rows=[row], part=str(share))
    assert faults == []
    assert answers[200] > 100

"""Every page of the admin: what it asks the database, and that it speaks Chinese."""

import re
from collections.abc import Callable
from html import unescape
from typing import NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from catalog.models import Product
from shop.tests.admin_routes import routes_of
from shop.tests.admin_world import World
from shop.tests.clerks import browser
from shop.tests.desks import MODELS

MOST = 15
# To open them all takes long: each share is a test of its own.
SHARES = 4
# Names of things, of WeChat's and of rows below.
LATIN = {
    *(
        "SKU",
        "Excel",
        "JSON",
        "HTML",
        "Ctrl",
        "esc",
        "openid",
        "clerk",
        "CSV",
        "csv",
        "xlsx",
        "https",
    ),
    *("Microsoft", "Authenticator"),
    *("TRANSACTION", "SUCCESS", "EMS", "img", "table"),
    *("amount", "appid", "currency", "CNY", "mchid", "payer", "shopper", "total"),
    *("orders", "Orders", "jobs", "timestamp", "nid"),
}
# The site's own pages; a search that finds some of everything.
OWN = {
    "admin:index": "",
    "admin:password_change": "",
    "admin:password_change_done": "",
    "admin:second_factor": "",
    "admin:search": "?s=13800138000",
}
# What leads on: to a list with a filter, to the upload of a sheet, to the row that a
# button sent by POST alone has changed.
LEADS_ON = {
    "catalog_category_arrange",
    "catalog_product_import_sheet",
    "catalog_product_ledger",
    "catalog_product_picture",
    "catalog_sku_import_sheet",
    "catalog_sku_ledger",
    "orders_order_next_to_ship",
    "orders_order_ship_sheet",
    "shop_sheettask_cancel",
    "shop_sheettask_confirm",
    *(
        f"{model._meta.app_label}_{model._meta.model_name}_saved_filters"
        for model in MODELS
    ),
}
# What nobody makes, or deletes, in the admin; groups superusers alone.
SHUT = {
    "accounts_staff_delete",
    "orders_coupon_delete",
    *(
        f"{desk}_{deed}"
        for deed in ("add", "delete")
        for desk in (
            "accounts_loginfailure",
            "accounts_shopper",
            "auth_group",
            "catalog_popularword",
            "catalog_sku",
            "catalog_stockmovement",
            "orders_billcheck",
            "orders_billdifference",
            "orders_order",
            "orders_payment",
            "orders_paymentanomaly",
            "orders_paymentnotice",
            "orders_refund",
            "orders_review",
            "orders_shippingupload",
            "orders_subscribemessage",
            "procrastinate_procrastinatejob",
            "shop_sheettask",
        )
    ),
}
# What no reader sees: scripts, the names of icons; and a key, of any letters.
_UNSEEN = re.compile(
    r"<(script|style|textarea)\b.*?</\1>|<!--.*?-->"
    r"|<span[^>]*material-symbols[^>]*>.*?</span>"
    r"|<(\w+) id=.key.*?</\2>",
    re.DOTALL,
)
_SPOKEN = re.compile(r'(?:placeholder|aria-label|title|data-label)="([^"]*)"')
_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>""")


class Page(NamedTuple):
    """How a page answered, how many statements it asked, and what it says."""

    status: int
    statements: int
    html: str

    @property
    def english(self) -> set[str]:
        """Return the Latin words that a reader meets."""
        seen = _UNSEEN.sub(" ", self.html)
        text = " ".join([*_SPOKEN.findall(seen), _TAG.sub(" ", seen)])
        return set(re.findall(r"\b[A-Za-z]{3,}\b", unescape(text))) - LATIN


@pytest.fixture
def clerk(db: None) -> Client:
    """Return staff who may do everything, and are asked for each right."""
    clerk = User.objects.create_user("clerk", "a-long-password-9")
    clerk.user_permissions.set(Permission.objects.all())
    return browser(clerk)


def opened(client: Client, url: str) -> Page:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    is_page = answer["Content-Type"].startswith("text/html")
    html = answer.content.decode() if is_page else ""
    return Page(answer.status_code, len(captured), html)


def urls_of(world: World) -> dict[str, str]:
    """Return the URL of every page of every desk, and of the site's own."""
    urls = {
        route.name: world.url(route, model)
        for model in MODELS
        for route in routes_of(model)
    }
    return urls | {name: reverse(name) + query for name, query in OWN.items()}


def pages(client: Client, world: World, share: int) -> dict[str, Page]:
    """Open a share of all pages."""
    urls = urls_of(world)
    # Some figures are kept for a while.
    cache.clear()
    names = list(urls)[share::SHARES]
    return {name: opened(client, urls[name]) for name in names}


def names_with(status: int, pages: dict[str, Page]) -> set[str]:
    return {name for name, page in pages.items() if page.status == status}


@pytest.mark.parametrize("share", range(SHARES))
def test_no_page_asks_more_for_more_rows_or_speaks_english(
    clerk: Client, product_make: Callable[..., Product], share: int
) -> None:
    small = World(1, 1, product_make)
    assert small.keys.keys() == set(admin.site._registry), "make a row of each"
    assert urls_of(small).keys() >= LEADS_ON | SHUT
    # Read once and kept.
    ContentType.objects.get_for_models(*MODELS, for_concrete_models=False)
    few = pages(clerk, small, share)
    for number in (2, 3):
        large = World(number, 5, product_make)
    many = pages(clerk, large, share)
    for answered in (few, many):
        assert names_with(302, answered) == LEADS_ON & answered.keys()
        assert names_with(403, answered) == SHUT & answered.keys()
        assert names_with(200, answered) == answered.keys() - LEADS_ON - SHUT
    over = {name: page.statements for name, page in many.items()}
    over = {name: count for name, count in over.items() if count > MOST}
    assert over == {}
    grown = {
        name: (few[name].statements, page.statements)
        for name, page in many.items()
        if few[name].statements != page.statements
    }
    assert grown == {}
    assert {name: page.english for name, page in many.items() if page.english} == {}

"""What each role of the migration lets its members open: each URL of each desk."""

import re
from importlib import import_module

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import Staff, User
from shop.tests.admin_routes import SUPERUSERS_ALONE, routes_of
from shop.tests.desks import MODELS, list_of

# Those that make the roles, and give them what came later.
MIGRATIONS = [
    import_module(f"orders.migrations.{name}")
    for name in ("0021_roles", "0038_roles_of_new_desks")
]

# Role, desk, and what may be opened there; "view" is the list with its saved filters,
# and the page. Who grants a refund, and the second one of two, are of 客服 or 店主;
# 财务 sends what they have granted, and grants nothing.
_PRODUCT = "view add delete picture sale adjust ledger preview copy export import_sheet"
_SKU = "view adjust ledger export import_sheet"
_CATEGORY = "view add delete arrange"
_FLASH_SALE = "view add delete end restock calendar"
_HOME = "view add delete preview"
_SHIPPING = (
    "view picking packing export ship_sheet ship next_to_ship correct reprice"
    " readdress cancel note"
)
_REFUND = "view agree_return receive approve confirm reject send_back"
_REVIEW = "view publish hide publish_append hide_append answer"
_EXPORTS = "view progress confirm cancel download"
_SHEETS = f"{_EXPORTS} upload template"
TABLE = {
    "店主": {
        "accounts.loginfailure": "view",
        "accounts.shopper": "view deactivate activate",
        "accounts.staff": "view add roles password reset_second_factor"
        " deactivate activate",
        "auth.group": "view",
        "catalog.banner": _HOME,
        "catalog.category": _CATEGORY,
        "catalog.flashsale": _FLASH_SALE,
        "catalog.freighttemplate": "view add delete",
        "catalog.homesection": _HOME,
        "catalog.popularword": "view",
        "catalog.product": _PRODUCT,
        "catalog.searchword": "view add delete",
        "catalog.sku": _SKU,
        "catalog.stockmovement": "view",
        "orders.billcheck": "view run",
        "orders.billdifference": "view resolve",
        "orders.coupon": "view calendar add publish give copy end",
        "orders.order": f"{_SHIPPING} refund",
        "orders.payment": "view",
        "orders.paymentanomaly": "view handle",
        "orders.paymentnotice": "view replay",
        "orders.refund": f"{_REFUND} retry query by_hand export",
        "orders.review": _REVIEW,
        "orders.shippingupload": "view resend drop",
        "orders.subscribemessage": "view",
        "procrastinate.procrastinatejob": "view retry",
        "shop.sheettask": _SHEETS,
    },
    "商品": {
        "catalog.banner": _HOME,
        "catalog.category": _CATEGORY,
        "catalog.flashsale": _FLASH_SALE,
        "catalog.freighttemplate": "view add delete",
        "catalog.homesection": _HOME,
        "catalog.popularword": "view",
        "catalog.product": _PRODUCT,
        "catalog.searchword": "view add delete",
        "catalog.sku": _SKU,
        "catalog.stockmovement": "view",
        "orders.coupon": "view calendar add publish copy end",
        "orders.review": "view",
        "shop.sheettask": _SHEETS,
    },
    "订单": {
        "catalog.product": "view preview",
        "catalog.sku": "view",
        "orders.order": _SHIPPING,
        "orders.refund": "view",
        "orders.review": "view",
        "orders.shippingupload": "view resend drop",
        "orders.subscribemessage": "view",
        "shop.sheettask": _SHEETS,
    },
    "客服": {
        "accounts.shopper": "view deactivate activate",
        "catalog.flashsale": "view calendar",
        "catalog.product": "view preview",
        "orders.coupon": "view calendar give",
        "orders.order": "view picking packing readdress cancel note refund",
        "orders.refund": _REFUND,
        "orders.review": _REVIEW,
    },
    "财务": {
        "orders.billcheck": "view run",
        "orders.billdifference": "view resolve",
        "orders.coupon": "view calendar",
        "orders.order": "view picking packing export",
        "orders.payment": "view",
        "orders.paymentanomaly": "view handle",
        "orders.paymentnotice": "view replay",
        "orders.refund": "view retry query by_hand export",
        "procrastinate.procrastinatejob": "view retry",
        "shop.sheettask": _EXPORTS,
    },
    "只读": {
        "accounts.shopper": "view",
        "catalog.banner": "view preview",
        "catalog.category": "view",
        "catalog.flashsale": "view calendar",
        "catalog.freighttemplate": "view",
        "catalog.homesection": "view preview",
        "catalog.popularword": "view",
        "catalog.product": "view ledger preview",
        "catalog.searchword": "view",
        "catalog.sku": "view ledger",
        "catalog.stockmovement": "view",
        "orders.billcheck": "view",
        "orders.billdifference": "view",
        "orders.coupon": "view calendar",
        "orders.order": "view picking packing",
        "orders.payment": "view",
        "orders.paymentanomaly": "view",
        "orders.refund": "view",
        "orders.review": "view",
        "orders.shippingupload": "view",
        "orders.subscribemessage": "view",
    },
}
REVEALING = {"店主", "订单", "客服"}


def member_of(role: str) -> tuple[User, Client]:
    user = User.objects.create_user("member", "a-long-password-9")
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return user, client


def words_of(name: str, prefix: str) -> str:
    word = name.removeprefix(prefix)
    return "view" if word in {"changelist", "change", "saved_filters"} else word


def urls_walk(role: str, staff: User) -> None:
    """Open each URL of each desk.

    A route that a role should open, and that nobody may, is closed to superusers.
    """
    user, client = member_of(role)
    boss = Client()
    boss.force_login(staff)
    somebody = User.objects.create_user("somebody", "a-long-password-9")
    opened: dict[str, set[str]] = {}
    wrong = []
    for model in MODELS:
        label = model._meta.label_lower
        # Permission is asked for before the row is: only accounts depend on theirs.
        key = somebody.pk if model is Staff else 0
        for route in routes_of(model):
            if route.name.endswith("_history"):
                # It asks what the page asks; without a row everybody is led home.
                continue
            is_let_in = client.get(route.url(key)).status_code != 403
            if is_let_in:
                word = words_of(route.name, f"{label.replace('.', '_')}_")
                opened.setdefault(label, set()).add(word)
            may = route.lets_in(user)
            if is_let_in > may:
                wrong.append((route.name, "is open"))
            if is_let_in < may and boss.get(route.url(key)).status_code != 403:
                wrong.append((route.name, "is shut"))
    assert wrong == []
    assert opened == {label: set(words.split()) for label, words in TABLE[role].items()}


def test_each_url_lets_in_who_reads_where_the_role_says(staff: User) -> None:
    """The long run walks them for the other roles, too."""
    urls_walk("只读", staff)


@pytest.mark.parametrize("role", TABLE)
def test_the_sidebar_shows_what_the_role_may_see(role: str, db: None) -> None:
    _, client = member_of(role)
    page = client.get("/admin/").content.decode()
    shown = {
        model._meta.label_lower
        for model in MODELS
        if f'href="{list_of(model)}"' in page
    }
    assert shown == set(TABLE[role])
    assert set(re.findall(r'href="(/admin/\w+/\w+/)"', page)) == {
        list_of(model) for model in MODELS if model._meta.label_lower in shown
    }


@pytest.mark.parametrize("role", TABLE)
def test_who_sees_people_whole(role: str, db: None) -> None:
    user, _ = member_of(role)
    assert user.has_perm("accounts.reveal_shopper") == (role in REVEALING)


def test_the_roles_hold_what_the_migrations_say(db: None) -> None:
    for role in TABLE:
        named = {one for made in MIGRATIONS for one in made.ROLES.get(role, ())}
        held = {
            f"{one.content_type.app_label}.{one.codename}"
            for one in Permission.objects.filter(group__name=role)
        }
        assert held == named, role


def test_the_owner_opens_what_a_superuser_opens(staff: User) -> None:
    owner, _ = member_of("店主")
    boss = Client()
    boss.force_login(staff)
    for model in MODELS:
        for route in routes_of(model):
            if route.name not in SUPERUSERS_ALONE and not route.lets_in(owner):
                key = owner.pk if model is Staff else 0
                assert boss.get(route.url(key)).status_code == 403, route.name

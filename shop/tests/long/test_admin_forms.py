"""What works in the back office for who may do everything writes nothing for others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory

from accounts.models import User
from catalog.models import Product
from catalog.tests.admin_pages import inputs
from shop.tests import tables
from shop.tests.admin_routes import routes_of
from shop.tests.admin_world import World
from shop.tests.clerks import browser
from shop.tests.desks import MODELS
from shop.tests.long.matrices.walking import undone
from shop.tests.test_admin_role_actions import TABLE as ROLE_ACTIONS
from torture.findings import findings_record

# What a click writes by itself: who clicks stays logged in.
CLICK = {"django_session"}
# Pages of one's own: everybody who may see the list may keep filters of it.
OWN = "_saved_filters"


@dataclass(frozen=True)
class Deed:
    """A form as it is sent, and who may send it."""

    name: str
    url: str
    body: dict[str, Any]
    may: Callable[[User], bool]

    def changes(self, client: Client, before: tables.Rows) -> dict[str, list[str]]:
        """Send it, see what it has written, and undo that."""

        def act() -> tables.Rows:
            client.post(self.url, self.body)
            return tables.rows()

        found = tables.changes(before, undone(act))
        return {name: rows for name, rows in found.items() if name not in CLICK}


def bodies(client: Client, url: str) -> Iterator[dict[str, Any]]:
    """Yield what the page would send: as it is, and with its empty fields filled."""
    page = client.get(url)
    is_page = page.status_code == 200 and page["Content-Type"].startswith("text/html")
    data = inputs(page) if is_page else {}
    yield data
    if empty := {name: "1001" for name, value in data.items() if value == ""}:
        yield data | empty


def forms(client: Client, world: World) -> Iterator[Deed]:
    """Yield the forms of every URL of every desk."""
    for model in MODELS:
        change = f"{model._meta.app_label}.change_{model._meta.model_name}"
        for route in routes_of(model):
            if route.name.endswith(OWN):
                continue
            url = world.url(route, model)

            def may(
                user: User,
                route: Any = route,
                needed: str = change if route.name.endswith("_change") else "",
            ) -> bool:
                return route.lets_in(user) and (not needed or user.has_perm(needed))

            for body in bodies(client, url):
                yield Deed(route.name, url, body, may)


def actions(user: User, world: World) -> Iterator[Deed]:
    """Yield every action above every list, for the row of the world."""
    request = RequestFactory().get("/")
    request.user = user
    for model in MODELS:
        [url] = [
            world.url(route, model)
            for route in routes_of(model)
            if route.name.endswith("_changelist")
        ]
        for name in admin.site._registry[model].get_actions(request):
            chosen = {"_selected_action": world.keys[model], "post": "yes"}

            def may(
                user: User, label: str = model._meta.label_lower, name: str = name
            ) -> bool:
                roles = user.groups.values_list("name", flat=True)
                offered = (ROLE_ACTIONS[role].get(label, "") for role in roles)
                return any(name in words.split() for words in offered)

            label = f"{model._meta.label_lower} {name}"
            yield Deed(label, url, {"action": name} | chosen, may)


@pytest.fixture
def members(db: None) -> dict[str, User]:
    """Return staff of each role, and of none."""
    found = {"": User.objects.create_user("none", "a-long-password-9")}
    for role in ROLE_ACTIONS:
        found[role] = User.objects.create_user(role, "a-long-password-9")
        found[role].groups.set([Group.objects.get(name=role)])
    return found


@pytest.mark.timeout(900)
def test_a_form_that_works_for_the_boss_writes_nothing_for_who_may_not(
    staff: User, product_make: Callable[..., Product], members: dict[str, User]
) -> None:
    User.objects.create_user("clerk", "a-long-password-9")
    world, boss = World(1, 1, product_make), browser(staff)
    clients = {role: browser(user) for role, user in members.items()}
    deeds = [*forms(boss, world), *actions(staff, world)]
    worked, wrong, asked = set[str](), [], 0
    before = tables.rows()
    for deed in deeds:
        if not deed.changes(boss, before):
            continue
        worked.add(deed.name)
        for role, user in members.items():
            if not deed.may(user):
                asked += 1
                if written := deed.changes(clients[role], before):
                    wrong.append((role, deed.name, sorted(written)))
    row = {"forms and actions that write": len(worked), "sent by who may not": asked}
    findings_record("forms_of_others", rows=[row | {"wrote": len(wrong)}])
    assert wrong == []
    assert len(worked) > 40, worked
    assert asked > 200

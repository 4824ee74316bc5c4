"""Roles of staff: who gives and takes which, and to whom."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client

from accounts.errors import AccountStateChanged
from accounts.models import User
from accounts.services import roles_on_offer, staff_change, staff_roles_set
from conftest import alone, lock_waiters, wait_until
from shop.errors import Forbidden

LIST = "/admin/accounts/staff/"
BEYOND = "不能分配您自己没有的权限"


def member(name, *roles):
    user = User.objects.create_user(name, "a-long-password-9")
    user.groups.set(Group.objects.filter(name__in=roles))
    assert user.groups.count() == len(roles)
    return user


def role(name):
    return Group.objects.get(name=name).pk


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(db):
    return member("owner", "店主")


@pytest.fixture
def clerk(db):
    return member("clerk")


def held(user):
    return {group.name for group in User.objects.get(pk=user.pk).groups.all()}


def give(client, user, *roles, seen=()):
    seen = ",".join(str(role(name)) for name in seen)
    data = {"roles": [role(name) for name in roles], "seen": seen}
    return client.post(f"{LIST}{user.pk}/roles/", data, follow=True)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def test_an_owner_gives_and_takes_roles_and_the_history_tells(owner, clerk):
    client = browser(owner)
    assert "角色已改为:订单、客服" in text(give(client, clerk, "客服", "订单"))
    assert held(clerk) == {"订单", "客服"}
    assert User.objects.get(pk=clerk.pk).has_perm("orders.ship_order")
    page = text(client.get(f"{LIST}{clerk.pk}/change/"))
    assert "订单、客服" in page
    told = text(give(client, clerk, "财务", seen=["订单", "客服"]))
    assert "角色已改为:财务" in told
    assert held(clerk) == {"财务"}
    assert "角色已改为:无" in text(give(client, clerk, seen=["财务"]))
    assert held(clerk) == set()
    messages = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert ["角色已改为" in one for one in messages] == [True] * 3


def test_an_owner_makes_an_account_and_is_led_to_its_page(owner):
    client = browser(owner)
    new = {"password1": "another-password-8", "password2": "another-password-8"}
    answer = client.post(f"{LIST}add/", {"username": "new", **new})
    made = User.objects.get(username="new")
    assert answer["Location"] == f"{LIST}{made.pk}/change/"
    assert f'{LIST}{made.pk}/roles/"' in text(client.get(answer["Location"]))
    again = client.post(f"{LIST}add/", {"username": "b", "_addanother": "1", **new})
    assert again["Location"] == f"{LIST}add/"


def test_all_roles_are_on_offer_to_owner_and_superuser(owner, staff):
    names = {"店主", "商品", "订单", "客服", "财务", "只读"}
    for actor in (owner, staff):
        assert {one.name for one in roles_on_offer(actor=actor)} == names


def manager_make(*codenames):
    """Return a member of 客服 who may give roles."""
    manager = member("manager", "客服")
    wanted = ("view_staff", "change_staff", "assign_staff", *codenames)
    manager.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    return manager


def test_nobody_gives_a_role_with_rights_that_they_lack(clerk):
    client = browser(manager_make())
    page = text(client.get(f"{LIST}{clerk.pk}/roles/"))
    assert ("客服" in page, "财务" in page, "店主" in page) == (True, False, False)
    for names in (["店主"], ["财务"], ["客服", "订单"]):
        assert BEYOND in text(give(client, clerk, *names))
        assert held(clerk) == set()
    assert "角色已改为:客服" in text(give(client, clerk, "客服"))


def test_nobody_takes_a_role_with_rights_that_they_lack(clerk):
    manager = manager_make()
    clerk.groups.add(role("财务"))
    client = browser(manager)
    assert give(client, clerk, seen=["财务"]).status_code == 403
    assert held(clerk) == {"财务"}


def test_the_service_asks_again_whatever_the_form_let_through(clerk, staff, owner):
    manager = manager_make()
    for user, roles in ((clerk, ["店主"]), (manager, ["只读"]), (owner, [])):
        before = held(user)
        with pytest.raises(Forbidden):
            staff_roles_set(
                actor_id=manager.pk,
                user_id=user.pk,
                roles=[role(name) for name in roles],
                seen=[role(name) for name in before],
            )
        assert held(user) == before
    with pytest.raises(Forbidden):
        staff_roles_set(actor_id=manager.pk, user_id=clerk.pk, roles=[0], seen=[])
    with pytest.raises(Forbidden):
        staff_roles_set(actor_id=staff.pk, user_id=staff.pk, roles=[1], seen=[])
    assert not staff.groups.exists()


def test_nobody_changes_their_own_roles(owner, staff):
    for user in (owner, staff):
        before = held(user)
        assert give(browser(user), user, "店主", "财务").status_code == 403
        assert held(user) == before


def test_without_the_permission_nobody_gives_a_role(clerk):
    """Neither by the page nor by fields that the account's form does not have."""
    manager = manager_make()
    permissions = Permission.objects.filter(codename="assign_staff")
    manager.user_permissions.remove(*permissions)
    client = browser(manager)
    assert give(client, clerk, "客服").status_code == 403
    sent = {
        "username": "clerk",
        "groups": [role("客服")],
        "user_permissions": [permissions.get().pk],
        "is_superuser": "on",
    }
    text(client.post(f"{LIST}{clerk.pk}/change/", sent, follow=True))
    now = User.objects.get(pk=clerk.pk)
    assert (held(now), now.is_superuser) == (set(), False)
    assert not now.user_permissions.exists()


def test_an_owner_makes_no_superuser_and_grants_no_single_right(owner, clerk):
    permission = Permission.objects.get(codename="view_order")
    sent = {
        "username": "clerk",
        "is_superuser": "on",
        "user_permissions": [permission.pk],
    }
    client = browser(owner)
    text(client.post(f"{LIST}{clerk.pk}/change/", sent, follow=True))
    now = User.objects.get(pk=clerk.pk)
    assert (now.is_superuser, now.user_permissions.count()) == (False, 0)
    with pytest.raises(Forbidden):
        staff_change(actor_id=owner.pk, account=clerk, changed=["is_superuser"])


def test_superusers_are_out_of_an_owners_reach(owner, staff):
    assert give(browser(owner), staff, "只读").status_code == 403
    assert not staff.groups.exists()


def test_a_page_from_before_takes_nothing_back(owner, clerk):
    client = browser(owner)
    clerk.groups.add(role("客服"))
    assert "账号状态已变化" in text(give(client, clerk, "订单"))
    for odd in ("9" * 5000, "x", "-1", "1.5"):
        url = f"{LIST}{clerk.pk}/roles/"
        answer = client.post(url, {"roles": [], "seen": odd}, follow=True)
        assert "账号状态已变化" in text(answer)
    assert held(clerk) == {"客服"}
    with pytest.raises(AccountStateChanged):
        staff_roles_set(
            actor_id=owner.pk, user_id=clerk.pk, roles=[], seen=[role("订单")]
        )


def test_statements_of_the_page_do_not_grow(
    owner, clerk, django_assert_max_num_queries
):
    client = browser(owner)
    urls = (LIST, f"{LIST}{clerk.pk}/change/", f"{LIST}{clerk.pk}/roles/")

    def counts():
        found = []
        for url in urls:
            with django_assert_max_num_queries(15) as queries:
                text(client.get(url))
            found.append(len(queries))
        return found

    counts()  # Once, to fill Django's cache of content types.
    few = counts()
    for number in range(10):
        group = Group.objects.create(name=f"group-{number}")
        member(f"member-{number}", "客服").groups.add(group)
        clerk.groups.add(group)
    assert counts() == few


def outcome(actor, user, roles):
    try:
        staff_roles_set(actor_id=actor.pk, user_id=user.pk, roles=roles, seen=[])
    except Forbidden:
        return "refused"
    return "done"


@pytest.mark.django_db(transaction=True)
def test_whose_own_role_is_taken_at_this_moment_gives_it_to_nobody(patient_database):
    """The accounts are locked, so the twin sees what the first has written."""
    boss = User.objects.create_superuser("boss", "a-long-password-9")
    owner, clerk = member("owner", "店主"), member("clerk")

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            staff_roles_set(
                actor_id=boss.pk, user_id=owner.pk, roles=[], seen=[role("店主")]
            )
            twin = pool.submit(alone(outcome), owner, clerk, [role("店主")])
            wait_until(lock_waiters)
        assert twin.result() == "refused"
    assert held(clerk) == set()


@pytest.mark.django_db(transaction=True)
def test_a_role_that_is_widened_at_this_moment_is_seen_so(patient_database):
    """The desk of roles writes the group's row, which whoever gives it waits for."""
    boss = browser(User.objects.create_superuser("boss", "a-long-password-9"))
    manager, clerk = manager_make(), member("clerk")
    group = Group.objects.create(name="一组")
    beyond = Permission.objects.get(codename="add_staff")
    body = {"name": "一组", "permissions": [beyond.pk]}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            page = f"/admin/auth/group/{group.pk}/change/"
            assert boss.post(page, body).status_code == 302
            twin = pool.submit(alone(outcome), manager, clerk, [group.pk])
            wait_until(lock_waiters)
        assert twin.result() == "refused"
    assert held(clerk) == set()

"""The desk of staff accounts and groups: who may touch whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session as AdminSession
from django.db import connection
from django.test import Client

from accounts.models import Session, Staff, User
from accounts.services import (
    staff_activate,
    staff_add,
    staff_change,
    staff_deactivate,
    staff_password_set,
)
from conftest import client_of
from shop.errors import Forbidden, Invalid

LIST = "/admin/accounts/staff/"
GROUPS = "/admin/auth/group/"
OLD = "a-long-password-9"
NEW = "another-password-8"


def granted(*codenames):
    found = Permission.objects.filter(codename__in=codenames)
    assert len(found) == len(codenames)
    return found


def clerk_make(name="clerk", *codenames):
    user = User.objects.create_user(name, OLD)
    user.user_permissions.set(granted(*codenames))
    return user


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss(staff):
    return browser(staff)


@pytest.fixture
def manager(db):
    """Return staff who may change staff, and see shoppers."""
    return clerk_make("manager", "view_staff", "change_staff", "view_shopper")


def change(client, user, **data):
    data = {"username": user.username, **data}
    return client.post(f"{LIST}{user.pk}/change/", data, follow=True)


def act(client, user, deed, **data):
    return client.post(f"{LIST}{user.pk}/{deed}/", data, follow=True)


def set_password(client, user, first=NEW, second=None):
    second = first if second is None else second
    return act(client, user, "password", password1=first, password2=second)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def row(user):
    return User.objects.filter(pk=user.pk).values().get()


# --- adding ------------------------------------------------------------------------


def add(client, name="new", first=NEW, second=NEW):
    data = {"username": name, "password1": first, "password2": second}
    return client.post(f"{LIST}add/", data, follow=True)


def test_add(boss):
    text(add(boss))
    made = User.objects.get(username="new")
    assert made.check_password(NEW)
    assert (made.is_staff, made.is_superuser, made.openid) == (True, False, None)
    assert made.get_all_permissions() == set()


@pytest.mark.parametrize(
    ("name", "first", "second", "message"),
    [
        ("", NEW, NEW, "该字段是必填项"),
        ("boss", NEW, NEW, "具有 用户名 的 用户 已存在。"),
        ("new", NEW, "x", "输入的两个密码不一致"),
        ("new", "short-1", "short-1", "密码至少需要10个字符"),
        ("new", "1234567890", "1234567890", "密码只包含数字"),
        ("new-person", "new-person1", "new-person1", "密码跟 用户名 太相似了"),
    ],
)
def test_add_refuses(boss, name, first, second, message):
    assert message in text(add(boss, name, first, second))
    assert User.objects.count() == 1


def test_staff_who_may_add_make_accounts_without_rights(db):
    clerk = browser(clerk_make("clerk", "view_staff", "add_staff"))
    data = {
        "username": "new",
        "password1": NEW,
        "password2": NEW,
        "is_superuser": "on",
        "user_permissions": [granted("add_staff")[0].pk],
    }
    assert clerk.post(f"{LIST}add/", data).status_code == 302
    made = User.objects.get(username="new")
    assert not made.is_superuser
    assert made.get_all_permissions() == set()


# --- rights ------------------------------------------------------------------------


def test_superusers_grant_rights(boss):
    clerk = clerk_make()
    group = Group.objects.create(name="一组")
    group.permissions.set(granted("view_shopper"))
    permission = granted("view_staff")[0]
    text(change(boss, clerk, user_permissions=[permission.pk]))
    text(act(boss, clerk, "roles", roles=[group.pk]))
    clerk = User.objects.get(pk=clerk.pk)
    assert clerk.get_all_permissions() == {
        "accounts.view_shopper",
        "accounts.view_staff",
    }
    text(change(boss, clerk, is_superuser="on"))
    assert User.objects.get(pk=clerk.pk).is_superuser


def test_others_grant_nothing_neither_to_themselves_nor_to_others(manager):
    clerk = clerk_make()
    group = Group.objects.create(name="店长")
    client = browser(manager)
    for user in (manager, clerk):
        text(
            change(
                client,
                user,
                username=f"{user.username}-renamed",
                is_superuser="on",
                is_staff="",
                is_active="",
                groups=[group.pk],
                user_permissions=[granted("add_staff")[0].pk],
            )
        )
        now = User.objects.get(pk=user.pk)
        assert now.username == f"{user.username}-renamed"
        assert (now.is_superuser, now.is_staff, now.is_active) == (False, True, True)
        assert not now.groups.exists()
        assert now.get_all_permissions() == user.get_all_permissions()


@pytest.mark.parametrize("is_active", [True, False])
def test_accounts_with_more_rights_are_out_of_reach(staff, manager, is_active):
    by_group = clerk_make("by-group")
    group = Group.objects.create(name="店长")
    group.permissions.set(granted("add_staff"))
    by_group.groups.add(group)
    above = [staff, by_group, clerk_make("direct", "deactivate_shopper")]
    User.objects.exclude(pk=manager.pk).update(is_active=is_active)
    client = browser(manager)
    for user in above:
        before = row(user)
        assert change(client, user, username="x").status_code == 403
        assert set_password(client, user).status_code == 403
        assert act(client, user, "deactivate", reason="x").status_code == 403
        assert act(client, user, "activate").status_code == 403
        assert row(user) == before
        page = text(client.get(f"{LIST}{user.pk}/change/"))
        assert 'name="_save"' not in page
        assert "/password/" not in page.replace("/password_change/", "")


def test_accounts_within_ones_rights_are_in_reach(manager):
    clerk = clerk_make("clerk", "view_shopper")
    client = browser(manager)
    assert "已重设密码" in text(set_password(client, clerk))
    assert "已停用,原因:离职" in text(act(client, clerk, "deactivate", reason="离职"))
    assert "已启用" in text(act(client, clerk, "activate"))
    assert User.objects.get(pk=clerk.pk).check_password(NEW)


def test_nobody_lowers_or_shuts_out_themselves(boss, staff):
    page = text(change(boss, staff))
    assert "不能取消自己的超级管理员身份" in page
    assert act(boss, staff, "deactivate", reason="x").status_code == 403
    # It asks for no old one, so a session that was borrowed could keep the account.
    passwords = {"password1": "another-long-1", "password2": "another-long-1"}
    assert act(boss, staff, "password", **passwords).status_code == 403
    before = staff.password
    staff.refresh_from_db()
    assert (staff.is_superuser, staff.is_active) == (True, True)
    assert staff.password == before
    assert "deactivate" not in text(boss.get(f"{LIST}{staff.pk}/change/"))


def test_groups_are_the_superusers(boss, db):
    keys = ("view_group", "add_group", "change_group", "delete_group")
    clerk = browser(clerk_make("clerk", *keys))
    group = Group.objects.create(name="一组")
    body = {"name": "x", "permissions": [granted("add_staff")[0].pk]}
    for path in ("add/", f"{group.pk}/change/", f"{group.pk}/delete/"):
        assert clerk.post(f"{GROUPS}{path}", body).status_code == 403
    assert "一组" in text(clerk.get(GROUPS))
    assert boss.post(f"{GROUPS}{group.pk}/change/", body).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.permissions.count()) == ("x", 1)


def test_the_log_names_the_rights_that_came_and_went(boss):
    group = Group.objects.create(name="一组")
    group.permissions.set(granted("view_staff"))
    body = {"name": "一组", "permissions": [granted("add_staff")[0].pk]}
    assert boss.post(f"{GROUPS}{group.pk}/change/", body).status_code == 302
    told = LogEntry.objects.latest("pk").get_change_message()
    assert "增加员工:新增" in told
    assert "去掉员工:查看" in told


def test_permissions_are_named_in_chinese(boss, staff):
    group = Group.objects.create(name="一组")
    for url in (f"{GROUPS}{group.pk}/change/", f"{LIST}{staff.pk}/change/"):
        page = text(boss.get(url))
        for shown in ("员工:新增", "用户:停用和启用", "登录失败记录:查看"):
            assert shown in page
        assert "Can " not in page


# --- shoppers and staff stay apart -------------------------------------------------


def test_a_shopper_is_no_staff_account(boss, shopper):
    before = row(shopper)
    for answer in (
        change(boss, shopper, username="x", is_superuser="on"),
        set_password(boss, shopper),
        act(boss, shopper, "deactivate", reason="x"),
    ):
        assert answer.status_code in {200, 403, 404}
    for call in (
        lambda actor: staff_password_set(
            actor_id=actor, user_id=shopper.pk, password=NEW
        ),
        lambda actor: staff_deactivate(actor_id=actor, user_id=shopper.pk, reason="x"),
        lambda actor: staff_activate(actor_id=actor, user_id=shopper.pk),
        lambda actor: staff_change(actor_id=actor, account=shopper, changed=["x"]),
    ):
        with pytest.raises(Forbidden):
            call(User.objects.get(username="boss").pk)
    assert row(shopper) == before
    assert [one.pk for one in boss.get(LIST).context["cl"].result_list] == [
        User.objects.get(username="boss").pk
    ]


def test_staff_is_not_made_a_shopper(boss):
    clerk = clerk_make()
    text(change(boss, clerk, is_staff="", openid="x", nickname="x"))
    now = User.objects.get(pk=clerk.pk)
    assert (now.is_staff, now.openid, now.nickname) == (True, None, "")


# --- passwords ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (NEW, "x", "输入的两个密码不一致"),
        ("short-1", "short-1", "密码至少需要10个字符"),
        ("password123", "password123", "这个密码太常见了"),
        ("", "", "该字段是必填项"),
    ],
)
def test_password_refuses(boss, first, second, message):
    clerk = clerk_make()
    before = row(clerk)
    assert message in text(set_password(boss, clerk, first, second))
    assert row(clerk) == before


def test_a_new_password_ends_all_sessions(boss):
    clerk = clerk_make()
    theirs, api = browser(clerk), client_of(clerk)
    assert "已重设密码" in text(set_password(boss, clerk))
    assert theirs.get("/admin/").status_code == 302
    assert Session.objects.filter(ended_at=None).count() == 0
    assert api.get("/api/auth/user").status_code == 401
    assert "clerk" in text(boss.get(LIST))


def test_ones_own_new_password_ends_the_api_sessions_and_keeps_this_one(db):
    clerk = clerk_make()
    client, other = browser(clerk), browser(clerk)
    api = client_of(clerk)
    data = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/admin/password_change/", data).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
    assert api.get("/api/auth/user").status_code == 401
    assert User.objects.get().check_password(NEW)


# --- deactivating ------------------------------------------------------------------


def test_deactivated_staff_lose_admin_and_api_at_once_and_for_good(boss):
    clerk = clerk_make("clerk", "view_shopper")
    theirs, api = browser(clerk), client_of(clerk)
    assert theirs.get("/admin/").status_code == 200
    text(act(boss, clerk, "deactivate", reason="离职"))
    assert theirs.get("/admin/").status_code == 302
    assert api.get("/api/auth/user").status_code == 401
    assert AdminSession.objects.count() == 1
    text(act(boss, clerk, "activate"))
    # What was open before stays closed.
    assert theirs.get("/admin/").status_code == 302
    assert api.get("/api/auth/user").json()["data"]["error"] == "token_invalid"
    assert browser(clerk).get("/admin/").status_code == 200


def test_is_active_is_asked_at_each_request(db):
    clerk = clerk_make()
    client = browser(clerk)
    User.objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_a_form_from_before_does_not_let_staff_in_again(boss, staff):
    """The form was read before, and is written after the account was shut."""
    stale = Staff.objects.get(pk=clerk_make().pk)
    staff_deactivate(actor_id=staff.pk, user_id=stale.pk, reason="x")
    staff_password_set(actor_id=staff.pk, user_id=stale.pk, password=NEW)
    stale.username = "renamed"
    staff_change(actor_id=staff.pk, account=stale, changed=["username", "groups"])
    now = User.objects.get(pk=stale.pk)
    assert (now.username, now.is_active) == ("renamed", False)
    assert now.check_password(NEW)


def test_a_name_that_a_twin_took_is_refused(boss, staff):
    with pytest.raises(Invalid):
        staff_add(account=Staff(username="boss"))
    assert User.objects.count() == 1


def test_who_was_shut_out_meanwhile_acts_no_more(staff):
    clerk = clerk_make()
    User.objects.filter(pk=staff.pk).update(is_active=False)
    with pytest.raises(Forbidden):
        staff_deactivate(actor_id=staff.pk, user_id=clerk.pk, reason="x")
    assert User.objects.get(pk=clerk.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_of_two_superusers_who_shut_each_other_out_one_remains():
    first = User.objects.create_superuser("first", OLD)
    second = User.objects.create_superuser("second", OLD)
    barrier = Barrier(2)

    def shut_out(pair):
        barrier.wait()
        try:
            staff_deactivate(actor_id=pair[0], user_id=pair[1], reason="x")
        except Forbidden:
            return "refused"
        finally:
            connection.close()
        return "done"

    pairs = [(first.pk, second.pk), (second.pk, first.pk)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(shut_out, pairs)) == ["done", "refused"]
    assert User.objects.filter(is_active=True).count() == 1


# --- pages -------------------------------------------------------------------------


def test_queries_do_not_grow_with_rows(boss, staff, django_assert_max_num_queries):
    group = Group.objects.create(name="一组")
    staff.groups.add(group)
    urls = (LIST, f"{LIST}{staff.pk}/change/", GROUPS, f"{GROUPS}{group.pk}/change/")

    def counts():
        found = []
        for url in (*urls, "/admin/accounts/loginfailure/", "/admin/"):
            with django_assert_max_num_queries(15) as queries:
                text(boss.get(url))
            found.append(len(queries))
        return found

    # What the process keeps, as the ids of the models, is read once.
    counts()
    few = counts()
    for number in range(20):
        clerk_make(f"clerk-{number}", "view_shopper").groups.add(group)
        Group.objects.create(name=f"group-{number}")
    assert counts() == few

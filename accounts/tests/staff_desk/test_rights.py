"""The desks of staff accounts and groups: who may grant what, and touch whom."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.tests.staff_desk.pages import (
    GROUPS,
    LIST,
    NEW,
    act,
    browser,
    change,
    clerk_make,
    granted,
    row,
    set_password,
    text,
)


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


def test_a_role_saved_as_it_is_keeps_its_rights(boss):
    """A right without a box to tick would be taken away from whoever has the role."""
    for role in Group.objects.all():
        url = f"{GROUPS}{role.pk}/change/"
        offered = boss.get(url).context["adminform"].form.fields["permissions"].queryset
        held = set(role.permissions.all())
        ticked = [one.pk for one in offered if one in held]
        answer = boss.post(url, {"name": role.name, "permissions": ticked})
        assert answer.status_code == 302
        assert set(role.permissions.all()) == held


def test_permissions_are_named_in_chinese(boss, staff):
    group = Group.objects.create(name="一组")
    for url in (f"{GROUPS}{group.pk}/change/", f"{LIST}{staff.pk}/change/"):
        page = text(boss.get(url))
        for shown in ("员工:新增", "用户:停用和启用", "登录失败记录:查看"):
            assert shown in page
        assert "Can " not in page

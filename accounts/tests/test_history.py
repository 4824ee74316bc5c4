"""Who changed what in the accounts of staff."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client

from accounts.models import Staff, User
from accounts.services import staff_password_set

DESK = "/admin/accounts/staff/"
KEPT = {
    *("id", "username", "is_superuser", "is_active", "inactive_reason"),
    *("role_names", "permission_names"),
}


@pytest.fixture
def client(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def clerk(db: None) -> User:
    return User.objects.create_user("clerk", "a-long-password-9")


def kept(user: User) -> list[dict[str, Any]]:
    """Return the account's snapshots, the first first."""
    return list(Staff.history.filter(id=user.pk).order_by("history_id").values())


def test_a_snapshot_holds_rights_and_no_secret() -> None:
    names = {field.attname for field in Staff.history.model._meta.concrete_fields}
    assert {name for name in names if not name.startswith("history_")} == KEPT


def test_a_new_account_begins_its_history(client: Client, staff: User) -> None:
    passwords = dict.fromkeys(("password1", "password2"), "another-long-one-7")
    client.post(f"{DESK}add/", {"username": "new", **passwords})
    (row,) = kept(User.objects.get(username="new"))
    assert (row["history_type"], row["history_user_id"]) == ("+", staff.pk)
    assert (row["username"], row["role_names"]) == ("new", [])


def test_rights_given_and_taken_are_told_by_name(
    client: Client, staff: User, clerk: User
) -> None:
    service, goods = (Group.objects.create(name=name) for name in ("甲", "乙"))
    may = Permission.objects.get(codename="change_product")
    clerk.groups.add(service)
    page = f"{DESK}{clerk.pk}/change/"
    sent = {"username": "小王", "user_permissions": [may.pk]}
    assert client.post(page, sent).status_code == 302
    roles = f"{DESK}{clerk.pk}/roles/"
    seen = client.get(roles).context["form"]["seen"].value()
    sent = {"roles": [goods.pk], "seen": seen}
    assert client.post(roles, sent).status_code == 302
    assert {*clerk.groups.all()} == {goods}
    before, named, after = kept(clerk)
    assert (before["history_user_id"], before["role_names"]) == (None, ["甲"])
    assert named["permission_names"] == ["catalog.change_product"]
    assert (after["history_user_id"], after["role_names"]) == (staff.pk, ["乙"])
    # Names outlive what they name.
    Group.objects.all().delete()
    deeds = client.get(f"{DESK}{clerk.pk}/history/").context["deeds"]
    assert {deed.who for deed in deeds} == {"boss"}
    assert [
        {one.field: (one.old, one.new) for one in deed.parts[0].changes}
        for deed in deeds
    ] == [
        {"角色": ("甲", "乙")},
        {"用户名": ("clerk", "小王"), "单独的权限": ("", "商品:修改")},
    ]


def test_standing_is_kept_with_its_reason(client: Client, clerk: User) -> None:
    client.post(f"{DESK}{clerk.pk}/deactivate/", {"reason": "离职"})
    client.post(f"{DESK}{clerk.pk}/activate/")
    deeds = client.get(f"{DESK}{clerk.pk}/history/").context["deeds"]
    changes = [
        [(one.field, one.old, one.new) for one in deed.parts[0].changes]
        for deed in deeds
    ]
    assert changes == [
        [("有效", "否", "是"), ("停用原因", "离职", "")],
        [("有效", "是", "否"), ("停用原因", "", "离职")],
    ]
    assert [deed.texts for deed in deeds] == [["已启用"], ["已停用,原因:离职"]]


def test_passwords_and_logins_leave_no_snapshot_but_a_line(
    client: Client, staff: User, clerk: User
) -> None:
    passwords = dict.fromkeys(("password1", "password2"), "another-long-one-7")
    client.post(f"{DESK}{clerk.pk}/password/", passwords)
    Client().force_login(clerk)
    staff_password_set(actor_id=staff.pk, user_id=clerk.pk, password="and-another-5")
    assert kept(clerk) == []
    (deed,) = client.get(f"{DESK}{clerk.pk}/history/").context["deeds"]
    assert (deed.who, deed.texts, deed.parts) == ("boss", ["已重设密码"], [])


def test_a_refused_change_leaves_no_snapshot(client: Client, staff: User) -> None:
    """Nobody takes their own rights."""
    page = f"{DESK}{staff.pk}/change/"
    assert client.post(page, {"username": "boss"}).status_code == 200
    assert kept(staff) == []


def test_the_command_writes_as_the_system(db: None, monkeypatch: Any) -> None:
    monkeypatch.setenv("STAFF_PASSWORD", "a-long-password-9")
    call_command("staff_create", "--username", "ops")
    user = User.objects.get(username="ops")
    call_command("staff_create", "--username", "ops", "--superuser")
    first, second = kept(user)
    assert (first["history_type"], first["history_user_id"]) == ("+", None)
    assert (second["history_type"], second["is_superuser"]) == ("~", True)


def test_queries_of_the_page_do_not_grow(
    client: Client, clerk: User, django_assert_max_num_queries: Any
) -> None:
    page = f"{DESK}{clerk.pk}/history/"

    def rename(name: str) -> None:
        client.post(f"{DESK}{clerk.pk}/change/", {"username": name})

    rename("甲")
    with django_assert_max_num_queries(15) as few:
        client.get(page)
        count = len(few)
    for name in "乙丙丁戊":
        rename(name)
    with django_assert_max_num_queries(count):
        client.get(page)

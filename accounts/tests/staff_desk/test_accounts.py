"""The desk of staff accounts: adding, and staying apart from shoppers."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import Staff, User
from accounts.services import (
    staff_activate,
    staff_add,
    staff_change,
    staff_deactivate,
    staff_password_set,
)
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
from shop.errors import Forbidden, Invalid


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


def test_a_name_that_a_twin_took_is_refused(boss, staff):
    with pytest.raises(Invalid):
        staff_add(account=Staff(username="boss"))
    assert User.objects.count() == 1


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

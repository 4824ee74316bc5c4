"""Passwords of staff, set by others and by oneself."""

import pytest

from accounts.models import Session, User
from accounts.tests.staff_desk.pages import (
    LIST,
    NEW,
    OLD,
    browser,
    clerk_make,
    row,
    set_password,
    text,
)
from conftest import client_of


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

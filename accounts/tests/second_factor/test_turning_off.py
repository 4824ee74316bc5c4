"""The second factor is turned off, or reset for who has lost the phone."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.errors import AccountStateChanged
from accounts.models import LoginFailure, TotpDevice, User
from accounts.services import enrolment_make, recovery_codes_left, second_factor_reset
from accounts.tests.second_factor.codes import (
    LOCKED,
    NOW,
    PAGE,
    PASSWORD,
    browser,
    code_at,
    first_step,
    text,
    wrong_at,
)
from conftest import client_of
from shop.errors import Forbidden


def test_it_is_turned_off_by_password_and_code(clerk, recovery):
    client = browser(clerk)
    for body, told in (
        ({"password": "wrong", "code": code_at(clerk)}, "密码错误"),
        ({"password": "", "code": code_at(clerk)}, "密码不能为空"),
        ({"password": PASSWORD, "code": ""}, "验证码不能为空"),
        ({"password": PASSWORD, "code": wrong_at(clerk)}, "验证码不正确"),
    ):
        assert told in text(client.post(PAGE, body))
        assert TotpDevice.objects.exists()
    assert LoginFailure.objects.count() == 2
    TotpDevice.objects.update(throttling_failure_count=0)
    body = {"password": PASSWORD, "code": code_at(clerk)}
    assert "已关闭两步验证" in text(client.post(PAGE, body, follow=True))
    assert not TotpDevice.objects.exists()
    assert first_step(Client())["Location"] == "/admin/"


def test_a_page_that_was_to_turn_it_on_turns_nothing_off(clerk, recovery):
    """Another tab has turned it on meanwhile; password and code are right."""
    body = {"sealed": enrolment_make(user=clerk)[1], "password": PASSWORD}
    answer = browser(clerk).post(PAGE, {**body, "code": code_at(clerk)}, follow=True)
    assert "账号状态已变化" in text(answer)
    assert TotpDevice.objects.exists()
    assert TotpDevice.objects.get().last_step < NOW.timestamp() // 30


def test_what_somebody_turned_off_meanwhile_has_no_codes_left(clerk):
    with pytest.raises(AccountStateChanged):
        recovery_codes_left(user=clerk)


def test_a_borrowed_session_guesses_no_password(clerk, recovery):
    client = browser(clerk)
    body = {"password": "wrong", "code": "1"}
    assert [client.post(PAGE, body).status_code for _ in range(5)] == [200] * 4 + [429]
    body = {"password": PASSWORD, "code": code_at(clerk)}
    assert LOCKED in text(client.post(PAGE, body), 429)
    assert TotpDevice.objects.exists()


@pytest.fixture
def owner(db):
    owner = User.objects.create_user("owner", PASSWORD)
    owner.groups.add(Group.objects.get(name="店主"))
    return owner


def reset(client, user):
    url = f"/admin/accounts/staff/{user.pk}/reset_second_factor/"
    return client.post(url, follow=True)


def test_an_owner_resets_it_and_sessions_end(owner, clerk, recovery):
    theirs, api = browser(clerk), client_of(clerk)
    client = browser(owner)
    page = f"/admin/accounts/staff/{clerk.pk}/change/"
    assert "重置两步验证" in text(client.get(page))
    assert "已重置两步验证" in text(reset(client, clerk))
    assert not TotpDevice.objects.exists()
    assert theirs.get("/admin/").status_code == 302
    assert api.get("/api/auth/user").status_code == 401
    assert "已重置两步验证" in LogEntry.objects.get().change_message
    assert "重置两步验证" not in text(client.get(page))
    assert "账号状态已变化" in text(reset(client, clerk))


def test_nobody_else_resets_it(owner, clerk, recovery, staff):
    clerk.groups.add(Group.objects.get(name="客服"))
    mate = User.objects.create_user("mate", PASSWORD)
    mate.groups.add(Group.objects.get(name="客服"))
    for actor, user in ((mate, clerk), (clerk, clerk), (owner, staff)):
        assert reset(browser(actor), user).status_code == 403
    for actor, user in ((clerk, clerk), (owner, staff)):
        with pytest.raises(Forbidden):
            second_factor_reset(actor_id=actor.pk, user_id=user.pk)
    assert TotpDevice.objects.exists()


def test_an_operator_resets_it_for_whom_nobody_else_can_help(clerk, recovery, capsys):
    theirs = browser(clerk)
    for name in ("nobody", "clerk-2"):
        with pytest.raises(CommandError, match="no second factor is on"):
            call_command("staff_code_reset", username=name)
    assert TotpDevice.objects.exists()
    call_command("staff_code_reset", username="clerk")
    told = capsys.readouterr().out
    assert told == "staff account clerk: second factor turned off\n"
    assert not TotpDevice.objects.exists()
    assert theirs.get("/admin/").status_code == 302

"""Staff who are shut out, and let in again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.sessions.models import Session as AdminSession
from django.db import connection

from accounts.models import Staff, User
from accounts.services import staff_change, staff_deactivate, staff_password_set
from accounts.tests.staff_desk.pages import NEW, OLD, act, browser, clerk_make, text
from conftest import client_of
from shop.errors import Forbidden


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

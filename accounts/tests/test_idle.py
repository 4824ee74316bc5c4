"""Sessions of the admin end: an hour after the last click, 12 hours after the login."""

from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session as AdminSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

SHOPPERS = "/admin/accounts/shopper/"
HOUR = 3600


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = SimpleNamespace(now=1_800_000_000)
    fake = SimpleNamespace(time=lambda: clock.now)
    monkeypatch.setattr("shop.back_office.idle.time", fake)
    return clock


def login(client):
    body = {"username": "boss", "password": "a-long-password-9"}
    return client.post("/admin/login/", body)


@pytest.fixture
def boss(staff):
    client = Client()
    assert login(client).status_code == 302
    return client


def is_in(client, url=SHOPPERS):
    return client.get(url).status_code == 200


def test_an_hour_without_a_click_ends_it(boss, clock):
    clock.now += HOUR - 1
    assert is_in(boss)
    clock.now += HOUR
    answer = boss.get(f"{SHOPPERS}?q=%E5%BC%A0&p=2")
    assert (answer.status_code, AdminSession.objects.count()) == (302, 0)
    location = answer["Location"]
    assert location == (
        "/admin/login/?next=/admin/accounts/shopper/%3Fq%3D%25E5%25BC%25A0%26p%3D2"
    )
    page = boss.get(location).content.decode()
    assert "已有60分钟没有操作,请重新登录" in page
    # Once told is enough.
    assert "没有操作" not in boss.get(location).content.decode()
    sent = {"username": "boss", "password": "a-long-password-9"}
    assert boss.post(location, sent)["Location"] == f"{SHOPPERS}?q=%E5%BC%A0&p=2"
    assert is_in(boss)


def test_what_is_sent_too_late_changes_nothing(boss, shopper, clock):
    clock.now += HOUR
    url = f"{SHOPPERS}{shopper.pk}/deactivate/"
    answer = boss.post(url, {"reason": "x"})
    assert answer["Location"] == f"/admin/login/?next={url}"
    shopper.refresh_from_db()
    assert shopper.is_active


def test_a_form_of_the_login_that_lay_open_still_works(boss, clock):
    clock.now += 2 * HOUR
    assert login(boss)["Location"] == "/admin/"
    assert is_in(boss)


def test_clicks_keep_it_for_twelve_hours_at_most(boss, clock):
    for _ in range(23):
        clock.now += HOUR // 2
        assert is_in(boss)
    clock.now += HOUR // 2 - 1
    assert is_in(boss)
    clock.now += 1
    page = boss.get(SHOPPERS, follow=True).content.decode()
    assert "登录已满12小时,请重新登录" in page


def test_what_a_page_asks_by_itself_keeps_nothing(boss, clock):
    progress = "/admin/shop/sheettask/1/progress/"
    for _ in range(5):
        clock.now += HOUR // 6
        boss.get(progress)
    clock.now += HOUR // 6
    assert boss.get(progress)["Location"] == f"/admin/login/?next={progress}"


def test_one_write_a_minute(boss, clock):
    def writes():
        with CaptureQueriesContext(connection) as queries:
            assert is_in(boss)
        return [one["sql"] for one in queries if "UPDATE" in one["sql"]]

    assert is_in(boss)
    for seconds, count in ((59, 0), (1, 1), (0, 0), (59, 0), (30, 1)):
        clock.now += seconds
        assert len(writes()) == count


def test_the_minutes_are_a_setting(boss, clock, settings):
    settings.ADMIN_IDLE_MINUTES = 5
    clock.now += 300
    page = boss.get(SHOPPERS, follow=True).content.decode()
    assert "已有5分钟没有操作" in page


def test_who_is_busy_stays_in_however_short_the_time(boss, clock, settings):
    settings.ADMIN_IDLE_MINUTES = 1
    for _ in range(4):
        clock.now += 50
        assert is_in(boss)


def test_a_new_login_begins_anew(boss, clock):
    """Also one that takes the session over from the same person's last."""
    for _ in range(22):
        clock.now += HOUR // 2
        assert is_in(boss)
    assert login(boss).status_code == 302
    clock.now += HOUR - 1
    assert is_in(boss)
    clock.now += HOUR - 1
    assert is_in(boss)


def test_the_api_and_strangers_have_nothing_to_do_with_it(boss, clock, api):
    clock.now += HOUR
    assert boss.get("/api/products").status_code == 200
    assert AdminSession.objects.count() == 1
    assert Client().get("/admin/login/").status_code == 200

"""The desk of shoppers: what it shows, whom it finds, whom it shuts out."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.errors import AccountStateChanged
from accounts.models import Address, Session, User
from accounts.services import (
    session_open,
    user_activate,
    user_deactivate,
    user_erase,
)
from conftest import client_of, make_shopper

LIST = "/admin/accounts/shopper/"
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "</td><svg/onload=alert(1)>",
]


def clerk_make(*codenames, name="clerk"):
    user = User.objects.create_user(name, "a-long-password-9")
    found = Permission.objects.filter(codename__in=codenames)
    assert len(found) == len(codenames)
    user.user_permissions.set(found)
    return user


@pytest.fixture
def boss(staff):
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def full(shopper):
    """Return a shopper with everything that a page could show."""
    shopper.phone = "13800138000"
    shopper.avatar = "avatars/202601/a.jpg"
    shopper.session_key_encrypted = "canary-session-key"
    shopper.openid = "canary-openid-A1b2C3"
    shopper.save()
    Address.objects.create(
        user=shopper,
        name="张三",
        phone="13900139000",
        province="浙江省",
        city="杭州市",
        district="西湖区",
        detail="龙井路1号",
    )
    return shopper


def page_of(client, user, path="change/"):
    return client.get(f"{LIST}{user.pk}/{path}")


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def found(client, words):
    answer = client.get(LIST, {"q": words})
    assert answer.status_code == 200
    return sorted(row.pk for row in answer.context["cl"].result_list)


def act(client, user, deed, **data):
    return client.post(f"{LIST}{user.pk}/{deed}/", data, follow=True)


# --- what is shown -----------------------------------------------------------------


def test_list_shows_masked_phones_and_no_staff(boss, full):
    page = text(boss.get(LIST))
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "http://" in page
    assert "/media/avatars/202601/a.jpg" in page
    assert [row.pk for row in boss.get(LIST).context["cl"].result_list] == [full.pk]


def test_page_shows_addresses_and_what_is_needed_of_the_openid(boss, full):
    page = text(page_of(boss, full))
    for shown in ("13800138000", "…A1b2C3", "龙井路1号", "13900139000"):
        assert shown in page
    for hidden in ("canary-openid", "canary-session-key"):
        assert hidden not in page + text(boss.get(LIST))


def test_nothing_is_edited(boss, full):
    before = User.objects.filter(pk=full.pk).values().get()
    answer = boss.post(
        f"{LIST}{full.pk}/change/",
        {"nickname": "x", "is_staff": "on", "is_active": "", "phone": "1"},
    )
    assert answer.status_code == 403
    assert User.objects.filter(pk=full.pk).values().get() == before
    assert boss.get(f"{LIST}add/").status_code == 403
    assert boss.post(f"{LIST}{full.pk}/delete/", {"post": "yes"}).status_code == 403


def test_search(boss, full, other_shopper):
    assert found(boss, str(full.pk)) == [full.pk]
    assert found(boss, "shopp") == [full.pk]
    assert found(boss, "13800138000") == [full.pk]
    assert found(boss, "8000") == [full.pk]
    assert found(boss, "nobody") == []
    for odd in ("%", "9" * 30, "a'b", "1.5", "-1"):
        assert found(boss, odd) == [], odd


def test_avatars_of_other_hosts_are_not_loaded(boss, full):
    User.objects.filter(pk=full.pk).update(avatar="https://evil.example/track.png")
    assert "evil.example" not in text(boss.get(LIST)) + text(page_of(boss, full))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_a_nickname_is_text(boss, full, payload):
    User.objects.filter(pk=full.pk).update(nickname=payload)
    for answer in (
        boss.get(LIST),
        page_of(boss, full),
        page_of(boss, full, "deactivate/"),
        page_of(boss, full, "history/"),
        act(boss, full, "deactivate", reason=payload),
    ):
        page = text(answer)
        assert "<script>alert" not in page
        assert "onerror=alert(1)>" not in page
        assert "<svg/onload" not in page
        assert "49" not in page or payload != "{{ 7*7 }}" or "{{ 7*7 }}" in page


def test_queries_do_not_grow_with_rows(boss, full, django_assert_max_num_queries):
    def count(url):
        with django_assert_max_num_queries(20) as queries:
            text(boss.get(url))
        return len(queries)

    page = f"{LIST}{full.pk}/change/"
    count(page)  # The process reads the kind of its rows once.
    few = count(LIST), count(page)
    for number in range(30):
        make_shopper(f"one-of-many-{number}")
    for number in range(15):
        Address.objects.create(user=full, name=str(number), phone="1")
    assert (count(LIST), count(page)) == few


# --- deactivating ------------------------------------------------------------------


def test_deactivated_shoppers_are_out_at_once(boss, shopper):
    api = client_of(shopper)
    assert api.get("/api/auth/user").status_code == 200
    told = text(act(boss, shopper, "deactivate", reason=" <b>恶意退货</b>"))
    assert "已停用,原因:恶意退货" in told
    answer = api.get("/api/auth/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "用户不存在")
    shopper.refresh_from_db()
    assert (shopper.is_active, shopper.inactive_reason) == (False, "恶意退货")
    assert Session.objects.filter(ended_at=None).count() == 0
    assert "恶意退货" in LogEntry.objects.get().change_message
    assert "恶意退货" in text(page_of(boss, shopper))


def test_activated_shoppers_log_in_again_but_their_old_tokens_stay_dead(boss, shopper):
    api = client_of(shopper)
    user_deactivate(user_id=shopper.pk, reason="x")
    assert "已启用" in text(act(boss, shopper, "activate"))
    shopper.refresh_from_db()
    assert (shopper.is_active, shopper.inactive_reason) == (True, "")
    assert api.get("/api/auth/user").json()["data"]["error"] == "token_invalid"
    assert client_of(shopper).get("/api/auth/user").status_code == 200


@pytest.mark.parametrize("reason", ["", " ", "<b></b>", "x\0", "x" * 201])
def test_a_reason_is_needed(boss, shopper, reason):
    text(act(boss, shopper, "deactivate", reason=reason))
    shopper.refresh_from_db()
    assert shopper.is_active


def test_looking_changes_nothing(boss, shopper):
    assert "恶意" not in text(page_of(boss, shopper, "deactivate/?reason=1"))
    shopper.refresh_from_db()
    assert shopper.is_active


def test_without_the_csrf_token_nothing_happens(staff, shopper):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    answer = client.post(f"{LIST}{shopper.pk}/deactivate/", {"reason": "x"})
    assert answer.status_code == 403
    shopper.refresh_from_db()
    assert shopper.is_active


def test_an_older_page_is_told_so(boss, shopper):
    user_deactivate(user_id=shopper.pk, reason="first")
    page = text(act(boss, shopper, "deactivate", reason="second"))
    assert "账号状态已变化,请刷新后重试" in page
    shopper.refresh_from_db()
    assert shopper.inactive_reason == "first"


def test_deleted_accounts_stay_deleted(boss, shopper):
    user_erase(user_id=shopper.pk)
    assert "已注销" in text(boss.get(LIST))
    assert "账号状态已变化" in text(act(boss, shopper, "activate"))
    assert "账号状态已变化" in text(act(boss, shopper, "deactivate", reason="x"))
    shopper.refresh_from_db()
    assert (shopper.is_active, shopper.openid) == (False, None)
    assert "activate" not in text(page_of(boss, shopper))


def test_services_know_shoppers_alone(staff):
    for call in (
        lambda: user_deactivate(user_id=staff.pk, reason="x"),
        lambda: user_activate(user_id=staff.pk),
        lambda: user_deactivate(user_id=0, reason="x"),
    ):
        with pytest.raises(AccountStateChanged):
            call()
    staff.refresh_from_db()
    assert staff.is_active


def test_the_page_offers_what_the_state_allows(boss, shopper):
    def offered():
        page = text(page_of(boss, shopper))
        base = f'href="{LIST}{shopper.pk}/'
        return [
            deed for deed in ("deactivate", "activate") if f'{base}{deed}/"' in page
        ]

    assert offered() == ["deactivate"]
    user_deactivate(user_id=shopper.pk, reason="x")
    assert offered() == ["activate"]


def test_deactivating_needs_a_permission_of_its_own(shopper):
    reader = Client()
    reader.force_login(clerk_make("view_shopper"))
    assert "deactivate" not in text(page_of(reader, shopper))
    assert act(reader, shopper, "deactivate", reason="x").status_code == 403
    shopper.refresh_from_db()
    assert shopper.is_active
    keeper = Client()
    keeper.force_login(clerk_make("view_shopper", "deactivate_shopper", name="keeper"))
    assert act(keeper, shopper, "deactivate", reason="x").status_code == 200
    shopper.refresh_from_db()
    assert not shopper.is_active


def test_staff_and_what_is_no_number_are_no_shoppers(boss, staff):
    for key in (staff.pk, 0, "x", "9" * 30):
        for path in ("change/", "deactivate/", "activate/", "history/"):
            answer = boss.get(f"{LIST}{key}/{path}")
            assert answer.status_code in {302, 404}, (key, path)


def test_a_session_opened_meanwhile_is_dead_too(shopper):
    """A login that was let in just before is asked again at each request."""
    user_deactivate(user_id=shopper.pk, reason="x")
    token = session_open(user=shopper).token
    api = client_of(shopper)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert api.get("/api/auth/user").status_code == 401


def test_erasing_takes_name_and_reason_out_of_the_history(boss, full):
    url = f"{LIST}{full.pk}/deactivate/"
    assert boss.post(url, {"reason": "电话13800138000是骗子"}).status_code == 302
    assert "骗子" in LogEntry.objects.get().change_message
    user_activate(user_id=full.pk)
    user_erase(user_id=full.pk)
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == ("", "")
    assert entry.object_id == str(full.pk)


# --- masked ------------------------------------------------------------------------


@pytest.fixture
def reader(full):
    client = Client()
    client.force_login(clerk_make("view_shopper"))
    return client


def test_without_the_permission_people_are_masked(reader, full):
    page = text(page_of(reader, full))
    for shown in ("138****8000", "139****9000", "张**", "西湖区", "***"):
        assert shown in page
    for hidden in ("13800138000", "13900139000", "张三", "龙井路"):
        assert hidden not in page + text(reader.get(LIST))


def test_nobody_is_found_by_a_masked_phone(reader, full):
    """Not by the whole of it either: the four hidden digits would be tried."""
    for word in ("13800138000", "1380013800", "8000", "138", "%", "138001380__"):
        assert found(reader, word) == [], word
    assert found(reader, "shopp") == [full.pk]


def test_a_list_is_not_sorted_by_phone(reader, full, other_shopper):
    """Between which two a masked number stands would tell of it."""
    User.objects.filter(pk=other_shopper.pk).update(phone="13700137000")
    for way in ("", "-"):
        cl = reader.get(LIST).context["cl"]
        column = f"{way}{cl.list_display.index('masked_phone')}"
        rows = reader.get(LIST, {"o": column}).context["cl"].result_list
        assert [row.pk for row in rows] == [other_shopper.pk, full.pk]

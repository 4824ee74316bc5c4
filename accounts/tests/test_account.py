"""What other apps ask of an account: export, erasure, proof of who asks."""

import json
from datetime import UTC, datetime

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from accounts.encryption import text_encrypt
from accounts.errors import UserNotFound
from accounts.models import Address, Session, Upload, User
from accounts.services import (
    session_open,
    shopper_code_check,
    shopper_login,
    user_avatar_upload,
    user_erase,
    user_export,
)
from shop.api.tests.pictures import upload_of, uploaded
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.miniprogram import WeChatCodeInvalid

AT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
AT_TEXT = "2026-01-02T11:04:05+08:00"
ADDRESS = {
    "name": "王小明",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "龙井路1号",
}


@pytest.fixture
def full(shopper):
    """A shopper with something in every column and table."""
    shopper.session_key_encrypted = text_encrypt("canary-session-key")
    shopper.nickname, shopper.phone = "小明", "13900139000"
    shopper.avatar = "https://example.com/a.png"
    shopper.save()
    User.objects.update(created_at=AT, updated_at=AT)
    Address.objects.create(user=shopper, is_default=True, **ADDRESS)
    Address.objects.update(created_at=AT, updated_at=AT)
    session_open(user=shopper)
    Session.objects.update(created_at=AT, expires_at=AT)
    return User.objects.get(pk=shopper.pk)


def test_export(full):
    exported = user_export(user=full)
    assert exported == {
        "account": {
            "id": full.pk,
            "openid": "openid-shopper",
            "nickname": "小明",
            "avatar": "https://example.com/a.png",
            "phone": "13900139000",
            "createdAt": AT_TEXT,
            "updatedAt": AT_TEXT,
        },
        "addresses": [
            {
                "id": Address.objects.get().pk,
                **ADDRESS,
                "isDefault": True,
                "createdAt": AT_TEXT,
                "updatedAt": AT_TEXT,
            }
        ],
        "uploads": [],
        "sessions": [{"createdAt": AT_TEXT, "expiresAt": AT_TEXT, "endedAt": None}],
    }


def test_uploads_are_exported_and_go_with_their_sender(
    full, shopper_api, staff_api, django_capture_on_commit_callbacks, settings
):
    urls = [uploaded(api) for api in (shopper_api, staff_api)]
    own, others = (url.removeprefix(f"{settings.PUBLIC_URL}/media/") for url in urls)
    exported = user_export(user=full)["uploads"]
    assert [upload["url"] for upload in exported] == urls[:1]
    with django_capture_on_commit_callbacks(execute=True):
        user_erase(user_id=full.pk)
    assert not default_storage.exists(own)
    assert default_storage.exists(others)
    assert list(Upload.objects.values_list("file", flat=True)) == [others]


def test_export_holds_no_key(full):
    text = json.dumps(user_export(user=full))
    session = Session.objects.get()
    for secret in (
        full.session_key_encrypted,
        "canary-session-key",
        full.password,
        session.refresh_jti,
        session.pk.hex,
        str(session.pk),
    ):
        assert secret not in text


def test_export_of_ones_own_alone(full, other_shopper):
    Address.objects.create(user=other_shopper, **ADDRESS)
    session_open(user=other_shopper)
    exported = user_export(user=full)
    assert len(exported["addresses"]) == len(exported["sessions"]) == 1


def test_erase(full, other_shopper):
    Address.objects.create(user=other_shopper, **ADDRESS)
    session_open(user=other_shopper)
    before = timezone.now()
    user_erase(user_id=full.pk)
    user = User.objects.get(pk=full.pk)
    assert (user.openid, user.session_key_encrypted) == (None, "")
    assert (user.nickname, user.avatar, user.phone) == ("", "", "")
    assert user.is_active is False
    assert before <= user.deleted_at <= timezone.now()
    assert Address.objects.get().user == other_shopper
    assert Session.objects.get(user=user).ended_at is not None
    assert Session.objects.get(user=other_shopper).ended_at is None
    other_shopper.refresh_from_db()
    assert (other_shopper.openid, other_shopper.is_active) == ("openid-other", True)


def test_nothing_personal_is_left_in_any_table(full):
    user_erase(user_id=full.pk)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT t::text FROM {name} t")  # noqa: S608
            kept = str(cursor.fetchall())
            for canary in ("openid-shopper", "小明", "13900139000", "13800138000"):
                assert canary not in kept, table


def test_erased_token_is_dead(shopper_api, shopper):
    user_erase(user_id=shopper.pk)
    answer = shopper_api.get("/api/auth/user")
    assert (answer.status_code, answer.json()["message"]) == (401, "用户不存在")


def test_erased_twice(shopper):
    user_erase(user_id=shopper.pk)
    with pytest.raises(UserNotFound):
        user_erase(user_id=shopper.pk)


def test_erased_with_the_uploaded_avatar(shopper, django_capture_on_commit_callbacks):
    name = user_avatar_upload(user_id=shopper.pk, upload=upload_of()).avatar
    with django_capture_on_commit_callbacks(execute=True):
        user_erase(user_id=shopper.pk)
        assert default_storage.exists(name)
    assert not default_storage.exists(name)


@pytest.mark.django_db(transaction=True)
def test_erased_in_the_callers_transaction_alone(shopper):
    with pytest.raises(TransactionManagementError):
        user_erase(user_id=shopper.pk)

    with transaction.atomic():
        user_erase(user_id=shopper.pk)
        transaction.set_rollback(True)
    shopper.refresh_from_db()
    assert (shopper.openid, shopper.is_active) == ("openid-shopper", True)


def test_who_comes_again_is_a_new_shopper(db, simulator):
    first = shopper_login(code="sim-ann")
    user_erase(user_id=first.user.pk)
    second = shopper_login(code="sim-ann")
    assert second.is_new is True
    assert second.user.pk != first.user.pk


def test_fresh_code_of_the_same_shopper(db, simulator):
    user = shopper_login(code="sim-ann").user
    shopper_code_check(user=user, code="sim-ann")


@pytest.mark.parametrize("code", ["sim-bob", "x"])
def test_code_of_another(db, simulator, code):
    user = shopper_login(code="sim-ann").user
    with pytest.raises(WeChatCodeInvalid):
        shopper_code_check(user=user, code=code)


def test_check_while_wechat_is_away(db, simulator):
    user = shopper_login(code="sim-ann").user
    simulator.fault("login", "500")
    with pytest.raises(WeChatUnavailable):
        shopper_code_check(user=user, code="sim-ann")

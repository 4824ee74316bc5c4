"""The command staff_create."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Session, User
from accounts.services import session_open

PASSWORD = "correct-horse-7"


def create(monkeypatch, password=PASSWORD, **options):
    monkeypatch.setenv("STAFF_PASSWORD", password)
    out = StringIO()
    call_command("staff_create", stdout=out, **{"username": "eve", **options})
    return out.getvalue()


def test_make(db, monkeypatch):
    assert create(monkeypatch) == "staff account eve: made\n"
    user = User.objects.get()
    assert (user.username, user.openid) == ("eve", None)
    assert (user.is_staff, user.is_superuser, user.is_active) == (True, False, True)
    assert user.check_password(PASSWORD)


def test_make_superuser(db, monkeypatch):
    create(monkeypatch, superuser=True)
    assert User.objects.get().is_superuser is True


def test_again_changes_nothing(db, monkeypatch):
    create(monkeypatch, superuser=True)
    before = User.objects.get()
    session_open(user=before)
    assert create(monkeypatch) == "staff account eve: kept, password set\n"
    after = User.objects.get()
    assert (after.pk, after.password) == (before.pk, before.password)
    assert after.is_superuser is True
    assert Session.objects.get().ended_at is None


def test_new_password_ends_the_sessions(db, monkeypatch):
    create(monkeypatch)
    session_open(user=User.objects.get())
    create(monkeypatch, "another-horse-8")
    assert User.objects.get().check_password("another-horse-8")
    assert Session.objects.get().ended_at is not None


def test_deactivated_stays_so(db, monkeypatch):
    create(monkeypatch)
    User.objects.update(is_active=False)
    create(monkeypatch, "another-horse-8")
    assert User.objects.get().is_active is False


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("eve", "tiny-1"),
        ("eve", "1234567890123"),
        ("eve", "password123"),
        ("evelyn.smith", "evelyn.smith"),
        ("", PASSWORD),
        ("x" * 151, PASSWORD),
    ],
)
def test_refused(db, monkeypatch, username, password):
    with pytest.raises(CommandError) as error:
        create(monkeypatch, password, username=username)
    assert password not in str(error.value)
    assert User.objects.count() == 0


def test_without_password(db, monkeypatch):
    with pytest.raises(CommandError, match="STAFF_PASSWORD is not set"):
        create(monkeypatch, "")

"""restore_check: a restored shop is whole, or it is said what is not."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from accounts.encryption import text_encrypt
from accounts.models import TotpDevice, Upload, User
from catalog.models import Sku
from orders.services.restoring import restore_check
from orders.tests.conftest import line, paid_order

RIGHT = "FIELD_ENCRYPTION_KEY is the right one"
WRONG = (
    "FIELD_ENCRYPTION_KEY IS THE WRONG ONE: it decrypts nothing of this database."
    " Set the one of the shop that the backup was made of"
)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def found(subject: str) -> tuple[str, bool]:
    [one] = [one for one in restore_check() if one.subject == subject]
    return one.found, one.is_right


def test_whole_shop_is_told_in_four_lines(shopper_api: Any, tea: Any) -> None:
    paid_order(shopper_api, line(tea))
    User.objects.update(session_key_encrypted=text_encrypt("key"))
    out = StringIO()
    call_command("restore_check", stdout=out)
    number = len(MigrationLoader(None).disk_migrations)
    assert out.getvalue().splitlines() == [
        f"migrations: all {number} applied",
        f"key: {RIGHT}",
        "pictures: all 0 there",
        "audit: 0 findings",
    ]


def test_wrong_key_is_told(shopper: User, staff: User, settings: Any) -> None:
    assert found("key") == ("nothing encrypted to try it on", True)
    old = settings.FIELD_ENCRYPTION_KEY
    User.objects.filter(pk=shopper.pk).update(session_key_encrypted=text_encrypt("a"))
    settings.FIELD_ENCRYPTION_KEY = Fernet.generate_key().decode()
    assert found("key") == (WRONG, False)
    with pytest.raises(CommandError, match="not as it must be"):
        call_command("restore_check", stdout=StringIO())
    # One of several is enough, and what was written newest tells.
    settings.FIELD_ENCRYPTION_KEY += f",{old}"
    assert found("key") == (RIGHT, True)


def test_second_factor_tells_too(staff: User, settings: Any) -> None:
    TotpDevice.objects.create(user=staff, key_encrypted=text_encrypt("00"))
    assert found("key") == (RIGHT, True)
    settings.FIELD_ENCRYPTION_KEY = Fernet.generate_key().decode()
    assert found("key") == (WRONG, False)


def test_missing_pictures_are_named(shopper: User, tea: Any, media: Path) -> None:
    for number in range(6):
        Upload.objects.create(user=shopper, file=f"uploads/{number}.jpg")
    Sku.objects.filter(product=tea).update(image="uploads/sku.jpg")
    User.objects.filter(pk=shopper.pk).update(avatar="https://else.example/a.jpg")
    (media / "uploads").mkdir()
    (media / "uploads" / "sku.jpg").touch()
    names = ", ".join(f"uploads/{number}.jpg" for number in range(5))
    assert found("pictures") == (f"6 of 7 missing ({names})", False)
    User.objects.filter(pk=shopper.pk).update(avatar="avatars/a.jpg")
    assert found("pictures") == (
        f"7 of 8 missing (avatars/a.jpg, {names[:-15]})",
        False,
    )


def test_broken_books_are_told(tea: Any) -> None:
    Sku.objects.filter(product=tea).update(stock=7)
    told, is_right = found("audit")
    assert not is_right
    assert told.startswith("1 findings, see manage.py orders_audit; the first: ")


def test_tables_of_another_version_stop_it(tea: Any) -> None:
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="catalog").latest("name")
    recorder.record_unapplied("catalog", last.name)
    [checked] = restore_check()
    assert (checked.subject, checked.is_right) == ("migrations", False)
    told = f"1 missing: run manage.py migrate (catalog.{last.name})"
    assert checked.found == told
    recorder.record_applied("catalog", last.name)
    recorder.record_applied("orders", "9999_later")
    [checked] = restore_check()
    assert not checked.is_right
    assert checked.found == (
        "1 unknown: the backup is of a newer version, use that (orders.9999_later)"
    )


def test_tables_with_the_first_names_of_migrations_are_whole(tea: Any) -> None:
    recorder = MigrationRecorder(connection)
    replaced = MigrationLoader(None).replacements
    assert ("orders", "0038_roles_of_new_desks") in replaced
    for app, name in replaced:
        recorder.record_unapplied(app, name)
    assert found("migrations")[1]

"""Whether a restored shop is whole: its tables, its key, its pictures, its books."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Upload, User
from accounts.services.account import AVATAR_FOLDER
from accounts.services.keys import field_key_fits
from catalog.models import Banner, Category, ProductImage, Sku
from orders.models import OrderItem
from orders.services.audit import orders_audit

# More names than that help nobody to find the cause.
NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, what was found, and whether that is as it must be."""

    subject: str
    found: str
    is_right: bool


def restore_check() -> Iterator[Checked]:
    """Look at a restored shop, one thing after the other; it writes nothing.

    The books can be read only in the tables of this version.
    """
    migrations = _migrations_check()
    yield migrations
    if migrations.is_right:
        yield _key_check()
        yield _pictures_check()
        yield _books_check()


def _migrations_check() -> Checked:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    known = loader.disk_migrations.keys()
    earlier = {name for one in loader.replacements.values() for name in one.replaces}
    newer = sorted(loader.applied_migrations.keys() - known - earlier)
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    missing = [(one.app_label, one.name) for one, _ in plan]
    if newer:
        return _migrations(newer, "unknown: the backup is of a newer version, use that")
    if missing:
        return _migrations(missing, "missing: run manage.py migrate")
    return Checked("migrations", f"all {len(known)} applied", is_right=True)


def _migrations(names: list[tuple[str, str]], verdict: str) -> Checked:
    first = ", ".join(".".join(name) for name in names[:NAMES_SHOWN])
    return Checked("migrations", f"{len(names)} {verdict} ({first})", is_right=False)


def _key_check() -> Checked:
    fits = field_key_fits()
    if fits is None:
        return Checked("key", "nothing encrypted to try it on", is_right=True)
    if fits:
        return Checked("key", "FIELD_ENCRYPTION_KEY is the right one", is_right=True)
    told = (
        "FIELD_ENCRYPTION_KEY IS THE WRONG ONE: it decrypts nothing of this database."
        " Set the one of the shop that the backup was made of"
    )
    return Checked("key", told, is_right=False)


def _pictures_check() -> Checked:
    if not isinstance(default_storage, FileSystemStorage):
        return Checked("pictures", "in the bucket, not looked for", is_right=True)
    names = _pictures_named()
    missing = sorted(name for name in names if not default_storage.exists(name))
    if not missing:
        return Checked("pictures", f"all {len(names)} there", is_right=True)
    first = ", ".join(missing[:NAMES_SHOWN])
    told = f"{len(missing)} of {len(names)} missing ({first})"
    return Checked("pictures", told, is_right=False)


def _pictures_named() -> set[str]:
    """Return the storage names that rows hold; what they hold else is an address."""
    avatars = User.objects.filter(avatar__startswith=f"{AVATAR_FOLDER}/")
    columns = (
        Upload.objects.values_list("file", flat=True),
        avatars.values_list("avatar", flat=True),
        ProductImage.objects.values_list("file", flat=True),
        Sku.objects.values_list("image", flat=True),
        Category.objects.values_list("icon", flat=True),
        Banner.objects.values_list("image", flat=True),
        OrderItem.objects.order_by().values_list("image", flat=True).distinct(),
    )
    return {name for column in columns for name in column if name}


def _books_check() -> Checked:
    findings = orders_audit()
    if not findings:
        return Checked("audit", "0 findings", is_right=True)
    first = findings[0]
    told = f"{len(findings)} findings, see manage.py orders_audit; the first: "
    return Checked(
        "audit",
        f"{told}{first.check}: {first.subject}: {first.problem}",
        is_right=False,
    )

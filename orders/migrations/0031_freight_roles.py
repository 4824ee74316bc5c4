"""What the roles that a shop began with may do with freight templates.

A shop may have changed them since: each gets what is new, and keeps the rest.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

_VIEW = ("catalog.view_freighttemplate",)
_WORK = (
    *_VIEW,
    "catalog.add_freighttemplate",
    "catalog.change_freighttemplate",
    "catalog.delete_freighttemplate",
)
ROLES = {"店主": _WORK, "商品": _WORK, "只读": _VIEW}


def give(apps, schema_editor):
    alias = schema_editor.connection.alias
    config = apps.get_app_config("catalog")
    # Made now, as Django would after all migrations; it finds them by their names.
    config.models_module = True
    create_permissions(config, verbosity=0, using=alias, apps=apps)
    config.models_module = None
    for group, permissions in _granted(apps, alias):
        group.permissions.add(*permissions)


def take_away(apps, schema_editor):
    for group, permissions in _granted(apps, schema_editor.connection.alias):
        group.permissions.remove(*permissions)


def _granted(apps, alias):
    """Yield each role that is there, and its permissions."""
    groups = apps.get_model("auth", "Group").objects.using(alias)
    known = apps.get_model("auth", "Permission").objects.using(alias)
    for group in groups.filter(name__in=ROLES):
        names = [named.removeprefix("catalog.") for named in ROLES[group.name]]
        found = known.filter(content_type__app_label="catalog", codename__in=names)
        yield group, list(found)


class Migration(migrations.Migration):
    dependencies = [("orders", "0030_coupon_roles")]

    operations = [migrations.RunPython(give, take_away)]

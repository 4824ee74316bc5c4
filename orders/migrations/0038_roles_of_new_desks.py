"""What the roles that a shop began with may do at the desks that came since.

A shop may have changed them meanwhile: each gets what is new, and keeps the rest.

It was five migrations between the others, which had higher numbers for it. A shop that
has those applied has all of these, by `replaces`.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q

_APPS = ("catalog", "orders")
_CONTENT = ("banner", "homesection", "searchword")
_CONTENT_VIEW = (
    *(f"catalog.view_{desk}" for desk in _CONTENT),
    *("catalog.view_popularword", "catalog.view_freighttemplate"),
)
_CONTENT_WORK = [
    f"catalog.{verb}_{desk}"
    for verb in ("add", "change", "delete")
    for desk in (*_CONTENT, "freighttemplate", "flashsale")
]
_OFFERS_VIEW = ("catalog.view_flashsale", "orders.view_coupon")
_COUPON_WORK = ("orders.add_coupon", "orders.change_coupon", "orders.publish_coupon")
_REVIEW_VIEW = ("orders.view_review",)
_REVIEW_WORK = (*_REVIEW_VIEW, "orders.moderate_review", "orders.answer_review")
_GOODS = (*_CONTENT_VIEW, *_CONTENT_WORK, *_OFFERS_VIEW, *_COUPON_WORK)
ROLES = {
    "店主": (*_GOODS, "orders.give_coupon", *_REVIEW_WORK),
    "商品": (*_GOODS, *_REVIEW_VIEW),
    "订单": _REVIEW_VIEW,
    "客服": (*_OFFERS_VIEW, "orders.give_coupon", *_REVIEW_WORK),
    "财务": ("orders.view_coupon",),
    "只读": (*_CONTENT_VIEW, *_OFFERS_VIEW, *_REVIEW_VIEW),
}


def give(apps, schema_editor):
    alias = schema_editor.connection.alias
    for app in _APPS:
        config = apps.get_app_config(app)
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
        wanted = Q()
        for named in ROLES[group.name]:
            app, _, codename = named.partition(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        yield group, list(known.filter(wanted))


class Migration(migrations.Migration):
    replaces = [
        ("orders", "0030_coupon_roles"),
        ("orders", "0031_freight_roles"),
        ("orders", "0038_flash_sale_roles"),
        ("orders", "0040_content_roles"),
        ("orders", "0041_review_roles"),
    ]
    dependencies = [
        ("catalog", "0020_region_key"),
        ("orders", "0037_coupon_claim_key"),
    ]

    operations = [migrations.RunPython(give, take_away)]

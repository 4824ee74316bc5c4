"""The six roles that a shop begins with: groups, and what each may do.

They are for the shop to change: a group that has one of these names already is left as
it is, and no later migration writes over what staff have made of a role.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

_CATALOGUE = (
    "catalog.view_product",
    "catalog.view_category",
    "catalog.view_sku",
    "catalog.view_stockmovement",
)
_CATALOGUE_WORK = (
    "catalog.add_product",
    "catalog.change_product",
    "catalog.delete_product",
    "catalog.import_product",
    "catalog.export_product",
    "catalog.add_category",
    "catalog.change_category",
    "catalog.delete_category",
    "catalog.adjust_stock",
)
_ORDERS_WORK = (
    "orders.view_order",
    "orders.ship_order",
    "orders.reprice_order",
    "orders.cancel_order",
    "orders.note_order",
    "orders.readdress_order",
    "orders.export_order",
    "orders.view_shippingupload",
    "orders.resend_shippingupload",
    "orders.view_subscribemessage",
)
_MONEY = (
    "orders.view_payment",
    "orders.view_refund",
    "orders.view_paymentanomaly",
    "orders.view_billcheck",
    "orders.view_billdifference",
    "orders.view_dailyfigures",
)
_MONEY_WORK = (
    "orders.retry_refund",
    "orders.export_refund",
    "orders.handle_paymentanomaly",
    "orders.run_billcheck",
    "orders.resolve_billdifference",
    "orders.view_paymentnotice",
    "orders.replay_paymentnotice",
    "procrastinate.view_procrastinatejob",
    "procrastinate.change_procrastinatejob",
)
ROLES = {
    "店主": (
        *_CATALOGUE,
        *_CATALOGUE_WORK,
        *_ORDERS_WORK,
        "orders.refund_order",
        *_MONEY,
        "orders.answer_refund",
        *_MONEY_WORK,
        "accounts.view_shopper",
        "accounts.deactivate_shopper",
        "accounts.reveal_shopper",
        "accounts.view_staff",
        "accounts.add_staff",
        "accounts.change_staff",
        "accounts.assign_staff",
        "accounts.view_loginfailure",
        "auth.view_group",
        "shop.view_sheettask",
        "shop.view_every_sheet",
    ),
    "商品": (
        *_CATALOGUE,
        *_CATALOGUE_WORK,
        "shop.view_sheettask",
    ),
    "订单": (
        *_ORDERS_WORK,
        "orders.view_refund",
        "catalog.view_product",
        "catalog.view_sku",
        "accounts.reveal_shopper",
        "shop.view_sheettask",
    ),
    "客服": (
        "orders.view_order",
        "orders.cancel_order",
        "orders.refund_order",
        "orders.note_order",
        "orders.readdress_order",
        "orders.view_refund",
        "orders.answer_refund",
        "catalog.view_product",
        "accounts.view_shopper",
        "accounts.deactivate_shopper",
        "accounts.reveal_shopper",
    ),
    "财务": (
        *_MONEY,
        "orders.view_order",
        "orders.export_order",
        *_MONEY_WORK,
        "shop.view_sheettask",
    ),
    "只读": (
        *_CATALOGUE,
        *_MONEY,
        "orders.view_order",
        "orders.view_shippingupload",
        "orders.view_subscribemessage",
        "accounts.view_shopper",
    ),
}


def make(apps, schema_editor):
    """Make the roles that are not there."""
    groups = _rows(apps, schema_editor, "Group")
    _permissions_make(apps, schema_editor)
    for name, codenames in ROLES.items():
        group, is_new = groups.get_or_create(name=name)
        if is_new:
            group.permissions.set(_found(apps, schema_editor, codenames))


def take_away(apps, schema_editor):
    """Delete what is still as it was made, and nobody's role.

    What a shop has changed is the shop's; migrating again leaves it alone, too.
    """
    groups = _rows(apps, schema_editor, "Group")
    for group in groups.filter(name__in=ROLES, user=None):
        made = set(_found(apps, schema_editor, ROLES[group.name]))
        if set(group.permissions.all()) == made:
            group.delete()


def _permissions_make(apps, schema_editor):
    """Make the rows of permissions now, as Django would after all migrations.

    It will find each of them by model and codename, and make it no second time.
    """
    alias = schema_editor.connection.alias
    for config in apps.get_app_configs():
        # Django passes over apps without models, which is what this state looks like.
        config.models_module = True
        create_permissions(config, verbosity=0, using=alias, apps=apps)
        config.models_module = None


def _found(apps, schema_editor, codenames):
    wanted = set(codenames)
    permissions = _rows(apps, schema_editor, "Permission").select_related(
        "content_type"
    )
    return [
        one
        for one in permissions
        if f"{one.content_type.app_label}.{one.codename}" in wanted
    ]


def _rows(apps, schema_editor, model):
    return apps.get_model("auth", model).objects.using(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_assign_staff"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalog", "0009_product_addition"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("orders", "0020_shipment_tracking"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("shop", "0002_saved_filters"),
    ]

    operations = [migrations.RunPython(make, take_away)]

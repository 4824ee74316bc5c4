"""The admin's URLs, and the permissions that each needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, reverse

# What Django itself serves for each model, and the verb of the permission.
_STANDARD = {
    "changelist": "view",
    "add": "add",
    "change": "view",
    "delete": "delete",
    "history": "view",
    "saved_filters": "view",
}
_DEACTIVATE = ("accounts.view_shopper", "accounts.deactivate_shopper")
# What a desk asks for under a name of its own.
_NEEDS = {
    "accounts_shopper_deactivate": _DEACTIVATE,
    "accounts_shopper_activate": _DEACTIVATE,
    "accounts_staff_roles": ("accounts.change_staff", "accounts.assign_staff"),
    "accounts_staff_reset_second_factor": (
        "accounts.change_staff",
        "accounts.assign_staff",
    ),
    "accounts_staff_password": ("accounts.change_staff",),
    "accounts_staff_deactivate": ("accounts.change_staff",),
    "accounts_staff_activate": ("accounts.change_staff",),
    "catalog_category_arrange": ("catalog.change_category",),
    "catalog_product_copy": ("catalog.view_product", "catalog.add_product"),
    "catalog_product_adjust": ("catalog.view_product", "catalog.adjust_stock"),
    "catalog_product_ledger": ("catalog.view_stockmovement",),
    "catalog_product_picture": ("catalog.change_product",),
    "catalog_product_sale": ("catalog.view_product", "catalog.change_product"),
    "catalog_sku_adjust": ("catalog.view_sku", "catalog.adjust_stock"),
    "catalog_sku_ledger": ("catalog.view_stockmovement",),
    "orders_order_next_to_ship": ("orders.view_order", "orders.ship_order"),
    "orders_order_picking": ("orders.view_order",),
    "orders_order_packing": ("orders.view_order",),
    "orders_refund_query": ("orders.view_refund", "orders.retry_refund"),
    "catalog_sku_export": ("catalog.view_sku", "catalog.export_product"),
    "catalog_sku_import_sheet": ("catalog.view_sku", "catalog.adjust_stock"),
    "shop_sheettask_upload": ("catalog.import_product",),
    "shop_sheettask_template": ("catalog.import_product",),
    "shop_sheettask_progress": ("orders.export_order",),
    "shop_sheettask_confirm": ("orders.ship_order",),
    "shop_sheettask_cancel": ("catalog.adjust_stock",),
    "shop_sheettask_download": ("orders.export_refund",),
    "procrastinate_procrastinatejob_retry": (
        "procrastinate.view_procrastinatejob",
        "procrastinate.change_procrastinatejob",
    ),
}
_VERBS = {
    *("view", "add", "change", "delete"),
    *("ship", "reprice", "cancel", "refund", "resend"),
    *("readdress", "note"),
    *("answer", "retry", "handle", "replay"),
    *("run", "resolve"),
    *("export", "import"),
}
# Pages to be read, for whom it is all one how they are asked for.
READ_ALONE = (
    *("_changelist", "_history", "_preview", "_saved_filters"),
    *("_order_picking", "_order_packing"),
)
# Whoever grants rights may do everything already.
SUPERUSERS_ALONE = {"auth_group_add", "auth_group_delete"}


@dataclass(frozen=True)
class AdminRoute:
    """A URL of a desk: its name, whether it names an object, who is let in."""

    name: str
    of_an_object: bool
    permissions: tuple[str, ...]

    def url(self, key: Any) -> str:
        return reverse(f"admin:{self.name}", args=[key] if self.of_an_object else [])


def routes_of(model: type[Model]) -> Iterator[AdminRoute]:
    """Yield each URL of a registered model, its custom ones included."""
    desk = admin.site._registry[model]
    for pattern in desk.get_urls():
        # Django's old `<id>/` has no name and leads to `<id>/change/`.
        if pattern.name:
            yield AdminRoute(
                name=pattern.name,
                of_an_object="object_id" in str(pattern.pattern),
                permissions=_permissions(desk, pattern),
            )


def _permissions(desk: Any, pattern: URLPattern) -> tuple[str, ...]:
    opts = desk.opts
    name = str(pattern.name)
    deed = name.removeprefix(f"{opts.app_label}_{opts.model_name}_")
    if name in _NEEDS:
        return _NEEDS[name]
    allowed = getattr(getattr(desk, deed, None), "allowed_permissions", None)
    asked = [_STANDARD[deed]] if deed in _STANDARD else allowed
    assert asked, f"{name} lets in anybody: give its action permissions"
    assert _VERBS.issuperset(asked), f"add the permission of {name} to _NEEDS"
    return tuple(f"{opts.app_label}.{verb}_{opts.model_name}" for verb in asked)

"""The admin's URLs, and the permissions that each needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, reverse

from accounts.models import User

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
    "catalog_flashsale_end": ("catalog.view_flashsale", "catalog.change_flashsale"),
    "catalog_flashsale_restock": (
        "catalog.view_flashsale",
        "catalog.change_flashsale",
    ),
    "catalog_product_copy": ("catalog.view_product", "catalog.add_product"),
    "orders_coupon_copy": ("orders.view_coupon", "orders.add_coupon"),
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
    "procrastinate_procrastinatejob_retry": (
        "procrastinate.view_procrastinatejob",
        "procrastinate.change_procrastinatejob",
    ),
}
# The kinds of sheets have one desk: whoever may send or fetch one of them works at it.
_IMPORTS = ("catalog.import_product", "catalog.adjust_stock", "orders.ship_order")
_EXPORTS = ("catalog.export_product", "orders.export_order", "orders.export_refund")
_SHEETS = (*_IMPORTS, *_EXPORTS)
_SEES_SHEETS = ("shop.view_sheettask", *_SHEETS)
# Where one of several permissions is enough.
_ANY_OF = {
    "shop_sheettask_changelist": _SEES_SHEETS,
    "shop_sheettask_saved_filters": _SEES_SHEETS,
    "shop_sheettask_change": _SEES_SHEETS,
    "shop_sheettask_history": _SEES_SHEETS,
    "shop_sheettask_upload": _IMPORTS,
    "shop_sheettask_template": _IMPORTS,
    "shop_sheettask_progress": _SHEETS,
    "shop_sheettask_confirm": _SHEETS,
    "shop_sheettask_cancel": _SHEETS,
    "shop_sheettask_download": _SHEETS,
}
_VERBS = {
    *("view", "add", "change", "delete"),
    *("ship", "reprice", "cancel", "refund", "resend"),
    *("readdress", "note"),
    *("answer", "retry", "handle", "replay"),
    *("run", "resolve"),
    *("export", "import"),
    *("publish", "give"),
    "moderate",
}
# Pages to be read, for whom it is all one how they are asked for.
READ_ALONE = (
    *("_changelist", "_history", "_preview", "_saved_filters"),
    *("_order_picking", "_order_packing", "_calendar"),
)
# Whoever grants rights may do everything already.
SUPERUSERS_ALONE = {"auth_group_add", "auth_group_delete"}


@dataclass(frozen=True)
class AdminRoute:
    """A URL of a desk: its name, whether it names an object, who is let in.

    Each of `keys` lets in: permissions that somebody has all of.
    """

    name: str
    of_an_object: bool
    keys: tuple[tuple[str, ...], ...]

    def lets_in(self, user: User) -> bool:
        return any(user.has_perms(key) for key in self.keys)

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
                keys=_keys(desk, pattern),
            )


def _keys(desk: Any, pattern: URLPattern) -> tuple[tuple[str, ...], ...]:
    name = str(pattern.name)
    if name in _ANY_OF:
        return tuple((permission,) for permission in _ANY_OF[name])
    return (_permissions(desk, name),)


def _permissions(desk: Any, name: str) -> tuple[str, ...]:
    opts = desk.opts
    deed = name.removeprefix(f"{opts.app_label}_{opts.model_name}_")
    if name in _NEEDS:
        return _NEEDS[name]
    allowed = getattr(getattr(desk, deed, None), "allowed_permissions", None)
    asked = [_STANDARD[deed]] if deed in _STANDARD else allowed
    assert asked, f"{name} lets in anybody: give its action permissions"
    assert _VERBS.issuperset(asked), f"add the permission of {name} to _NEEDS"
    return tuple(f"{opts.app_label}.{verb}_{opts.model_name}" for verb in asked)
